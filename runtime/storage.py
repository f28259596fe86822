"""The image bucket (contract section 3)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from runtime import clients
from runtime.keys import derived_key
from runtime.records import now
from runtime.signing import Place, signed_url

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import DeleteMarkerEntryTypeDef, ObjectIdentifierTypeDef, ObjectVersionTypeDef

URL_LIFETIME = timedelta(minutes=15)
"""Of presigned uploads and downloads."""

DELETE_BATCH = 1000
"""Keys that one DeleteObjects call takes (S3 quota)."""
STREAM_BYTES = 1024 * 1024
"""Read of an object at once."""


class ObjectMissingError(LookupError):
    """There is no such object."""


class ObjectTooLargeError(Exception):
    """The object has more bytes than one is ready to read."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the object has {size} bytes")
        self.size = size


class DeleteError(Exception):
    """S3 took the call but kept objects that it was told to delete."""


class ObjectVersion(NamedTuple):
    """One version of an object, or a marker that says it is deleted."""

    key: str
    version_id: str
    modified_at: datetime
    is_readable: bool
    """Whether this is what a reader of the key gets."""


class PresignedPost(NamedTuple):
    """A form that uploads one file, of one size and type, to one key."""

    url: str
    fields: dict[str, str]
    """Fields to send before the field `file`."""
    expires_at: datetime


class MultipartUpload:
    """An object that is sent in parts, in order, and appears as a whole."""

    def __init__(self, client: "S3Client", bucket: str, key: str, content_type: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        answer = client.create_multipart_upload(Bucket=bucket, Key=key, ContentType=content_type)
        self._upload_id = answer["UploadId"]
        self._tags: list[str] = []

    def send(self, part: bytes) -> None:
        """Send the next part: 5 MB at least, unless it is the last."""
        number = len(self._tags) + 1
        answer = self._client.upload_part(
            Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, PartNumber=number, Body=part
        )
        self._tags.append(answer["ETag"])

    def complete(self) -> None:
        """Have the object appear."""
        self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": [{"ETag": tag, "PartNumber": i} for i, tag in enumerate(self._tags, start=1)]},
        )


class ImageStore:
    """Originals and what was derived from them."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    @property
    def _client(self) -> "S3Client":
        return clients.s3()

    @cached_property
    def _place(self) -> Place:
        """As botocore finds it, by region, endpoint and the bucket's name."""
        probe = "probe"
        url = self._client.generate_presigned_url("get_object", Params={"Bucket": self.bucket, "Key": probe})
        return Place(url.partition("?")[0].removesuffix(probe), self._client.meta.region_name)

    @property
    def origin(self) -> str:
        """Scheme and host of signed URLs. Makes no call."""
        address = urlsplit(self._place.address)
        return f"{address.scheme}://{address.netloc}"

    def get(self, key: str, max_bytes: int) -> bytes:
        """The whole object. Raises `ObjectMissingError`, and `ObjectTooLargeError` before reading its content."""
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
        except self._client.exceptions.NoSuchKey as error:
            raise ObjectMissingError(f"there is no object {key}") from error
        with answer["Body"] as body:
            if answer["ContentLength"] > max_bytes:
                raise ObjectTooLargeError(answer["ContentLength"])
            return body.read()

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Write or replace an object."""
        self._client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)

    def stream(self, key: str) -> Iterator[bytes]:
        """The object in chunks, for what is too large to hold. Raises `ObjectMissingError` at once."""
        try:
            body = self._client.get_object(Bucket=self.bucket, Key=key)["Body"]
        except self._client.exceptions.NoSuchKey as error:
            raise ObjectMissingError(f"there is no object {key}") from error
        return body.iter_chunks(STREAM_BYTES)

    def begin_upload(self, key: str, content_type: str) -> MultipartUpload:
        """Begin an object that is sent in parts. What is never completed is removed by the bucket's own rule."""
        return MultipartUpload(self._client, self.bucket, key, content_type)

    def delete_item(self, user_id: str, item_id: UUID, original_key: str) -> int:
        """Delete an item's original and everything derived from it, with all versions. Deleting again does no harm.

        Returns how many object versions it deleted. Raises `DeleteError`.
        """
        folder = derived_key(user_id, item_id, "thumb").rpartition("/")[0] + "/"
        # The prefix of the original may also begin a longer key.
        originals = [version for version in self._all_versions(original_key) if version.key == original_key]
        return self.delete_versions([*originals, *self._all_versions(folder)])

    def delete_versions(self, versions: Sequence[ObjectVersion]) -> int:
        """Delete these for good. Returns how many there were. Raises `DeleteError`."""
        for start in range(0, len(versions), DELETE_BATCH):
            batch: list[ObjectIdentifierTypeDef] = [
                {"Key": version.key, "VersionId": version.version_id}
                for version in versions[start : start + DELETE_BATCH]
            ]
            answer = self._client.delete_objects(Bucket=self.bucket, Delete={"Objects": batch, "Quiet": True})
            if errors := answer.get("Errors"):
                raise DeleteError(f"{len(errors)} of {len(batch)} objects were kept, the first because: {errors[0]}")
        return len(versions)

    def exists(self, key: str) -> bool:
        """Whether a reader of `key` finds an object."""
        return any(version.key == key and version.is_readable for version in self._all_versions(key))

    def versions(self, prefix: str) -> Iterator[list[ObjectVersion]]:
        """All versions of the objects below `prefix`, in pages, and within a page in the order of their keys."""
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix):
            stored = [
                _version(version, readable=version.get("IsLatest", False)) for version in page.get("Versions", ())
            ]
            markers = [_version(marker, readable=False) for marker in page.get("DeleteMarkers", ())]
            yield sorted(stored + markers, key=lambda version: version.key.encode())

    def presigned_post(self, key: str, content_type: str, size: int) -> PresignedPost:
        """A form that accepts exactly `size` bytes of `content_type` at `key`, for `URL_LIFETIME`."""
        post = self._client.generate_presigned_post(
            Bucket=self.bucket,
            Key=key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", size, size]],
            ExpiresIn=int(URL_LIFETIME.total_seconds()),
        )
        return PresignedPost(url=post["url"], fields=post["fields"], expires_at=now() + URL_LIFETIME)

    def presigned_get(self, key: str) -> str:
        """A URL that shows the object to whoever has it, for `URL_LIFETIME`. Makes no call."""
        return signed_url(self._place, key, clients.credentials(), now(), int(URL_LIFETIME.total_seconds()))

    def _all_versions(self, prefix: str) -> Iterator[ObjectVersion]:
        for page in self.versions(prefix):
            yield from page


def _version(listed: "ObjectVersionTypeDef | DeleteMarkerEntryTypeDef", *, readable: bool) -> ObjectVersion:
    return ObjectVersion(
        listed.get("Key", ""), listed.get("VersionId", ""), listed.get("LastModified", now()), is_readable=readable
    )
