"""Items are read, listed and deleted; their analyses are read."""

from uuid import uuid4

import httpx
import pytest

from runtime.analysis import Category
from tests.gateway import GatewayClient
from tests.integration.api.conftest import Pipeline


def fetch(url: str) -> bytes:
    with httpx.Client(trust_env=False) as client:
        return client.get(url).raise_for_status().content


def test_an_item_is_told_with_its_latest_analysis(ada: GatewayClient, pipeline: Pipeline) -> None:
    kept = pipeline.keep("A beach", category=Category.TRAVEL)
    pipeline.look_again(kept, "A beach at dusk")

    item = ada.get(f"/items/{kept.item.id}").json()

    assert (item["id"], item["status"], item["width"]) == (str(kept.item.id), "searchable", 640)
    assert item["latest_analysis"]["headline"] == "A beach at dusk"
    assert item["latest_analysis"]["version"] == 2
    assert item.keys().isdisjoint({"user_id", "original_key", "perceptual_hash", "deleted_at"})


def test_the_images_of_an_item_can_be_fetched(ada: GatewayClient, pipeline: Pipeline) -> None:
    item = ada.get(f"/items/{pipeline.keep('A beach').item.id}").json()

    assert fetch(item["image_url"]) == b"A beach"
    assert fetch(item["thumbnail_url"]) == b"thumbnail"


def test_pages_show_every_item_once_newest_first(ada: GatewayClient, pipeline: Pipeline) -> None:
    newest_first = [str(pipeline.keep(f"Image {number}").item.id) for number in range(5)][::-1]

    first = ada.get("/items", limit=2).json()
    second = ada.get("/items", limit=2, cursor=first["next_cursor"]).json()
    third = ada.get("/items", limit=2, cursor=second["next_cursor"]).json()

    assert [item["id"] for page in (first, second, third) for item in page["items"]] == newest_first
    assert {page["total"] for page in (first, second, third)} == {5}
    assert third["next_cursor"] is None


def test_items_can_be_listed_oldest_first(ada: GatewayClient, pipeline: Pipeline) -> None:
    oldest_first = [str(pipeline.keep(f"Image {number}").item.id) for number in range(3)]

    assert [item["id"] for item in ada.get("/items", sort="oldest").json()["items"]] == oldest_first


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"category": "Travel"}, ["A beach"]),
        ({"status": "searchable"}, ["A receipt", "A beach"]),
        ({"status": "failed"}, []),
        ({"category": "Travel", "status": "searchable"}, ["A beach"]),
    ],
)
def test_lists_can_be_narrowed(
    ada: GatewayClient, pipeline: Pipeline, filters: dict[str, str], found: list[str]
) -> None:
    pipeline.keep("A beach", category=Category.TRAVEL)
    pipeline.keep("A receipt", category=Category.RECEIPT)

    page = ada.get("/items", **filters).json()

    assert [item["latest_analysis"]["headline"] for item in page["items"]] == found
    assert page["total"] == len(found)


@pytest.mark.parametrize("cursor", ["nonsense", "", "AAAA", "e30"])
def test_a_cursor_of_somebody_elses_making_is_refused(ada: GatewayClient, cursor: str) -> None:
    answer = ada.get("/items", cursor=cursor)

    assert answer.status == 400
    assert "next_cursor" in answer.json()["detail"]


def test_a_cursor_does_not_fit_another_order(ada: GatewayClient, pipeline: Pipeline) -> None:
    for number in range(2):
        pipeline.keep(f"Image {number}")
    cursor = ada.get("/items", limit=1, sort="newest").json()["next_cursor"]

    assert ada.get("/items", limit=1, sort="oldest", cursor=cursor).status == 400


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"status": "lost"}, {"category": "Cats"}])
def test_a_list_refuses_what_it_cannot_do(ada: GatewayClient, query: dict[str, str | int]) -> None:
    answer = ada.get("/items", **query)

    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(query)


def test_a_deleted_item_is_gone_from_everywhere(ada: GatewayClient, pipeline: Pipeline) -> None:
    kept = pipeline.keep("A beach")

    answer = ada.delete(f"/items/{kept.item.id}")

    assert (answer.status, answer.json()) == (200, {"status": "deleted", "id": str(kept.item.id)})
    gone = (f"/items/{kept.item.id}", f"/items/{kept.item.id}/analyses", f"/analyses/{kept.analysis.id}")
    assert {path: ada.get(path).status for path in gone} == dict.fromkeys(gone, 404)
    assert ada.get("/items").json()["total"] == 0
    assert ada.post("/search", {"query": "beach", "search_type": "bm25"}).json()["results"] == []
    assert ada.delete(f"/items/{kept.item.id}").status == 404


def test_what_never_existed_is_not_found(ada: GatewayClient) -> None:
    nothing = uuid4()

    answers = [
        ada.get(f"/items/{nothing}"),
        ada.delete(f"/items/{nothing}"),
        ada.get(f"/items/{nothing}/analyses"),
        ada.get(f"/analyses/{nothing}"),
    ]

    assert [answer.status for answer in answers] == [404] * 4
    assert all(str(nothing) in answer.json()["detail"] for answer in answers)


def test_analyses_are_listed_newest_first_and_read_by_id(ada: GatewayClient, pipeline: Pipeline) -> None:
    kept = pipeline.keep("A beach")
    pipeline.look_again(kept, "A beach at dusk")

    listed = ada.get(f"/items/{kept.item.id}/analyses").json()["analyses"]

    assert [(each["version"], each["headline"]) for each in listed] == [(2, "A beach at dusk"), (1, "A beach")]
    assert ada.get(f"/analyses/{kept.analysis.id}").json() == listed[1]
    assert listed[1]["image_details"]["extracted_text"] == []
    assert (listed[1]["answered_by"], listed[1]["input_tokens"]) == ("claude-x", 9)


def test_health_is_ok_when_the_database_answers(ada: GatewayClient) -> None:
    answer = ada.as_user(None).get("/health")

    assert (answer.status, answer.json()["status"], answer.json()["database"]) == (200, "ok", "ok")
