"""A deployed stack does what a person expects of it, told by nothing but its exports."""

from __future__ import annotations

import secrets
from pathlib import Path

import httpx
import pytest

from collections_cli.admin.smoke import ABSENT, WORDS, picture
from collections_cli.client import ApiError
from tests.e2e.conftest import Deployed, Person

pytestmark = pytest.mark.timeout(300)


def test_it_is_up_and_names_the_pool_that_it_was_deployed_with(deployed: Deployed, http: httpx.Client) -> None:
    health = http.get(f"{deployed.api_url}/health")
    config = http.get(f"{deployed.api_url}/config.json").json()

    assert (health.status_code, health.json()["database"]) == (200, "ok")
    assert (config["user_pool_id"], config["client_id"]) == (deployed.user_pool_id, deployed.client_id)


@pytest.mark.parametrize("path", ["/items", "/search/config", "/uploads", "/no-such-path"])
def test_nobody_gets_past_the_gateway_without_a_token(deployed: Deployed, http: httpx.Client, path: str) -> None:
    assert http.get(f"{deployed.api_url}{path}").status_code == 401
    forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0."}
    assert http.get(f"{deployed.api_url}{path}", headers=forged).status_code == 401


def test_an_image_is_found_by_its_text_shown_and_gone_when_deleted(
    person: Person, http: httpx.Client, tmp_path: Path
) -> None:
    word = secrets.choice(WORDS)
    number = str(secrets.randbelow(9000) + 1000)
    file = tmp_path / "found.png"
    picture(f"{word} {number}", file)

    item_id = person.upload(file)

    item = person.settled(item_id)
    assert item["status"] == "searchable", item["error"]
    assert item["image_url"] is not None
    assert http.get(item["image_url"]).content == file.read_bytes()
    assert item_id in [each["item_id"] for each in person.client.search(word, search_type="bm25")["results"]]
    assert item_id not in [each["item_id"] for each in person.client.search(ABSENT, search_type="bm25")["results"]]

    person.client.delete(item_id)

    with pytest.raises(ApiError) as refused:
        person.client.item(item_id)
    assert refused.value.status == 404
    assert item_id not in [each["id"] for each in person.client.items()]


def test_the_same_bytes_are_not_sent_twice(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "twice.png"
    picture("only once", file)
    first = person.upload(file)
    assert person.settled(first)["status"] == "searchable"

    again = person.client.upload(file)

    assert (again.item_id, again.existed) == (first, True)


def test_what_is_no_image_fails_and_says_why(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "letter.png"
    file.write_bytes(b"Dear reader, this is no image." + secrets.token_bytes(8))

    item = person.settled(person.upload(file))

    assert (item["status"], item["stage"]) == ("failed", "processing")
    assert item["error"]
