"""What a user's collection holds: pages of it, what is there twice, and what search does not know well."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from msgspec import convert
from psycopg import sql
from psycopg.rows import dict_row

from runtime import items
from runtime.analysis import Category
from runtime.pagination import Cursor, Page, Sort, cut
from runtime.postgres import Connection, columns, scalar
from runtime.records import ItemRecord, Status
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

    @property
    def conditions(self) -> LiteralString:
        """What is demanded of `item`, as SQL."""
        return " and ".join([_LIVING, *(_CONDITIONS[name] for name in self._given)])

    @property
    def parameters(self) -> dict[str, Any]:
        """What the conditions refer to."""
        return self._given if self.words is None else {**self._given, "words": query_words(self.words)}

    @property
    def _given(self) -> dict[str, Any]:
        return {name: value for name, value in self._asdict().items() if value is not None}


def page(connection: Connection, wanted: Wanted, *, sort: Sort, limit: int, cursor: str | None) -> Page[ItemRecord]:
    """Living items that are wanted. Raises `runtime.pagination.InvalidCursorError`."""
    reached = {} if cursor is None else Cursor.decode(cursor, sort).reached
    living = f"where {wanted.conditions}"
    total = scalar(connection, f"select count(*) from item {living}", wanted.parameters)  # noqa: S608 - of constants
    order = _ORDERS[sort]
    # One row more than asked for tells whether there is a next page.
    query = f"{living}{'' if cursor is None else order.next} order by {order.by} limit %(limit)s"
    rows = items.read(connection, query, {**wanted.parameters, **reached, "limit": limit + 1})

    def cursor_of(last: ItemRecord) -> str:
        position = (last.taken_at or last.created_at) if sort is Sort.TAKEN else last.created_at
        return Cursor(order=sort, position=position, id=last.id).encode()

    return cut(rows, limit, total, cursor_of)


def exact_duplicates(connection: Connection, item: ItemRecord) -> list[ItemRecord]:
    """The tenant's other living items with the same bytes, oldest first."""
    if item.sha256 is None:
        return []
    return items.read(connection, _SAME_BYTES, vars(item))


def near_duplicates(connection: Connection, item: ItemRecord, limit: int) -> list[NearDuplicate]:
    """The tenant's other living items that look like this one without having its bytes, nearest first.

    A blank image has hash 0, as every other blank one has, and a hash tells nothing of it.
    """
    if not item.perceptual_hash:
        return []
    values = vars(item) | {"most": NEAR_DISTANCE, "limit": limit}
    rows = connection.cursor(row_factory=dict_row).execute(_LOOKING_ALIKE, values)
    return [NearDuplicate(convert(row, ItemRecord), row["distance"]) for row in rows]


def outdated_embeddings(connection: Connection, model: str, limit: int) -> tuple[list[UUID], int]:
    """Analysed items that search knows by another model than `model`, or not at all: the first `limit` of them, longest
    kept first, and how many there are."""
    found = connection.execute(_OUTDATED, {"model": model, "limit": limit})
    return [item_id for (item_id,) in found], scalar(connection, _OUTDATED_COUNT, {"model": model})


def similar(connection: Connection, item: ItemRecord, limit: int) -> list[SimilarItem] | None:
    """The tenant's other searchable items whose vectors are nearest to this one's, nearest first; None while the item
    has no vector. All are compared: nothing is missed."""
    if not connection.execute("select from embedding where item_id = %s", [item.id]).rowcount:
        return None
    nearest = connection.execute(_NEAREST, {"item_id": item.id, "limit": limit}).fetchall()
    found = items.find_each(connection, [item_id for item_id, _ in nearest])
    return [SimilarItem(found[item_id], score) for item_id, score in nearest]


class _Order(NamedTuple):
    """An order of the list of items, as SQL."""

    by: LiteralString
    next: LiteralString
    """What is demanded of items behind one that was reached."""


_TAKEN = "coalesce(item.taken_at, item.created_at)"

_ORDERS = {
    Sort.NEWEST: _Order("created_at desc, id desc", " and (created_at, id) < (%(position)s, %(id)s)"),
    Sort.OLDEST: _Order("created_at, id", " and (created_at, id) > (%(position)s, %(id)s)"),
    Sort.TAKEN: _Order(f"{_TAKEN} desc, id desc", f" and ({_TAKEN}, id) < (%(position)s, %(id)s)"),
}

EFFECTIVE_CATEGORY = """coalesce(item.category, (
           select analysis.category from analysis where analysis.item_id = item.id and analysis.state = 'done'
            order by analysis.version desc limit 1))"""
"""Of `item`: the user's own choice, or else what the newest finished analysis says."""

# Stop words count only where there is nothing else, as in a search. Without any word, nothing has them.
_LEXEMES = """tsvector_to_array(
           case when to_tsvector('collections', %(words)s::text) <> ''::tsvector
                then to_tsvector('collections', %(words)s::text)
                else to_tsvector('collections_with_stop_words', %(words)s::text) end)"""

_LIVING = "item.status <> 'deleted'"
_CONDITIONS: Mapping[str, LiteralString] = {
    "status": "item.status = %(status)s",
    "category": f"{EFFECTIVE_CATEGORY} = %(category)s",
    "tag": """item.id in (
           select item_tag.item_id from item_tag join tag on tag.id = item_tag.tag_id
            where lower(tag.name) = lower(%(tag)s))""",
    "album": "item.id in (select album_item.item_id from album_item where album_item.album_id = %(album)s)",
    "taken_from": f"{_TAKEN} >= %(taken_from)s",
    "taken_to": f"{_TAKEN} <= %(taken_to)s",
    "words": f"""item.id in (
           select posting.item_id from search_posting as posting where posting.lexeme = any({_LEXEMES})
            group by posting.item_id having count(*) = cardinality({_LEXEMES}))""",  # noqa: S608 - of a constant
}
"""By the names of what is wanted."""

_SAME_BYTES = """
 where sha256 = %(sha256)s and status <> 'deleted' and id <> %(id)s
 order by created_at, id"""

_LOOKING_ALIKE = (
    sql.SQL("""
select * from (
    select {}, bit_count((perceptual_hash # %(perceptual_hash)s::bigint)::bit(64)) as distance from item
     where perceptual_hash <> 0 and sha256 is distinct from %(sha256)s::varchar and status <> 'deleted') as living
 where distance <= %(most)s
 order by distance, created_at, id
 limit %(limit)s""")
    .format(columns(ItemRecord))
    .as_bytes()
)

_IS_OUTDATED = """
  from item left join embedding on embedding.item_id = item.id
 where item.status in ('analyzed', 'searchable') and embedding.embedding_model is distinct from %(model)s::varchar"""
_OUTDATED = f"select item.id{_IS_OUTDATED} order by item.created_at, item.id limit %(limit)s"
_OUTDATED_COUNT = f"select count(*){_IS_OUTDATED}"

# Materialised, so that the order is taken over all of them and never from an index, which would find some.
_NEAREST = """
with compared as materialized (
    select other.item_id, 1 - (other.embedding <=> mine.embedding) as score
      from embedding as mine, embedding as other
     where mine.item_id = %(item_id)s and other.item_id <> %(item_id)s
)
select item_id, score
  from compared join item on item.id = item_id
 where item.status = 'searchable'
 order by score desc, item_id
 limit %(limit)s"""
