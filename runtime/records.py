"""Items and analyses as the functions read them, where an item may be in its life, and the time. Without an ORM, whose
import takes longer than all else that the pipeline's functions need; `runtime.models` makes tables of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4


def now() -> datetime:
    """The current moment, with its zone."""
    return datetime.now(UTC)


class Status(StrEnum):
    """Where an item is in its life (contract section 5)."""

    PENDING = "pending"
    UPLOADED = "uploaded"
    PROCESSED = "processed"
    ANALYZED = "analyzed"
    SEARCHABLE = "searchable"
    DUPLICATE = "duplicate"
    FAILED = "failed"
    DELETED = "deleted"


class Stage(StrEnum):
    """Which step of the pipeline an item failed in."""

    UPLOAD = "upload"
    PROCESSING = "processing"
    ANALYSIS = "analysis"
    EMBEDDING = "embedding"


class AnalysisState(StrEnum):
    """Whether an analysis is being paid for, is there, or came to nothing."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class ItemRecord:
    """An image that a user keeps."""

    id: UUID = field(default_factory=uuid4)
    user_id: str
    """Cognito `sub`."""
    status: Status = Status.PENDING
    stage: Stage | None = None
    """Set while `status` is failed."""
    error: str | None = None
    """Why it failed, in a sentence that a person can act on."""
    retryable: bool = False
    """Failed after many tries that might have gone well, as when a vendor is down: the same event may try again."""
    duplicate_of: UUID | None = None
    original_key: str
    """Object key of what was uploaded."""
    original_filename: str
    mime_type: str
    """Declared at first; what the content really is once processed."""
    file_size: int
    """Bytes."""
    width: int | None = None
    """Pixels, after orientation."""
    height: int | None = None
    sha256: str | None = None
    """Of the original, lower-case hex."""
    announced_sha256: str | None = None
    """What its uploader said that it would be; nothing but an upload that goes on looks at it."""
    perceptual_hash: int | None = None
    """64 bits, as a signed integer."""
    taken_at: datetime | None = None
    latitude: float | None = None
    """Degrees, WGS 84."""
    longitude: float | None = None
    camera: str | None = None
    title: str | None = None
    note: str | None = None
    category: str | None = None
    """The user's own choice, which goes before what an analysis says."""
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    uploaded_at: datetime | None = None
    """When the item first reached the stage; so too the next three."""
    processed_at: datetime | None = None
    analyzed_at: datetime | None = None
    searchable_at: datetime | None = None
    failed_at: datetime | None = None
    """Set while `status` is failed."""
    requeued_at: datetime | None = None
    """When the sweeper last sent it on, because it had stopped on its way."""
    deleted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AnalysisRecord:
    """One look of one model at one item; claimed before the model is called, filled in afterwards."""

    id: UUID = field(default_factory=uuid4)
    item_id: UUID
    user_id: str
    version: int
    """1, 2, … within the item."""
    sha256: str
    model: str
    """The model that was asked for."""
    prompt_version: str
    forced: bool = False
    request_id: str | None = None
    """Of the command that forced it: delivered twice, it is paid once."""
    attempts: int = 0
    """How often it was claimed, and so at most how often the model was asked."""
    state: AnalysisState = AnalysisState.RUNNING
    lease_until: datetime | None = None
    """While running: when another delivery may claim the work again."""
    category: str | None = None
    headline: str | None = None
    summary: str | None = None
    result: dict[str, Any] | None = None
    """The whole `ImageAnalysis`."""
    answered_by: str | None = None
    """The model that the vendor says answered."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
    created_at: datetime = field(default_factory=now)
