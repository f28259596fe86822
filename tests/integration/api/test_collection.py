"""The collection is filtered, compared, counted, and its images are fetched."""

from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from runtime import items
from runtime.analysis import Category
from runtime.api.dependencies import Services
from runtime.keys import derived_key
from runtime.records import Stage
from tests.gateway import GatewayClient
from tests.integration.api.conftest import ADA, Pipeline, pipeline_session
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import add_processed, new_item
from tests.sessions import driver


def headlines(client: GatewayClient, **filters: str | int) -> list[str]:
    answer = client.get("/items", **filters)
    assert answer.status == 200, answer.body
    page = answer.json()
    assert page["total"] == len(page["items"])
    return sorted(item["latest_analysis"]["headline"] for item in page["items"])


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"tag": "lisbon"}, ["A beach", "A receipt"]),
        ({"tag": "Lisbon", "q": "beaches"}, ["A beach"]),
        ({"tag": "nothing"}, []),
        ({"category": "Travel"}, ["A receipt"]),
        ({"category": "Receipt"}, []),
        ({"q": "a beach"}, ["A beach", "A beach towel"]),
        ({"q": "towel beach"}, ["A beach towel"]),
        ({"q": "beach receipt"}, []),
        ({"q": "!!!"}, []),
        ({"q": "the"}, []),
        ({"taken_from": "2020-06-01T00:00:00Z"}, ["A beach towel", "A receipt"]),
        ({"taken_to": "2020-06-01T00:00:00Z"}, ["A beach"]),
        ({"taken_from": "2020-05-01T02:00:00+02:00", "taken_to": "2020-05-01T00:00:00Z"}, ["A beach"]),
    ],
)
def test_lists_can_be_narrowed(
    ada: GatewayClient, pipeline: Pipeline, database: Database, filters: dict[str, str], found: list[str]
) -> None:
    beach = pipeline.keep("A beach").item
    receipt = pipeline.keep("A receipt", category=Category.RECEIPT).item
    pipeline.keep("A beach towel")
    ada.patch(f"/items/{beach.id}", {"tags": ["Lisbon"]})
    ada.patch(f"/items/{receipt.id}", {"tags": ["Lisbon"], "category": "Travel"})
    with database.owner.begin() as connection:
        taken = {"taken": datetime(2020, 5, 1, tzinfo=UTC), "id": beach.id}
        connection.execute(text("update item set taken_at = :taken where id = :id"), taken)

    assert headlines(ada, **filters) == found


def test_a_list_can_be_narrowed_to_an_album(ada: GatewayClient, pipeline: Pipeline) -> None:
    inside = pipeline.keep("A beach").item.id
    pipeline.keep("A receipt")
    album = ada.post("/albums", {"name": "Lisbon"}).json()["id"]
    ada.post(f"/albums/{album}/items", {"item_ids": [str(inside)]})

    assert headlines(ada, album=album) == ["A beach"]
    assert headlines(ada, album=album, q="receipt") == []
    assert ada.get("/items", album=str(uuid4())).status == 404


@pytest.mark.parametrize("query", [{"taken_from": "2020-06-01T00:00:00"}, {"q": ""}, {"q": "a\x00"}, {"tag": "\x00"}])
def test_a_filter_that_cannot_be_is_refused(ada: GatewayClient, query: dict[str, str | int]) -> None:
    answer = ada.get("/items", **query)

    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, *query)


def test_similar_items_are_the_nearest_searchable_ones(
    ada: GatewayClient, pipeline: Pipeline, services: Services
) -> None:
    kept = pipeline.keep("A beach", angle=0)
    near, far, gone = (pipeline.keep(f"At {angle}", angle=angle).item for angle in (10, 80, 5))
    ada.delete(f"/items/{gone.id}")

    similar = ada.get(f"/items/{kept.item.id}/similar").json()["similar"]

    assert [each["item"]["id"] for each in similar] == [str(near.id), str(far.id)]
    assert [round(each["score"], 2) for each in similar] == [0.98, 0.17]
    assert len(ada.get(f"/items/{kept.item.id}/similar", limit=1).json()["similar"]) == 1


