"""What a user says of an item goes before what an analysis says, is found by search, and survives analyses."""

from uuid import uuid4

import pytest

from runtime import items
from runtime.analysis import Category
from runtime.api.dependencies import Services
from runtime.indexed import find_indexed
from runtime.search.document import index
from tests.gateway import GatewayClient
from tests.integration.api.conftest import ADA, Bus, Kept, Pipeline, pipeline_session
from tests.integration.api.voyage import direction
from tests.integration.database.pipeline_steps import add_processed
from tests.sessions import driver

EDIT = {"title": "Honeymoon", "note": "The second evening", "category": "Food", "tags": ["Lisbon", "love"]}


def reindex(services: Services, kept: Kept, tags: tuple[str, ...] = ()) -> None:
    """What the embedder does when it is asked."""
    with pipeline_session(services) as session:
        item = items.find(driver(session), kept.item.id)
        assert item is not None
        index(driver(session), item, kept.analysis, direction(0), "voyage-4-large", tags)


def test_an_edit_is_told_and_kept_when_the_item_is_analysed_again(ada: GatewayClient, pipeline: Pipeline) -> None:
    kept = pipeline.keep("A beach", category=Category.TRAVEL)

    edited = ada.patch(f"/items/{kept.item.id}", EDIT)
    pipeline.look_again(kept, "A beach at dusk")

    assert edited.status == 200
    now = ada.get(f"/items/{kept.item.id}").json()
    for item in (edited.json(), now):
        assert {name: item[name] for name in EDIT} == EDIT
    assert now["latest_analysis"]["headline"] == "A beach at dusk"
    assert now["latest_analysis"]["category"] == "Other"


def test_what_is_left_out_stays_and_null_clears(ada: GatewayClient, pipeline: Pipeline) -> None:
    path = f"/items/{pipeline.keep('A beach', category=Category.TRAVEL).item.id}"
    ada.patch(path, EDIT)

    partly = ada.patch(path, {"note": None}).json()
    cleared = ada.patch(path, {"title": None, "category": None, "tags": None}).json()

    assert (partly["title"], partly["note"], partly["tags"]) == ("Honeymoon", None, ["Lisbon", "love"])
    assert (cleared["title"], cleared["category"], cleared["tags"]) == (None, "Travel", [])
    assert {tag["name"] for tag in ada.get("/tags").json()["tags"]} == {"Lisbon", "love"}, "tags outlive their items"


def test_tags_that_differ_in_case_alone_are_one(ada: GatewayClient, pipeline: Pipeline) -> None:
    first, second = (f"/items/{pipeline.keep(name).item.id}" for name in ("A beach", "A bar"))
    ada.patch(first, {"tags": ["Lisbon", "LISBON"]})

    assert ada.patch(second, {"tags": ["lisbon", "new"]}).json()["tags"] == ["Lisbon", "new"]
    assert [(tag["name"], tag["items"]) for tag in ada.get("/tags").json()["tags"]] == [("Lisbon", 2), ("new", 1)]


def test_search_is_told_of_an_edit_and_then_finds_by_it(
    ada: GatewayClient, pipeline: Pipeline, services: Services, bus: Bus
) -> None:
    kept = pipeline.keep("A beach", category=Category.TRAVEL)
    path = f"/items/{kept.item.id}"

    ada.patch(path, EDIT)

    ((kind, detail),) = bus.heard()
    assert (kind, detail["item_id"], detail["user_id"]) == ("EmbeddingRequested", str(kept.item.id), ADA)
    reindex(services, kept, ("Lisbon", "love"))
    for words in ("honeymoon", "evening", "lisbon", "food"):
        found = ada.post("/search", {"query": words, "search_type": "bm25"}).json()["results"]
        assert [result["item_id"] for result in found] == [str(kept.item.id)], words
    narrowed = ada.post("/search", {"query": "beach", "search_type": "bm25", "category_filter": "Food"}).json()
    assert narrowed["total_results"] == 1
    with pipeline_session(services) as session:
        indexed = find_indexed(driver(session), kept.item.id)
    assert indexed is not None
    assert "Tags: Lisbon, love" in indexed.text
    assert "Categories: Food" in indexed.text


def test_search_is_not_told_of_what_it_will_learn_anyway_nor_of_nothing(
    ada: GatewayClient, pipeline: Pipeline, services: Services, bus: Bus
) -> None:
    with pipeline_session(services) as session:
        processed = add_processed(session, ADA)

    assert ada.patch(f"/items/{processed.id}", EDIT).status == 200
    assert ada.patch(f"/items/{pipeline.keep('A beach').item.id}", {}).status == 200

    assert bus.heard() == []


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"note": "a\x00b"}, "note"),
        ({"tags": ["a\x00b"]}, "tags"),
        ({"tags": [" "]}, "tags.0"),
        ({"tags": ["x"] * 51}, "tags"),
        ({"tags": [None]}, "tags.0"),
        ({"category": "Cats"}, "category"),
        ({"titel": "x"}, "titel"),
        ({"status": "searchable"}, "status"),
        ({"user_id": "user-bob"}, "user_id"),
    ],
)
def test_an_impossible_edit_is_refused_and_changes_nothing(
    ada: GatewayClient, pipeline: Pipeline, bus: Bus, edit: dict[str, object], field: str
) -> None:
    path = f"/items/{pipeline.keep('A beach').item.id}"

    answer = ada.patch(path, edit)

    assert answer.status == 422
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert (ada.get(path).json()["title"], bus.heard()) == (None, [])


def test_what_is_not_there_is_not_edited(ada: GatewayClient, pipeline: Pipeline) -> None:
    gone = pipeline.keep("A beach").item.id
    ada.delete(f"/items/{gone}")

    assert [ada.patch(f"/items/{item_id}", EDIT).status for item_id in (gone, uuid4())] == [404, 404]
    assert ada.get("/tags").json()["total"] == 0
