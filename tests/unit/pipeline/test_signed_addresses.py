"""Addresses that a browser is sent to are those of the bucket's own region."""

from collections.abc import Generator
from urllib.parse import parse_qs, urlsplit

import pytest

from runtime import clients
from runtime.storage import ImageStore


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Generator[ImageStore]:
    """As on AWS: a region, and no address of an emulator."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in (("REGION", "eu-west-1"), ("ACCESS_KEY_ID", "AKIA"), ("SECRET_ACCESS_KEY", "secret")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    clients.s3.cache_clear()
    yield ImageStore("images-1a2b3c4")
    clients.s3.cache_clear()


def test_a_form_goes_to_the_regional_address(store: ImageStore) -> None:
    form = store.presigned_post("originals/anna/1.png", "image/png", 1000)

    assert urlsplit(form.url).netloc == "images-1a2b3c4.s3.eu-west-1.amazonaws.com"


def test_a_link_goes_to_the_regional_address_and_is_signed_by_version_4(store: ImageStore) -> None:
    url = urlsplit(store.presigned_get("derived/anna/1/thumb.webp"))

    assert url.netloc == "images-1a2b3c4.s3.eu-west-1.amazonaws.com"
    assert parse_qs(url.query)["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
