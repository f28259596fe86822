"""Addresses that a browser is sent to are those of the bucket's own region, and signed as botocore signs them."""

import socket
from collections.abc import Generator
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from runtime import clients
from runtime.clients import PRESIGNING
from runtime.signing import Place, signed_url
from runtime.storage import ImageStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TOKEN = "IQoJb3JpZ2lu+/a b=~é=="
CREDENTIALS = (
    ReadOnlyCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, "test"),
    ReadOnlyCredentials("ASIA/+=EXAMPLE", "ü secret/+ ", TOKEN, "test"),
)
"""Of a user, and of a role, as a function has."""
ADDRESSES = {
    ("eu-west-1", "images-1a2b3c4"): None,
    ("us-east-1", "images.with.dots"): None,
    ("eu-central-1", "images-emulated"): "http://127.0.0.1:4566",
}
"""Regions and buckets, and the endpoint where it is not AWS's own."""
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60) | st.text("/.~%+ ?#&=", min_size=1)


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


@cache
def place(region: str, bucket: str) -> Place:
    """Where botocore finds it."""
    return Place(botocores(CREDENTIALS[0], region, bucket, "x", 60).partition("?")[0].removesuffix("x"), region)


@cache
def client(credentials: ReadOnlyCredentials, region: str, bucket: str) -> "S3Client":
    session = Session()
    session.set_credentials(credentials.access_key or "", credentials.secret_key or "", credentials.token)
    return session.create_client("s3", region, endpoint_url=ADDRESSES[region, bucket], config=PRESIGNING)  # pyright: ignore[reportReturnType] - all that botocore says of its clients is that they are clients


def botocores(credentials: ReadOnlyCredentials, region: str, bucket: str, key: str, seconds: int) -> str:
    return client(credentials, region, bucket).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds
    )


@given(KEYS, st.sampled_from(CREDENTIALS), st.sampled_from(sorted(ADDRESSES)), st.integers(1, 604_800))
def test_a_link_is_the_one_that_botocore_makes(
    key: str, credentials: ReadOnlyCredentials, bucket: tuple[str, str], seconds: int
) -> None:
    theirs = botocores(credentials, *bucket, key, seconds)
    (stamp,) = parse_qs(urlsplit(theirs).query)["X-Amz-Date"]

    ours = signed_url(place(*bucket), key, credentials, datetime.strptime(f"{stamp}+0000", "%Y%m%dT%H%M%SZ%z"), seconds)

    assert ours == theirs


def test_a_link_is_that_of_the_vendors_own_example() -> None:
    """Of the chapter that `runtime.signing` names: another day than the others, so another key."""
    credentials = ReadOnlyCredentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None)
    where = Place("https://examplebucket.s3.amazonaws.com/", "us-east-1")

    url = signed_url(where, "test.txt", credentials, datetime(2013, 5, 24, tzinfo=UTC), 86_400)

    signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    assert parse_qs(urlsplit(url).query)["X-Amz-Signature"] == [signature]


def test_nothing_is_asked_to_sign(store: ImageStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("signing needs no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)

    assert store.presigned_get("derived/anna/1/thumb.webp").startswith("https://images-1a2b3c4.s3.eu-west-1.")
    assert store.presigned_post("originals/anna/1.png", "image/png", 1000).fields["x-amz-signature"]
    assert store.origin == "https://images-1a2b3c4.s3.eu-west-1.amazonaws.com"
