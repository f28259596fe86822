"""A user has the pipeline work again; what duplicates what is told."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from runtime import events, items
from runtime.api.dependencies import Services
from runtime.api.routes import commands
from runtime.records import ItemRecord, Stage
from tests.gateway import GatewayClient
from tests.integration.api.conftest import ADA, Bus, Pipeline, pipeline_session
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import add_analysis, add_processed, facts, image_analysis, new_item
from tests.sessions import driver


def failed(services: Services, stage: Stage) -> ItemRecord:
    """An item of Ada's that came as far as `stage`."""
    with pipeline_session(services) as session:
        item = (
            items.create(driver(session), new_item(ADA)) if stage == Stage.PROCESSING else add_processed(session, ADA)
        )
        if stage == Stage.EMBEDDING:
            add_analysis(session, item, image_analysis())
            items.mark_analyzed(driver(session), item.id)
        assert items.mark_failed(driver(session), item.id, stage, "Claude is busy.", retryable=True)
    return item


@pytest.mark.parametrize(
    ("stage", "status", "event"),
    [
        (Stage.PROCESSING, "uploaded", "ProcessingRequested"),
        (Stage.ANALYSIS, "processed", "AnalysisRequested"),
        (Stage.EMBEDDING, "analyzed", "EmbeddingRequested"),
    ],
)
def test_a_retry_goes_back_to_the_stage_that_failed(
    ada: GatewayClient, services: Services, bus: Bus, stage: Stage, status: str, event: str
) -> None:
    item = failed(services, stage)
    before = ada.get(f"/items/{item.id}").json()
    assert (before["status"], before["stage"], before["error"], before["retryable"]) == (
        "failed",
        stage,
        "Claude is busy.",
        True,
    )
    assert before["failed_at"] is not None

    answer = ada.request("POST", f"/items/{item.id}/retry")

    assert answer.status == 202
    now = answer.json()
    assert (now["status"], now["stage"], now["error"], now["failed_at"]) == (status, None, None, None)
    ((kind, detail),) = bus.heard()
    assert (kind, detail["item_id"], detail["user_id"]) == (event, str(item.id), ADA)


def test_a_retry_that_could_not_be_handed_on_can_be_asked_for_again(
    ada: GatewayClient, services: Services, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = failed(services, Stage.ANALYSIS)
    with monkeypatch.context() as broken:
        broken.setattr(events, "call", _take_nothing)
        refused = ada.request("POST", f"/items/{item.id}/retry")
    assert (refused.status, "Retry-After" in {name.title() for name in refused.headers}) == (503, True)

    assert ada.request("POST", f"/items/{item.id}/retry").status == 202
    assert [kind for kind, _ in bus.heard()] == ["AnalysisRequested"]


def test_what_has_not_failed_is_not_retried(ada: GatewayClient, pipeline: Pipeline, bus: Bus) -> None:
    kept = pipeline.keep("A beach")

    answer = ada.request("POST", f"/items/{kept.item.id}/retry")

    assert answer.status == 409
    assert "searchable" in answer.json()["detail"]
    assert bus.heard() == []


def test_an_analysis_that_is_there_is_answered(ada: GatewayClient, pipeline: Pipeline, bus: Bus) -> None:
    kept = pipeline.keep("A beach")
    newer = pipeline.look_again(kept, "A beach at dusk")

    answer = ada.post(f"/items/{kept.item.id}/analyze", {})

    assert (answer.status, answer.json()["id"]) == (200, str(newer.id))
    assert bus.heard() == []


def test_a_forced_analysis_is_requested_and_the_item_stays_searchable(
    ada: GatewayClient, pipeline: Pipeline, bus: Bus
) -> None:
    kept = pipeline.keep("A beach")
    body = {"force_reanalyze": True, "model": "claude-opus-5-5"}

    answers = [ada.post(f"/items/{kept.item.id}/analyze", body) for _ in range(2)]

    accepted = {"status": "requested", "item_id": str(kept.item.id), "model": "claude-opus-5-5"}
    assert [(answer.status, answer.json()) for answer in answers] == [(202, accepted)] * 2
    details = [detail for kind, detail in bus.heard() if kind == "AnalysisRequested"]
    assert [(detail["model"], detail["force"]) for detail in details] == [("claude-opus-5-5", True)] * 2
    assert len({detail["correlation_id"] for detail in details}) == 2, "two commands, each to be done once"
    assert ada.get(f"/items/{kept.item.id}").json()["status"] == "searchable"


def test_another_models_analysis_is_requested_where_there_is_none_of_it(
    ada: GatewayClient, pipeline: Pipeline, bus: Bus
) -> None:
    kept = pipeline.keep("A beach")

    assert ada.post(f"/items/{kept.item.id}/analyze", {"model": "claude-haiku-5-5"}).status == 202

    ((_, detail),) = bus.heard()
    assert (detail["model"], detail["force"]) == ("claude-haiku-5-5", False)


def test_an_item_whose_analysis_failed_waits_for_it_again(ada: GatewayClient, services: Services, bus: Bus) -> None:
    item = failed(services, Stage.ANALYSIS)

    assert ada.post(f"/items/{item.id}/analyze", {"model": "claude-opus-5-5"}).status == 202

    assert ada.get(f"/items/{item.id}").json()["status"] == "processed"
    assert len(bus.heard()) == 1


def test_a_model_that_is_not_allowed_is_refused_with_those_that_are(ada: GatewayClient, pipeline: Pipeline) -> None:
    answer = ada.post(f"/items/{pipeline.keep('A beach').item.id}/analyze", {"model": "gpt"})

    assert answer.status == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["given"]) == ("model", '"gpt"')
    assert "claude-sonnet-5-5" in error["message"]