def test_what_is_not_searchable_yet_is_similar_to_nothing_that_could_be_told(
    ada: GatewayClient, pipeline: Pipeline, services: Services
) -> None:
    pipeline.keep("A beach", content="a beach")
    with pipeline_session(services) as session:
        duplicate = add_processed(session, ADA, "a beach")
        processed, failed = (add_processed(session, ADA) for _ in range(2))
        items.mark_failed(driver(session), failed.id, Stage.ANALYSIS, "Claude is busy.")

    answers = {item.id: ada.get(f"/items/{item.id}/similar") for item in (duplicate, processed, failed)}

    assert [answer.status for answer in answers.values()] == [409] * 3
    details = [answer.json()["detail"] for answer in answers.values()]
    assert [
        word in detail for word, detail in zip(("duplicate_of", "not searchable yet", "retry"), details, strict=True)
    ]
    assert ada.get(f"/items/{uuid4()}/similar").status == 404


@pytest.mark.parametrize(
    ("rest", "content"), [(".png", b"A beach"), ("-thumb.webp", b"thumbnail"), ("-preview.webp", b"preview")]
)
def test_an_image_is_fetched_by_its_name(
    ada: GatewayClient, pipeline: Pipeline, services: Services, rest: str, content: bytes
) -> None:
    item = pipeline.keep("A beach").item
    services.store.put(derived_key(ADA, item.id, "preview"), b"preview", "image/webp")

    answer = ada.get(f"/images/{item.id}{rest}")

    assert (answer.status, answer.headers["cache-control"]) == (307, "no-store")
    with httpx.Client(trust_env=False) as client:
        assert client.get(answer.headers["location"]).content == content


def test_no_other_name_leads_to_an_image(
    ada: GatewayClient, bob: GatewayClient, pipeline: Pipeline, services: Services
) -> None:
    kept = pipeline.keep("A beach").item.id
    with pipeline_session(services) as session:
        pending = items.create(driver(session), new_item(ADA)).id
    names = (
        f"{kept}.jpg",
        f"{kept}",
        f"{kept}-thumb.png",
        f"{kept}.png.png",
        f"{uuid4()}.png",
        "x",
        f"{pending}.png",
        f"{pending}-thumb.webp",
        f"{kept}.",
    )

    assert {name: ada.get(f"/images/{name}").status for name in names} == dict.fromkeys(names, 404)
    assert bob.get(f"/images/{kept}.png").status == 404
    assert ada.get("/images/a\x00").status == 422


def test_a_collection_is_counted(
    ada: GatewayClient, pipeline: Pipeline, services: Services, database: Database
) -> None:
    kept = [pipeline.keep(f"Image {number}", category=Category.TRAVEL, content=str(number)).item for number in range(3)]
    ada.patch(f"/items/{kept[0].id}", {"category": "Food", "tags": ["a", "b"]})
    ada.post("/albums", {"name": "Lisbon"})
    ada.delete(f"/items/{kept[2].id}")
    with pipeline_session(services) as session:
        add_processed(session, ADA, "0")
        add_processed(session, ADA)
        items.create(driver(session), new_item(ADA))
    with database.owner.begin() as connection:
        connection.execute(text("update embedding set embedding_model = 'old' where item_id = :id"), {"id": kept[1].id})

    assert ada.get("/stats").json() == {
        "items": 5,
        "bytes": 1 + 1 + 1 + 36 + 1000,
        "by_status": {"searchable": 2, "duplicate": 1, "processed": 1, "pending": 1},
        "by_category": {"Food": 1, "Travel": 1},
        "tags": 2,
        "albums": 1,
        "index": {"searchable": 2, "expected": 3, "share": 2 / 3, "outdated": 1},
    }


def test_an_empty_collection_is_counted_too(ada: GatewayClient) -> None:
    counted = ada.get("/stats").json()

    assert (counted["items"], counted["bytes"], counted["index"]["share"]) == (0, 0, None)
