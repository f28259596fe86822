"""What a user's collection holds: pages of it, what is there twice, and what search does not know well."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Integer, cast, func, literal, tuple_
from sqlalchemy.dialects.postgresql import BIT
from sqlmodel import Session, col, select

from runtime.analysis import Category
from runtime.models import Analysis, AnalysisState, Embedding, Item, Status
from runtime.pagination import Cursor, Page, Sort

NEAR_DISTANCE = 10
"""Bits in which the difference hashes of two images that look alike may differ, out of 64 (N. Krawetz, "Kind of Like
That", 2013, hackerfactor.com: "a distance of more than 10 is likely a different image")."""


class NearDuplicate(NamedTuple):
    """An item that looks like another."""

    item: Item
    distance: int
    """Bits in which their perceptual hashes differ."""


def page(
    session: Session,
    *,
    status: Status | None,
    category: Category | None,
    sort: Sort,
    limit: int,
    cursor: str | None,
) -> Page[Item]:
    """Living items, those with this status and whose newest finished analysis says this category, if given.

    Raises `runtime.pagination.InvalidCursorError`.
    """
    conditions: list[ColumnElement[bool]] = [col(Item.status) != Status.DELETED]
    if status is not None:
        conditions.append(col(Item.status) == status)
    if category is not None:
        conditions.append(_newest_category() == category)
    total = session.exec(select(func.count()).select_from(Item).where(*conditions)).one()

    position = func.coalesce(Item.taken_at, Item.created_at) if sort is Sort.TAKEN else col(Item.created_at)
    key = tuple_(position, col(Item.id))
    if cursor is not None:
        last = Cursor.decode(cursor, sort)
        reached = tuple_(literal(last.position), literal(last.item_id))
        conditions.append(key > reached if sort is Sort.OLDEST else key < reached)
    order = (position, col(Item.id)) if sort is Sort.OLDEST else (position.desc(), col(Item.id).desc())
    # One row more than asked for tells whether there is a next page.
    rows = list(session.exec(select(Item).where(*conditions).order_by(*order).limit(limit + 1)))
    if len(rows) <= limit:
        return Page(rows, total, None)
    end = rows[limit - 1]
    reached_at = (end.taken_at or end.created_at) if sort is Sort.TAKEN else end.created_at
    return Page(rows[:limit], total, Cursor(sort=sort, position=reached_at, item_id=end.id).encode())


def exact_duplicates(session: Session, item: Item) -> list[Item]:
    """The tenant's other living items with the same bytes, oldest first."""
    if item.sha256 is None:
        return []
    same = (Item.sha256 == item.sha256, col(Item.status) != Status.DELETED, Item.id != item.id)
    return list(session.exec(select(Item).where(*same).order_by(col(Item.created_at), col(Item.id))))


def near_duplicates(session: Session, item: Item, limit: int) -> list[NearDuplicate]:
    """The tenant's other living items that look like this one without having its bytes, nearest first.

    A blank image has hash 0, as every other blank one has, and a hash tells nothing of it.
    """
    if not item.perceptual_hash:
        return []
    differing = col(Item.perceptual_hash).op("#")(literal(item.perceptual_hash, BigInteger))
    distance = func.bit_count(cast(differing, BIT(64)), type_=Integer)
    near = (
        col(Item.perceptual_hash) != 0,
        col(Item.sha256).is_distinct_from(item.sha256),
        col(Item.status) != Status.DELETED,
        distance <= NEAR_DISTANCE,
    )
    query = select(Item, distance).where(*near).order_by(distance, col(Item.created_at), col(Item.id)).limit(limit)
    return [NearDuplicate(found, bits) for found, bits in session.exec(query)]


def outdated_embeddings(session: Session, model: str, limit: int) -> tuple[list[UUID], int]:
    """Analysed items that search knows by another model than `model`, or not at all: the first `limit` of them, longest
    kept first, and how many there are."""
    outdated = (
        col(Item.status).in_([Status.ANALYZED, Status.SEARCHABLE]),
        col(Embedding.embedding_model).is_distinct_from(model),
    )
    joined = col(Embedding.item_id) == col(Item.id)
    count = select(func.count()).select_from(Item).outerjoin(Embedding, joined).where(*outdated)
    query = select(Item.id).outerjoin(Embedding, joined).where(*outdated)
    found = session.exec(query.order_by(col(Item.created_at), col(Item.id)).limit(limit))
    return list(found), session.exec(count).one()


def _newest_category() -> ColumnElement[str]:
    return (
        select(col(Analysis.category))
        .where(Analysis.item_id == Item.id, Analysis.state == AnalysisState.DONE)
        .order_by(col(Analysis.version).desc())
        .limit(1)
        .scalar_subquery()
    )
