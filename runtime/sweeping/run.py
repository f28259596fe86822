"""One run of the sweeper: what it works with, and what it has done so far."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from runtime import items, scheduled
from runtime.events import ItemFailed, upload_correlation_id
from runtime.postgres import Connection
from runtime.records import ItemRecord, Stage
from runtime.scheduled import ScheduledRun


@dataclass(kw_only=True)
class Report(scheduled.Report):
    """What a run has really done."""

    abandoned_uploads: int = 0
    """Uploads that never came, turned into tombstones."""
    tombstones: int = 0
    """Deleted items removed with everything that belonged to them."""
    object_versions: int = 0
    """Versions of objects deleted with those items."""
    requeued: int = 0
    """Items that had stopped on their way, sent on once more."""
    stuck: int = 0
    """Items that had stopped again, and were failed."""
    dead_letters: int = 0
    """Items failed because a message about them was given up by its queue."""
    orphan_versions: int = 0
    """Versions of objects deleted because no item has them."""
    lost_originals: int = 0
    """Items failed because their original is not in the bucket."""
    indexes_wanted: int = 0
    """Tenants for whose items search is to have indexes of its own."""
    indexes_released: int = 0
    """Tenants who do not need theirs any more."""
    month_cost_usd: float = 0
    """US dollars that all users' use of the models has cost since the month began, in UTC."""


@dataclass(frozen=True, kw_only=True)
class Run(ScheduledRun):
    """Works across all tenants, under a database role of its own."""

    dead_letters: Mapping[Stage, str]
    """URL of the dead-letter queue of each stage."""
    report: Report = field(default_factory=Report)

    def transaction(self) -> AbstractContextManager[Connection]:
        """A transaction that sees every tenant's rows."""
        return self.database.role()

    def fail(self, item: ItemRecord, stage: Stage, error: str) -> bool:
        """Give the item up at `stage`, and say so; not if something has happened to it since it was read, or if it is
        beyond that stage. The user may retry it, and so may a message that comes after all."""
        with self.transaction() as connection:
            if not items.unchanged(connection, item) or not items.mark_failed(
                connection, item.id, stage, error, retryable=True
            ):
                return False
            self.publish(item_failed(item, stage, error))
        return True


def item_failed(item: ItemRecord, stage: Stage, error: str) -> ItemFailed:
    """The event that says so."""
    return ItemFailed(
        correlation_id=upload_correlation_id(item.id),
        user_id=item.user_id,
        item_id=item.id,
        stage=stage,
        error=error,
    )
