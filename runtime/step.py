"""What every step of the pipeline has: a stage of the item's life, the database, and the bus that it reports to."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from runtime import items
from runtime.events import Event, ItemEvent, ItemFailed, UserEvent, publish
from runtime.postgres import Connection, Database
from runtime.records import Stage
from runtime.redelivery import WorkQueue

logger = Logger()


WORK = {
    Stage.UPLOAD: "The upload",
    Stage.PROCESSING: "Reading the image",
    Stage.ANALYSIS: "The analysis",
    Stage.EMBEDDING: "Indexing for search",
}
"""What each stage does, for people."""


@dataclass(frozen=True)
class Step:
    """A step of the pipeline at work."""

    stage: Stage
    database: Database
    event_bus: str
    queue: WorkQueue

    @property
    def what(self) -> str:
        """What the step does, for people."""
        return WORK[self.stage]

    def transaction(self, event: UserEvent) -> AbstractContextManager[Connection]:
        """A transaction that sees the rows of the event's user only."""
        return self.database.tenant(event.user_id)

    def publish(self, event: Event) -> None:
        """Hand the item on. Raises `runtime.events.PublishError`."""
        publish(self.event_bus, [event])
        logger.info("published", published=event.detail_type)

    def fail(self, event: ItemEvent, error: str, *, retryable: bool = False) -> None:
        """Give the item up, and say so; `error` is a sentence for its owner. An item that is gone, or beyond this
        stage, stays as it is. `retryable` says that nothing is wrong with the image.
        """
        failure = ItemFailed(
            correlation_id=event.correlation_id,
            user_id=event.user_id,
            item_id=event.item_id,
            stage=self.stage,
            error=error,
        )
        with self.transaction(event) as connection:
            failed = items.mark_failed(connection, event.item_id, self.stage, error, retryable=retryable)
            if failed:
                # Before the commit: what is marked has been said. Said and not marked, it is said again.
                self.publish(failure)
        if failed:
            logger.warning("failed", error=error, retryable=retryable)
        else:
            logger.warning("failed, but the item is gone or keeps what it has", error=error)
