"""Addresses that a browser is sent to are those of the bucket's own region, and signed as botocore signs them."""

import json
import socket
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.config import Config
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from runtime.aws import places
from runtime.aws.places import Credentials, Place
from runtime.aws.signing import signed_form, signed_url
from runtime.storage import ImageStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TOKEN = "IQoJb3JpZ2lu+/a b=~é=="
CREDENTIALS = (
    Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    Credentials("ASIA/+=EXAMPLE", "ü secret/+ ", TOKEN),
)
"""Of a user, and of a role, as a function has."""
ADDRESSES = {
    ("eu-west-1", "images-1a2b3c4"): None,
    ("us-east-1", "images.with.dots"): None,
    ("cn-north-1", "images-of-china"): None,
    ("eu-central-1", "images-emulated"): "http://127.0.0.1:4566",
}
"""Regions and buckets, and the endpoint where it is not AWS's own."""
VERSION_4 = Config(
    signature_version="s3v4",
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60) | st.text("/.~%+ ?#&=", min_size=1)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ImageStore:
    """As on AWS: a region, and no address of an emulator."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in (("DEFAULT_REGION", "eu-west-1"), ("ACCESS_KEY_ID", "AKIA"), ("SECRET_ACCESS_KEY", "secret")):
        monkeypatch.setenv(f"AWS_{name}", value)
    return ImageStore("images-1a2b3c4")


def test_a_form_goes_to_the_regional_address(store: ImageStore) -> None:
    form = store.presigned_post("originals/anna/1.png", "image/png", 1000)

    assert urlsplit(form.url).netloc == "images-1a2b3c4.s3.eu-west-1.amazonaws.com"


def test_a_link_goes_to_the_regional_address_and_is_signed_by_version_4(store: ImageStore) -> None:
    url = urlsplit(store.presigned_get("derived/anna/1/thumb.webp"))

    assert url.netloc == "images-1a2b3c4.s3.eu-west-1.amazonaws.com"
    assert parse_qs(url.query)["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]


def place(region: str, bucket: str) -> Place:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", region)
        environment.setenv("AWS_ENDPOINT_URL", ADDRESSES[region, bucket] or "")
        return places.place(bucket)


@cache
def client(credentials: Credentials, region: str, bucket: str) -> "S3Client":
    session = Session()
    # Other tests of this process may have an emulator's address in the environment.
    session.set_config_variable("ignore_configured_endpoint_urls", "true")
    session.set_credentials(*credentials)
    return session.create_client("s3", region, endpoint_url=ADDRESSES[region, bucket], config=VERSION_4)  # pyright: ignore[reportReturnType] - all that botocore says of its clients is that they are clients


def botocores(credentials: Credentials, region: str, bucket: str, key: str, seconds: int) -> str:
    return client(credentials, region, bucket).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds
    )


@given(KEYS, st.sampled_from(CREDENTIALS), st.sampled_from(sorted(ADDRESSES)), st.integers(1, 604_800))
def test_a_link_is_the_one_that_botocore_makes(
    key: str, credentials: Credentials, bucket: tuple[str, str], seconds: int
) -> None:
    theirs = botocores(credentials, *bucket, key, seconds)
    (stamp,) = parse_qs(urlsplit(theirs).query)["X-Amz-Date"]

    ours = signed_url(place(*bucket), key, credentials, datetime.strptime(f"{stamp}+0000", "%Y%m%dT%H%M%SZ%z"), seconds)

    assert ours == theirs


@given(KEYS, st.sampled_from(CREDENTIALS), st.sampled_from(sorted(ADDRESSES)), st.integers(1, 10_000_000))
def test_a_form_is_the_one_that_botocore_makes(
    key: str, credentials: Credentials, bucket: tuple[str, str], size: int
) -> None:
    theirs = client(credentials, *bucket).generate_presigned_post(
        Bucket=bucket[1],
        Key=key,
        Fields={"Content-Type": "image/png"},
        Conditions=[{"Content-Type": "image/png"}, ["content-length-range", size, size]],
        ExpiresIn=900,
    )
    policy = json.loads(b64decode(theirs["fields"]["policy"]))
    moment = datetime.fromisoformat(policy["expiration"]) - timedelta(seconds=900)

    ours = signed_form(place(*bucket), key, "image/png", size, credentials, moment, 900)

    assert (place(*bucket).whole, ours) == (theirs["url"], theirs["fields"])


def test_a_link_is_that_of_the_vendors_own_example() -> None:
    """Of the chapter that `runtime.aws.signing` names: another day than the others, so another key."""
    credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    where = Place("examplebucket", "https://examplebucket.s3.amazonaws.com/", "us-east-1")

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
