"""Bodies of the routes about tags."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from runtime.api.schemas.model import RequestModel, ResponseModel
from runtime.tags import CountedTag

TagName = Annotated[str, Field(min_length=1, max_length=64)]
"""Of a tag; letter case does not tell two apart."""


class TagRequest(RequestModel):
    """What a tag is to be called."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Lisbon"}})

    name: TagName


class TagPublic(ResponseModel):
    """A word that you give to items."""

    id: UUID
    name: str
    items: int = Field(description="How many have it")
    created_at: datetime

    @classmethod
    def of(cls, counted: CountedTag) -> Self:
        """What the public may know of the tag."""
        return cls(**cls.shared(counted))


class TagPage(ResponseModel):
    """One page of your tags, by name."""

    tags: list[TagPublic]
    total: int = Field(description="Tags on all pages")
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last")


class TagDeleted(ResponseModel):
    """The tag is gone, from its items too."""

    status: Literal["deleted"] = "deleted"
    id: UUID
