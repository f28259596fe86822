"""Albums are made, filled, emptied and deleted; the items stay."""

from uuid import uuid4

from tests.gateway import GatewayClient
from tests.integration.api.conftest import Pipeline


def make(client: GatewayClient, name: str = "Lisbon", **more: str) -> str:
    answer = client.post("/albums", {"name": name, **more})
    assert answer.status == 201, answer.body
    return f"/albums/{answer.json()['id']}"


def keep(pipeline: Pipeline, number: int) -> list[str]:
    return [str(pipeline.keep(f"Image {each}").item.id) for each in range(number)]


def test_an_album_is_made_read_edited_and_deleted(ada: GatewayClient, pipeline: Pipeline) -> None:
    album = make(ada, description="Four days")
    (item,) = keep(pipeline, 1)
    ada.post(f"{album}/items", {"item_ids": [item]})

    edited = ada.patch(album, {"name": "Lisboa", "description": None}).json()

    assert (edited["name"], edited["description"], edited["items"]) == ("Lisboa", None, 1)
    assert ada.get(album).json() == edited
    assert edited["updated_at"] > edited["created_at"]
    assert ada.delete(album).json()["status"] == "deleted"
    assert ada.get(album).status == 404
    assert ada.get(f"/items/{item}").status == 200


def test_an_albums_name_cannot_be_cleared(ada: GatewayClient) -> None:
    album = make(ada)

    assert [ada.patch(album, {"name": name}).status for name in (None, "", " ", "a\x00")] == [422] * 4
    assert ada.patch(album, {}).json()["name"] == "Lisbon"


def test_items_are_listed_the_last_added_first_each_once(ada: GatewayClient, pipeline: Pipeline) -> None:
    album = make(ada)
    kept = keep(pipeline, 5)
    for item in kept:
        assert ada.post(f"{album}/items", {"item_ids": [item]}).json()["added"] == 1
    ada.delete(f"/items/{kept.pop(1)}")

    first = ada.get(f"{album}/items", limit=3).json()
    second = ada.get(f"{album}/items", limit=3, cursor=first["next_cursor"]).json()

    assert [item["id"] for page in (first, second) for item in page["items"]] == kept[::-1]
    assert (first["total"], second["total"], second["next_cursor"]) == (4, 4, None)
    assert ada.get(album).json()["items"] == 4


def test_items_are_added_all_or_none_and_once(ada: GatewayClient, pipeline: Pipeline) -> None:
    album = make(ada)
    kept = keep(pipeline, 3)

    refused = ada.post(f"{album}/items", {"item_ids": [kept[0], str(uuid4())]})
    added = ada.post(f"{album}/items", {"item_ids": [*kept, kept[0]]}).json()
    again = ada.post(f"{album}/items", {"item_ids": kept[:2]}).json()

    assert refused.status == 404
    assert (added["added"], added["album"]["items"]) == (3, 3)
    assert (again["added"], again["album"]["items"]) == (0, 3)


def test_an_item_is_taken_out_once(ada: GatewayClient, pipeline: Pipeline) -> None:
    album = make(ada)
    one, other = keep(pipeline, 2)
    ada.post(f"{album}/items", {"item_ids": [one, other]})

    answers = [ada.delete(f"{album}/items/{one}") for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 404]
    assert [item["id"] for item in ada.get(f"{album}/items").json()["items"]] == [other]
    assert ada.get(f"/items/{one}").status == 200


def test_albums_are_listed_newest_first_in_pages(ada: GatewayClient) -> None:
    for name in ("one", "two", "three"):
        make(ada, name)

    first = ada.get("/albums", limit=2).json()
    second = ada.get("/albums", limit=2, cursor=first["next_cursor"]).json()

    assert [album["name"] for page in (first, second) for album in page["albums"]] == ["three", "two", "one"]
    assert (first["total"], second["next_cursor"]) == (3, None)


def test_nobody_can_put_anothers_item_into_an_album(ada: GatewayClient, bob: GatewayClient, pipeline: Pipeline) -> None:
    (item,) = keep(pipeline, 1)
    mine = make(bob)

    assert bob.post(f"{mine}/items", {"item_ids": [item]}).status == 404
    assert bob.get(f"{mine}/items").json()["total"] == 0


def test_what_is_not_there_is_not_found(ada: GatewayClient) -> None:
    path = f"/albums/{uuid4()}"

    answers = [
        ada.get(path),
        ada.patch(path, {"name": "x"}),
        ada.delete(path),
        ada.get(f"{path}/items"),
        ada.post(f"{path}/items", {"item_ids": [str(uuid4())]}),
        ada.delete(f"{path}/items/{uuid4()}"),
    ]

    assert [answer.status for answer in answers] == [404] * 6
