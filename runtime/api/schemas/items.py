"""What the API says about items."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from runtime.analysis import Category
from runtime.api.schemas.analyses import AnalysisPublic
from runtime.api.schemas.model import RequestModel, ResponseModel
from runtime.api.schemas.tags import TagName
from runtime.keys import derived_key
from runtime.records import AnalysisRecord, ItemRecord, Stage, Status
from runtime.storage import ImageStore


def image_url(item: ItemRecord, store: ImageStore) -> str | None:
    """A presigned URL of the original; None before its upload."""
    awaited = item.status == Status.PENDING or (item.status == Status.FAILED and item.stage == Stage.UPLOAD)
    return None if awaited else store.presigned_get(item.original_key)


def thumbnail_url(item: ItemRecord, store: ImageStore) -> str | None:
    """A presigned URL of the thumbnail; None before it is made, which is also when the width gets known."""
    return None if item.width is None else store.presigned_get(derived_key(item.user_id, item.id, "thumb"))


def preview_url(item: ItemRecord, store: ImageStore) -> str | None:
    """A presigned URL of the preview, which every browser shows; None before it is made."""
    return None if item.width is None else store.presigned_get(derived_key(item.user_id, item.id, "preview"))


class ItemPublic(ResponseModel):
    """An image that you keep."""

    id: UUID
    status: Status
    stage: Stage | None = Field(description="Which step failed, if `status` is failed")
    error: str | None = Field(description="Why it failed")
    retryable: bool = Field(description="Failed without fault of the image: `POST /items/{id}/retry` may well help")
    duplicate_of: UUID | None = Field(description="The item that has the same bytes, if `status` is duplicate")
    original_filename: str
    mime_type: str = Field(description="As declared; what the content really is once processed")
    file_size: int = Field(description="Bytes")
    width: int | None = Field(description="Pixels, after orientation; null until processed")
    height: int | None
    sha256: str | None = Field(description="Of the original; null until processed")
    taken_at: datetime | None
    latitude: float | None = Field(description="Degrees, WGS 84")
    longitude: float | None
    camera: str | None
    title: str | None = Field(description="The user's own, as note, category and tags are")
    note: str | None
    category: Category | None = Field(description="The user's own, or else that of `latest_analysis`")
    tags: list[str] = Field(description="By name")
    created_at: datetime
    updated_at: datetime
    uploaded_at: datetime | None = Field(description="When each stage was first reached; null before")
    processed_at: datetime | None
    analyzed_at: datetime | None
    searchable_at: datetime | None
    failed_at: datetime | None = Field(description="When it failed, if `status` is failed")
    latest_analysis: AnalysisPublic | None
    image_url: str | None = Field(description="The original, for a short while; null until it is uploaded")
    preview_url: str | None = Field(description="A WebP to look at, of up to 1568 pixels; null until it is made")
    thumbnail_url: str | None = Field(description="A small WebP, for a short while; null until it is made")

    @classmethod
    def of(
        cls, item: ItemRecord, latest_analysis: AnalysisRecord | None, store: ImageStore, tags: Sequence[str] = ()
    ) -> Self:
        """What the public may know of `item`."""
        look = None if latest_analysis is None else AnalysisPublic.of(latest_analysis)
        shared = cls.shared(item)
        shared["category"] = item.category or (look and look.category)
        return cls(
            **shared,
            tags=list(tags),
            latest_analysis=look,
            image_url=image_url(item, store),
            preview_url=preview_url(item, store),
            thumbnail_url=thumbnail_url(item, store),
        )


class ItemEdit(RequestModel):
    """What is to be different: what is left out stays, and null clears. Analyses never change it back."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"title": "Coffee with Mira", "tags": ["Lisbon", "coffee"], "category": "Food", "note": None}
        }
    )

    title: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    note: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    category: Category | None = Field(default=None, description="Yours, in place of the analysis's")
    tags: list[TagName] | None = Field(default=None, max_length=50, description="All of them; new ones are made")

    @property
    def columns(self) -> dict[str, Any]:
        """What changes in the item's own row."""
        return self.model_dump(exclude_unset=True, exclude={"tags"})


class ItemPage(ResponseModel):
    """One page of the items that match."""

    items: list[ItemPublic]
    total: int = Field(description="Items that match, on all pages")
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last")


class ItemDeleted(ResponseModel):
    """The item is gone; its objects follow."""

    status: Literal["deleted"] = "deleted"
    id: UUID


class NearDuplicatePublic(ResponseModel):
    """An image that looks like another."""

    item: ItemPublic
    distance: int = Field(description="Bits in which the two perceptual hashes differ, of 64; 0 looks the same")


class Duplicates(ResponseModel):
    """Other images of yours that are, or look like, this one."""

    exact: list[ItemPublic] = Field(description="With the same bytes, oldest first")
    near: list[NearDuplicatePublic] = Field(description="With other bytes but a like look, nearest first")
    near_distance: int = Field(
        description="Up to which distance images count as near: difference hashes more than 10 bits apart are likely "
        "different images (N. Krawetz, 'Kind of Like That', hackerfactor.com, 2013)"
    )


class SimilarItemPublic(ResponseModel):
    """An item that means much the same."""

    item: ItemPublic
    score: float = Field(description="Cosine similarity of the two items' vectors, -1 to 1; higher is more alike")


class SimilarItems(ResponseModel):
    """Your items that are nearest to this one in meaning, nearest first."""

    similar: list[SimilarItemPublic]
