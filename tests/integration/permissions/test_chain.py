"""With no more than their real roles, the functions do all that they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.integration.stack.conftest import SAMPLES, User

if TYPE_CHECKING:
    from pathlib import Path

    from local.stack import LocalStack


def keys(stack: LocalStack) -> set[str]:
    """Of everything in the bucket, deleted or not."""
    listed = stack.client("s3").list_object_versions(Bucket=stack.outputs["imageBucket"])
    return {each["Key"] for kind in ("Versions", "DeleteMarkers") for each in listed.get(kind, [])}


def test_an_image_is_uploaded_found_shown_deleted_and_swept(stack: LocalStack, ada: User) -> None:
    item = ada.upload(SAMPLES / "library-card.png")
    assert item["status"] == "searchable", item["error"]
    sent = ada.request("POST", "/items", files={"file": ("a.gif", (SAMPLES / "rain-radar.gif").read_bytes())})
    assert ada.wait(sent.json()["id"])["status"] == "searchable"

    assert item["id"] in [result["item_id"] for result in ada.client.search("library card")["results"]]
    for link in (item["image_url"], item["thumbnail_url"]):
        assert httpx.get(str(link), trust_env=False).is_success

    ada.client.delete(item["id"])
    assert [key for key in keys(stack) if item["id"] in key]
    sweeper = stack.outputs["functions"]["sweeper"]
    swept = stack.client("lambda").invoke(FunctionName=sweeper, Qualifier="live", Payload=b"{}")
    assert "FunctionError" not in swept, swept["Payload"].read()
    assert not [key for key in keys(stack) if item["id"] in key]


def test_a_broken_image_fails_with_its_reason(ada: User, tmp_path: Path) -> None:
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Ada,")

    item = ada.upload(letter)

    assert (item["status"], item["stage"]) == ("failed", "processing")
