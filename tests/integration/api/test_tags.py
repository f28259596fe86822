"""Tags are made, renamed and deleted, and search is told."""

from uuid import uuid4

from tests.gateway import GatewayClient
from tests.integration.api.conftest import Bus, Pipeline


def make(client: GatewayClient, name: str) -> str:
    answer = client.post("/tags", {"name": name})
    assert answer.status == 201, answer.body
    return answer.json()["id"]


def test_a_tag_is_made_read_and_listed_by_name_with_its_items(ada: GatewayClient, pipeline: Pipeline) -> None:
    made = ada.post("/tags", {"name": " beach "}).json()
    kept, deleted = (pipeline.keep(name).item.id for name in ("A", "B"))
    for item_id in (kept, deleted):
        ada.patch(f"/items/{item_id}", {"tags": ["Beach", "Alps"]})
    ada.delete(f"/items/{deleted}")

    assert (made["name"], made["items"]) == ("beach", 0)
    assert ada.get(f"/tags/{made['id']}").json() == made | {"items": 1}
    assert [(tag["name"], tag["items"]) for tag in ada.get("/tags").json()["tags"]] == [("Alps", 1), ("beach", 1)]


def test_pages_of_tags_show_each_once(ada: GatewayClient) -> None:
    for name in ("delta", "Alpha", "charlie", "Bravo", "echo"):
        make(ada, name)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ada.get("/tags", limit=2, **cursor).json()
        seen += [tag["name"] for tag in page["tags"]]
        assert page["total"] == 5
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert seen == ["Alpha", "Bravo", "charlie", "delta", "echo"]


def test_a_cursor_of_another_list_is_refused(ada: GatewayClient) -> None:
    for name in ("a", "b"):
        make(ada, name)
        ada.post("/albums", {"name": name})
    of_tags, of_albums = (ada.get(path, limit=1).json()["next_cursor"] for path in ("/tags", "/albums"))

    assert ada.get("/tags", cursor=of_albums).status == 400
    assert ada.get("/albums", cursor=of_tags).status == 400
    assert ada.get("/items", cursor=of_albums).status == 400


def test_two_tags_cannot_have_one_name(ada: GatewayClient, bob: GatewayClient) -> None:
    make(ada, "Beach")
    other = make(ada, "Alps")

    assert ada.post("/tags", {"name": "bEACH"}).status == 409
    refused = ada.patch(f"/tags/{other}", {"name": "beach"})
    assert (refused.status, "beach" in refused.json()["detail"]) == (409, True)
    assert ada.patch(f"/tags/{other}", {"name": "ALPS"}).json()["name"] == "ALPS"
    assert make(bob, "beach"), "another user's tags are another's"


def test_search_is_told_when_a_tag_is_renamed_or_deleted(ada: GatewayClient, pipeline: Pipeline, bus: Bus) -> None:
    kept = pipeline.keep("A beach").item.id
    ada.patch(f"/items/{kept}", {"tags": ["Lisbon"]})
    tag = ada.get("/tags").json()["tags"][0]["id"]
    make(ada, "unused")
    bus.heard()

    assert ada.patch(f"/tags/{tag}", {"name": "Lisboa"}).json()["name"] == "Lisboa"
    assert [(kind, detail["item_id"]) for kind, detail in bus.heard()] == [("EmbeddingRequested", str(kept))]
    assert ada.get(f"/items/{kept}").json()["tags"] == ["Lisboa"]

    assert ada.delete(f"/tags/{tag}").json() == {"status": "deleted", "id": tag}
    assert [(kind, detail["item_id"]) for kind, detail in bus.heard()] == [("EmbeddingRequested", str(kept))]
    assert ada.get(f"/items/{kept}").json()["tags"] == []


def test_what_is_not_there_is_not_found(ada: GatewayClient) -> None:
    path = f"/tags/{uuid4()}"

    assert [ada.get(path).status, ada.patch(path, {"name": "x"}).status, ada.delete(path).status] == [404] * 3
