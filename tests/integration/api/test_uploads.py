"""Images come in through a presigned form or, if small, through the API itself."""

import io
import json
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import pytest
from aws_lambda_powertools import Logger

from runtime import items
from runtime.api.adapter import gateway_handler
from runtime.api.app import create_app
from runtime.api.dependencies import Services
from runtime.models import Item
from runtime.storage import ImageStore
from tests.gateway import GatewayClient
from tests.integration.api.conftest import ADA, BUCKET, Pipeline, pipeline_session
from tests.sessions import driver

PHOTO = b"\xff\xd8 pixels"
ANNOUNCED = {"filename": "beach.jpg", "content_type": "image/jpeg", "size": len(PHOTO)}
MEBIBYTE = 1024 * 1024


def send_form(ticket: dict[str, Any], content: bytes) -> httpx.Response:
    with httpx.Client(trust_env=False) as client:
        return client.post(ticket["url"], data=ticket["fields"], files={"file": ("beach.jpg", content)})


def test_an_announced_image_goes_straight_to_s3(ada: GatewayClient, services: Services) -> None:
    answer = ada.post("/uploads", ANNOUNCED)
    ticket = answer.json()

    sent = send_form(ticket, PHOTO)

    assert (answer.status, sent.status_code) == (201, 204)
    assert ticket.keys() == {"item_id", "url", "fields", "expires_at"}
    assert services.store.get(f"originals/{ADA}/{ticket['item_id']}.jpg", MEBIBYTE) == PHOTO


def test_an_announced_image_is_pending_and_has_nothing_to_show(ada: GatewayClient) -> None:
    ticket = ada.post("/uploads", ANNOUNCED).json()

    item = ada.get(f"/items/{ticket['item_id']}").json()

    assert (item["status"], item["original_filename"], item["file_size"]) == ("pending", "beach.jpg", len(PHOTO))
    assert (item["image_url"], item["thumbnail_url"], item["latest_analysis"]) == (None, None, None)


def test_an_interrupted_upload_goes_on_with_the_same_item(ada: GatewayClient, services: Services) -> None:
    announced = ANNOUNCED | {"sha256": sha256(PHOTO).hexdigest()}
    before = ada.post("/uploads", announced).json()

    again = ada.post("/uploads", announced)

    assert (again.status, again.json()["item_id"]) == (201, before["item_id"])
    assert send_form(again.json(), PHOTO).status_code == 204
    assert ada.get("/items").json()["total"] == 1


def test_what_has_just_come_is_not_asked_for_again(ada: GatewayClient, services: Services) -> None:
    announced = ANNOUNCED | {"sha256": sha256(PHOTO).hexdigest()}
    item_id = ada.post("/uploads", announced).json()["item_id"]
    with pipeline_session(services) as session:
        assert items.mark_uploaded(driver(session), UUID(item_id))

    again = ada.post("/uploads", announced)

    assert (again.status, again.json()["id"], again.json()["status"]) == (200, item_id, "uploaded")


@pytest.mark.parametrize(
    "other", [{"sha256": sha256(b"others").hexdigest()}, {"size": 1}, {"content_type": "image/png"}, {"sha256": None}]
)
def test_another_file_is_another_item(ada: GatewayClient, other: dict[str, Any]) -> None:
    announced = ANNOUNCED | {"sha256": sha256(PHOTO).hexdigest()}
    before = ada.post("/uploads", announced).json()

    assert ada.post("/uploads", announced | other).json()["item_id"] != before["item_id"]


def test_nobody_goes_on_with_anothers_upload(ada: GatewayClient, bob: GatewayClient) -> None:
    announced = ANNOUNCED | {"sha256": sha256(PHOTO).hexdigest()}
    before = ada.post("/uploads", announced).json()

    assert bob.post("/uploads", announced).json()["item_id"] != before["item_id"]


def test_what_the_sweeper_may_be_about_to_bury_is_announced_anew(ada: GatewayClient, services: Services) -> None:
    announced = ANNOUNCED | {"sha256": sha256(PHOTO).hexdigest()}
    before = ada.post("/uploads", announced).json()
    with pipeline_session(services) as session:
        waiting = session.get_one(Item, UUID(before["item_id"]))
        waiting.created_at -= items.GOES_ON_WITHIN

    assert ada.post("/uploads", announced).json()["item_id"] != before["item_id"]


