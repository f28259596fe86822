"""Objects are read, written, listed and deleted as botocore does it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.aws import connection, objects
from runtime.aws.connection import UNREADABLE, AwsError, BodyTooLargeError
from runtime.aws.objects import ObjectVersion
from runtime.aws.places import Place, place
from tests.unit.aws.service import Reply, Service, botocores, sent

BUCKET = "images-1a2b3c4"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "sleep", lambda _: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]


# What XML cannot say, S3 cannot be told of either.
KEYS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=40
)
BODIES = st.binary(min_size=1, max_size=50)
EMPTY = b'<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></ListVersionsResult>'
DELETED = b'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>'
MOMENT = "2026-11-28T10:11:12.345Z"


@cache
def theirs() -> Any:
    return botocores("s3")


def where() -> Place:
    return place(BUCKET)


@given(KEYS)
@example(".")
@example("a/../b")
def test_reading_is_asked_for_alike(service: Service, key: str) -> None:
    service.expect(Reply(body=b"content"))

    mine, sdks = sent(
        service,
        lambda: objects.get(where(), key, 100),
        lambda: theirs().get_object(Bucket=BUCKET, Key=key)["Body"].read(),
    )

    assert mine == sdks


@given(KEYS, BODIES)
def test_writing_is_asked_for_alike(service: Service, key: str, body: bytes) -> None:
    service.expect(Reply())

    mine, sdks = sent(
        service,
        lambda: objects.put(where(), key, body, "image/webp"),
        lambda: theirs().put_object(Bucket=BUCKET, Key=key, Body=body, ContentType="image/webp"),
    )

    assert mine == sdks


@given(KEYS)
def test_a_list_is_asked_for_alike(service: Service, prefix: str) -> None:
    service.expect(Reply(body=EMPTY))

    mine, sdks = sent(
        service,
        lambda: list(objects.versions(where(), prefix)),
        lambda: theirs().list_object_versions(Bucket=BUCKET, Prefix=prefix),
    )

    assert mine == sdks


@given(st.lists(st.tuples(KEYS, KEYS), min_size=1, max_size=3))
def test_deleting_is_asked_for_alike(service: Service, named: list[tuple[str, str]]) -> None:
    service.expect(Reply(body=DELETED))
    versions = [version(key, version_id) for key, version_id in named]
    listed = [{"Key": key, "VersionId": version_id} for key, version_id in named]

    mine, sdks = sent(
        service,
        lambda: objects.delete(where(), versions),
        lambda: theirs().delete_objects(Bucket=BUCKET, Delete={"Objects": listed, "Quiet": True}),
    )

    assert mine == sdks


@given(st.lists(st.tuples(KEYS, KEYS, st.booleans(), st.booleans()), max_size=5))
def test_a_list_is_read_alike(service: Service, listed: list[tuple[str, str, bool, bool]]) -> None:
    service.expect(Reply(body=page(listed)))

    (mine,) = objects.versions(where(), "originals/")
    read = theirs().list_object_versions(Bucket=BUCKET, Prefix="originals/")

    sdks = [(each, each["IsLatest"]) for each in read.get("Versions", [])]
    sdks += [(each, False) for each in read.get("DeleteMarkers", [])]
    expected = [
        ObjectVersion(each["Key"], each["VersionId"], each["LastModified"], readable) for each, readable in sdks
    ]
    assert mine == sorted(expected, key=lambda each: each.key.encode())


def test_a_long_list_comes_in_pages_as_botocore_asks_for_them(service: Service) -> None:
    pages = [
        Reply(body=page([("a +ü", "1", False, True)], after=("a +ü", "1/="))),
        Reply(body=page([("b", "2", True, True)])),
    ]

    service.expect(*pages)
    mine = list(objects.versions(where(), "a"))
    of_mine = [each.path for each in service.received]
    service.expect(*pages)
    list(theirs().get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix="a"))

    assert [[each.key for each in one] for one in mine] == [["a +ü"], ["b"]]
    assert [arguments(path) for path in of_mine] == [arguments(each.path) for each in service.received]


def test_what_could_not_be_deleted_is_told(service: Service) -> None:
    kept = b"<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"
    service.expect(Reply(body=kept))

    assert objects.delete(where(), [version("a", "1"), version("b", "2")]) == ["a: AccessDenied: no"]


def test_an_object_that_is_not_there_is_told_from_other_failures(service: Service) -> None:
    for code, missing in (("NoSuchKey", True), ("NoSuchBucket", False)):
        service.expect(Reply(404, f"<Error><Code>{code}</Code><Message>gone</Message></Error>".encode()))
        with pytest.raises(AwsError, match=f"GetObject failed with {code}: gone") as error:
            objects.get(where(), "a", 100)
        assert objects.is_missing(error.value) is missing


def test_an_object_that_is_too_large_is_not_read_and_is_in_nobodys_way(service: Service) -> None:
    service.expect(Reply(body=b"x" * 101), Reply(body=b"small"))

    with pytest.raises(BodyTooLargeError) as error:
        objects.get(where(), "a", 100)

    assert error.value.size == 101
    assert objects.get(where(), "b", 100) == b"small"


@pytest.mark.parametrize(
    ("checksum", "right"),
    [("", True), ("6466Zw==", True), ("6466Zw==-3", True), ("AAAAAA==", False)],
    ids=["none", "right", "of parts", "wrong"],
)
def test_content_is_what_was_stored(service: Service, checksum: str, *, right: bool) -> None:
    service.expect(Reply(body=b"xyz", headers={"x-amz-checksum-crc32": checksum} if checksum else {}))

    if right:
        assert objects.get(where(), "a", 100) == b"xyz"
    else:
        with pytest.raises(AwsError, match="the content is not the one that was stored"):
            objects.get(where(), "a", 100)


@pytest.mark.parametrize(
    "broken",
    [b"<Error><Code>InternalError</Code><Message>try again</Message></Error>", b"<ListVersionsResult><Ver", b""],
    ids=["an error", "cut off", "nothing"],
)
def test_an_answer_that_ends_badly_is_none(service: Service, broken: bytes) -> None:
    for ask, good in (
        (lambda: list(objects.versions(where(), "a")), EMPTY),
        (lambda: objects.delete(where(), [version("a", "1")]), DELETED),
    ):
        service.expect(Reply(body=broken), Reply(body=good))
        ask()
        assert len(service.received) == 2, "asked again"

        service.expect(Reply(body=broken))
        with pytest.raises(AwsError) as error:
            ask()
        assert error.value.code == UNREADABLE


def test_an_object_is_written_when_its_checksum_comes_back(service: Service) -> None:
    service.expect(Reply(headers={"x-amz-checksum-crc32": "6466Zw=="}))

    objects.put(where(), "a", b"xyz", "image/webp")

    assert len(service.received) == 1


def version(key: str, version_id: str) -> ObjectVersion:
    return ObjectVersion(key, version_id, datetime(2026, 1, 1, tzinfo=UTC), is_readable=True)


def arguments(path: str) -> set[str]:
    return set(path.partition("?")[2].split("&"))


def page(listed: Iterable[tuple[str, str, bool, bool]], after: tuple[str, str] | None = None) -> bytes:
    """As S3 writes it: key, version, whether it is a marker, and whether it is the latest."""
    parts = [
        f"<{(kind := 'DeleteMarker' if marker else 'Version')}><Key>{quote(key)}</Key><VersionId>{escape(version_id)}"
        f"</VersionId><IsLatest>{str(latest).lower()}</IsLatest><LastModified>{MOMENT}</LastModified></{kind}>"
        for key, version_id, marker, latest in listed
    ]
    more = "<IsTruncated>false</IsTruncated>"
    if after:
        more = (
            f"<IsTruncated>true</IsTruncated><NextKeyMarker>{quote(after[0])}</NextKeyMarker>"
            f"<NextVersionIdMarker>{after[1]}</NextVersionIdMarker>"
        )
    encoding = "<EncodingType>url</EncodingType>"
    namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<ListVersionsResult xmlns="{namespace}">{encoding}{more}{"".join(parts)}</ListVersionsResult>'.encode()
