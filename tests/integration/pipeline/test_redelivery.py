"""What fails is delivered again after a while, and given up in the end, but never lost."""

import os
import time
from datetime import timedelta

import pytest

from runtime import events
from runtime.aws.connection import AwsError
from runtime.events import AnalysisComplete, ImageProcessed, ItemFailed
from runtime.handlers import analyzer, image_processor
from runtime.records import ItemRecord, Status
from runtime.records import Stage as Step
from tests.integration.pipeline.queues import WorkQueue
from tests.integration.pipeline.stage import Stage
from tests.integration.pipeline.test_deliveries import claim
from tests.unit.imaging.pictures import encoded, quarters

PNG = encoded(quarters(), "PNG")


@pytest.fixture
def queue(stage: Stage) -> WorkQueue:
    """Feeds the analyzer."""
    return WorkQueue(os.environ["QUEUE_URL"], analyzer.handler)


def processed(stage: Stage) -> tuple[ItemRecord, str]:
    item, uploaded = stage.uploaded("quarters.png", PNG)
    stage.process(uploaded)
    return item, stage.published(ImageProcessed, item)[0]


def now(stage: Stage, item: ItemRecord) -> ItemRecord:
    current = stage.item(item)
    assert current is not None
    return current


def give_up(stage: Stage, queue: WorkQueue, event: str) -> None:
    """Deliver the event as often as the queue does, while Claude answers nothing but errors."""
    stage.spoil("messages", "529")
    queue.send(event)
    assert queue.deliver() is False
    assert queue.deliver(within=10) is False


def test_a_busy_vendor_is_asked_again_when_it_said(stage: Stage, queue: WorkQueue) -> None:
    item, event = processed(stage)
    stage.spoil("messages", "429", count=2, retry_after=1)
    queue.send(event)

    assert queue.deliver() is False
    refused = time.monotonic()
    assert queue.deliver() is None, "it waits"
    assert queue.deliver(within=10) is True

    assert 1 <= time.monotonic() - refused < 8
    assert now(stage, item).status == Status.ANALYZED


def test_what_was_tried_often_enough_fails_and_is_kept(stage: Stage, queue: WorkQueue) -> None:
    item, event = processed(stage)

    give_up(stage, queue, event)

    failed = now(stage, item)
    assert (failed.status, failed.stage, failed.retryable) == (Status.FAILED, Step.ANALYSIS, True)
    assert failed.failed_at is not None
    assert failed.error == (
        "The analysis was tried 2 times in vain; the last time: Claude is busy or failing (HTTP 529). "
        "Please try again later."
    )
    assert len(stage.published(ItemFailed, item)) == 1
    assert queue.dead() == [event]


def test_a_redriven_message_finds_work_to_do(stage: Stage, queue: WorkQueue) -> None:
    item, event = processed(stage)
    give_up(stage, queue, event)
    stage.mend()

    assert stage.analyze(event) == []

    healed = now(stage, item)
    assert (healed.status, healed.stage, healed.error, healed.failed_at) == (Status.ANALYZED, None, None, None)
    assert len(stage.published(AnalysisComplete, item)) == 1


def test_one_that_meets_another_at_work_gives_nothing_up(stage: Stage, queue: WorkQueue) -> None:
    item, event = processed(stage)
    claim(stage, item, timedelta(seconds=30))
    queue.send(event)
    queue.skip()

    assert queue.deliver() is False, "the last time"

    assert now(stage, item).status == Status.PROCESSED
    assert stage.published(ItemFailed, item) == []


def test_what_nobody_understands_is_kept_at_once(stage: Stage, queue: WorkQueue) -> None:
    queue.send("not an event")

    assert (queue.deliver(), queue.deliver()) == (False, False)

    assert queue.dead() == ["not an event"]


def test_a_failure_that_could_not_be_said_is_said_the_next_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item, uploaded = stage.uploaded("notes.png", b"Dear diary")
    queue = WorkQueue(os.environ["QUEUE_URL"], image_processor.handler)
    queue.send(uploaded)
    with monkeypatch.context() as broken:
        broken.setattr(events, "call", _refuse)
        assert queue.deliver() is False
    assert now(stage, item).status == Status.UPLOADED

    assert queue.deliver(within=10) is True

    assert now(stage, item).status == Status.FAILED
    assert len(stage.published(ItemFailed, item)) == 1


def _refuse(_service: str, operation: str, **_: object) -> None:
    raise AwsError(operation, "InternalException", "try again", 500)
