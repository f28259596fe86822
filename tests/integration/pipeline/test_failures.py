"""What becomes of an image when something is wrong with it, or with a vendor."""

import json

import pytest

from runtime.events import AnalysisComplete, ImageProcessed, ItemFailed, ItemSearchable, ProcessingRequested
from runtime.records import AnalysisState, ItemRecord, Stage, Status
from tests.integration.pipeline.stage import ANNA, BERT, envelope
from tests.integration.pipeline.stage import Stage as Theatre
from tests.unit.imaging.pictures import encoded, quarters

PNG = encoded(quarters(), "PNG")


def processed(stage: Theatre) -> tuple[ItemRecord, str]:
    """An item that waits to be analysed, and the event that asks for it."""
    item, uploaded = stage.uploaded("quarters.png", PNG)
    assert stage.process(uploaded) == []
    return item, stage.published(ImageProcessed, item)[0]


def analyzed(stage: Theatre) -> tuple[ItemRecord, str]:
    item, event = processed(stage)
    assert stage.analyze(event) == []
    return item, stage.published(AnalysisComplete, item)[0]


@pytest.mark.parametrize(
    ("filename", "body", "told"),
    [
        ("broken.png", PNG[: len(PNG) // 2], "damaged or incomplete"),
        ("notes.jpg", b"Dear diary", "it holds text"),
        ("empty.png", b"", "is empty"),
        ("huge.png", PNG + bytes(2 * 1024 * 1024), "at most 2 MB"),
    ],
)
def test_a_file_that_cannot_be_kept_fails_at_once_and_says_why(
    stage: Theatre, filename: str, body: bytes, told: str
) -> None:
    item, uploaded = stage.uploaded(filename, body)

    assert stage.process(uploaded) == [], "trying again cannot help"

    now = stage.item(item)
    assert now is not None
    assert (now.status, now.stage) == (Status.FAILED, Stage.PROCESSING)
    assert told in (now.error or "")
    (event,) = stage.published(ItemFailed, item)
    assert json.loads(event)["detail"] | {"correlation_id": ""} == {
        "schema_version": 1,
        "correlation_id": "",
        "user_id": ANNA,
        "item_id": str(item.id),
        "stage": "processing",
        "error": now.error,
    }
    assert stage.published(ImageProcessed, item) == []


def test_an_item_whose_file_is_gone_fails(stage: Theatre) -> None:
    item = stage.create("a.png")
    event = ProcessingRequested(correlation_id="c", user_id=ANNA, item_id=item.id)

    assert stage.process(envelope(event)) == []

    now = stage.item(item)
    assert now is not None
    assert "no longer there" in (now.error or "")


def test_a_bad_file_does_not_hold_up_the_others_of_its_batch(stage: Theatre) -> None:
    bad, bad_upload = stage.uploaded("bad.png", b"nothing")
    good, good_upload = stage.uploaded("good.png", PNG)

    assert stage.process(bad_upload, '{"source": "aws.s3", "detail-type": "Object Deleted"}', good_upload) == ["1"]

    assert [item.status for item in (stage.item(bad), stage.item(good)) if item] == [Status.FAILED, Status.PROCESSED]


def test_an_event_cannot_reach_another_users_item(stage: Theatre) -> None:
    item = stage.upload("mine.png", PNG)

    assert stage.process(envelope(ProcessingRequested(correlation_id="c", user_id=BERT, item_id=item.id))) == []

    assert (now := stage.item(item)) is not None
    assert now.status == Status.PENDING


@pytest.mark.parametrize("kind", ["429", "500", "529", "invalid-json"])
def test_a_model_that_fails_for_a_while_delays_an_image_but_does_not_lose_it(stage: Theatre, kind: str) -> None:
    item, event = processed(stage)
    stage.spoil("messages", kind)

    assert stage.analyze(event) == ["0"], "the queue delivers it again"
    assert [analysis.state for analysis in stage.analyses(item)] == [AnalysisState.FAILED]
    assert (now := stage.item(item)) is not None
    assert now.status == Status.PROCESSED

    stage.mend()
    assert stage.analyze(event) == []
    (analysis,) = stage.analyses(item)
    assert (analysis.state, analysis.version) == (AnalysisState.DONE, 1)
    assert len(stage.published(AnalysisComplete, item)) == 1


def test_an_image_that_the_model_refuses_fails_at_once(stage: Theatre) -> None:
    item, event = processed(stage)
    stage.spoil("messages", "refusal")

    assert stage.analyze(event) == []

    now = stage.item(item)
    assert now is not None
    assert (now.status, now.stage) == (Status.FAILED, Stage.ANALYSIS)
    assert "declined to describe" in (now.error or "")
    assert len(stage.published(ItemFailed, item)) == 1
    assert len(stage.usage(item)) == 1, "a refusal is paid for"


def test_an_answer_that_was_cut_off_is_asked_for_again_and_both_are_accounted(stage: Theatre) -> None:
    item, event = processed(stage)
    stage.spoil("messages", "cut-off", count=1)

    assert stage.analyze(event) == []

    assert stage.calls("messages") == 2
    assert len(stage.usage(item)) == 2
    assert len(stage.published(AnalysisComplete, item)) == 1


def test_an_embedding_model_that_fails_for_a_while_delays_an_image(stage: Theatre) -> None:
    item, event = analyzed(stage)
    stage.spoil("embeddings", "500")

    assert stage.embed(event) == ["0"]
    assert stage.published(ItemSearchable, item) == []

    stage.mend()
    assert stage.embed(event) == []
    assert (now := stage.item(item)) is not None
    assert now.status == Status.SEARCHABLE
