"""A story on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from collections_cli.admin.story import Line

_STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
_SHOWN = ("status", "stage", "kind", "attempts", "model", "duration_ms", "route", "exception_name", "correlation_id")
"""Fields of a line that tell something besides its message."""


def show_story(console: Console, lines: Sequence[Line], term: str) -> None:
    """One line for each, with the time since the first; `term`, which all of them have, is left out."""
    table = Table("time", "+ s", "function", "what", box=None, header_style="bold", pad_edge=False)
    table.columns[1].justify = "right"
    first = lines[0].moment
    for line in lines:
        what = Text(line.message, _STYLES.get(line.level, ""))
        told = [f"{name}={line.values[name]}" for name in _SHOWN if line.values.get(name) not in {None, "", term}]
        what.append(f"  {' '.join(told)}" if told else "", "dim")
        if exception := line.values.get("exception"):
            what.append(f"\n{str(exception).strip().splitlines()[-1]}", "red")
        since = f"{(line.moment - first).total_seconds():.2f}"
        table.add_row(f"{line.moment.astimezone():%H:%M:%S}", since, line.function, what)
    console.print(table)
