"""Bodies of the routes about albums."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from runtime.albums import CountedAlbum
from runtime.api.schemas.model import RequestModel, ResponseModel

MAX_ADDED = 100
"""Items that one request puts into an album."""

AlbumName = Annotated[str, Field(min_length=1, max_length=200)]
AlbumDescription = Annotated[str, Field(min_length=1, max_length=2000)]


class AlbumRequest(RequestModel):
    """A new album."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Lisbon", "description": "Four days in March"}})

    name: AlbumName
    description: AlbumDescription | None = None


class AlbumEdit(RequestModel):
    """What is to be different: what is left out stays, and a description of null clears it."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Lisbon 2026"}})

    # Null is no name. What is left out is never looked at.
    name: AlbumName = Field(default_factory=str)
    description: AlbumDescription | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """What changes in the album's row."""
        return self.model_dump(exclude_unset=True)


class AlbumPublic(ResponseModel):
    """Items that you keep together."""

    id: UUID
    name: str
    description: str | None
    items: int = Field(description="How many are in it")
    created_at: datetime
    updated_at: datetime = Field(description="When it, or what is in it, was last changed")

    @classmethod
    def of(cls, counted: CountedAlbum) -> Self:
        """What the public may know of the album."""
        return cls(**cls.shared(counted))


class AlbumPage(ResponseModel):
    """One page of your albums, newest first."""

    albums: list[AlbumPublic]
    total: int = Field(description="Albums on all pages")
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last")


class AlbumDeleted(ResponseModel):
    """The album is gone; its items stay."""

    status: Literal["deleted"] = "deleted"
    id: UUID


class AlbumAddition(RequestModel):
    """Items to put into an album."""

    model_config = ConfigDict(json_schema_extra={"example": {"item_ids": ["3f1c0f0e-5a8b-4c6e-9a54-0d5a3c0b7a11"]}})

    item_ids: list[UUID] = Field(min_length=1, max_length=MAX_ADDED, description="All of them, or none, are put in")


class AlbumAdded(ResponseModel):
    """The items are in the album."""

    album: AlbumPublic
    added: int = Field(description="How many were not in it before")


class AlbumTakenOut(ResponseModel):
    """The item is in the album no more; you still have it."""

    status: Literal["removed"] = "removed"
    album_id: UUID
    item_id: UUID
