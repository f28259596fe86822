"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else, for other programs.")]
Profile = Annotated[
    str | None,
    typer.Option("--profile", "-p", metavar="NAME", envvar="COLLECTIONS_PROFILE", help="Which stack; see `profile`."),
]
Category = Annotated[str | None, typer.Option(help="Only this category, such as Travel.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Only with this tag; again for more.")]
TakenFrom = Annotated[str | None, typer.Option(metavar="DATE", help="Taken on this day or later: 2025-12-31.")]
TakenTo = Annotated[str | None, typer.Option(metavar="DATE", help="Taken on this day or earlier.")]
ItemId = Annotated[str, typer.Argument(metavar="ID", help="An image, as `collections list` shows it.")]
ItemIds = Annotated[list[str], typer.Argument(metavar="ID", help="Images, as `collections list` shows them.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH", help="Images, folders to look for images in, or patterns.")
]


def command_group(help_text: str | None = None) -> typer.Typer:
    """Where a module's commands are kept."""
    return typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
