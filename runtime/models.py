"""The tables (contract section 6) as SQLModel classes, with which tests compare what migrations make. Their indexes,
policies and grants are in the migrations. No function imports this: what they read is in the records' classes."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from pgvector import HalfVector
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import BigInteger, Column, DateTime, Dialect, ForeignKeyConstraint, Numeric, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB, REAL, TSVECTOR
from sqlmodel import Field, SQLModel

from runtime.account.requests import ExportPart, RequestKind, RequestRecord, RequestState
from runtime.albums import AlbumRecord
from runtime.records import AnalysisRecord, AnalysisState, ItemRecord, Stage, Status, now
from runtime.settings import EMBEDDING_DIMENSIONS
from runtime.tags import TagRecord


def _timestamp(*, nullable: bool) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


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


class Item(SQLModel, ItemRecord, table=True):  # pyright: ignore[reportGeneralTypeIssues]
    """An image that a user keeps."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["duplicate_of", "user_id"], ["item.id", "item.user_id"], ondelete="SET NULL (duplicate_of)"
        ),
    )

    # Whose column is not what SQLModel would make of the type.
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    status: Status = Field(default=Status.PENDING, sa_column=_enumerated(Status, nullable=False))
    stage: Stage | None = Field(default=None, sa_column=_enumerated(Stage, nullable=True))
    error: str | None = Field(default=None, sa_type=Text)
    file_size: int = Field(sa_type=BigInteger)
    perceptual_hash: int | None = Field(default=None, sa_type=BigInteger)
    taken_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))
    uploaded_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    processed_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    analyzed_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    searchable_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    failed_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    requeued_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    deleted_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))


class Tag(SQLModel, TagRecord, table=True):  # pyright: ignore[reportGeneralTypeIssues]
    """A word that a user gives to items."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
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


class Album(SQLModel, AlbumRecord, table=True):  # pyright: ignore[reportGeneralTypeIssues]
    """Items that a user keeps together."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
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


class Analysis(SQLModel, AnalysisRecord, table=True):  # pyright: ignore[reportGeneralTypeIssues]
    """One look of one model at one item; claimed before the model is called, filled in afterwards."""

    __table_args__ = (_of_item(),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    state: AnalysisState = Field(default=AnalysisState.RUNNING, sa_column=_enumerated(AnalysisState, nullable=False))
    lease_until: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    result: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
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


class AccountRequest(SQLModel, RequestRecord, table=True):  # pyright: ignore[reportGeneralTypeIssues]
    """What a user has asked for the whole account: see `runtime.account`."""

    __tablename__ = "account_request"  # pyright: ignore[reportAssignmentType]

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    kind: RequestKind = Field(sa_column=_enumerated(RequestKind, nullable=False))
    state: RequestState = Field(default=RequestState.REQUESTED, sa_column=_enumerated(RequestState, nullable=False))
    lease_until: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))
    parts: list[ExportPart] = Field(default_factory=list[ExportPart], sa_type=JSONB)
    error: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=_timestamp(nullable=True))


class AnalysisBatch(SQLModel, table=True):
    """What the vendor was given, or is about to be given, to be done within a day; see `runtime.batches`."""

    __tablename__ = "analysis_batch"  # pyright: ignore[reportAssignmentType]

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    model: str
    requests: int
    """How many it was made of."""
    vendor_id: str | None = Field(default=None, unique=True)
    """None until the vendor is known to have it."""
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))


class BatchRequest(SQLModel, table=True):
    """An analysis that was asked for and may take a day."""

    __tablename__ = "batch_request"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        _of_item(),
        ForeignKeyConstraint(["batch_id"], ["analysis_batch.id"], ondelete="SET NULL"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    """The vendor's `custom_id` too."""
    user_id: str
    item_id: UUID
    correlation_id: str
    """Of the command: delivered twice, it is noted once."""
    model: str
    prompt_version: str
    batch_id: UUID | None = None
    """None while it waits."""
    analysis_id: UUID | None = None
    """Once it is answered, and not yet handed on."""
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp(nullable=False))


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
