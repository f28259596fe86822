"""The events of contract section 4: one model each, used by whoever publishes and whoever consumes."""

import json
from collections.abc import Sequence
from typing import Annotated, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from runtime.aws.calls import call
from runtime.aws.connection import AwsError

MAX_ENTRIES = 10
"""Entries that one PutEvents call takes (EventBridge quota)."""


class Event(BaseModel):
    """The detail of an application event."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: ClassVar[str]
    detail_type: ClassVar[str]

    schema_version: Literal[1] = 1
    correlation_id: Annotated[str, Field(min_length=1)]
    """Follows one image from its upload to `searchable`."""


class UserEvent(Event):
    """An event about something of one user's."""

    user_id: Annotated[str, Field(min_length=1)]


def upload_correlation_id(item_id: UUID) -> str:
    """The correlation id of an item's way from its upload to `searchable`. It is the item's own id: nothing else is
    known both to whoever announced the upload and, by the object's key, to whoever is told by S3 that it has come."""
    return str(item_id)


class ItemEvent(UserEvent):
    """An event about one item."""

    item_id: UUID


class ImageProcessed(ItemEvent):
    source = "collections.imageprocessor"
    detail_type = "ImageProcessed"

    bucket: str
    original_key: str
    thumbnail_key: str
    preview_key: str
    sha256: str
    width: int
    height: int


class ProcessingRequested(ItemEvent):
    source = "collections.api"
    detail_type = "ProcessingRequested"


class AnalysisRequested(ItemEvent):
    source = "collections.api"
    detail_type = "AnalysisRequested"

    model: str | None = None
    """Claude model id; none means the stack's own."""
    force: bool = False
    """Analyse again even where the same image was analysed by the same model and prompt."""
    batch: bool = False
    """May take a day, at half the price. Analyses again, as `force` does."""


class EmbeddingRequested(ItemEvent):
    source = "collections.api"
    detail_type = "EmbeddingRequested"


class AccountEvent(UserEvent):
    """An event about everything of one user's."""

    request_id: UUID


class ExportRequested(AccountEvent):
    source = "collections.api"
    detail_type = "ExportRequested"


class AccountDeletionRequested(AccountEvent):
    source = "collections.api"
    detail_type = "AccountDeletionRequested"


class AnalysisComplete(ItemEvent):
    source = "collections.analyzer"
    detail_type = "AnalysisComplete"

    analysis_id: UUID
    version: int


class ItemSearchable(ItemEvent):
    source = "collections.embedder"
    detail_type = "ItemSearchable"

    analysis_id: UUID
    model: str


class ItemFailed(ItemEvent):
    source = "collections.pipeline"
    detail_type = "ItemFailed"

    stage: str
    error: str


class IndexesWanted(Event):
    """Large tenants' indexes are to be built, or dropped: `runtime.search.tenant_indexes` knows which."""

    source = "collections.sweeper"
    detail_type = "IndexesWanted"


class S3Bucket(BaseModel):
    name: str


class S3Object(BaseModel):
    key: str
    size: int


class ObjectCreated(BaseModel):
    """The detail of S3's own event on the default bus. Keys arrive as they are, not URL-encoded."""

    source: ClassVar[str] = "aws.s3"
    detail_type: ClassVar[str] = "Object Created"

    bucket: S3Bucket
    object: S3Object


DetailT = TypeVar("DetailT")


class Envelope(BaseModel, Generic[DetailT]):
    """What EventBridge puts around a detail when it delivers to a queue."""

    id: str
    detail: DetailT


class EventHeader(BaseModel):
    """The part of the envelope that says which model the detail has."""

    source: str
    detail_type: Annotated[str, Field(alias="detail-type")]


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
                "Detail": event.model_dump_json(),
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
