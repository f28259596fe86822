"""S3's objects: read, written, listed and deleted."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple
from urllib.parse import quote, unquote_plus
from xml.etree.ElementTree import Element
from zlib import crc32

from runtime.aws.connection import Answer, AwsError, send
from runtime.aws.places import Place
from runtime.aws.signing import Request
from runtime.aws.xml import parsed, text, written

_CHECKSUM = "x-amz-checksum-crc32"


class ObjectVersion(NamedTuple):
    """One version of an object, or a marker that says it is deleted."""

    key: str
    version_id: str
    modified_at: datetime
    is_readable: bool
    """Whether this is what a reader of the key gets."""


def get(place: Place, key: str, most_bytes: int) -> bytes:
    """The whole object. Raises `AwsError`, whose code is `NoSuchKey` where there is none, and `BodyTooLargeError`
    before reading its content."""
    request = Request("s3", "GetObject", "GET", _address(place, key), {"x-amz-checksum-mode": "ENABLED"})
    return send(request, _content, most_bytes)


def put(place: Place, key: str, body: bytes, content_type: str) -> None:
    """Write or replace an object. Raises `AwsError`."""
    headers = {"Content-Type": content_type, **_with_checksum(body)}
    send(Request("s3", "PutObject", "PUT", _address(place, key), headers, body), lambda _: None)


def versions(place: Place, prefix: str) -> Iterator[list[ObjectVersion]]:
    """All versions of the objects below `prefix`, in pages, and within a page in the order of their keys. Raises
    `AwsError`."""
    after = ""
    while True:
        url = f"{place.whole}?versions&prefix={quote(prefix, safe='~')}{after}&encoding-type=url"
        page = send(Request("s3", "ListObjectVersions", "GET", url, {}), partial(_document, "ListVersionsResult"))
        listed = [_version(each) for kind in ("Version", "DeleteMarker") for each in page.findall(kind)]
        yield sorted(listed, key=lambda version: version.key.encode())
        if text(page, "IsTruncated") != "true":
            return
        key, version_id = unquote_plus(text(page, "NextKeyMarker")), text(page, "NextVersionIdMarker")
        after = f"&key-marker={quote(key, safe='~')}&version-id-marker={quote(version_id, safe='~')}"


def delete(place: Place, deleted: Sequence[ObjectVersion]) -> list[str]:
    """Delete these for good: 1,000 at most. Returns why some were kept, a text each. Raises `AwsError`."""
    listed = [("Object", [("Key", version.key), ("VersionId", version.version_id)]) for version in deleted]
    body = written("Delete", [*listed, ("Quiet", "true")])
    request = Request("s3", "DeleteObjects", "POST", f"{place.whole}?delete", _with_checksum(body), body)
    errors = send(request, partial(_document, "DeleteResult")).findall("Error")
    return [f"{text(each, 'Key')}: {text(each, 'Code')}: {text(each, 'Message')}" for each in errors]


def is_missing(error: AwsError) -> bool:
    """Whether it says that there is no such object."""
    return error.code == "NoSuchKey"


def _content(answer: Answer) -> bytes:
    """Raises ValueError when it is not what was stored."""
    stored = answer.headers.get(_CHECKSUM)
    # Of an object that was sent in parts it is that of the parts' checksums.
    if stored and "-" not in stored and stored != _checksum(answer.body):
        raise ValueError("the content is not the one that was stored")
    return answer.body


def _document(root: str, answer: Answer) -> "Element[str]":
    """Raises ValueError for another one: S3 may begin to answer that all is well, and end with an error."""
    document = parsed(answer.body)
    if document.tag != root:
        raise ValueError(f"{document.tag} instead of {root}: {text(document, 'Code')} {text(document, 'Message')}")
    return document


def _address(place: Place, key: str) -> str:
    return f"{place.address}{quote(key, safe='/~')}"


def _version(listed: "Element[str]") -> ObjectVersion:
    return ObjectVersion(
        unquote_plus(text(listed, "Key")),
        text(listed, "VersionId"),
        datetime.fromisoformat(text(listed, "LastModified")),
        is_readable=listed.tag == "Version" and text(listed, "IsLatest") == "true",
    )


def _with_checksum(body: bytes) -> dict[str, str]:
    return {_CHECKSUM: _checksum(body), "x-amz-sdk-checksum-algorithm": "CRC32"}


def _checksum(body: bytes) -> str:
    return b64encode(crc32(body).to_bytes(4, "big")).decode()
