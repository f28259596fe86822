"""The command `collections`: a group whose commands are imported when they are called."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_group

from collections_cli.catalogue import COMMANDS, PURPOSE, help_text, version


class _Commands(Mapping[str, Any]):
    """All commands by name; each is imported when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        module = import_module(f"collections_cli.{COMMANDS[name].module}")
        group: Any = get_group(module.app)
        return group.commands.get(name, group)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Catalogue(TyperGroup):
    """A group of commands that are elsewhere."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast("Any", _Commands())

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, without importing any."""
        del ctx
        return list(self.commands)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The same as without the framework."""
        del ctx
        formatter.write(help_text())


app = typer.Typer(
    cls=Catalogue,
    help=PURPOSE,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version())
        raise typer.Exit


@app.callback()
def _program(  # pyright: ignore[reportUnusedFunction]
    _version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    pass
