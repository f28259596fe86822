"""What one run of a scheduled function works with, whatever it is there for."""

from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.events import Event, publish
from runtime.postgres import Database
from runtime.storage import ImageStore

MOST_REASONS = 5
"""Told in an error, which is kept in a queue message; the log has all."""


@dataclass(kw_only=True)
class Report:
    """What a run has really done."""

    failures: int = 0
    """Things that could not be done, and stay for the next run."""
    finished: bool = False
    """Whether it came to an end before its time was over."""


@dataclass(frozen=True, kw_only=True)
class ScheduledRun:
    """Works across all tenants, under a database role of its own."""

    database: Database
    """Under the sweeper's role."""
    store: ImageStore
    event_bus: str
    has_time: Callable[[], bool]
    report: Report
    reasons: list[str] = field(default_factory=list[str])
    """Why the report's failures failed."""

    def note_failure(self, error: Exception) -> None:
        """Something could not be done; the rest goes on."""
        self.report.failures += 1
        self.reasons.append(str(error))

    def require_success(self, error: type[Exception]) -> None:
        """Raises `error`, with the first reasons, when something could not be done."""
        if self.report.failures:
            raise error(f"{self.report.failures} things could not be done: {'; '.join(self.reasons[:MOST_REASONS])}")

    def publish(self, *events: Event) -> None:
        """Raises `runtime.events.PublishError`."""
        publish(self.event_bus, events)
