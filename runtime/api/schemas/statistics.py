"""Bodies of the collection's numbers."""

from typing import Self

from pydantic import Field

from runtime.analysis import Category
from runtime.api.schemas.model import ResponseModel
from runtime.records import Status
from runtime.statistics import Statistics


class IndexCoverage(ResponseModel):
    """How much of the collection search knows."""

    searchable: int
    expected: int = Field(description="Items that should be: all but duplicates and those whose file has not arrived")
    share: float | None = Field(description="The one of the other, 0 to 1; null while there are none")
    outdated: int = Field(description="Searchable by an older model than the one in force; `POST /reindex` renews them")


class StatisticsPublic(ResponseModel):
    """Your collection in numbers."""

    items: int
    bytes: int = Field(description="Of all originals")
    by_status: dict[Status, int] = Field(description="Those that occur")
    by_category: dict[Category, int] = Field(description="Those that occur, most first; yours before an analysis's")
    tags: int
    albums: int
    index: IndexCoverage

    @classmethod
    def of(cls, counted: Statistics) -> Self:
        """The numbers as the public is told them."""
        return cls(
            items=counted.items,
            bytes=counted.file_size,
            by_status=counted.by_status,
            by_category={Category(name): number for name, number in counted.by_category.items()},
            tags=counted.tags,
            albums=counted.albums,
            index=IndexCoverage(
                searchable=counted.by_status.get(Status.SEARCHABLE, 0),
                expected=counted.to_be_searchable,
                share=counted.coverage,
                outdated=counted.outdated_embeddings,
            ),
        )
