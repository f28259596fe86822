"""What the local stack is doing, for whoever shows it to a person."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

Status = Literal["started", "running", "done", "failed", "note"]


@dataclass(frozen=True)
class Event:
    """Something happened in a phase."""

    phase: str
    """Such as `AWS emulator` or `deploy`; phases may overlap."""
    status: Status
    detail: str = ""
    """What is being done, or has come out; of a `note`, a sentence for the person."""
    seconds: float = 0
    """Since the phase was started."""


Progress = Callable[[Event], None]


def silent(event: Event) -> None:
    """Shows nothing."""
    del event


class Phase:
    """A phase under way."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name
        self._started = time.monotonic()
        self._send("started")

    def running(self, detail: str) -> None:
        """Tells how far it is."""
        self._send("running", detail)

    def done(self, detail: str = "") -> None:
        self._send("done", detail)

    def failed(self) -> None:
        self._send("failed")

    def _send(self, status: Status, detail: str = "") -> None:
        self._progress(Event(self._name, status, detail, time.monotonic() - self._started))


@contextmanager
def phase(progress: Progress, name: str) -> Generator[Phase]:
    """A phase that fails with what is raised inside; say `done` yourself."""
    current = Phase(progress, name)
    try:
        yield current
    except BaseException:
        current.failed()
        raise
