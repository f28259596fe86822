"""Events come twice, late, out of order, and after the image is gone."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import boto3
import pytest
from sqlmodel import Session, select

from runtime import analyses, embedding_claims, items
from runtime.events import (
    AnalysisComplete,
    AnalysisRequested,
    EmbeddingRequested,
    ImageProcessed,
    ItemFailed,
    ItemSearchable,
)
from runtime.indexed import find_indexed
from runtime.models import EmbeddingClaim
from runtime.records import ItemRecord, Status
from runtime.search.document import document_text
from runtime.storage import ImageStore
from runtime.vision import PROMPT_VERSION, Vision, VisionAnswer
from tests.integration.pipeline.stage import ANNA, BERT, Stage, envelope
from tests.sessions import driver
from tests.unit.imaging.pictures import encoded, quarters

PNG = encoded(quarters(), "PNG")
MODEL = "claude-sonnet-5-5"


def processed(stage: Stage) -> tuple[ItemRecord, str]:
    item, uploaded = stage.uploaded("quarters.png", PNG)
    stage.process(uploaded)
    return item, stage.published(ImageProcessed, item)[0]


def analyzed(stage: Stage) -> tuple[ItemRecord, str]:
    item, event = processed(stage)
    stage.analyze(event)
    return item, stage.published(AnalysisComplete, item)[0]


def searchable(stage: Stage) -> tuple[ItemRecord, str]:
    item, event = analyzed(stage)
    stage.embed(event)
    return item, stage.published(ItemSearchable, item)[0]


def status(stage: Stage, item: ItemRecord) -> str | None:
    now = stage.item(item)
    return now.status if now else None


def delete(stage: Stage, item: ItemRecord) -> None:
    stage.change(item, lambda session: items.mark_deleted(driver(session), item.id))


def claim(stage: Stage, item: ItemRecord, lease: timedelta) -> None:
    """Take the work on the item's analysis, as a function does that then says no more."""
    now = stage.item(item)
    assert now is not None

    def take(session: Session) -> None:
        analyses.claim(
            driver(session),
            item_id=item.id,
            user_id=item.user_id,
            sha256=now.sha256 or "",
            model=MODEL,
            prompt_version=PROMPT_VERSION,
            request_id=None,
            lease=lease,
        )

    stage.change(item, take)


def claim_embedding(stage: Stage, item: ItemRecord, lease: timedelta) -> None:
    """Take the work on the item's text, as a function does that then says no more."""

    def take(session: Session) -> None:
        newest, now = analyses.latest(driver(session), item.id), items.find(driver(session), item.id)
        assert newest is not None
        assert now is not None
        assert items.lock(driver(session), item.id)
        text = document_text(now, newest)
        embedding_claims.claim(
            driver(session), item_id=item.id, user_id=item.user_id, text=text, model="voyage-4-large", lease=lease
        )

    stage.change(item, take)


def claims(stage: Stage, item: ItemRecord) -> list[tuple[int, object]]:
    """Attempts and lease of each claim on a text of the item."""
    found: list[EmbeddingClaim] = []
    stage.change(
        item,
        lambda session: found.extend(session.exec(select(EmbeddingClaim).where(EmbeddingClaim.item_id == item.id))),
    )
    return [(each.attempts, each.lease_until) for each in found]


def analyze_again(item: ItemRecord, *, force: bool) -> str:
    return envelope(AnalysisRequested(correlation_id="again", user_id=item.user_id, item_id=item.id, force=force))


def test_an_upload_that_is_delivered_twice_is_handed_on_twice_but_stays_one(stage: Stage) -> None:
    item, uploaded = stage.uploaded("quarters.png", PNG)

    assert stage.process(uploaded, uploaded) == []

    first, second = (json.loads(event)["detail"] for event in stage.published(ImageProcessed, item))
    assert first == second, "whoever published first may have died before it did"
    assert status(stage, item) == Status.PROCESSED


def test_a_late_upload_does_not_move_an_item_backwards(stage: Stage) -> None:
    item, uploaded = stage.uploaded("quarters.png", PNG)
    stage.process(uploaded)
    stage.analyze(stage.published(ImageProcessed, item)[0])

    assert stage.process(uploaded) == []

    assert status(stage, item) == Status.ANALYZED
    assert len(stage.published(ImageProcessed, item)) == 1


