"""Items that stopped on their way are sent on once more, and failed when that did not help.

Each step of the pipeline retries by itself, so an item stops only where an event was lost: EventBridge could not
deliver it, a function died between its commit and its message, somebody purged a queue.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from aws_lambda_powertools import Logger
from sqlalchemy import ColumnElement, and_, case, func, literal, or_, update
from sqlmodel import Session, col, select

from runtime.events import (
    AnalysisRequested,
    EmbeddingRequested,
    ItemEvent,
    ProcessingRequested,
    upload_correlation_id,
)
from runtime.models import Item
from runtime.records import Stage, Status, now
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
        with run.session() as session:
            stuck = _stuck(session, now(), after)
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


def _stuck(session: Session, moment: datetime, after: Item | None) -> list[Item]:
    """Items that nothing has happened to for longer than their state's limit."""
    untouched_since = func.greatest(col(Item.updated_at), col(Item.requeued_at))
    overdue: list[ColumnElement[bool]] = [
        and_(col(Item.status) == status, untouched_since < moment - waiting.limit)
        for status, waiting in WAITING.items()
    ]
    query = select(Item).where(or_(*overdue)).order_by(col(Item.id)).limit(BATCH)
    if after is not None:
        query = query.where(col(Item.id) > after.id)
    return list(session.exec(query))


def _free(run: Run, item: Item) -> None:
    waiting = WAITING[item.status]
    correlation_id = upload_correlation_id(item.id)
    with logger.append_context_keys(item_id=item.id, user_id=item.user_id, correlation_id=correlation_id):
        with run.session() as session:
            requeued = _note_requeue(session, item)
            if requeued:
                # Before the commit: an event too many does no harm, one too few is what this is about.
                run.publish(waiting.request(correlation_id=correlation_id, user_id=item.user_id, item_id=item.id))
        failed = not requeued and run.fail(item, waiting.stage, GAVE_UP)
        run.report.requeued += requeued
        run.report.stuck += failed
        logger.warning("stuck", status=item.status, requeued=requeued, failed=failed)


def _note_requeue(session: Session, item: Item) -> bool:
    """Whether the item is still where it was, and had not been sent on from there before."""
    reached_at = case(
        (col(Item.status) == Status.PROCESSED, col(Item.processed_at)),
        (col(Item.status) == Status.ANALYZED, col(Item.analyzed_at)),
        else_=col(Item.created_at),
    )
    statement = (
        update(Item)
        .where(
            col(Item.id) == item.id,
            col(Item.status) == item.status,
            or_(col(Item.requeued_at).is_(None), col(Item.requeued_at) < reached_at),
        )
        .values(requeued_at=literal(now()))
        .execution_options(synchronize_session=False)
    )
    return session.exec(statement).rowcount == 1
