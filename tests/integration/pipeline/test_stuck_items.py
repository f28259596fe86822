"""What stops on its way is found by the sweeper: sent on once more, then failed with a reason."""

import json
from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from sqlalchemy import text

from runtime import items
from runtime.events import (
    AnalysisComplete,
    AnalysisRequested,
    EmbeddingRequested,
    Event,
    ImageProcessed,
    ItemFailed,
    ItemSearchable,
    ProcessingRequested,
    PublishError,
)
from runtime.handlers import sweeper
from runtime.keys import derived_key, original_key
from runtime.records import ItemRecord, Status
from runtime.sweeping import orphans
from runtime.sweeping.run import Run
from tests.integration.pipeline.stage import ANNA, Stage
from tests.integration.pipeline.test_sweeper import done
from tests.sessions import driver
from tests.unit.imaging.pictures import encoded, quarters

PNG = encoded(quarters(), "PNG")
WIDTHS = count(20)
LONG = 4.0
"""Hours: longer than any stage's limit, shorter than an abandoned upload's."""


def at(stage: Stage, status: Status) -> ItemRecord:
    """An item that has come as far as this, and whose next event was lost."""
    item, uploaded = stage.uploaded(f"{uuid4()}.png", PNG)
    if status == Status.PENDING:
        return item
    stage.process(uploaded)
    if status == Status.ANALYZED:
        stage.analyze(stage.published(ImageProcessed, item)[0])
    assert state(stage, item)[0] == status
    return item


def state(stage: Stage, item: ItemRecord) -> tuple[str | None, str | None]:
    now = stage.item(item)
    return (now.status, now.stage) if now else (None, None)


def test_an_upload_whose_event_was_lost_is_processed_though_it_looks_abandoned(stage: Stage) -> None:
    item = at(stage, Status.PENDING)
    stage.age(item, 25)

    assert done(stage.sweep()) == {"requeued": 1}

    (event,) = stage.published(ProcessingRequested, item)
    assert json.loads(event)["detail"]["correlation_id"] == str(item.id)
    stage.process(event)
    assert state(stage, item)[0] == Status.PROCESSED


@pytest.mark.parametrize(
    ("status", "event"), [(Status.PROCESSED, AnalysisRequested), (Status.ANALYZED, EmbeddingRequested)]
)
def test_an_item_that_stopped_is_sent_on_and_gets_through(stage: Stage, status: Status, event: type[Event]) -> None:
    item = at(stage, status)
    stage.age(item, LONG)

    assert done(stage.sweep()) == {"requeued": 1}

    (request,) = stage.published(event, item)
    if status == Status.PROCESSED:
        stage.analyze(request)
        (request,) = stage.published(AnalysisComplete, item)
    stage.embed(request)
    assert state(stage, item)[0] == Status.SEARCHABLE


def test_an_item_under_way_is_left_alone(stage: Stage) -> None:
    item = at(stage, Status.PROCESSED)
    stage.age(item, 1)

    assert done(stage.sweep()) == {}


def test_what_was_sent_on_is_given_its_time_and_then_failed_with_a_reason(stage: Stage) -> None:
    item = at(stage, Status.PROCESSED)
    stage.age(item, LONG)
    stage.sweep()

    assert done(stage.sweep()) == {}, "it has only just been sent on"
    stage.age(item, LONG)
    assert done(stage.sweep()) == {"stuck": 1}

    assert state(stage, item) == (Status.FAILED, "analysis")
    (event,) = stage.published(ItemFailed, item)
    assert "retry" in json.loads(event)["detail"]["error"]
    assert len(stage.published(AnalysisRequested, item)) == 1
    assert done(stage.sweep()) == {}


def test_an_item_that_came_further_may_be_sent_on_again_from_there(stage: Stage) -> None:
    item = at(stage, Status.PROCESSED)
    stage.age(item, LONG)
    stage.sweep()
    stage.analyze(stage.published(AnalysisRequested, item)[0])
    stage.age(item, LONG)
    # What happened to it before lies further back.
    _set(stage, item, "requeued_at = requeued_at - interval '1 hour'")

    assert done(stage.sweep()) == {"requeued": 1}


def test_an_event_that_comes_after_all_still_brings_a_failed_item_to_search(stage: Stage) -> None:
    item = at(stage, Status.PROCESSED)
    (late,) = stage.published(ImageProcessed, item)
    for _ in range(2):
        stage.age(item, LONG)
        stage.sweep()
    assert state(stage, item)[0] == Status.FAILED

    stage.analyze(late)
    stage.embed(stage.published(AnalysisComplete, item)[0])

    assert state(stage, item)[0] == Status.SEARCHABLE
    assert stage.published(ItemSearchable, item)


def test_a_request_that_cannot_be_published_is_made_by_the_next_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = at(stage, Status.PROCESSED)
    stage.age(item, LONG)

    def refuse(*_: object) -> None:
        raise PublishError("refused")

    with monkeypatch.context() as broken:
        broken.setattr(Run, "publish", refuse)
        with pytest.raises(sweeper.SweepError, match="1 things"):
            stage.sweep()

    assert done(stage.sweep()) == {"requeued": 1}


