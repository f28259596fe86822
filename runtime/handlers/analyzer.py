"""Second step: Claude looks at the preview, once per image, model and prompt. Or the look is noted for the batcher."""

import runtime.deferred  # noqa: F401  # pyright: ignore[reportUnusedImport] - before any model is made

# isort: split

from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime import analyses, batches, items, limits, usage
from runtime.analyses import AnalysisGoneError, Claim, Finished
from runtime.consumer import Failures, consume, route
from runtime.events import AnalysisComplete, AnalysisRequested, ImageProcessed
from runtime.failures import AtWorkError
from runtime.indexed import find_indexed
from runtime.keys import derived_key
from runtime.leases import LEASE_MARGIN, InProgress, ItemGoneError
from runtime.looking import MAX_PREVIEW_BYTES, READY, describe_file
from runtime.observability import observed
from runtime.postgres import Connection, Database
from runtime.records import ItemRecord, Stage, Status, now
from runtime.redelivery import WorkQueue
from runtime.settings import (
    DatabaseSettings,
    EventSettings,
    QueueSettings,
    Settings,
    StorageSettings,
    UserLimits,
    VisionSettings,
    load,
)
from runtime.step import Step
from runtime.storage import ImageStore
from runtime.vision import PROMPT_VERSION, Spent, Vision

logger = Logger()


class AnalyzerSettings(
    Settings, DatabaseSettings, StorageSettings, EventSettings, QueueSettings, UserLimits, VisionSettings
):
    """What the analyzer knows about its stack."""


@dataclass(frozen=True)
class Analyzer:
    """Has images looked at, and keeps what was seen as versions."""

    step: Step
    store: ImageStore
    vision: Vision
    model: str
    """Asked when the event names none."""
    limits: UserLimits

    def analyze(self, lease: timedelta, event: ImageProcessed | AnalysisRequested) -> None:
        """Analyse the event's item, or only report again that it is done, or note that it may wait for a batch. `lease`
        is how long this call can last.

        Raises `PermanentError` when the model refuses the image, `LimitReachedError` when its owner has no budget left,
        `TransientError` when the model is busy, and `AtWorkError` while another delivery is at work on the same image.
        """
        asked = event.model if isinstance(event, AnalysisRequested) else None
        # A command's correlation id names the command, in every delivery of it.
        request_id = event.correlation_id if isinstance(event, AnalysisRequested) and event.force else None
        with self.step.transaction(event) as connection:
            item = items.take_up(connection, event.item_id, self.step.stage)
            if item is None or item.sha256 is None or item.status not in READY:
                logger.info("the item is gone or cannot be analysed", status=item.status if item else None)
                return
            if isinstance(event, AnalysisRequested) and event.batch:
                self._note(connection, event, asked or self.model)
                return
            try:
                claimed = analyses.claim(
                    connection,
                    item_id=item.id,
                    user_id=item.user_id,
                    sha256=item.sha256,
                    model=asked or self.model,
                    prompt_version=PROMPT_VERSION,
                    request_id=request_id,
                    lease=lease,
                )
            except ItemGoneError:
                logger.info("the item went before it was claimed")
                return
            if isinstance(claimed, Claim):
                # Raised, it takes the claim back.
                limits.require_budget(connection, self.limits)
        match claimed:
            case Claim():
                self._look(event, item, asked or self.model, claimed)
            case InProgress():
                wait = (claimed.lease_until - now()).total_seconds()
                raise AtWorkError("another delivery is analysing this image", retry_after=max(wait, 0.0))
            case Finished():
                self._hand_on_again(event, item, claimed)

    def _note(self, connection: Connection, event: AnalysisRequested, model: str) -> None:
        """Leave the image to the batcher."""
        promised = batches.promised_usd(connection)
        noted = batches.note(
            connection,
            item_id=event.item_id,
            user_id=event.user_id,
            correlation_id=event.correlation_id,
            model=model,
            prompt_version=PROMPT_VERSION,
        )
        if noted:
            # Raised, it takes the note back.
            limits.require_budget(connection, self.limits, promised)
        logger.info("waits for a batch" if noted else "noted before", model=model)

    def _look(self, event: ImageProcessed | AnalysisRequested, item: ItemRecord, model: str, claim: Claim) -> None:
        if claim.attempts > 1:
            logger.warning("claimed again, and perhaps paid again", attempts=claim.attempts)
        try:
            preview = self.store.get(derived_key(item.user_id, item.id, "preview"), MAX_PREVIEW_BYTES)
            answer = self.vision.analyze(preview, describe_file(item), model, partial(self._account, event))
        except Exception:
            with self.step.transaction(event) as connection:
                analyses.fail(connection, claim)
            raise
        try:
            with self.step.transaction(event) as connection:
                analyses.complete(
                    connection,
                    claim.analysis_id,
                    analysis=answer.analysis,
                    answered_by=answer.answered_by,
                    input_tokens=answer.input_tokens,
                    output_tokens=answer.output_tokens,
                )
                moved = items.mark_analyzed(connection, item.id)
        except AnalysisGoneError:
            moved = False
        if moved:
            self.step.publish(_complete(event, claim))
        else:
            logger.info("the item went while it was analysed")

    def _hand_on_again(self, event: ImageProcessed | AnalysisRequested, item: ItemRecord, finished: Finished) -> None:
        """Whoever finished the analysis may have died before saying so."""
        with self.step.transaction(event) as connection:
            if item.status == Status.SEARCHABLE:
                newest = analyses.latest(connection, item.id)
                indexed = find_indexed(connection, item.id)
                overtaken = newest is not None and newest.id != finished.analysis_id
                handed_on = overtaken or (indexed is not None and indexed.analysis_id == finished.analysis_id)
            else:
                handed_on = not items.mark_analyzed(connection, item.id)
        if handed_on:
            logger.info("analysed and handed on before")
        else:
            self.step.publish(_complete(event, finished))

    def _account(self, event: ImageProcessed | AnalysisRequested, spent: Spent) -> None:
        """Write down what an answer cost at once: it is paid for whatever becomes of it."""
        with self.step.transaction(event) as connection:
            usage.record(
                connection,
                user_id=event.user_id,
                item_id=event.item_id,
                operation="analysis",
                model=spent.model,
                input_tokens=spent.input_tokens,
                output_tokens=spent.output_tokens,
            )


def _complete(event: ImageProcessed | AnalysisRequested, analysis: Claim | Finished) -> AnalysisComplete:
    return AnalysisComplete(
        correlation_id=event.correlation_id,
        user_id=event.user_id,
        item_id=event.item_id,
        analysis_id=analysis.analysis_id,
        version=analysis.version,
    )


@cache
def start() -> Analyzer:
    """The analyzer, made when the process handles its first event and kept for its life."""
    settings = load(AnalyzerSettings)
    database = Database(settings.database_url.reveal())
    step = Step(Stage.ANALYSIS, database, settings.event_bus, WorkQueue(settings.queue_url, settings.max_receives))
    return Analyzer(step, ImageStore(settings.bucket_name), Vision(settings), settings.analysis_model, settings)


@observed()
def handler(event: dict[str, Any], context: LambdaContext) -> Failures:
    """Handle `ImageProcessed` and `AnalysisRequested`."""
    analyzer = start()
    lease = timedelta(milliseconds=context.get_remaining_time_in_millis()) + LEASE_MARGIN
    analyze = partial(analyzer.analyze, lease)
    return consume(event, analyzer.step, [route(ImageProcessed, analyze), route(AnalysisRequested, analyze)])
