"""What a person sees while the local stack starts and works: a line per phase, live while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from local.progress import Event

NAME_WIDTH = 22
DETAIL_WIDTH = 60


class PhaseDisplay:
    """Shows phases as they come, as the `Progress` of a stack: spinning while under way, a tick and the time when done.

    Where the output is no terminal, each phase is one line once it is done.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._running: dict[str, Event] = {}
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(console=console, get_renderable=self._render, transient=True, refresh_per_second=12)

    def __call__(self, event: Event) -> None:
        match event.status:
            case "started" | "running":
                self._running[event.phase] = event
            case "done":
                self._running.pop(event.phase, None)
                self._console.print(_line(Text("✓", style="green"), event))
            case "failed":
                self._running.pop(event.phase, None)
                self._console.print(_line(Text("✗", style="red"), event))
            case "note":
                self._console.print(Text(f"    {event.detail}", style="yellow"))
        self._animate()

    def _animate(self) -> None:
        """Spin just as long as something is under way: nothing else may write to the terminal meanwhile."""
        if not self._console.is_terminal:
            return
        if self._running:
            self._live.start()
        else:
            self._live.stop()

    def _render(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for event in list(self._running.values()):
            detail = event.detail[:DETAIL_WIDTH]
            table.add_row(Text(" "), self._spinner, Text(event.phase.ljust(NAME_WIDTH)), Text(detail, style="dim"))
        return table


def _line(mark: Text, event: Event) -> Text:
    detail = Text(event.detail[:DETAIL_WIDTH].ljust(DETAIL_WIDTH), style="dim")
    seconds = Text(f"{event.seconds:6.1f} s")
    return (
        Text("  ").append_text(mark).append(f" {event.phase:<{NAME_WIDTH}} ").append_text(detail).append_text(seconds)
    )
