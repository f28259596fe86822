"""Analyses that may wait are done by batches, at half the price; whatever happens in between, none is lost or paid
twice."""

import io
import json
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import boto3
import httpx
import pytest
from aws_lambda_powertools import Logger
from sqlalchemy import text

from runtime import analyses, items
from runtime.batching.run import Run
from runtime.batching.vendor import VisionBatches
from runtime.database import driver, tenant_session
from runtime.events import AnalysisComplete, AnalysisRequested, ImageProcessed, ItemSearchable, PublishError
from runtime.handlers import batcher
from runtime.keys import derived_key
from runtime.models import BatchRequest
from runtime.prices import PRICES, Price
from runtime.records import AnalysisState, ItemRecord, Status
from tests.integration.pipeline.stage import ANNA, BERT, Stage, envelope
from tests.unit.imaging.pictures import encoded, quarters

PNG = encoded(quarters(), "PNG")
ENDS_WITHIN = 20.0


@pytest.fixture(autouse=True)
def _price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRICES, "local-vision", Price(Decimal(2), Decimal(10)))


def searchable(stage: Stage, user_id: str = ANNA) -> ItemRecord:
    """An item that was analysed, alone, before."""
    item, uploaded = stage.uploaded("quarters.png", PNG, user_id)
    assert stage.process(uploaded) == []
    assert stage.analyze(stage.published(ImageProcessed, item)[0]) == []
    assert stage.embed(stage.published(AnalysisComplete, item)[0]) == []
    return item


def request(item: ItemRecord, command: str = "backfill") -> str:
    """The event of an operator's command."""
    return envelope(
        AnalysisRequested(
            correlation_id=f"{command}/{item.id}", user_id=item.user_id, item_id=item.id, force=True, batch=True
        )
    )


def waiting(stage: Stage, item: ItemRecord) -> list[BatchRequest]:
    with stage.database.owner.connect() as connection:
        rows = connection.execute(text("select * from batch_request where item_id = :id"), {"id": item.id})
        return [BatchRequest.model_validate(row) for row in rows.mappings()]


def ended(stage: Stage, batches: int = 1) -> None:
    """Wait until the vendor has done these newest batches."""
    deadline = time.monotonic() + ENDS_WITHIN
    while time.monotonic() < deadline:
        answer = httpx.get(f"{stage.models}/v1/messages/batches?limit={batches}", trust_env=False).json()
        if all(batch["processing_status"] == "ended" for batch in answer["data"]):
            return
        time.sleep(0.05)
    raise TimeoutError("the vendor does not end a batch")


def settle(stage: Stage, minutes: int) -> None:
    """Let this much time pass for batches."""
    with stage.database.owner.begin() as connection:
        age = {"age": timedelta(minutes=minutes)}
        connection.execute(text("update analysis_batch set created_at = created_at - :age"), age)


def alone(stage: Stage, item: ItemRecord) -> list[str]:
    """Requests for the item that were sent on to be done at once."""
    return [body for body in stage.published(AnalysisRequested, item) if '"batch":false' in body.replace(" ", "")]


def versions(stage: Stage, item: ItemRecord) -> list[tuple[int, AnalysisState]]:
    return [(analysis.version, analysis.state) for analysis in stage.analyses(item)]


def interrupted(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, *, after: bool) -> Callable[[], None]:
    """Have the function die where it calls this, before or after it is done; until the returned is called."""
    whole = getattr(owner, name)

    def dies(*arguments: Any, **named: Any) -> Any:
        if after:
            whole(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, name, dies)
    return lambda: monkeypatch.setattr(owner, name, whole)


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


def test_a_batch_that_was_made_and_not_remembered_is_found_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    revive = interrupted(monkeypatch, VisionBatches, "create", after=True)
    with pytest.raises(KeyboardInterrupt):
        stage.batch()
    revive()
    ended(stage)

    assert stage.batch()["submitted"] == 0, "whoever made it may still be at it"
    settle(stage, 21)
    report = stage.batch()

    assert (report["answered"], report["submitted"]) == (1, 0)
    assert stage.calls("batches") == 1
    assert len(versions(stage, item)) == 2


def test_while_such_a_batch_may_be_under_way_none_is_made(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    httpx.post(f"{stage.models}/faults", json={"endpoint": "batches", "kind": "slow", "delay": 4}, trust_env=False)
    revive = interrupted(monkeypatch, VisionBatches, "create", after=True)
    with pytest.raises(KeyboardInterrupt):
        stage.batch()
    revive()
    settle(stage, 21)

    report = stage.batch()

    assert (report["pending"], report["submitted"]) == (1, 0)
    ended(stage)
    assert stage.batch()["answered"] == 1
    assert stage.calls("batches") == 1


def test_a_batch_that_was_never_made_is_made_anew(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    revive = interrupted(monkeypatch, VisionBatches, "create", after=False)
    with pytest.raises(KeyboardInterrupt):
        stage.batch()
    revive()
    settle(stage, 21)

    assert stage.batch()["submitted"] == 1
    ended(stage)
    assert stage.batch()["answered"] == 1
    assert len(versions(stage, item)) == 2


def test_a_vendor_that_makes_no_batches_is_asked_again_and_an_operator_told(stage: Stage) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    stage.spoil("batches", "529")

    with pytest.raises(batcher.BatchError, match="HTTP 529"):
        stage.batch()
    stage.mend()
    settle(stage, 21)

    assert stage.batch()["submitted"] == 1


@pytest.mark.parametrize(
    ("owner", "name", "after"),
    [(Run, "publish", False), (Run, "publish", True), (analyses, "complete", True), (items, "mark_analyzed", True)],
)
def test_who_dies_over_the_results_leaves_none_lost_and_none_paid_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, after: bool
) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    stage.batch()
    ended(stage)
    revive = interrupted(monkeypatch, owner, name, after=after)
    with pytest.raises(KeyboardInterrupt):
        stage.batch()
    revive()

    stage.batch()

    assert versions(stage, item) == [(1, AnalysisState.DONE), (2, AnalysisState.DONE)]
    assert len([each for each in stage.usage(item) if each.operation == "analysis"]) == 2
    assert alone(stage, item) == []
    assert stage.published(AnalysisComplete, item)[1:], "handed on at least once"
    assert waiting(stage, item) == []


def test_results_that_break_off_are_read_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = searchable(stage), searchable(stage, BERT)
    stage.analyze(request(first), request(second))
    stage.batch()
    ended(stage)
    whole = VisionBatches.results

    def half(batches: VisionBatches, vendor_id: str) -> Any:
        yield next(whole(batches, vendor_id))

    monkeypatch.setattr(VisionBatches, "results", half)
    with pytest.raises(batcher.BatchError, match="2 results, and 1 were read"):
        stage.batch()
    monkeypatch.setattr(VisionBatches, "results", whole)

    stage.batch()

    assert len(versions(stage, first)) == len(versions(stage, second)) == 2
    assert alone(stage, first) == alone(stage, second) == []


def test_an_event_that_could_not_be_published_is_published_by_the_next_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    stage.batch()
    ended(stage)

    def refuse(*_: Any) -> None:
        raise PublishError("no")

    with monkeypatch.context() as patched:
        patched.setattr("runtime.batching.run.publish", refuse)
        with pytest.raises(batcher.BatchError, match="no"):
            stage.batch()
    assert len(stage.published(AnalysisComplete, item)) == 1

    stage.batch()

    assert len(stage.published(AnalysisComplete, item)) == 2


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
