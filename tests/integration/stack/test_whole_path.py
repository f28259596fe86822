"""From a file to a search result, through everything that is deployed."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.integration.stack.conftest import SAMPLES, User

if TYPE_CHECKING:
    from collections_cli.client import SearchType

RECEIPT = SAMPLES / "receipt-mill-lane-bakery.jpg"


def picture_of(text: str, file: Path) -> Path:
    """A screenshot that says `text`."""
    image = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(image).text((40, 110), text, fill="black", font=ImageFont.load_default(56))
    image.save(file)
    return file


def found(user: User, query: str, search_type: SearchType = "hybrid") -> list[str]:
    return [result["item_id"] for result in user.client.search(query, search_type=search_type)["results"]]


@pytest.mark.parametrize("search_type", ["bm25", "vector", "hybrid"])
def test_an_uploaded_image_is_found_by_the_text_in_it(ada: User, tmp_path: Path, search_type: SearchType) -> None:
    wanted = ada.upload(picture_of("quarterly pelican census", tmp_path / "a.png"))
    ada.upload(picture_of("bicycle tyre pressure", tmp_path / "b.png"))

    assert wanted["status"] == "searchable"
    assert found(ada, "pelican census", search_type)[0] == wanted["id"]


def test_a_phone_photo_is_upright_dated_and_placed_and_its_thumbnail_says_neither(ada: User) -> None:
    item = ada.upload(SAMPLES / "IMG_2057.jpg")

    assert (item["width"], item["height"]) == (1080, 1441), "it is stored on its side"
    assert item["taken_at"] is not None
    assert item["latitude"] == pytest.approx(39.9, abs=2)
    assert item["thumbnail_url"] is not None
    thumbnail = httpx.get(item["thumbnail_url"])
    with Image.open(BytesIO(thumbnail.content)) as image:
        assert (image.format, image.size) == ("WEBP", (300, 400))
        assert not image.getexif()


@pytest.mark.parametrize("name", ["IMG_2041.HEIC", "rain-radar.gif", "library-card.png", "kyoto-walk-memo.png"])
def test_each_kind_of_sample_becomes_searchable(ada: User, name: str) -> None:
    item = ada.upload(SAMPLES / name)

    assert item["status"] == "searchable", item["error"]
    assert item["latest_analysis"] is not None
    assert item["latest_analysis"]["headline"]


def test_japanese_words_find_japanese_text(ada: User) -> None:
    memo = ada.upload(SAMPLES / "kyoto-walk-memo.png")
    ada.upload(RECEIPT)

    assert found(ada, "清水寺", "bm25") == [memo["id"]]


def test_a_corrupt_file_fails_with_a_reason_that_a_person_understands(ada: User, tmp_path: Path) -> None:
    broken = tmp_path / "holiday.jpg"
    broken.write_bytes(RECEIPT.read_bytes()[:20_000])

    item = ada.upload(broken)

    assert (item["status"], item["stage"]) == ("failed", "processing")
    assert item["error"] is not None
    assert "incomplete" in item["error"].lower() or "damaged" in item["error"].lower()


def test_text_named_like_an_image_fails_and_says_what_is_allowed(ada: User, tmp_path: Path) -> None:
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Ada,")

    item = ada.upload(letter)

    assert item["status"] == "failed"
    assert "JPEG" in (item["error"] or "")


def test_the_same_bytes_are_not_sent_twice(ada: User) -> None:
    first = ada.upload(RECEIPT)

    again = ada.client.upload(RECEIPT)

    assert (again.item_id, again.existed) == (first["id"], True)


def test_the_same_bytes_sent_without_a_hash_become_a_duplicate_of_the_first(ada: User) -> None:
    first = ada.upload(RECEIPT)

    sent = ada.request("POST", "/items", files={"file": ("copy.jpg", RECEIPT.read_bytes(), "image/jpeg")})

    assert sent.status_code == 201, sent.text
    second = ada.wait(sent.json()["id"])
    assert (second["status"], second["duplicate_of"]) == ("duplicate", first["id"])


def test_a_deleted_image_is_gone_at_once(ada: User) -> None:
    item = ada.upload(RECEIPT)

    ada.client.delete(item["id"])

    assert found(ada, "sourdough") == []
    assert ada.request("GET", f"/items/{item['id']}").status_code == 404
    assert ada.client.page()["total"] == 0


def test_one_user_s_images_are_invisible_to_another(ada: User, bob: User) -> None:
    item = ada.upload(RECEIPT)

    assert found(bob, "sourdough receipt") == []
    assert bob.client.page()["total"] == 0
    assert bob.request("GET", f"/items/{item['id']}").status_code == 404
    assert bob.request("DELETE", f"/items/{item['id']}").status_code == 404
    assert not bob.client.upload(RECEIPT).existed, "it would tell Bob what others have"
    assert ada.client.item(item["id"])["status"] == "searchable"


def test_an_upload_that_is_not_what_was_announced_is_refused_by_the_bucket(ada: User) -> None:
    announced = {"filename": "a.png", "content_type": "image/png", "size": 10}
    ticket = ada.request("POST", "/uploads", json=announced).json()

    larger = httpx.post(ticket["url"], data=ticket["fields"], files={"file": b"x" * 11})
    elsewhere = {**ticket["fields"], "key": ticket["fields"]["key"].replace("originals/", "originals/other-")}

    assert larger.status_code in {400, 403}
    assert httpx.post(ticket["url"], data=elsewhere, files={"file": b"x" * 10}).status_code == 403
