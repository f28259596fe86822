"""An image whose owner has no budget left is not paid for and not lost: it waits for a retry."""

from decimal import Decimal

import pytest
from sqlalchemy import text

from runtime import items
from runtime.events import AnalysisComplete, AnalysisRequested, EmbeddingRequested, ImageProcessed, ItemFailed
from runtime.models import Item, Usage
from runtime.records import AnalysisState, ItemRecord, Stage, Status
from tests.integration.pipeline.stage import ANNA, envelope
from tests.integration.pipeline.stage import Stage as Theatre
from tests.sessions import driver, tenant_session
from tests.unit.imaging.pictures import encoded, quarters

PNG = encoded(quarters(), "PNG")
BUDGET = "0.25"


@pytest.fixture(autouse=True)
def budget(stage: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONTHLY_AI_BUDGET_USD", BUDGET)


def spend(stage: Theatre) -> None:
    """Have Anna use up her month's budget."""
    with tenant_session(stage.database.functions, ANNA) as session:
        session.add(Usage(user_id=ANNA, operation="answer", model="claude", input_tokens=1, cost_usd=Decimal(BUDGET)))


def a_month_passes(stage: Theatre) -> None:
    with stage.database.owner.begin() as connection:
        connection.execute(text("update usage set created_at = created_at - interval '32 days'"))


def processed(stage: Theatre) -> tuple[ItemRecord, str]:
    item, uploaded = stage.uploaded("quarters.png", PNG)
    assert stage.process(uploaded) == []
    return item, stage.published(ImageProcessed, item)[0]


def retried(stage: Theatre, item: ItemRecord) -> None:
    stage.change(item, lambda session: items.retry(driver(session), item.id))


def test_without_budget_an_image_is_not_looked_at_and_can_be_retried_next_month(stage: Theatre) -> None:
    item, event = processed(stage)
    spend(stage)

    assert stage.analyze(event) == [], "delivering it again cannot help"

    failed = stage.item(item)
    assert failed is not None
    assert (failed.status, failed.stage, failed.retryable) == (Status.FAILED, Stage.ANALYSIS, True)
    assert "$0.25 a month" in (failed.error or "")
    assert stage.calls("messages") == 0
    assert stage.analyses(item) == [], "the claim is taken back"
    assert len(stage.published(ItemFailed, item)) == 1

    a_month_passes(stage)
    retried(stage, item)
    assert stage.analyze(envelope(AnalysisRequested(correlation_id="c", user_id=ANNA, item_id=item.id))) == []

    assert [analysis.state for analysis in stage.analyses(item)] == [AnalysisState.DONE]
    assert stage.calls("messages") == 1


def test_without_budget_no_text_is_embedded_and_it_can_be_retried_next_month(stage: Theatre) -> None:
    item, event = processed(stage)
    assert stage.analyze(event) == []
    (complete,) = stage.published(AnalysisComplete, item)
    spend(stage)

    assert stage.embed(complete) == []

    failed = stage.item(item)
    assert failed is not None
    assert (failed.status, failed.stage, failed.retryable) == (Status.FAILED, Stage.EMBEDDING, True)
    assert stage.calls("embeddings") == 0

    a_month_passes(stage)
    retried(stage, item)
    assert stage.embed(envelope(EmbeddingRequested(correlation_id="c", user_id=ANNA, item_id=item.id))) == []

    indexed = stage.item(item)
    assert indexed is not None
    assert indexed.status == Status.SEARCHABLE


def test_without_budget_an_edited_image_is_found_by_its_new_words(stage: Theatre) -> None:
    item, event = processed(stage)
    assert stage.analyze(event) == []
    (complete,) = stage.published(AnalysisComplete, item)
    assert stage.embed(complete) == []
    spend(stage)
    stage.change(item, lambda session: session.get_one(Item, item.id).sqlmodel_update({"title": "Zwetschgendatschi"}))

    assert stage.embed(envelope(EmbeddingRequested(correlation_id="c", user_id=ANNA, item_id=item.id))) == []

    with tenant_session(stage.database.functions, ANNA) as session:
        document = session.connection().execute(text("select text from search_document")).scalar_one()
    assert "Zwetschgendatschi" in document


def test_an_upload_that_never_came_does_not_count(stage: Theatre) -> None:
    item = stage.create("a.png")
    with stage.database.owner.begin() as connection:
        connection.execute(
            text("insert into intake select user_id, date_trunc('month', now() at time zone 'utc'), 2 from item")
        )
    stage.age(item, 25)
    with stage.database.owner.begin() as connection:
        # A day back may be a month back.
        connection.execute(
            text("update intake set month = (select date_trunc('month', created_at at time zone 'utc') from item)")
        )

    assert stage.sweep()["abandoned_uploads"] == 1
    assert stage.sweep()["abandoned_uploads"] == 0

    with stage.database.owner.connect() as connection:
        assert connection.execute(text("select images from intake")).scalar_one() == 1
