"""Third step: what was seen becomes a document and a vector that searches find."""

import runtime.deferred  # noqa: F401  # pyright: ignore[reportUnusedImport] - before any model is made

# isort: split

from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime import analyses, embedding_claims, items, limits, usage
from runtime.consumer import Failures, consume, route
from runtime.embedding_claims import EmbeddingWork
from runtime.embeddings import Embedder
from runtime.events import AnalysisComplete, EmbeddingRequested, ItemSearchable
from runtime.failures import AtWorkError, TransientError
from runtime.indexed import Indexed, find_indexed
from runtime.leases import LEASE_MARGIN, InProgress
from runtime.observability import observed
from runtime.postgres import Connection, Database
from runtime.records import AnalysisRecord, ItemRecord, Stage, Status, now
from runtime.redelivery import WorkQueue
from runtime.search.document import document_text, index
from runtime.settings import (
    DatabaseSettings,
    EmbeddingSettings,
    EventSettings,
    QueueSettings,
    Settings,
    UserLimits,
    load,
)
from runtime.step import Step
from runtime.tag_names import names_of

logger = Logger()

READY = (Status.ANALYZED, Status.SEARCHABLE)
"""Where an item has been analysed, and may be indexed."""


class EmbedderSettings(Settings, DatabaseSettings, EventSettings, QueueSettings, UserLimits, EmbeddingSettings):
    """What the embedder knows about its stack."""


class _Subject(NamedTuple):
    """An item, and what makes its document."""

    item: ItemRecord
    analysis: AnalysisRecord
    """The newest."""
    tags: list[str]

    @property
    def text(self) -> str:
        return document_text(self.item, self.analysis, self.tags)


@dataclass(frozen=True)
class Indexer:
    """Keeps what search knows of an item up to date."""

    step: Step
    embedder: Embedder
    model: str
    """The model that `embedder` embeds documents with."""
    limits: UserLimits

    def index(self, lease: timedelta, event: AnalysisComplete | EmbeddingRequested) -> None:
        """Index the item by its newest analysis, whichever the event is about; what is indexed is only reported again.
        `lease` is how long this call can last.

        Raises `PermanentError` when the model refuses the text, `LimitReachedError` when it was never indexed and its
        owner has no budget left, `TransientError` when the model is busy, and `AtWorkError` while another delivery is
        at work on the same text.
        """
        with self.step.transaction(event) as connection:
            item = items.take_up(connection, event.item_id, self.step.stage)
            if item is None or item.status not in READY:
                logger.info("the item is gone or not to be indexed", status=item.status if item else None)
                return
            # Whoever indexes the item at the same time waits here, and then sees what this one did.
            if not items.lock(connection, item.id):
                logger.info("the item went before it was indexed")
                return
            subject = _read(connection, item)
            if subject is None:
                raise TransientError("the item has no finished analysis")
            if find_indexed(connection, item.id) == Indexed(subject.analysis.id, subject.text, self.model):
                claimed = None
                moved = items.mark_searchable(connection, item.id)
            else:
                moved = False
                claimed = embedding_claims.claim(
                    connection, item_id=item.id, user_id=item.user_id, text=subject.text, model=self.model, lease=lease
                )
                # What is found already stays so by its new words: a text costs some hundred-thousandths of a dollar.
                if isinstance(claimed, EmbeddingWork) and item.status is not Status.SEARCHABLE:
                    # Raised, it takes the claim back.
                    limits.require_budget(connection, self.limits)
        match claimed:
            case InProgress():
                wait = (claimed.lease_until - now()).total_seconds()
                raise AtWorkError("another delivery is embedding this text", retry_after=max(wait, 0.0))
            case EmbeddingWork():
                moved = self._embed(event, subject, claimed)
            case None:
                logger.info("indexed before")
        if moved:
            self._hand_on(event, subject.analysis)
        else:
            logger.info("the item went while it was indexed")

    def _embed(self, event: AnalysisComplete | EmbeddingRequested, subject: _Subject, work: EmbeddingWork) -> bool:
        if work.attempts > 1:
            logger.warning("claimed again, and perhaps paid again", attempts=work.attempts)
        try:
            embedded = self.embedder.documents([subject.text])
        except Exception:
            with self.step.transaction(event) as connection:
                embedding_claims.release(connection, work)
            raise
        with self.step.transaction(event) as connection:
            usage.record(
                connection,
                user_id=event.user_id,
                item_id=event.item_id,
                operation="embedding",
                model=embedded.model,
                input_tokens=embedded.tokens,
            )
        with self.step.transaction(event) as connection:
            # Finishing an analysis and the user's edits lock the item too: what is read now stays the newest.
            there = items.lock(connection, event.item_id)
            embedding_claims.release(connection, work)
            item = items.find(connection, event.item_id)
            newest = None if item is None else _read(connection, item)
            current = newest is not None and (newest.analysis.id, newest.text) == (subject.analysis.id, subject.text)
            moved = there and current and items.mark_searchable(connection, event.item_id)
            if moved:
                vector = embedded.vectors[0]
                index(connection, subject.item, subject.analysis, vector, embedded.model, subject.tags)
        if there and not current:
            raise TransientError("the item was analysed or edited meanwhile")
        return moved

    def _hand_on(self, event: AnalysisComplete | EmbeddingRequested, analysis: AnalysisRecord) -> None:
        self.step.publish(
            ItemSearchable(
                correlation_id=event.correlation_id,
                user_id=event.user_id,
                item_id=event.item_id,
                analysis_id=analysis.id,
                model=self.model,
            )
        )


def _read(connection: Connection, item: ItemRecord) -> _Subject | None:
    """None before its first analysis."""
    analysis = analyses.latest(connection, item.id)
    return None if analysis is None else _Subject(item, analysis, names_of(connection, [item.id]).get(item.id, []))


@cache
def start() -> Indexer:
    """The indexer, made when the process handles its first event and kept for its life."""
    settings = load(EmbedderSettings)
    database = Database(settings.database_url.reveal())
    step = Step(Stage.EMBEDDING, database, settings.event_bus, WorkQueue(settings.queue_url, settings.max_receives))
    return Indexer(step, Embedder(settings), settings.embedding_model, settings)


@observed()
def handler(event: dict[str, Any], context: LambdaContext) -> Failures:
    """Handle `AnalysisComplete` and `EmbeddingRequested`."""
    indexer = start()
    lease = timedelta(milliseconds=context.get_remaining_time_in_millis()) + LEASE_MARGIN
    work = partial(indexer.index, lease)
    routes = [route(AnalysisComplete, work), route(EmbeddingRequested, work)]
    return consume(event, indexer.step, routes)
