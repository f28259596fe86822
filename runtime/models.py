"""The tables (contract section 6) as SQLModel classes. Their indexes, policies and grants are in the migrations."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from pgvector import HalfVector
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import BigInteger, Column, DateTime, Dialect, ForeignKeyConstraint, Numeric, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB, REAL, TSVECTOR
from sqlmodel import Field, SQLModel

from runtime.settings import EMBEDDING_DIMENSIONS


def now() -> datetime:
    """The current moment, with its zone."""
    return datetime.now(UTC)


def _timestamp(*, nullable: bool) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


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


class EnumText(TypeDecorator[StrEnum]):
    """A text column whose values are members of a string enumeration, in Python too. The database's own check
    constraint keeps the list, which a later migration can extend without rewriting the table."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__()
        self.members = members

    # The signatures are SQLAlchemy's.
    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else self.members(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        return None if value is None else self.members(value)


def _enumerated(members: type[StrEnum], *, nullable: bool) -> Any:
    return Column(EnumText(members), nullable=nullable)


def _of_item() -> ForeignKeyConstraint:
    """Belongs to an item of the same user, and goes with it."""
    return ForeignKeyConstraint(["item_id", "user_id"], ["item.id", "item.user_id"], ondelete="CASCADE")


class Item(SQLModel, table=True):
    """An image that a user keeps."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["duplicate_of", "user_id"], ["item.id", "item.user_id"], ondelete="SET NULL (duplicate_of)"
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str
    """Cognito `sub`."""
    status: Status = Field(default=Status.PENDING, sa_column=_enumerated(Status, nullable=False))
    stage: Stage | None = Field(default=None, sa_column=_enumerated(Stage, nullable=True))
    """Set while `status` is failed."""
    error: str | None = Field(default=None, sa_type=Text)
    """Why it failed, in a sentence that a person can act on."""
    retryable: bool = False
    """Failed after many tries that might have gone well, as when a vendor is down: the same event may try again."""
    duplicate_of: UUID | None = None
    original_key: str
    """Object key of what was uploaded."""
    original_filename: str
    mime_type: str
    """Declared at first; what the content really is once processed."""
    file_size: int = Field(sa_type=BigInteger)
    """Bytes."""
    width: int | None = None
    """Pixels, after orientation."""
    height: int | None = None
    sha256: str | None = None
    """Of the original, lower-case hex."""
    announced_sha256: str | None = None
    """What its uploader said that it would be; nothing but an upload that goes on looks at it."""
    perceptual_hash: int | None = Field(default=None, sa_type=BigInteger)
    """64 bits, as a signed integer."""
    taken_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    latitude: float | None = None
    """Degrees, WGS 84."""
    longitude: float | None = None
    camera: str | None = None
    title: str | None = None
    note: str | None = None
    category: str | None = None
    """The user's own choice, which goes before what an analysis says."""
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))
    uploaded_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    """When the item first reached the stage; so too the next three."""
    processed_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    analyzed_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    searchable_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    failed_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    requeued_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    """When the sweeper last sent it on, because it had stopped on its way."""
    """Set while `status` is failed."""
    deleted_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))


class Tag(SQLModel, table=True):
    """A word that a user gives to items."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str
    name: str
    """Unique among the user's, whatever its case."""
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))


class ItemTag(SQLModel, table=True):
    """An item has a tag."""

    __tablename__ = "item_tag"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        _of_item(),
        ForeignKeyConstraint(["tag_id", "user_id"], ["tag.id", "tag.user_id"], ondelete="CASCADE"),
    )

    item_id: UUID = Field(primary_key=True)
    tag_id: UUID = Field(primary_key=True)
    user_id: str


class Album(SQLModel, table=True):
    """Items that a user keeps together."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str
    name: str
    description: str | None = None
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))


class AlbumItem(SQLModel, table=True):
    """An item is in an album."""

    __tablename__ = "album_item"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        _of_item(),
        ForeignKeyConstraint(["album_id", "user_id"], ["album.id", "album.user_id"], ondelete="CASCADE"),
    )

    album_id: UUID = Field(primary_key=True)
    item_id: UUID = Field(primary_key=True)
    user_id: str
    added_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))


class AnalysisState(StrEnum):
    """Whether an analysis is being paid for, is there, or came to nothing."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Analysis(SQLModel, table=True):
    """One look of one model at one item; claimed before the model is called, filled in afterwards."""

    __table_args__ = (_of_item(),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
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
    state: AnalysisState = Field(default=AnalysisState.RUNNING, sa_column=_enumerated(AnalysisState, nullable=False))
    lease_until: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    """While running: when another delivery may claim the work again."""
    category: str | None = None
    headline: str | None = None
    summary: str | None = None
    result: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    """The whole `ImageAnalysis`."""
    answered_by: str | None = None
    """The model that the vendor says answered."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = Field(default=None, sa_type=Numeric)  # pyright: ignore[reportArgumentType]
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))


class SearchDocument(SQLModel, table=True):
    """What full-text search knows of an item: the text of its latest analysis and the user's own words."""

    __tablename__ = "search_document"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        _of_item(),
        ForeignKeyConstraint(["analysis_id", "item_id"], ["analysis.id", "analysis.item_id"], ondelete="CASCADE"),
    )

    item_id: UUID = Field(primary_key=True)
    user_id: str
    analysis_id: UUID
    text: str
    tsv: str = Field(sa_type=TSVECTOR)
    """Weighted A (headline, title) to D (text in the image)."""
    token_count: int
    """Lexeme positions in `tsv`: the document's length in BM25."""
    filters: dict[str, Any] = Field(sa_type=JSONB)
    """What searches filter by: `category`, `subcategories`."""


