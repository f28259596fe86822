"""Albums: items that a user keeps together. One item may be in many."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg import sql

from runtime.pagination import Cursor, Page, cut
from runtime.postgres import Connection, columns, inserting, read_rows, rows_of, scalar
from runtime.records import ItemRecord, now

ORDER, ITEMS_ORDER = "albums", "album-items"
"""What cursors of the list of albums, and of an album's items, say."""


@dataclass(frozen=True, kw_only=True)
class AlbumRecord:
    """Items that a user keeps together."""

    id: UUID = field(default_factory=uuid4)
    user_id: str
    name: str
    description: str | None = None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class CountedAlbum(AlbumRecord):
    """An album, and how many living items are in it."""

    items: int


@dataclass(frozen=True, kw_only=True)
class AddedItem(ItemRecord):
    """An item of an album."""

    added_at: datetime
    """To the album."""


def page(connection: Connection, *, limit: int, cursor: str | None) -> Page[CountedAlbum]:
    """The tenant's albums, newest first. Raises `runtime.pagination.InvalidCursorError`."""
    reached = {} if cursor is None else Cursor.decode(cursor, ORDER).reached
    total = scalar(connection, "select count(*) from album")
    rows = _read(connection, _NEWEST if cursor is None else _NEXT, {"limit": limit + 1, **reached})
    return cut(rows, limit, total, lambda last: Cursor(order=ORDER, position=last.created_at, id=last.id).encode())


def create(connection: Connection, user_id: str, name: str, description: str | None) -> CountedAlbum:
    """A new album, which is empty."""
    album = CountedAlbum(user_id=user_id, name=name, description=description, items=0)
    connection.execute(_CREATE, vars(album))
    return album


def find(connection: Connection, album_id: UUID) -> CountedAlbum | None:
    """The album, unless it is not the tenant's."""
    found = _read(connection, "where id = %(id)s", {"id": album_id})
    return found[0] if found else None


def exists(connection: Connection, album_id: UUID) -> bool:
    """Whether the album is the tenant's."""
    return connection.execute("select from album where id = %s", [album_id]).rowcount == 1


def edit(connection: Connection, album_id: UUID, changes: Mapping[str, Any]) -> bool:
    """Set columns of the album. False if it is not the tenant's."""
    values = {**changes, "updated_at": now(), "album_id": album_id}
    return connection.execute(_changing(tuple(changes)), values).rowcount == 1


def remove(connection: Connection, album_id: UUID) -> bool:
    """Delete the album; its items stay. False if it is not the tenant's."""
    return connection.execute("delete from album where id = %s", [album_id]).rowcount == 1


def items_page(connection: Connection, album_id: UUID, *, limit: int, cursor: str | None) -> Page[AddedItem]:
    """Living items of the album, the last added first. Raises `runtime.pagination.InvalidCursorError`."""
    reached = {} if cursor is None else Cursor.decode(cursor, ITEMS_ORDER).reached
    total = scalar(connection, _ITEMS_TOTAL, {"album_id": album_id})
    values = {"album_id": album_id, "limit": limit + 1, **reached}
    cursor_of_items = connection.cursor(row_factory=rows_of(AddedItem))
    rows = cursor_of_items.execute(_ITEMS_PAGE if cursor is None else _NEXT_ITEMS_PAGE, values).fetchall()
    return cut(rows, limit, total, lambda last: Cursor(order=ITEMS_ORDER, position=last.added_at, id=last.id).encode())


def add(connection: Connection, album: AlbumRecord, item_ids: Collection[UUID]) -> int:
    """Put living items of the tenant into the album. Returns how many were not in it before. Lock both first."""
    values = {"album_id": album.id, "item_ids": list(item_ids), "user_id": album.user_id, "added_at": now()}
    added = connection.execute(_ADD, values).rowcount
    if added:
        edit(connection, album.id, {})
    return added


def take_out(connection: Connection, album_id: UUID, item_id: UUID) -> bool:
    """Take the item out of the album. False if it is not in it, or the album is not the tenant's."""
    statement = "delete from album_item where album_id = %s and item_id = %s"
    taken = connection.execute(statement, [album_id, item_id]).rowcount == 1
    if taken:
        edit(connection, album_id, {})
    return taken


def lock(connection: Connection, album_id: UUID) -> AlbumRecord | None:
    """Have whoever would delete the album wait for this transaction's end. None if it is not the tenant's."""
    return connection.cursor(row_factory=rows_of(AlbumRecord)).execute(_LOCK, [album_id]).fetchone()


def _read(connection: Connection, query: LiteralString, values: Mapping[str, Any]) -> list[CountedAlbum]:
    """The albums for which `query` holds: what follows `from album`."""
    return read_rows(connection, CountedAlbum, _COUNTED, query, values)


@cache
def _changing(changed: tuple[str, ...]) -> bytes:
    """The statement that sets the columns `changed`."""
    assignments = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in (*changed, "updated_at")
    ]
    statement = sql.SQL("update album set {} where id = %(album_id)s")
    return statement.format(sql.SQL(", ").join(assignments)).as_bytes()


_COUNTED = (
    sql.SQL("""
select {}, (select count(*) from album_item join item on item.id = album_item.item_id
             where album_item.album_id = album.id and item.status <> 'deleted') as items
  from album """)
    .format(columns(AlbumRecord))
    .as_bytes()
)

_NEWEST = "order by created_at desc, id desc limit %(limit)s"
_NEXT = "where (created_at, id) < (%(position)s, %(id)s) " + _NEWEST

_CREATE = inserting("album", AlbumRecord).as_bytes()

_LOCK = sql.SQL("select {} from album where id = %s for update").format(columns(AlbumRecord)).as_bytes()

_INSIDE = """
  from item
  join (select item_id, added_at from album_item where album_id = %(album_id)s) as inside on inside.item_id = item.id
 where status <> 'deleted'"""
_ITEMS_TOTAL = "select count(*)" + _INSIDE
_ITEMS = sql.SQL("select {}").format(columns(AddedItem)) + sql.SQL(_INSIDE)
_ITEMS_PAGE = (_ITEMS + sql.SQL(" order by added_at desc, id desc limit %(limit)s")).as_bytes()
_NEXT_ITEMS_PAGE = (
    _ITEMS + sql.SQL(" and (added_at, id) < (%(position)s, %(id)s) order by added_at desc, id desc limit %(limit)s")
).as_bytes()

_ADD = """
insert into album_item (album_id, item_id, user_id, added_at)
select %(album_id)s, unnest(%(item_ids)s), %(user_id)s, %(added_at)s
on conflict do nothing"""
