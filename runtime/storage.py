"""The image bucket (contract section 3)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from runtime import clients
from runtime.aws import objects
from runtime.aws.connection import AwsError, BodyTooLargeError
from runtime.aws.objects import ObjectVersion
from runtime.aws.places import Place, credentials, place
from runtime.aws.signing import signed_form, signed_url
from runtime.keys import derived_key
from runtime.records import now

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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

    @property
    def _place(self) -> Place:
        return place(self.bucket)

    @property
    def origin(self) -> str:
        """Scheme and host of signed URLs. Makes no call."""
        address = urlsplit(self._place.address)
        return f"{address.scheme}://{address.netloc}"

    def get(self, key: str, max_bytes: int) -> bytes:
        """The whole object. Raises `ObjectMissingError`, and `ObjectTooLargeError` before reading its content."""
        try:
            return objects.get(self._place, key, max_bytes)
        except BodyTooLargeError as error:
            raise ObjectTooLargeError(error.size) from error
        except AwsError as error:
            if objects.is_missing(error):
                raise ObjectMissingError(f"there is no object {key}") from error
            raise

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Write or replace an object."""
        objects.put(self._place, key, body, content_type)

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
            batch = versions[start : start + DELETE_BATCH]
            if kept := objects.delete(self._place, batch):
                raise DeleteError(f"{len(kept)} of {len(batch)} objects were kept, the first because: {kept[0]}")
        return len(versions)

    def exists(self, key: str) -> bool:
        """Whether a reader of `key` finds an object."""
        return any(version.key == key and version.is_readable for version in self._all_versions(key))

    def versions(self, prefix: str) -> Iterator[list[ObjectVersion]]:
        """All versions of the objects below `prefix`, in pages, and within a page in the order of their keys."""
        return objects.versions(self._place, prefix)

    def presigned_post(self, key: str, content_type: str, size: int) -> PresignedPost:
        """A form that accepts exactly `size` bytes of `content_type` at `key`, for `URL_LIFETIME`."""
        moment, where = now(), self._place
        seconds = int(URL_LIFETIME.total_seconds())
        fields = signed_form(where, key, content_type, size, credentials(), moment, seconds)
        return PresignedPost(where.whole, fields, moment + URL_LIFETIME)

    def presigned_get(self, key: str) -> str:
        """A URL that shows the object to whoever has it, for `URL_LIFETIME`. Makes no call."""
        return signed_url(self._place, key, credentials(), now(), int(URL_LIFETIME.total_seconds()))

    def _all_versions(self, prefix: str) -> Iterator[ObjectVersion]:
        for page in self.versions(prefix):
            yield from page
