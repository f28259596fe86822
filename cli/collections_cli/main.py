"""The command `collections`: a group whose commands are imported when they are called."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from collections_cli.catalogue import COMMANDS, PURPOSE, help_text, version


class Catalogue(TyperGroup):
    """Commands by the modules that have them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command of that name."""
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = import_module(f"collections_cli.{entry.module}")
        group: Any = get_group(module.app)
        return group.commands.get(cmd_name, group)

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