@pytest.mark.parametrize(("stage", "told"), [(None, "not processed yet"), (Stage.PROCESSING, "nothing to look at")])
def test_what_cannot_be_looked_at_is_not_analysed(
    ada: GatewayClient, services: Services, bus: Bus, stage: Stage | None, told: str
) -> None:
    if stage is None:
        with pipeline_session(services) as session:
            item = items.create(driver(session), new_item(ADA))
    else:
        item = failed(services, stage)

    answer = ada.post(f"/items/{item.id}/analyze", {"force_reanalyze": True})

    assert answer.status == 409
    assert told in answer.json()["detail"]
    assert bus.heard() == []


def test_items_of_an_older_embedding_model_are_embedded_anew_in_portions(
    ada: GatewayClient,
    services: Services,
    pipeline: Pipeline,
    bus: Bus,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = [str(pipeline.keep(f"Image {number}").item.id) for number in range(3)]
    with database.owner.begin() as connection:
        connection.execute(text("update embedding set embedding_model = 'voyage-3'"))
    pipeline.keep("A current one")
    failed(services, Stage.ANALYSIS)
    monkeypatch.setattr(commands, "REINDEX_BATCH", 2)

    answer = ada.request("POST", "/reindex")

    assert (answer.status, answer.json()) == (202, {"count": 2, "remaining": 1})
    assert [(kind, detail["item_id"]) for kind, detail in bus.heard()] == [
        ("EmbeddingRequested", item_id) for item_id in old[:2]
    ]


def test_exact_and_near_duplicates_are_told_apart(ada: GatewayClient, services: Services, pipeline: Pipeline) -> None:
    kept = pipeline.keep("A beach", content="a beach")
    with pipeline_session(services) as session:
        same = add_processed(session, ADA, "a beach")
        items.mark_deleted(driver(session), add_processed(session, ADA, "a beach").id)
        near, far, blank = (items.create(driver(session), new_item(ADA)) for _ in range(3))
        # The hash of `kept` has all bits set; these have 8, 11 and 64 fewer.
        for item, bits in ((near, -1 << 8), (far, -1 << 11), (blank, 0)):
            measured = facts(str(item.id))._replace(perceptual_hash=bits)
            assert items.mark_processed(driver(session), item.id, measured)

    duplicates = ada.get(f"/items/{kept.item.id}/duplicates").json()

    assert [item["id"] for item in duplicates["exact"]] == [str(same.id)]
    assert [(each["item"]["id"], each["distance"]) for each in duplicates["near"]] == [(str(near.id), 8)]
    assert duplicates["near_distance"] == 10
    assert ada.get(f"/items/{blank.id}/duplicates").json() | {"near_distance": 0} == {
        "exact": [],
        "near": [],
        "near_distance": 0,
    }


def test_deleting_an_original_has_its_oldest_duplicate_processed(
    ada: GatewayClient, services: Services, pipeline: Pipeline, bus: Bus
) -> None:
    kept = pipeline.keep("A beach", content="a beach")
    with pipeline_session(services) as session:
        heir, other = (add_processed(session, ADA, "a beach") for _ in range(2))

    assert ada.delete(f"/items/{kept.item.id}").status == 200

    assert ada.get(f"/items/{heir.id}").json()["status"] == "uploaded"
    assert UUID(ada.get(f"/items/{other.id}").json()["duplicate_of"]) == heir.id
    ((kind, detail),) = bus.heard()
    assert (kind, detail["item_id"]) == ("ProcessingRequested", str(heir.id))


def test_commands_about_what_never_existed_are_not_found(ada: GatewayClient) -> None:
    nothing = f"/items/{uuid4()}"

    answers = [
        ada.request("POST", f"{nothing}/retry"),
        ada.post(f"{nothing}/analyze", {}),
        ada.get(f"{nothing}/duplicates"),
    ]

    assert [answer.status for answer in answers] == [404] * 3


def _take_nothing(*_names: str, **_: object) -> dict[str, object]:
    return {"FailedEntryCount": 1, "Entries": []}
