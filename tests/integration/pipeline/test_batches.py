"""Analyses that may wait are done by batches, at half the price; whatever happens in between, none is lost or paid
twice."""

import io
import json
from decimal import Decimal

import boto3
import httpx
import pytest
from aws_lambda_powertools import Logger
from sqlalchemy import text

from runtime import items
from runtime.events import AnalysisComplete, AnalysisRequested, ItemSearchable
from runtime.handlers import batcher
from runtime.keys import derived_key
from runtime.prices import PRICES, Price
from runtime.records import AnalysisState, Status
from tests.integration.pipeline.batching import (
    PNG,
    alone,
    ended,
    request,
    searchable,
    settle,
    versions,
    waiting,
)
from tests.integration.pipeline.stage import ANNA, BERT, Stage, envelope
from tests.sessions import driver, tenant_session


@pytest.fixture(autouse=True)
def _price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRICES, "local-vision", Price(Decimal(2), Decimal(10)))


def test_images_are_analysed_by_a_batch_at_half_the_price(stage: Stage) -> None:
    mine, theirs = searchable(stage), searchable(stage, BERT)
    before = stage.calls("messages")

    assert stage.analyze(request(mine), request(theirs)) == []
    assert stage.calls("messages") == before, "nobody asks yet"
    first = stage.batch()
    assert (first["batches"], first["submitted"], first["answered"]) == (1, 2, 0)
    ended(stage)
    second = stage.batch()

    assert (second["answered"], second["alone"], second["submitted"], second["finished"]) == (2, 0, 0, True)
    assert stage.calls("batches") == 1
    assert stage.calls("messages") == before
    for item in (mine, theirs):
        assert versions(stage, item) == [(1, AnalysisState.DONE), (2, AnalysisState.DONE)]
        whole, half = stage.analyses(item)
        assert whole.cost_usd is not None
        assert half.cost_usd == whole.cost_usd / 2
        assert half.result == whole.result
        assert sorted(each.cost_usd or 0 for each in stage.usage(item) if each.operation == "analysis") == [
            half.cost_usd,
            whole.cost_usd,
        ]
        assert waiting(stage, item) == []
        assert stage.embed(stage.published(AnalysisComplete, item)[-1]) == []
        assert len(stage.published(ItemSearchable, item)) == 2
    assert stage.batch() == {**second, "answered": 0}


def test_a_command_that_comes_twice_is_noted_and_answered_once(stage: Stage) -> None:
    item = searchable(stage)

    assert stage.analyze(request(item), request(item)) == []
    assert len(waiting(stage, item)) == 1
    stage.batch()
    ended(stage)
    stage.batch()
    assert stage.analyze(request(item)) == [], "an hour late"

    assert waiting(stage, item) == []
    assert len(versions(stage, item)) == 2
    assert len(stage.published(AnalysisComplete, item)) == 2


def test_the_vendor_does_not_keep_what_is_read(stage: Stage) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    stage.batch()
    ended(stage)
    with stage.database.owner.connect() as connection:
        vendor_id = connection.execute(text("select vendor_id from analysis_batch")).scalar_one()
    address = f"{stage.models}/v1/messages/batches/{vendor_id}"
    assert httpx.get(address, trust_env=False).status_code == 200

    stage.batch()

    assert httpx.get(address, trust_env=False).status_code == 404


def test_an_analysis_tells_the_prompt_that_was_sent(stage: Stage) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    with pytest.MonkeyPatch.context() as deployed:
        deployed.setattr("runtime.batching.submitting.PROMPT_VERSION", "of-the-release-before")
        stage.batch()
    ended(stage)
    stage.batch()

    assert stage.analyses(item)[-1].prompt_version == "of-the-release-before"


def test_each_line_about_an_image_names_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.StringIO()
    monkeypatch.setattr(Logger().registered_handler, "stream", lines)
    item, gone = searchable(stage), searchable(stage, BERT)
    stage.analyze(request(item), request(gone))
    stage.batch()
    stage.change(gone, lambda session: items.mark_deleted(driver(session), gone.id))
    ended(stage)
    stage.batch()

    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    named = {(line["message"], line.get("item_id"), line.get("correlation_id")) for line in told}
    assert {
        ("waits for a batch", str(item.id), f"backfill/{item.id}"),
        ("analysed in a batch", str(item.id), f"backfill/{item.id}"),
        ("the item is gone or cannot be analysed", str(gone.id), f"backfill/{gone.id}"),
    } <= named


def test_a_batch_that_is_not_done_is_waited_for(stage: Stage) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    httpx.post(f"{stage.models}/faults", json={"endpoint": "batches", "kind": "slow", "delay": 3}, trust_env=False)
    stage.batch()

    report = stage.batch()

    assert (report["pending"], report["answered"], report["submitted"]) == (1, 0, 0)
    ended(stage)
    assert stage.batch()["answered"] == 1


def test_models_have_batches_of_their_own(stage: Stage) -> None:
    item = searchable(stage)
    for model in ("claude-haiku-5-5", "claude-opus-5-5"):
        asked = AnalysisRequested(correlation_id=model, user_id=ANNA, item_id=item.id, model=model, batch=True)
        assert stage.analyze(envelope(asked)) == []

    assert stage.batch()["batches"] == 2
    ended(stage, 2)
    assert stage.batch()["answered"] == 2
    assert [analysis.model for analysis in stage.analyses(item)[1:]] == ["claude-haiku-5-5", "claude-opus-5-5"]