def test_the_same_picture_again_is_a_duplicate_and_costs_nothing(stage: Stage) -> None:
    first, _ = processed(stage)
    second, uploaded = stage.uploaded("copy.png", PNG)

    assert stage.process(uploaded) == []

    assert (now := stage.item(second)) is not None
    assert (now.status, now.duplicate_of) == (Status.DUPLICATE, first.id)
    assert stage.published(ImageProcessed, second) == []


def test_the_same_picture_of_somebody_else_is_no_duplicate(stage: Stage) -> None:
    processed(stage)
    theirs, uploaded = stage.uploaded("quarters.png", PNG, BERT)

    assert stage.process(uploaded) == []

    assert status(stage, theirs) == Status.PROCESSED


def test_a_delivery_that_meets_another_at_work_is_put_back(stage: Stage) -> None:
    item, event = processed(stage)
    claim(stage, item, timedelta(minutes=1))

    assert stage.analyze(event) == ["0"]
    assert stage.calls("messages") == 0
    assert stage.published(ItemFailed, item) == []


def test_work_whose_function_died_is_taken_over_when_its_lease_has_expired(stage: Stage) -> None:
    item, event = processed(stage)
    claim(stage, item, timedelta(0))

    assert stage.analyze(event) == []

    assert [analysis.version for analysis in stage.analyses(item)] == [1]
    assert len(stage.published(AnalysisComplete, item)) == 1


def test_a_finished_analysis_is_handed_on_again_without_asking_the_model(stage: Stage) -> None:
    item, event = processed(stage)

    assert stage.analyze(event, event) == []

    first, second = (json.loads(each)["detail"] for each in stage.published(AnalysisComplete, item))
    assert first == second
    assert stage.calls("messages") == 1


def test_an_analysis_that_is_searchable_already_is_left_alone(stage: Stage) -> None:
    item, _ = searchable(stage)

    assert stage.analyze(stage.published(ImageProcessed, item)[0]) == []

    assert stage.calls("messages") == 1
    assert len(stage.published(AnalysisComplete, item)) == 1


def test_a_searchable_item_that_is_analysed_again_stays_searchable_with_the_new(stage: Stage) -> None:
    item, _ = searchable(stage)

    assert stage.analyze(analyze_again(item, force=True)) == []
    assert status(stage, item) == Status.SEARCHABLE
    assert stage.embed(stage.published(AnalysisComplete, item)[1]) == []

    old, new = stage.analyses(item)
    assert (old.version, new.version) == (1, 2)
    stage.change(item, lambda session: _assert_indexed_by(find_indexed(driver(session), item.id), new.id))


def test_a_lost_event_of_a_second_analysis_is_made_up_for(stage: Stage) -> None:
    item, _ = searchable(stage)
    other = AnalysisRequested(correlation_id="c", user_id=ANNA, item_id=item.id, model="claude-opus-5-5")
    stage.analyze(envelope(other))

    assert stage.analyze(envelope(other)) == [], "nobody has embedded it yet"

    assert len(stage.published(AnalysisComplete, item)) == 3
    assert stage.calls("messages") == 2


def test_an_analysis_that_fails_leaves_a_searchable_item_as_it_is(stage: Stage) -> None:
    item, _ = searchable(stage)
    stage.spoil("messages", "refusal")

    assert stage.analyze(analyze_again(item, force=True)) == []

    assert status(stage, item) == Status.SEARCHABLE
    assert stage.published(ItemFailed, item) == []


def test_what_is_indexed_is_not_embedded_again(stage: Stage) -> None:
    item, event = analyzed(stage)

    assert stage.embed(event, event) == []

    assert stage.calls("embeddings") == 1
    assert len(stage.published(ItemSearchable, item)) == 2


def test_an_old_analysis_event_indexes_the_newest_analysis(stage: Stage) -> None:
    item, old = analyzed(stage)
    stage.analyze(analyze_again(item, force=True))

    assert stage.embed(old) == []

    newest = stage.analyses(item)[-1]
    stage.change(item, lambda session: _assert_indexed_by(find_indexed(driver(session), item.id), newest.id))