def test_an_item_whose_message_was_given_up_without_a_word_is_failed(stage: Stage) -> None:
    item = at(stage, Status.PROCESSED)
    stage.give_up("analysis", stage.published(ImageProcessed, item)[0])
    stage.age(item, 1)

    assert done(stage.sweep()) == {"dead_letters": 1}

    assert state(stage, item) == (Status.FAILED, "analysis")
    assert len(stage.published(ItemFailed, item)) == 1
    assert waiting(stage, "analysis") == 1, "for whoever redrives it"


def test_the_message_of_an_upload_tells_its_item_too(stage: Stage) -> None:
    item, uploaded = stage.uploaded("a.png", PNG)
    stage.change(item, lambda session: items.mark_uploaded(driver(session), item.id))
    stage.give_up("processing", uploaded)
    stage.age(item, 1)

    assert done(stage.sweep()) == {"dead_letters": 1}
    assert state(stage, item) == (Status.FAILED, "processing")


def test_dead_letters_of_items_that_went_on_or_are_gone_or_are_retried_change_nothing(stage: Stage) -> None:
    on = at(stage, Status.ANALYZED)
    retried, lately, deleted = at_work(stage), at_work(stage), at_work(stage)
    for item in (on, retried, lately, deleted):
        stage.give_up("analysis", stage.published(ImageProcessed, item)[0])
    stage.give_up("analysis", "no JSON")
    for item in (on, deleted):
        stage.age(item, 1)
    _set(stage, retried, "updated_at = now() + interval '1 day'")
    stage.change(deleted, lambda session: items.mark_deleted(driver(session), deleted.id))

    report = stage.sweep()

    assert report["dead_letters"] == 0
    assert waiting(stage, "analysis") == 5
    assert [state(stage, item)[0] for item in (on, retried, lately)] == ["analyzed", "processed", "processed"]


def test_objects_that_no_item_has_are_removed_and_those_of_others_stay(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = at(stage, Status.PROCESSED)
    nobody = uuid4()
    orphaned = [original_key(ANNA, nobody, "png"), derived_key(ANNA, nobody, "thumb")]
    for key in (*orphaned, "originals/not-one-of-ours.txt"):
        stage.store.put(key, b"x", "image/png")

    assert done(stage.sweep()) == {}, "a function may still be at it"
    monkeypatch.setattr(orphans, "ORPHAN_AFTER", timedelta(seconds=-60))

    assert stage.sweep()["orphan_versions"] == 2
    assert not any(stage.store.exists(key) for key in orphaned)
    assert stage.store.exists(kept.original_key)
    assert stage.store.exists(derived_key(ANNA, kept.id, "thumb"))
    assert stage.store.exists("originals/not-one-of-ours.txt")


def test_an_item_whose_original_is_lost_fails_and_its_bytes_may_come_again(stage: Stage) -> None:
    lost, kept = at(stage, Status.ANALYZED), at_work(stage)
    stage.store.delete_versions([*stage.store.versions(lost.original_key).__next__()])
    for item in (lost, kept):
        stage.age(item, 1.5)

    assert done(stage.sweep()) == {"lost_originals": 1}

    assert state(stage, lost) == (Status.FAILED, "upload")
    (event,) = stage.published(ItemFailed, lost)
    assert "upload it again" in json.loads(event)["detail"]["error"]
    again, uploaded = stage.uploaded("again.png", PNG)
    stage.process(uploaded)
    assert state(stage, again)[0] == Status.PROCESSED


def test_the_duplicate_of_a_lost_original_takes_its_place(stage: Stage) -> None:
    lost = at(stage, Status.PROCESSED)
    duplicate, uploaded = stage.uploaded("copy.png", PNG)
    stage.process(uploaded)
    assert state(stage, duplicate)[0] == Status.DUPLICATE
    stage.store.delete_versions([*stage.store.versions(lost.original_key).__next__()])
    stage.age(lost, 1.5)

    stage.sweep()

    stage.process(stage.published(ProcessingRequested, duplicate)[0])
    assert state(stage, duplicate)[0] == Status.PROCESSED


def test_one_duty_that_cannot_be_done_does_not_keep_the_others(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item = at(stage, Status.PROCESSED)
    stage.age(item, LONG)
    monkeypatch.setenv("ANALYSIS_DEAD_LETTERS", stage.dead_letters["analysis"].replace("analysis", "nothing"))

    with pytest.raises(sweeper.SweepError):
        stage.sweep()

    assert len(stage.published(AnalysisRequested, item)) == 1


def at_work(stage: Stage) -> ItemRecord:
    """An item of other bytes, which waits to be analysed."""
    item, uploaded = stage.uploaded("other.png", encoded(quarters().resize((next(WIDTHS), 33)), "PNG"))
    stage.process(uploaded)
    return item


def waiting(stage: Stage, queue: str) -> int:
    """Messages that can be received."""
    name = "ApproximateNumberOfMessages"
    attributes = stage.sqs.get_queue_attributes(QueueUrl=stage.dead_letters[queue], AttributeNames=[name])
    return int(attributes["Attributes"][name])


def _set(stage: Stage, item: ItemRecord, change: str) -> None:
    with stage.database.owner.begin() as connection:
        connection.execute(text(f"update item set {change} where id = :id"), {"id": item.id})