def test_a_batch_holds_no_more_than_the_vendor_takes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.batching.submitting.MOST_BYTES", 1)
    item = searchable(stage)
    stage.analyze(request(item, "one"), request(item, "two"))

    report = stage.batch()

    assert (report["batches"], report["submitted"]) == (2, 2)


@pytest.mark.parametrize(
    ("endpoint", "kind", "paid"),
    [
        ("messages", "529", 1),
        ("messages", "cut-off", 2),
        ("messages", "invalid-json", 2),
        ("messages", "refusal", 2),
        ("batches", "expired", 1),
    ],
)
def test_what_no_batch_answers_is_done_alone(stage: Stage, endpoint: str, kind: str, paid: int) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    stage.spoil(endpoint, kind)
    stage.batch()
    ended(stage)
    stage.mend()

    report = stage.batch()

    assert (report["answered"], report["alone"]) == (0, 1)
    assert waiting(stage, item) == []
    assert len([each for each in stage.usage(item) if each.operation == "analysis"]) == paid
    (event,) = alone(stage, item)
    assert stage.analyze(event, event) == []
    assert versions(stage, item) == [(1, AnalysisState.DONE), (2, AnalysisState.DONE)]


def test_a_vendor_that_makes_no_batches_is_asked_again_and_an_operator_told(stage: Stage) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    stage.spoil("batches", "529")

    with pytest.raises(batcher.BatchError, match="HTTP 529"):
        stage.batch()
    stage.mend()
    settle(stage, 21)

    assert stage.batch()["submitted"] == 1


def test_images_that_are_gone_are_skipped(stage: Stage) -> None:
    early, late, swept = searchable(stage), searchable(stage, BERT), searchable(stage, "carl")
    stage.analyze(request(early), request(late), request(swept))
    stage.change(early, lambda session: items.mark_deleted(driver(session), early.id))

    first = stage.batch()
    assert (first["submitted"], first["dropped"]) == (2, 1)
    stage.change(late, lambda session: items.mark_deleted(driver(session), late.id))
    stage.change(swept, lambda session: items.mark_deleted(driver(session), swept.id))
    with stage.database.owner.begin() as connection:
        connection.execute(text("delete from item where id = :id"), {"id": swept.id})
    ended(stage)
    second = stage.batch()

    assert (second["answered"], second["dropped"], second["alone"]) == (0, 1, 0)
    paid = [each for each in stage.usage(late) if each.operation == "analysis"]
    assert len(paid) == 2, "it is paid for all the same"
    assert stage.published(AnalysisComplete, late)[1:] == []


def test_an_account_that_is_being_deleted_gets_nothing_new(stage: Stage) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    stage.batch()
    ended(stage)
    with stage.database.owner.begin() as connection:
        connection.execute(
            text("""
                insert into account_request (id, user_id, kind, state, attempts, parts, created_at, updated_at)
                values (gen_random_uuid(), 'anna', 'deletion', 'requested', 0, '[]', now(), now())
            """)
        )

    report = stage.batch()

    assert (report["answered"], report["dropped"], report["failures"]) == (0, 1, 0)
    assert waiting(stage, item) == []
    assert len(versions(stage, item)) == 1


def test_a_preview_that_is_missing_is_the_analyzers_business(stage: Stage) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    boto3.client("s3").delete_object(Bucket=stage.store.bucket, Key=derived_key(ANNA, item.id, "preview"))

    assert stage.batch()["alone"] == 1
    assert len(alone(stage, item)) == 1


def test_results_that_the_vendor_has_thrown_away_are_asked_for_alone(stage: Stage) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    stage.batch()
    ended(stage)
    with stage.database.owner.begin() as connection:
        connection.execute(text("update analysis_batch set vendor_id = 'msgbatch_of_last_month'"))

    assert stage.batch()["alone"] == 1
    assert len(alone(stage, item)) == 1
    assert stage.batch()["alone"] == 0


def test_a_budget_that_waiting_images_will_use_up_lets_no_more_wait(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONTHLY_AI_BUDGET_USD", "0.01")
    item = searchable(stage)

    for command in ("one", "two", "three", "four"):
        assert stage.analyze(request(item, command)) == []

    assert 1 <= len(waiting(stage, item)) < 4
    found = stage.item(item)
    assert found is not None
    assert found.status == Status.SEARCHABLE


def test_what_waits_for_a_batch_is_not_stuck(stage: Stage) -> None:
    item, uploaded = stage.uploaded("quarters.png", PNG)
    stage.process(uploaded)
    stage.analyze(request(item))
    stage.age(item, 10)

    assert stage.sweep()["requeued"] == 0

    stage.batch()
    ended(stage)
    stage.batch()
    found = stage.item(item)
    assert found is not None
    assert found.status == Status.ANALYZED


def test_an_answer_is_kept_in_its_tenants_name_and_in_no_others(stage: Stage) -> None:
    mine, theirs = searchable(stage), searchable(stage, BERT)
    stage.analyze(request(mine), request(theirs))
    # A row that names another's item can only come about by a mistake: the database has to see it.
    with pytest.raises(Exception, match="batch_request_of_item"), stage.database.owner.begin() as connection:
        connection.execute(text("update batch_request set user_id = 'bert' where user_id = 'anna'"))
    stage.batch()
    ended(stage)
    stage.batch()

    for item, other in ((mine, BERT), (theirs, ANNA)):
        with tenant_session(stage.database.functions, other) as session:
            seen = session.connection().execute(
                text("select count(*) from analysis where item_id = :id"), {"id": item.id}
            )
            assert seen.scalar_one() == 0
        assert {analysis.user_id for analysis in stage.analyses(item)} == {item.user_id}
        assert {each.user_id for each in stage.usage(item)} == {item.user_id}
