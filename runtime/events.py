"""The events of contract section 4: one model each, used by whoever publishes and whoever consumes."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct, field

from runtime.aws.calls import call
from runtime.aws.connection import AwsError

MAX_ENTRIES = 10
"""Entries that one PutEvents call takes (EventBridge quota)."""


class Event(Struct, frozen=True, kw_only=True):
    """The detail of an application event. What else an event has is none of ours."""

    source: ClassVar[str]
    detail_type: ClassVar[str]

    schema_version: Literal[1] = 1
    correlation_id: Annotated[str, Meta(min_length=1)]
    """Follows one image from its upload to `searchable`."""

    def named(self, *names: str) -> dict[str, Any]:
        """The values of those fields that the event has."""
        return {name: getattr(self, name) for name in names if name in self.__struct_fields__}


class UserEvent(Event, frozen=True, kw_only=True):
    """An event about something of one user's."""

    user_id: Annotated[str, Meta(min_length=1)]


def upload_correlation_id(item_id: UUID) -> str:
    """The correlation id of an item's way from its upload to `searchable`. It is the item's own id: nothing else is
    known both to whoever announced the upload and, by the object's key, to whoever is told by S3 that it has come."""
    return str(item_id)


class ItemEvent(UserEvent, frozen=True, kw_only=True):
    """An event about one item."""

    item_id: UUID


class ImageProcessed(ItemEvent, frozen=True, kw_only=True):
    source = "collections.imageprocessor"
    detail_type = "ImageProcessed"

    bucket: str
    original_key: str
    thumbnail_key: str
    preview_key: str
    sha256: str
    width: int
    height: int


class ProcessingRequested(ItemEvent, frozen=True, kw_only=True):
    source = "collections.api"
    detail_type = "ProcessingRequested"


class AnalysisRequested(ItemEvent, frozen=True, kw_only=True):
    source = "collections.api"
    detail_type = "AnalysisRequested"

    model: str | None = None
    """Claude model id; none means the stack's own."""
    force: bool = False
    """Analyse again even where the same image was analysed by the same model and prompt."""
    batch: bool = False
    """May take a day, at half the price. Analyses again, as `force` does."""


class EmbeddingRequested(ItemEvent, frozen=True, kw_only=True):
    source = "collections.api"
    detail_type = "EmbeddingRequested"


class AccountEvent(UserEvent, frozen=True, kw_only=True):
    """An event about everything of one user's."""

    request_id: UUID


class ExportRequested(AccountEvent, frozen=True, kw_only=True):
    source = "collections.api"
    detail_type = "ExportRequested"


class AccountDeletionRequested(AccountEvent, frozen=True, kw_only=True):
    source = "collections.api"
    detail_type = "AccountDeletionRequested"


class AnalysisComplete(ItemEvent, frozen=True, kw_only=True):
    source = "collections.analyzer"
    detail_type = "AnalysisComplete"

    analysis_id: UUID
    version: int


class ItemSearchable(ItemEvent, frozen=True, kw_only=True):
    source = "collections.embedder"
    detail_type = "ItemSearchable"

    analysis_id: UUID
    model: str


class ItemFailed(ItemEvent, frozen=True, kw_only=True):
    source = "collections.pipeline"
    detail_type = "ItemFailed"

    stage: str
    error: str


class IndexesWanted(Event, frozen=True, kw_only=True):
    """Large tenants' indexes are to be built, or dropped: `runtime.search.tenant_indexes` knows which."""

    source = "collections.sweeper"
    detail_type = "IndexesWanted"


class S3Bucket(Struct, frozen=True):
    name: str


class S3Object(Struct, frozen=True):
    key: str
    size: int


class ObjectCreated(Struct, frozen=True):
    """The detail of S3's own event on the default bus. Keys arrive as they are, not URL-encoded."""

    source: ClassVar[str] = "aws.s3"
    detail_type: ClassVar[str] = "Object Created"

    bucket: S3Bucket
    object: S3Object


DetailT = TypeVar("DetailT")


class Envelope(Struct, Generic[DetailT], frozen=True):
    """What EventBridge puts around a detail when it delivers to a queue."""

    id: str
    detail: DetailT


class EventHeader(Struct, frozen=True):
    """The part of the envelope that says which model the detail has."""

    source: str
    detail_type: str = field(name="detail-type")


class PublishError(Exception):
    """EventBridge did not take events, or not all of them."""


def publish(bus: str, events: Sequence[Event]) -> None:
    """Put `events` on `bus`, `MAX_ENTRIES` at a time. Raises `PublishError`."""
    for start in range(0, len(events), MAX_ENTRIES):
        entries = [
            {
                "EventBusName": bus,
                "Source": event.source,
                "DetailType": event.detail_type,
                "Detail": msgspec.json.encode(event).decode(),
            }
            for event in events[start : start + MAX_ENTRIES]
        ]
        try:
            response = call("events", "PutEvents", Entries=entries)
        except AwsError as error:
            raise PublishError(f"{len(entries)} events could not be put: {error}") from error
        if response["FailedEntryCount"]:
            refused = [entry for entry in response["Entries"] if entry.get("ErrorCode")]
            raise PublishError(
                f"{response['FailedEntryCount']} of {len(entries)} events refused: {json.dumps(refused)}"
            )
