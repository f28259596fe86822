"""What a user may have in a month is refused beyond, leaves nothing half-done, and is shown."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from runtime import items, postgres
from runtime.api.adapter import gateway_handler
from runtime.api.app import create_app
from runtime.api.dependencies import Services
from runtime.migrations.upgrade import FUNCTIONS_ROLE
from runtime.models import Usage
from runtime.records import Stage
from runtime.storage import ImageStore
from tests.api_environment import changed
from tests.gateway import GatewayClient, Response
from tests.integration.api.conftest import ADA, BUCKET, Bus, Pipeline, pipeline_session
from tests.integration.api.voyage import Voyage
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import add_processed
from tests.sessions import driver

ANNOUNCED = {"filename": "beach.jpg", "content_type": "image/jpeg", "size": 8}
QUOTA = 3
BUDGET = Decimal("0.50")


def announce(user: GatewayClient) -> Response:
    return user.post("/uploads", ANNOUNCED)


def announce_in_a_loop_of_its_own(user: GatewayClient) -> Response:
    """As a process of its own would: threads have no event loop."""
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        return announce(user)


def send(user: GatewayClient) -> Response:
    return user.post_file("/items", "beach.jpg", b"\xff\xd8 pixels", "image/jpeg")


def limited(services: Services, **limits: object) -> Services:
    return replace(services, settings=changed(services.settings, **limits))


def client(services: Services) -> GatewayClient:
    return GatewayClient(gateway_handler(create_app(services)), ADA)


@pytest.fixture
def rationed(services: Services) -> GatewayClient:
    """Ada, where a month has few images."""
    return client(limited(services, monthly_image_quota=QUOTA))


@pytest.fixture
def poor(services: Services) -> GatewayClient:
    """Ada, who has spent her month's budget to the cent."""
    spend(services, BUDGET)
    return client(limited(services, monthly_ai_budget_usd=BUDGET))


def spend(services: Services, dollars: Decimal, at: datetime | None = None) -> None:
    """Record an answer that cost this, now unless it was at another moment."""
    with pipeline_session(services) as session:
        session.add(
            Usage(
                user_id=ADA,
                operation="answer",
                model="claude-sonnet-5-5",
                input_tokens=7,
                output_tokens=2,
                cost_usd=dollars,
                created_at=at or datetime.now(UTC),
            )
        )


def months_end() -> datetime:
    today = datetime.now(UTC)
    year, month = (today.year + 1, 1) if today.month == 12 else (today.year, today.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)


@pytest.mark.parametrize("take", [announce, send])
def test_beyond_the_quota_no_image_is_taken(rationed: GatewayClient, take: Callable[[GatewayClient], Response]) -> None:
    taken = [take(rationed).status for _ in range(QUOTA)]

    refused = take(rationed)

    assert (taken, refused.status) == ([201] * QUOTA, 429)
    assert refused.headers["content-type"] == "application/problem+json"
    assert f"{QUOTA} images" in refused.json()["detail"]
    assert f"{months_end():%Y-%m-%d}" in refused.json()["detail"], "when one can go on"
    left = (months_end() - datetime.now(UTC)).total_seconds()
    assert left <= int(refused.headers["retry-after"]) <= left + 60
    assert rationed.get("/items").json()["total"] == QUOTA, "nothing half-done"
    assert rationed.get("/usage").json()["images"] == {"used": QUOTA, "quota": QUOTA, "left": 0}


def test_uploads_at_the_same_time_do_not_go_beyond_the_quota(services: Services, database: Database) -> None:
    many = postgres.Database(database.url(FUNCTIONS_ROLE), size=8)
    ada = client(limited(replace(services, database=many), monthly_image_quota=QUOTA))
    with ThreadPoolExecutor(max_workers=12) as pool:
        statuses = sorted(answer.status for answer in pool.map(announce_in_a_loop_of_its_own, [ada] * 12))

    assert statuses == [201] * QUOTA + [429] * (12 - QUOTA)
    assert ada.get("/items").json()["total"] == QUOTA
    many.close()


def test_one_users_quota_is_not_anothers(rationed: GatewayClient) -> None:
    for _ in range(QUOTA):
        announce(rationed)

    assert announce(rationed.as_user("user-bob")).status == 201


def test_deleting_does_not_bring_images_back(rationed: GatewayClient) -> None:
    for _ in range(QUOTA):
        rationed.delete(f"/items/{announce(rationed).json()['item_id']}")

    assert announce(rationed).status == 429