def test_the_request_is_logged_under_the_id_that_leads_the_image_to_search(
    ada: GatewayClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = io.StringIO()
    monkeypatch.setattr(Logger().registered_handler, "stream", lines)

    ticket = ada.post("/uploads", ANNOUNCED).json()

    (line,) = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert (line["message"], line["correlation_id"], line["user_id"]) == ("Request", ticket["item_id"], ADA)
    assert line["request_id"], "what a person who reports a problem can tell"


@pytest.mark.parametrize("content", [PHOTO + b"!", PHOTO[:-1]])
def test_s3_takes_no_other_size_than_announced(ada: GatewayClient, content: bytes) -> None:
    ticket = ada.post("/uploads", ANNOUNCED).json()

    assert send_form(ticket, content).status_code == 400


def test_s3_takes_no_other_type_than_announced(ada: GatewayClient) -> None:
    ticket = ada.post("/uploads", ANNOUNCED).json()
    ticket["fields"]["Content-Type"] = "text/html"

    assert send_form(ticket, PHOTO).status_code == 403


def test_what_one_has_already_needs_no_upload(ada: GatewayClient, pipeline: Pipeline) -> None:
    kept = pipeline.keep("A beach", content="sand")

    answer = ada.post("/uploads", ANNOUNCED | {"sha256": sha256(b"sand").hexdigest()})

    assert answer.status == 200
    assert answer.json()["id"] == str(kept.item.id)
    assert answer.json()["latest_analysis"]["headline"] == "A beach"
    assert ada.get("/items").json()["total"] == 1


def test_what_somebody_else_has_is_uploaded(bob: GatewayClient, pipeline: Pipeline) -> None:
    pipeline.keep("A beach", content="sand")

    assert bob.post("/uploads", ANNOUNCED | {"sha256": sha256(b"sand").hexdigest()}).status == 201


def test_a_file_beyond_the_limit_is_refused_by_its_size(ada: GatewayClient) -> None:
    allowed = ada.post("/uploads", ANNOUNCED | {"size": 50 * MEBIBYTE})
    refused = ada.post("/uploads", ANNOUNCED | {"size": 50 * MEBIBYTE + 1})

    assert (allowed.status, refused.status) == (201, 413)
    assert "50 MB" in refused.json()["detail"]


def test_a_small_image_may_go_through_the_api(ada: GatewayClient, services: Services) -> None:
    answer = ada.post_file("/items", "beach.jpg", PHOTO, "image/jpeg")
    item = answer.json()

    assert answer.status == 201
    assert (item["status"], item["mime_type"], item["file_size"]) == ("pending", "image/jpeg", len(PHOTO))
    assert services.store.get(f"originals/{ADA}/{item['id']}.jpg", MEBIBYTE) == PHOTO


def test_a_file_without_a_declared_type_is_known_by_its_name(ada: GatewayClient) -> None:
    item = ada.post_file("/items", "IMG_1.HEIC", PHOTO, "application/octet-stream").json()

    assert item["mime_type"] == "image/heic"


def test_four_megabytes_are_small_and_more_are_not(ada: GatewayClient) -> None:
    allowed = ada.post_file("/items", "a.jpg", b"x" * (4 * MEBIBYTE), "image/jpeg")
    refused = ada.post_file("/items", "a.jpg", b"x" * (4 * MEBIBYTE + 1), "image/jpeg")

    assert (allowed.status, refused.status) == (201, 413)
    assert "POST /uploads" in refused.json()["detail"]
    assert ada.get("/items").json()["total"] == 1


@pytest.mark.parametrize(
    ("filename", "content", "content_type", "part", "field"),
    [
        ("a.svg", PHOTO, "image/svg+xml", "file", "file.content_type"),
        ("a.xyz", PHOTO, "application/octet-stream", "file", "file.content_type"),
        ("a.jpg", b"", "image/jpeg", "file", "file.size"),
        ("a/b.jpg", PHOTO, "image/jpeg", "file", "file.filename"),
        ("a.jpg", PHOTO, "image/jpeg", "image", "file"),
    ],
)
def test_a_form_with_something_else_is_told_what(
    ada: GatewayClient, filename: str, content: bytes, content_type: str, part: str, field: str
) -> None:
    answer = ada.post_file("/items", filename, content, content_type, part)

    assert answer.status == 422
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_nothing_is_left_when_the_object_cannot_be_stored(services: Services) -> None:
    without_bucket = replace(services, store=ImageStore(f"{BUCKET}-missing"))
    ada = GatewayClient(gateway_handler(create_app(without_bucket)), ADA)

    answer = ada.post_file("/items", "beach.jpg", PHOTO, "image/jpeg")

    assert answer.status == 500
    assert ada.get("/items").json()["total"] == 0