class SearchPosting(SQLModel, table=True):
    """One word of one document: what BM25 needs to score it.

    Row-level security bars GIN indexes on `tsv` (`@@` is not leakproof, so Postgres checks the tenant first); a b-tree
    on (user_id, lexeme) it can use.
    """

    __tablename__ = "search_posting"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (_of_item(),)

    user_id: str = Field(primary_key=True)
    lexeme: str = Field(primary_key=True)
    item_id: UUID = Field(primary_key=True)
    frequency: float = Field(sa_type=REAL)
    """Occurrences, each counted with the weight of the field it is in."""
    token_count: int
    """The document's."""


class SearchCollection(SQLModel, table=True):
    """How much search knows of a tenant. Triggers count; nobody else writes here."""

    __tablename__ = "search_collection"  # pyright: ignore[reportAssignmentType]

    user_id: str = Field(primary_key=True)
    documents: int = Field(sa_type=BigInteger)
    tokens: int = Field(sa_type=BigInteger)
    """Of all documents together."""


class SearchLexeme(SQLModel, table=True):
    """A word that some of a tenant's documents have. Triggers count; nobody else writes here."""

    __tablename__ = "search_lexeme"  # pyright: ignore[reportAssignmentType]

    user_id: str = Field(primary_key=True)
    lexeme: str = Field(primary_key=True)
    documents: int = Field(sa_type=BigInteger)
    """How many have it."""
    head: str | None
    """Its first letter, for finding what a misspelt word may have meant; none where it is not made of letters."""
    shoulder: str | None
    """Its second and third letter."""


class TenantIndex(SQLModel, table=True):
    """A tenant with so many items that search needs indexes of its own for it: wanted by the sweeper, built by
    migrate, gone with its row."""

    __tablename__ = "tenant_index"  # pyright: ignore[reportAssignmentType]

    user_id: str = Field(primary_key=True)
    wanted_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))
    built_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    """Since when search uses them."""


class Embedding(SQLModel, table=True):
    """An item's vector, in a narrow table of its own so that exact search reads little."""

    __table_args__ = (_of_item(),)

    item_id: UUID = Field(primary_key=True)
    user_id: str
    embedding: HalfVector = Field(sa_type=HALFVEC(EMBEDDING_DIMENSIONS))  # pyright: ignore[reportArgumentType]
    embedding_model: str

    model_config = {"arbitrary_types_allowed": True}  # pyright: ignore[reportAssignmentType]


class EmbeddingClaim(SQLModel, table=True):
    """The work of embedding one text of an item with one model; claimed before the model is called."""

    __tablename__ = "embedding_claim"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (_of_item(),)

    item_id: UUID = Field(primary_key=True)
    text_sha256: str = Field(primary_key=True)
    """Lower-case hex."""
    model: str = Field(primary_key=True)
    user_id: str
    lease_until: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    """While running: when another delivery may claim the work again."""
    attempts: int
    """How often it was claimed."""


class RequestKind(StrEnum):
    """What is to become of an account."""

    EXPORT = "export"
    DELETION = "deletion"


class RequestState(StrEnum):
    """How far a request about an account has come."""

    REQUESTED = "requested"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class AccountRequest(SQLModel, table=True):
    """What a user has asked for the whole account: see `runtime.account`. A deletion stays, as its tombstone."""

    __tablename__ = "account_request"  # pyright: ignore[reportAssignmentType]

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str
    kind: RequestKind = Field(sa_column=_enumerated(RequestKind, nullable=False))
    state: RequestState = Field(default=RequestState.REQUESTED, sa_column=_enumerated(RequestState, nullable=False))
    lease_until: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    """While somebody works on it: when another delivery may."""
    attempts: int = 0
    """How often it was claimed."""
    parts: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]], sa_type=JSONB)
    """Of an export: the files that are finished."""
    cursor: UUID | None = None
    """Of an export: the last item that is in them."""
    error: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))


class Intake(SQLModel, table=True):
    """How many images of one user count in one month; see `runtime.limits`."""

    user_id: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    """Its first day, in UTC."""
    images: int


class Usage(SQLModel, table=True):
    """Tokens that one call of a vendor's model used."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str
    item_id: UUID | None = None
    operation: str
    """One of `runtime.usage.Operation`."""
    model: str
    input_tokens: int
    output_tokens: int = 0
    cost_usd: Decimal | None = Field(default=None, sa_type=Numeric)  # pyright: ignore[reportArgumentType]
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))


TENANT_TABLES = tuple(sorted(table.name for table in SQLModel.metadata.tables.values() if "user_id" in table.columns))
"""Every table that holds a tenant's rows; each has row-level security."""
