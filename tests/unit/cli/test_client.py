"""The client sends what the API wants, and makes sentences of what it refuses."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from collections_cli.client import ApiError, Client, UnreachableError, UnsupportedFileError

API = "https://api.example"
STORE = "https://bucket.example/"

Answer = Callable[[httpx.Request], httpx.Response]


def client_of(answer: Answer) -> Client:
    return Client(f"{API}/", lambda: "token-1", httpx.Client(transport=httpx.MockTransport(answer)))


@pytest.fixture(name="photo")
def _photo(tmp_path: Path) -> Path:
    photo = tmp_path / "Beach.JPG"
    photo.write_bytes(b"pixels")
    return photo


def test_a_new_file_is_announced_and_sent_with_the_tickets_fields(photo: Path) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        requests.append(request)
        if str(request.url) == STORE:
            return httpx.Response(204)
        ticket = {"item_id": "7", "url": STORE, "fields": {"key": "originals/u/7.jpg", "policy": "p"}}
        return httpx.Response(201, json=ticket)

    upload = client_of(answer).upload(photo)

    announcement, form = requests
    assert (upload.item_id, upload.existed) == ("7", False)
    assert json.loads(announcement.content) == {
        "filename": "Beach.JPG",
        "content_type": "image/jpeg",
        "size": 6,
        "sha256": sha256(b"pixels").hexdigest(),
    }
    assert announcement.headers["authorization"] == "Bearer token-1"
    # S3 ignores what comes after the file, and must not be shown the API's token.
    assert form.content.index(b"originals/u/7.jpg") < form.content.index(b"pixels")
    assert "authorization" not in form.headers


def test_a_file_that_is_there_already_is_not_sent(photo: Path) -> None:
    upload = client_of(lambda _: httpx.Response(200, json={"id": "3"})).upload(photo)

    assert (upload.item_id, upload.existed) == ("3", True)


def test_a_refusal_of_the_store_is_an_error(photo: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if str(request.url) == STORE:
            return httpx.Response(403)
        return httpx.Response(201, json={"item_id": "7", "url": STORE, "fields": {}})

    with pytest.raises(ApiError, match=r"refused Beach\.JPG"):
        client_of(answer).upload(photo)


def test_what_is_no_image_is_not_even_announced(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.touch()

    with pytest.raises(UnsupportedFileError, match=r"notes\.txt"):
        client_of(lambda _: httpx.Response(500)).upload(text)


def test_all_pages_are_fetched() -> None:
    pages = {
        None: {"items": [{"id": "1"}, {"id": "2"}], "total": 3, "next_cursor": "after-2"},
        "after-2": {"items": [{"id": "3"}], "total": 3, "next_cursor": None},
    }

    found = client_of(lambda r: httpx.Response(200, json=pages[r.url.params.get("cursor")])).items()

    assert [item["id"] for item in found] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (httpx.Response(404, json={"detail": "You have no item 9.", "request_id": "r-1"}), "You have no item 9."),
        (httpx.Response(401, json={"message": "Unauthorized"}), "Unauthorized"),
        (httpx.Response(502, text="<html>"), "HTTP 502 Bad Gateway"),
        (httpx.Response(500, json=["?"]), "HTTP 500 Internal Server Error"),
    ],
)
def test_a_refusal_says_why(answer: httpx.Response, sentence: str) -> None:
    with pytest.raises(ApiError) as caught:
        client_of(lambda _: answer).item("9")

    assert (str(caught.value), caught.value.status) == (sentence, answer.status_code)


def test_an_address_where_nobody_answers_is_named() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UnreachableError, match=r"https://api\.example does not answer"):
        client_of(answer).config()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, text="nothing here"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"hello": "world"}),
        httpx.Response(200, json=[]),
    ],
)
def test_an_address_where_somebody_else_answers_is_told(answer: httpx.Response) -> None:
    with pytest.raises(UnreachableError, match=r"What answers at https://api\.example is not Collections"):
        client_of(lambda _: answer).config()


def test_only_the_configuration_can_be_read_without_a_token() -> None:
    with Client(
        API, http=httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={"user_pool_id": "p"})))
    ) as client:
        assert client.config()["user_pool_id"] == "p"
        with pytest.raises(ApiError, match="Sign in first"):
            client.item("1")