def test_what_could_not_be_stored_does_not_count(services: Services, rationed: GatewayClient) -> None:
    without_bucket = limited(replace(services, store=ImageStore(f"{BUCKET}-missing")), monthly_image_quota=QUOTA)

    assert send(client(without_bucket)).status == 500

    assert rationed.get("/usage").json()["images"]["used"] == 0


def test_an_invalid_upload_does_not_count(rationed: GatewayClient) -> None:
    assert rationed.post("/uploads", ANNOUNCED | {"size": 10**9}).status == 413

    assert rationed.get("/usage").json()["images"]["used"] == 0


@pytest.mark.parametrize("search_type", ["hybrid", "vector"])
def test_without_budget_no_search_by_meaning_is_paid_for(poor: GatewayClient, voyage: Voyage, search_type: str) -> None:
    refused = poor.post("/search", {"query": "beach", "search_type": search_type})

    assert refused.status == 429
    assert "$0.50" in refused.json()["detail"]
    assert "bm25" in refused.json()["detail"], "what still works"
    assert int(refused.headers["retry-after"]) > 0
    assert voyage.requests == []


def test_without_budget_words_are_searched(poor: GatewayClient, pipeline: Pipeline) -> None:
    pipeline.keep("A beach")

    assert poor.post("/search", {"query": "beach", "search_type": "bm25"}).json()["total_results"] == 1


def test_without_budget_nothing_is_analysed_again(poor: GatewayClient, pipeline: Pipeline, bus: Bus) -> None:
    kept = pipeline.keep("A beach")

    forced = poor.post(f"/items/{kept.item.id}/analyze", {"force_reanalyze": True})
    there = poor.post(f"/items/{kept.item.id}/analyze", {})

    assert (forced.status, there.status) == (429, 200)
    assert bus.heard() == []


def test_without_budget_what_failed_stays_as_it_is(poor: GatewayClient, services: Services, bus: Bus) -> None:
    with pipeline_session(services) as session:
        item = add_processed(session, ADA)
        assert items.mark_failed(driver(session), item.id, Stage.ANALYSIS, "No budget.", retryable=True)

    refused = poor.post(f"/items/{item.id}/retry", {})

    assert refused.status == 429
    assert poor.get(f"/items/{item.id}").json()["status"] == "failed"
    assert bus.heard() == []


def test_without_budget_nothing_is_embedded_anew(services: Services, pipeline: Pipeline, bus: Bus) -> None:
    pipeline.keep("A beach")
    spend(services, BUDGET)
    ada = client(limited(services, monthly_ai_budget_usd=BUDGET, embedding_model="voyage-4"))

    assert ada.post("/reindex", {}).status == 429
    assert bus.heard() == []


def test_a_cent_below_the_budget_is_enough(services: Services, voyage: Voyage) -> None:
    spend(services, BUDGET - Decimal("0.01"))
    spend(services, BUDGET, datetime(2020, 2, 29, tzinfo=UTC))

    ada = client(limited(services, monthly_ai_budget_usd=BUDGET))

    assert ada.post("/search", {"query": "beach"}).status == 200
    assert len(voyage.requests) == 1


def test_usage_is_told_by_month_operation_and_model(services: Services, voyage: Voyage) -> None:
    ada = client(limited(services, monthly_ai_budget_usd=Decimal(2)))
    ada.post("/search", {"query": "beach"})
    spend(services, Decimal("0.25"))
    spend(services, Decimal("0.25"))

    report = ada.get("/usage").json()

    (month,) = report["months"]
    answer, query = month["models"]
    assert month["month"] == f"{datetime.now(UTC):%Y-%m}-01"
    assert (answer["operation"], answer["calls"], answer["input_tokens"], answer["output_tokens"]) == (
        "answer",
        2,
        14,
        4,
    )
    assert (query["operation"], query["model"]) == ("query", "voyage-4-lite")
    assert month["input_tokens"] == 14 + query["input_tokens"]
    assert report["budget"]["used_usd"] == pytest.approx(month["cost_usd"]) == pytest.approx(0.5 + query["cost_usd"])
    assert report["budget"]["left_usd"] == pytest.approx(1.5, abs=0.001)
    assert report["images"] == {"used": 0, "quota": None, "left": None}
    assert ada.as_user("user-bob").get("/usage").json()["months"] == [], "nobody else's"
