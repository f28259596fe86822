"""Through the deployed stack: a user takes everything home, then has everything removed."""

from __future__ import annotations

import io
import time
import zipfile
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.integration.stack.conftest import SAMPLES, User, signed_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.stack import LocalStack

WITHIN_SECONDS = 120.0


def eventually(look: Callable[[], Any]) -> Any:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise TimeoutError(f"nothing within {WITHIN_SECONDS:g} s")


@pytest.fixture
def leaving(stack: LocalStack, http: httpx.Client) -> User:
    """Somebody whom no other test needs."""
    return signed_in(stack, http, "leaving")


@pytest.mark.timeout(400)
def test_everything_is_exported_and_then_removed(stack: LocalStack, leaving: User) -> None:
    item = {"id": leaving.client.upload(SAMPLES / "library-card.png").item_id}
    leaving.wait_for(lambda: leaving.client.item(item["id"])["status"] not in {"pending", "uploaded"})
    request_id = leaving.request("POST", "/me/export").json()["request_id"]

    def finished() -> dict[str, Any] | None:
        export = leaving.request("GET", f"/me/export/{request_id}").json()
        assert export["state"] != "failed", export["error"]
        return export if export["state"] == "done" else None

    content = httpx.get(eventually(finished)["url"], trust_env=False).raise_for_status().content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read(f"originals/{item['id']}.png") == (SAMPLES / "library-card.png").read_bytes()

    assert leaving.request("DELETE", "/me").status_code == 202

    def gone() -> bool:
        listed = stack.client("s3").list_object_versions(Bucket=stack.outputs["imageBucket"])
        keys = [each["Key"] for kind in ("Versions", "DeleteMarkers") for each in listed.get(kind, [])]
        people = stack.client("cognito-idp").list_users(UserPoolId=stack.outputs["userPoolId"])["Users"]
        return not any(item["id"] in key for key in keys) and not any(
            attribute["Value"].startswith("leaving") for person in people for attribute in person["Attributes"]
        )

    eventually(gone)
