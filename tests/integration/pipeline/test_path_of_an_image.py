"""From the upload to a search that finds it, through the real functions and events."""

import json
from pathlib import Path

import httpx
import pytest

from runtime.analysis import Category
from runtime.events import AnalysisComplete, ImageProcessed, ItemSearchable, ObjectCreated
from runtime.keys import derived_key
from runtime.records import Status
from runtime.search.query import SearchType, search
from tests.integration.aws import CHECKOUT
from tests.integration.pipeline.stage import ANNA, BERT, Stage
from tests.sessions import driver, tenant_session
from tests.unit.imaging.pictures import opened

RECEIPT = CHECKOUT / "samples" / "receipt-mill-lane-bakery.jpg"
PHOTOGRAPH = CHECKOUT / "samples" / "IMG_2057.jpg"


def found(stage: Stage, query: str, user_id: str = ANNA) -> list[str]:
    """The ids of what a user finds by words."""
    with tenant_session(stage.database.functions, user_id) as session:
        hits = search(
            driver(session),
            query=query,
            vector=None,
            search_type=SearchType.BM25,
            top_k=10,
            vector_weight=0.6,
        ).hits
    return [str(hit.item_id) for hit in hits]


def bring_to_search(stage: Stage, path: Path) -> tuple[str, list[str]]:
    """Upload a sample and deliver each event to whom it is for; the item's id and the events."""
    item, uploaded = stage.uploaded(path.name, path.read_bytes())
    assert stage.process(uploaded) == []
    (processed,) = stage.published(ImageProcessed, item)
    assert stage.analyze(processed) == []
    (analyzed,) = stage.published(AnalysisComplete, item)
    assert stage.embed(analyzed) == []
    (searchable,) = stage.published(ItemSearchable, item)
    return str(item.id), [uploaded, processed, analyzed, searchable]


def test_an_uploaded_image_is_found_by_the_text_in_it_and_by_nobody_else(stage: Stage) -> None:
    item_id, _ = bring_to_search(stage, RECEIPT)

    assert found(stage, "sourdough") == [item_id]
    assert found(stage, "sourdough", BERT) == []
    assert stage.calls("messages") == stage.calls("embeddings") == 1


def test_one_correlation_id_leads_from_the_upload_to_the_end(stage: Stage) -> None:
    item_id, (_, *events) = bring_to_search(stage, PHOTOGRAPH)

    assert {json.loads(event)["detail"]["correlation_id"] for event in events} == {str(item_id)}


def test_the_item_tells_what_was_learnt_of_the_image(stage: Stage) -> None:
    item, uploaded = stage.uploaded("IMG_2057.jpg", PHOTOGRAPH.read_bytes())

    stage.process(uploaded)
    (processed,) = stage.published(ImageProcessed, item)
    stage.analyze(processed)

    now = stage.item(item)
    assert now is not None
    assert now.status == Status.ANALYZED
    assert (now.mime_type, now.width, now.height) == ("image/jpeg", 1080, 1441)
    assert now.camera == "Sample Optics SO Phone 7"
    assert now.taken_at is not None
    (analysis,) = stage.analyses(item)
    assert Category(analysis.category or "")
    assert "IMG_2057" in (analysis.summary or ""), "the model is told the file's name"
    (usage,) = stage.usage(item)
    assert (usage.operation, usage.model) == ("analysis", "local-vision")
    assert usage.input_tokens > 1000


def test_thumbnail_and_preview_are_where_the_event_says(stage: Stage) -> None:
    item, uploaded = stage.uploaded("IMG_2057.jpg", PHOTOGRAPH.read_bytes())

    stage.process(uploaded)

    detail = json.loads(stage.published(ImageProcessed, item)[0])["detail"]
    assert detail["thumbnail_key"] == derived_key(ANNA, item.id, "thumb")
    assert opened(stage.store.get(detail["thumbnail_key"], 1_000_000)).size == (300, 400)
    assert opened(stage.store.get(detail["preview_key"], 1_000_000)).size == (1080, 1441)


def test_a_form_uploads_the_announced_file_and_starts_the_pipeline(stage: Stage) -> None:
    body = RECEIPT.read_bytes()
    item = stage.create(RECEIPT.name, size=len(body))
    form = stage.store.presigned_post(item.original_key, "image/jpeg", len(body))

    answer = httpx.post(form.url, data=form.fields, files={"file": body}, trust_env=False)

    assert answer.is_success, answer.text
    assert stage.process(stage.arrival(item)) == []
    assert httpx.get(stage.store.presigned_get(item.original_key), trust_env=False).content == body


@pytest.mark.parametrize("size", [9, 11])
def test_a_form_takes_no_file_of_another_size(stage: Stage, size: int) -> None:
    item = stage.create("a.png")
    form = stage.store.presigned_post(item.original_key, "image/png", 10)

    answer = httpx.post(form.url, data=form.fields, files={"file": b"x" * size}, trust_env=False)

    assert answer.is_client_error
    assert stage.published(ObjectCreated, item) == []
