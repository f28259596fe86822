"""What Claude may say to each tool. It is checked as a stranger's request would be."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from runtime.analysis import Category
from runtime.search.filters import Filters

QUERY_LENGTH = 500
MOST_TAGS = 10

Tag = Annotated[str, Field(min_length=1, max_length=100)]


class _Input(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class _Narrowed(_Input):
    category: Category | None = Field(default=None, description="Only images of this category")
    tags: list[Tag] = Field(default=[], max_length=MOST_TAGS, description="Only images with all of these tags")
    taken_from: date | None = Field(default=None, description="Only images taken on this day or later")
    taken_to: date | None = Field(default=None, description="Only images taken on this day or earlier")

    @property
    def filters(self) -> Filters:
        """Days are whole days in UTC."""
        return Filters(
            category=self.category,
            tags=tuple(self.tags),
            taken_from=self.taken_from and datetime.combine(self.taken_from, time.min, UTC),
            taken_to=self.taken_to and datetime.combine(self.taken_to, time.max, UTC),
        )


class SearchInput(_Narrowed):
    """For `search_images`."""

    query: str = Field(
        min_length=1, max_length=QUERY_LENGTH, description="What to look for, in a few telling words, in any language"
    )

    @model_validator(mode="after")
    def _is_text(self) -> Self:
        if "\0" in self.query or any("\0" in tag for tag in self.tags):
            raise ValueError("text without NUL characters")
        return self


class FilterInput(_Narrowed):
    """For `filter_images`."""

    @model_validator(mode="after")
    def _narrows(self) -> Self:
        if not self.filters.conditions:
            raise ValueError("at least one of category, tags, taken_from and taken_to is needed")
        if any("\0" in tag for tag in self.tags):
            raise ValueError("text without NUL characters")
        return self


class OpenInput(_Input):
    """For `open_image`."""

    item_id: UUID = Field(description="Id of an image that was found")


def narrowed(by_user: Filters, by_claude: Filters) -> Filters:
    """Both at once: what the user asked for is never widened."""
    lower = [moment for moment in (by_user.taken_from, by_claude.taken_from) if moment is not None]
    upper = [moment for moment in (by_user.taken_to, by_claude.taken_to) if moment is not None]
    return by_user._replace(
        category=by_user.category or by_claude.category,
        tags=tuple(dict.fromkeys([*by_user.tags, *by_claude.tags])),
        taken_from=max(lower, default=None),
        taken_to=min(upper, default=None),
    )
