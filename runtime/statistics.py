"""What a user's collection comes to, in numbers."""

from typing import NamedTuple

from sqlalchemy import func
from sqlmodel import Session, col, select

from runtime.catalog import effective_category
from runtime.models import Album, Embedding, Item, Tag
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


def count(session: Session, embedding_model: str) -> Statistics:
    """The tenant's numbers. `embedding_model` is the one in force."""
    living = col(Item.status) != Status.DELETED
    statuses = session.exec(
        select(Item.status, func.count(), func.sum(Item.file_size)).where(living).group_by(col(Item.status))
    ).all()
    category = effective_category().label("category")
    each = select(category).where(living).subquery()
    categories = session.exec(
        select(each.c.category, func.count()).where(each.c.category.is_not(None)).group_by(each.c.category)
    ).all()
    outdated = (
        select(func.count())
        .select_from(Embedding)
        .join(Item, col(Item.id) == col(Embedding.item_id))
        .where(Item.status == Status.SEARCHABLE, Embedding.embedding_model != embedding_model)
    )
    owned = select(
        select(func.count()).select_from(Tag).scalar_subquery(),
        select(func.count()).select_from(Album).scalar_subquery(),
        outdated.scalar_subquery(),
    )
    tags, albums, outdated_embeddings = session.exec(owned).one()
    return Statistics(
        by_status={Status(status): number for status, number, _ in statuses},
        by_category=dict(sorted(categories, key=lambda row: (-row[1], row[0]))),
        file_size=int(sum(size for _, _, size in statuses)),
        tags=tags,
        albums=albums,
        outdated_embeddings=outdated_embeddings,
    )