def test_a_command_that_is_delivered_twice_is_paid_once(stage: Stage) -> None:
    item, _ = searchable(stage)
    command = analyze_again(item, force=True)

    assert stage.analyze(command, command) == []
    assert stage.analyze(json.dumps(json.loads(command) | {"id": "published again"})) == []

    assert [analysis.version for analysis in stage.analyses(item)] == [1, 2]
    assert stage.calls("messages") == 2


def test_a_text_that_another_delivery_is_embedding_is_put_back(stage: Stage) -> None:
    item, event = analyzed(stage)
    claim_embedding(stage, item, timedelta(minutes=1))

    assert stage.embed(event) == ["0"]

    assert stage.calls("embeddings") == 0
    assert stage.published(ItemFailed, item) == []


def test_a_text_whose_function_died_is_embedded_when_its_lease_has_expired(stage: Stage) -> None:
    item, event = analyzed(stage)
    claim_embedding(stage, item, timedelta(0))

    assert stage.embed(event) == []

    assert status(stage, item) == Status.SEARCHABLE
    assert claims(stage, item) == [(2, None)], "which may be paid again, is counted"


def test_a_text_that_could_not_be_embedded_can_be_claimed_at_once(stage: Stage) -> None:
    item, event = analyzed(stage)
    stage.spoil("embeddings", "500", count=2)  # the second time at once, within the delivery

    assert stage.embed(event) == ["0"]
    assert claims(stage, item) == [(1, None)]
    assert stage.embed(event) == []

    assert status(stage, item) == Status.SEARCHABLE


def test_of_deliveries_at_the_same_time_one_pays(stage: Stage) -> None:
    item, event = analyzed(stage)

    with ThreadPoolExecutor(4) as pool:
        reported = list(pool.map(stage.embed, [event] * 4))

    assert stage.calls("embeddings") == 1
    assert [] in reported
    assert status(stage, item) == Status.SEARCHABLE


def test_an_image_that_is_deleted_while_it_is_looked_at_stays_deleted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, event = processed(stage)
    look = Vision.analyze

    def look_and_lose(*arguments: Any) -> VisionAnswer:
        answer = look(*arguments)
        delete(stage, item)
        assert stage.sweep()["tombstones"] == 1
        return answer

    monkeypatch.setattr(Vision, "analyze", look_and_lose)

    assert stage.analyze(event) == []

    assert stage.item(item) is None
    assert stage.analyses(item) == []
    assert stage.published(AnalysisComplete, item) == []


def test_an_image_that_is_deleted_while_it_is_processed_leaves_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, uploaded = stage.uploaded("quarters.png", PNG)
    put = ImageStore.put

    def lose_and_put(*arguments: Any) -> None:
        if stage.item(item) is not None:
            delete(stage, item)
        put(*arguments)

    monkeypatch.setattr(ImageStore, "put", lose_and_put)

    assert stage.process(uploaded) == []
    assert stage.sweep()["tombstones"] == 1

    left = boto3.client("s3").list_object_versions(Bucket=stage.store.bucket)
    assert left.get("Versions", []) == []
    assert stage.published(ImageProcessed, item) == []


def test_what_the_user_wrote_is_embedded_anew(stage: Stage) -> None:
    item, _ = searchable(stage)
    stage.change(item, lambda session: items.edit(driver(session), item.id, {"note": "birthday of the cat"}))

    assert stage.embed(envelope(EmbeddingRequested(correlation_id="c", user_id=ANNA, item_id=item.id))) == []

    assert stage.calls("embeddings") == 2


def test_events_of_a_deleted_item_are_done_with(stage: Stage) -> None:
    item, event = analyzed(stage)
    uploaded = stage.arrival(item)
    (processed_event,) = stage.published(ImageProcessed, item)
    delete(stage, item)

    assert stage.process(uploaded) == stage.analyze(processed_event) == stage.embed(event) == []

    assert stage.item(item) is None
    assert stage.calls("messages") == 1
    assert stage.published(ItemSearchable, item) == []


def _assert_indexed_by(indexed: object, analysis_id: object) -> None:
    assert getattr(indexed, "analysis_id", None) == analysis_id
