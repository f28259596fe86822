"""What a user's collection holds: pages of it, what is there twice, and what search does not know well."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Integer, Uuid, bindparam, case, cast, func, literal, text, tuple_
from sqlalchemy.dialects.postgresql import BIT
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from runtime.analysis import Category
from runtime.models import AlbumItem, Analysis, Embedding, Item, ItemTag, SearchPosting, Tag
from runtime.pagination import Cursor, Page, Sort
from runtime.records import AnalysisState, ItemRecord, Status
from runtime.search.text import query_words

NEAR_DISTANCE = 10
"""Bits in which the difference hashes of two images that look alike may differ, out of 64 (N. Krawetz, "Kind of Like
That", 2013, hackerfactor.com: "a distance of more than 10 is likely a different image")."""


class NearDuplicate(NamedTuple):
    """An item that looks like another."""

    item: ItemRecord
    distance: int
    """Bits in which their perceptual hashes differ."""


class SimilarItem(NamedTuple):
    """An item whose vector is near another's."""

    item: ItemRecord
    score: float
    """Cosine similarity, -1 to 1."""


class Wanted(NamedTuple):
    """What items a list is of: those that meet all of these."""

    status: Status | None = None
    category: Category | None = None
    """The user's own, or else that of the newest finished analysis."""
    tag: str | None = None
    """A tag's name, in any case."""
    album: UUID | None = None
    taken_from: datetime | None = None
    """When it was taken, inclusive; of an image that does not say, the upload counts."""
    taken_to: datetime | None = None
    words: str | None = None
    """All of them must be in what search knows of the item; what was never searchable has none."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """On `item`."""
        moment = _taken()
        each = {
            "status": lambda: col(Item.status) == self.status,
            "category": lambda: effective_category() == self.category,
            "tag": lambda: col(Item.id).in_(_tagged(self.tag or "")),
            "album": lambda: col(Item.id).in_(select(AlbumItem.item_id).where(AlbumItem.album_id == self.album)),
            "taken_from": lambda: moment >= self.taken_from,
            "taken_to": lambda: moment <= self.taken_to,
            "words": lambda: _has_words(self.words or ""),
        }
        living = col(Item.status) != Status.DELETED
        return [living, *(condition() for name, condition in each.items() if getattr(self, name) is not None)]


def page(session: Session, wanted: Wanted, *, sort: Sort, limit: int, cursor: str | None) -> Page[Item]:
    """Living items that are wanted. Raises `runtime.pagination.InvalidCursorError`."""
    conditions = wanted.conditions()
    total = session.exec(select(func.count()).select_from(Item).where(*conditions)).one()

    position = _taken() if sort is Sort.TAKEN else col(Item.created_at)
    key = tuple_(position, col(Item.id))
    if cursor is not None:
        last = Cursor.decode(cursor, sort)
        reached = tuple_(literal(last.position), literal(last.id))
        conditions.append(key > reached if sort is Sort.OLDEST else key < reached)
    order = (position, col(Item.id)) if sort is Sort.OLDEST else (position.desc(), col(Item.id).desc())
    # One row more than asked for tells whether there is a next page.
    rows = list(session.exec(select(Item).where(*conditions).order_by(*order).limit(limit + 1)))
    if len(rows) <= limit:
        return Page(rows, total, None)
    end = rows[limit - 1]
    reached_at = (end.taken_at or end.created_at) if sort is Sort.TAKEN else end.created_at
    return Page(rows[:limit], total, Cursor(order=sort, position=reached_at, id=end.id).encode())


def exact_duplicates(session: Session, item: ItemRecord) -> list[Item]:
    """The tenant's other living items with the same bytes, oldest first."""
    if item.sha256 is None:
        return []
    same = (Item.sha256 == item.sha256, col(Item.status) != Status.DELETED, Item.id != item.id)
    return list(session.exec(select(Item).where(*same).order_by(col(Item.created_at), col(Item.id))))


def near_duplicates(session: Session, item: ItemRecord, limit: int) -> list[NearDuplicate]:
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


def similar(session: Session, item: ItemRecord, limit: int) -> list[SimilarItem] | None:
    """The tenant's other searchable items whose vectors are nearest to this one's, nearest first; None while the item
    has no vector. All are compared: nothing is missed."""
    if session.get(Embedding, item.id) is None:
        return None
    rows = session.connection().execute(_NEAREST, {"item_id": item.id, "limit": limit}).all()
    found = {
        each.id: each for each in session.exec(select(Item).where(col(Item.id).in_([row.item_id for row in rows])))
    }
    return [SimilarItem(found[row.item_id], row.score) for row in rows]


def effective_category() -> ColumnElement[str]:
    """Of `item`: the user's own choice, or else what the newest finished analysis says."""
    newest = (
        select(col(Analysis.category))
        .where(Analysis.item_id == Item.id, Analysis.state == AnalysisState.DONE)
        .order_by(col(Analysis.version).desc())
        .limit(1)
        .correlate(Item)
        .scalar_subquery()
    )
    return func.coalesce(col(Item.category), newest)


# Materialised, so that the order is taken over all of them and never from an index, which would find some.
_NEAREST = text("""
with compared as materialized (
    select other.item_id, 1 - (other.embedding <=> mine.embedding) as score
      from embedding as mine, embedding as other
     where mine.item_id = :item_id and other.item_id <> :item_id
)
select item_id, score
  from compared join item on item.id = item_id
 where item.status = 'searchable'
 order by score desc, item_id
 limit :limit
""").bindparams(bindparam("item_id", type_=Uuid))


def _taken() -> ColumnElement[datetime]:
    return func.coalesce(Item.taken_at, Item.created_at)


def _tagged(name: str) -> SelectOfScalar[UUID]:
    has_it = (col(Tag.id) == col(ItemTag.tag_id), func.lower(Tag.name) == func.lower(name))
    return select(ItemTag.item_id).where(*has_it)


def _has_words(words: str) -> ColumnElement[bool]:
    """Stop words count only where there is nothing else, as in a search. Without any word, nothing has them."""
    plain = query_words(words)
    kept = func.tsvector_to_array(func.to_tsvector("collections", plain))
    all_of_them = func.tsvector_to_array(func.to_tsvector("collections_with_stop_words", plain))
    lexemes = case((func.cardinality(kept) > 0, kept), else_=all_of_them)
    having = (
        select(SearchPosting.item_id)
        .where(col(SearchPosting.lexeme) == func.any(lexemes))
        .group_by(col(SearchPosting.item_id))
        .having(func.count() == func.cardinality(lexemes))
    )
    return col(Item.id).in_(having)
