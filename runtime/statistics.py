"""What a user's collection comes to, in numbers."""

from typing import NamedTuple

from runtime.catalog import EFFECTIVE_CATEGORY
from runtime.postgres import Connection
from runtime.records import Status

COUNTED_IN_INDEX = (Status.UPLOADED, Status.PROCESSED, Status.ANALYZED, Status.SEARCHABLE, Status.FAILED)
"""What should be searchable: a duplicate is found by its original, and what has not arrived is not there yet."""


class Statistics(NamedTuple):
    """Living items, counted."""

    by_status: dict[Status, int]
    by_category: dict[str, int]
    """Effective ones; items without any are left out."""
    file_size: int
    """Bytes of all originals."""
    tags: int
    albums: int
    outdated_embeddings: int
    """Searchable items whose vector is of another model than the one in force."""

    @property
    def items(self) -> int:
        return sum(self.by_status.values())

    @property
    def to_be_searchable(self) -> int:
        return sum(self.by_status.get(status, 0) for status in COUNTED_IN_INDEX)

    @property
    def coverage(self) -> float | None:
        """Share of those that are searchable, 0 to 1; None where there are none."""
        return self.by_status.get(Status.SEARCHABLE, 0) / self.to_be_searchable if self.to_be_searchable else None


def count(connection: Connection, embedding_model: str) -> Statistics:
    """The tenant's numbers. `embedding_model` is the one in force."""
    statuses = connection.execute(_BY_STATUS).fetchall()
    categories = connection.execute(_BY_CATEGORY).fetchall()
    ((tags, albums, outdated_embeddings),) = connection.execute(_OWNED, [embedding_model])
    return Statistics(
        by_status={Status(status): number for status, number, _ in statuses},
        by_category=dict(categories),
        file_size=int(sum(size for _, _, size in statuses)),
        tags=tags,
        albums=albums,
        outdated_embeddings=outdated_embeddings,
    )


_BY_STATUS = "select status, count(*), sum(file_size) from item where status <> 'deleted' group by status"

_BY_CATEGORY = f"""
select category, count(*)
  from (select {EFFECTIVE_CATEGORY} as category from item where status <> 'deleted') as living
 where category is not null
 group by category
 order by count(*) desc, category collate "C"
"""  # noqa: S608 - a constant

_OWNED = """
select (select count(*) from tag), (select count(*) from album),
       (select count(*) from embedding join item on item.id = embedding.item_id
         where item.status = 'searchable' and embedding.embedding_model <> %s)"""
