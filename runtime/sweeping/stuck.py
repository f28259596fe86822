"""Items that stopped on their way are sent on once more, and failed when that did not help.

Each step of the pipeline retries by itself, so an item stops only where an event was lost: EventBridge could not
deliver it, a function died between its commit and its message, somebody purged a queue.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from aws_lambda_powertools import Logger

from runtime import items
from runtime.events import (
    AnalysisRequested,
    EmbeddingRequested,
    ItemEvent,
    ProcessingRequested,
    upload_correlation_id,
)
from runtime.postgres import Connection
from runtime.records import ItemRecord, Stage, Status, now
from runtime.sweeping.run import Run

logger = Logger()

BATCH = 100
GAVE_UP = "This took far too long, twice. Nothing is wrong with the image as far as we know: please retry it."


class _Waiting(NamedTuple):
    """How an item in some state gets on."""

    stage: Stage
    limit: timedelta
    """Longer than five deliveries can take: five visibility timeouts of the stage's queue, doubled."""
    request: Callable[..., ItemEvent]


_PROCESSING = _Waiting(Stage.PROCESSING, timedelta(hours=2), ProcessingRequested)
WAITING: Mapping[Status, _Waiting] = {
    Status.PENDING: _PROCESSING,
    Status.UPLOADED: _PROCESSING,
    Status.PROCESSED: _Waiting(Stage.ANALYSIS, timedelta(hours=3), AnalysisRequested),
    Status.ANALYZED: _Waiting(Stage.EMBEDDING, timedelta(hours=2), EmbeddingRequested),
}


def free_stuck_items(run: Run) -> bool:
    """Send on, or fail, what has stopped. Returns whether all was seen to."""
    after = None
    while run.has_time():
        with run.transaction() as connection:
            stuck = _stuck(connection, now(), after)
        for item in stuck:
            if not run.has_time():
                return False
            # Its object has not come; if it never does, the upload is abandoned.
            if item.status == Status.PENDING and not run.store.exists(item.original_key):
                continue
            _free(run, item)
        if not stuck:
            return True
        after = stuck[-1]
    return False


def _stuck(connection: Connection, moment: datetime, after: ItemRecord | None) -> list[ItemRecord]:
    """Items that nothing has happened to for longer than their state's limit."""
    values = {
        "waiting": list(WAITING),
        "since": [moment - waiting.limit for waiting in WAITING.values()],
        "after": None if after is None else after.id,
        "limit": BATCH,
    }
    return items.read(connection, _STUCK, values)


def _free(run: Run, item: ItemRecord) -> None:
    waiting = WAITING[item.status]
    correlation_id = upload_correlation_id(item.id)
    with logger.append_context_keys(item_id=item.id, user_id=item.user_id, correlation_id=correlation_id):
        with run.transaction() as connection:
            requeued = _note_requeue(connection, item)
            if requeued:
                # Before the commit: an event too many does no harm, one too few is what this is about.
                run.publish(waiting.request(correlation_id=correlation_id, user_id=item.user_id, item_id=item.id))
        failed = not requeued and run.fail(item, waiting.stage, GAVE_UP)
        run.report.requeued += requeued
        run.report.stuck += failed
        logger.warning("stuck", status=item.status, requeued=requeued, failed=failed)


def _note_requeue(connection: Connection, item: ItemRecord) -> bool:
    """Whether the item is still where it was, and had not been sent on from there before."""
    return connection.execute(_NOTE_REQUEUE, {"id": item.id, "status": item.status, "moment": now()}).rowcount == 1


# What waits for a batch may do so for a day, and the batcher loses nothing.
_STUCK = """
where status in ('pending', 'uploaded', 'processed', 'analyzed')
   and (select greatest(updated_at, requeued_at) < overdue.since
         from unnest(%(waiting)s::text[], %(since)s::timestamptz[]) as overdue (status, since)
        where overdue.status = item.status)
   and (%(after)s::uuid is null or id > %(after)s)
   and not exists (select from batch_request where item_id = item.id)
 order by id limit %(limit)s"""

_NOTE_REQUEUE = """
update item set requeued_at = %(moment)s
 where id = %(id)s and status = %(status)s
   and (requeued_at is null or requeued_at <
        case status when 'processed' then processed_at when 'analyzed' then analyzed_at else created_at end)"""
