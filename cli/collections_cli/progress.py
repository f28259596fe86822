"""Progress of an upload on the terminal: what is on its way, and the whole with its rate and the time that is left."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.filesize import decimal
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column
from rich.text import Text

from collections_cli.uploading import Outcome, Result

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Task

_NAME_WIDTH = 40
_SHOWN = 4
"""Files that are shown by themselves: more would jump about."""


class _Files(ProgressColumn):
    """How many files of how many."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.fields['done']} of {task.fields['files']}", "bold")


class UploadProgress:
    """A watcher of an upload, and a context manager while which the terminal shows it. Where the output is no terminal
    it shows nothing."""

    def __init__(self, console: Console, paths: Sequence[Path]) -> None:
        self._sizes = {path: _size_of(path) for path in paths}
        self._files = Progress(
            TextColumn("  {task.description}", table_column=Column(width=_NAME_WIDTH + 2, no_wrap=True)),
            BarColumn(20, complete_style="cyan", finished_style="green"),
            DownloadColumn(),
            console=console,
        )
        self._overall = Progress(
            _Files(),
            BarColumn(20, complete_style="green"),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("[dim]left"),
            console=console,
        )
        self._all = self._overall.add_task("", total=sum(self._sizes.values()), done=0, files=len(paths))
        self._tasks: dict[Path, TaskID] = {}
        self._sent: dict[Path, int] = {}
        self._done = 0
        self._lock = threading.Lock()
        self._live = Live(
            Group(self._overall, self._files), console=console, transient=True, refresh_per_second=10, screen=False
        )

    def __enter__(self) -> Self:
        if self._live.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def started(self, path: Path) -> None:
        """Show it, if there is room."""
        with self._lock:
            self._make_room(path)

    def sent(self, path: Path, count: int) -> None:
        """Move its bar, and that of the whole."""
        with self._lock:
            self._sent[path] = self._sent.get(path, 0) + count
            self._overall.advance(self._all, count)
            self._make_room(path)
            if path in self._tasks:
                self._files.advance(self._tasks[path], count)

    def again(self, path: Path) -> None:
        """Take back what was sent in vain."""
        with self._lock:
            self._overall.advance(self._all, -self._sent.pop(path, 0))
            if path in self._tasks:
                self._files.reset(self._tasks[path])

    def finished(self, result: Result) -> None:
        """It is done with, whether or not its bytes had to be sent; a failure is told above the bars."""
        with self._lock:
            rest = self._sizes[result.path] - self._sent.pop(result.path, 0)
            self._done += 1
            self._overall.update(self._all, advance=rest, done=self._done)
            if result.path in self._tasks:
                self._files.remove_task(self._tasks.pop(result.path))
        if result.outcome is Outcome.FAILED:
            line = Text(f"✗ {result.path}: {result.reason}", "red")
            self._live.console.print(line, soft_wrap=True)

    def _make_room(self, path: Path) -> None:
        if path not in self._tasks and len(self._tasks) < _SHOWN:
            self._tasks[path] = self._files.add_task(_shortened(path.name), total=self._sizes[path])


def summary(results: Sequence[Result], seconds: float, sent: int) -> str:
    """What became of all, in a sentence."""
    count = {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    parts = [f"{count[Outcome.UPLOADED]} uploaded"]
    if count[Outcome.EXISTED]:
        parts.append(f"{count[Outcome.EXISTED]} were there already")
    if count[Outcome.FAILED]:
        parts.append(f"{count[Outcome.FAILED]} failed")
    if count[Outcome.UPLOADED]:
        parts.append(f"{decimal(sent)} in {_duration(seconds)}, {decimal(int(sent / max(seconds, 0.001)))}/s")
    return f"{', '.join(parts)}."


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _shortened(name: str) -> str:
    """The beginning and the end of a long name."""
    if len(name) <= _NAME_WIDTH:
        return name
    tail = _NAME_WIDTH // 2
    return f"{name[: _NAME_WIDTH - tail - 1]}…{name[-tail:]}"
