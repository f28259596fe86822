"""Tags: words that a user gives to items. Names are compared without regard to case."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.errors import UniqueViolation

from runtime.pagination import NameCursor, Page, cut
from runtime.postgres import Connection, columns, inserting, read_rows, scalar
from runtime.records import ItemRecord, now

UNIQUE_NAME = "tag_name"
"""The unique index on (user_id, lower(name))."""

ORDER = "tags"
"""What cursors of the list of tags say."""


@dataclass(frozen=True, kw_only=True)
class TagRecord:
    """A word that a user gives to items."""

    id: UUID = field(default_factory=uuid4)
    user_id: str
    name: str
    """Unique among the user's, whatever its case."""
    created_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class CountedTag(TagRecord):
    """A tag, and how many living items have it."""

    items: int


class TagExistsError(Exception):
    """The user has a tag of this name already."""


def page(connection: Connection, *, limit: int, cursor: str | None) -> Page[CountedTag]:
    """The tenant's tags by name. Raises `runtime.pagination.InvalidCursorError`."""
    reached = {} if cursor is None else NameCursor.decode(cursor, ORDER).reached
    total = scalar(connection, "select count(*) from tag")
    rows = _read(connection, _BY_NAME if cursor is None else _NEXT, {"limit": limit + 1, **reached})
    return cut(rows, limit, total, lambda last: NameCursor(order=ORDER, name=last.name).encode())


def find(connection: Connection, tag_id: UUID) -> CountedTag | None:
    """The tag, unless it is not the tenant's."""
    found = _read(connection, "where id = %(id)s", {"id": tag_id})
    return found[0] if found else None


def create(connection: Connection, user_id: str, name: str) -> CountedTag:
    """A new tag, which no item has. Raises `TagExistsError`."""
    tag = CountedTag(user_id=user_id, name=name, items=0)
    with _named(connection, name):
        connection.execute(_CREATE, vars(tag))
    return tag


def rename(connection: Connection, tag_id: UUID, name: str) -> bool:
    """Call the tag `name`. False if it is not the tenant's. Raises `TagExistsError`."""
    with _named(connection, name):
        return connection.execute("update tag set name = %s where id = %s", [name, tag_id]).rowcount == 1


def remove(connection: Connection, tag_id: UUID) -> bool:
    """Delete the tag, and take it from every item. False if it is not the tenant's."""
    return connection.execute("delete from tag where id = %s", [tag_id]).rowcount == 1


def known_to_search(connection: Connection, tag_id: UUID) -> list[UUID]:
    """Items with this tag whose document says so, or is about to."""
    return [item_id for (item_id,) in connection.execute(_KNOWN, [tag_id])]


def assign(connection: Connection, item: ItemRecord, names: Sequence[str]) -> None:
    """Give the item these tags and no others; those that are new to the user are made. Lock the item first."""
    wanted = {"user_id": item.user_id, "names": list(names), "ids": [uuid4() for _ in names], "created_at": now()}
    tag_ids = [tag_id for (tag_id,) in connection.execute(_ENSURE, wanted)]
    values = {"item_id": item.id, "user_id": item.user_id, "tag_ids": tag_ids}
    connection.execute(_DETACH, values)
    connection.execute(_ATTACH, values)


@contextmanager
def _named(connection: Connection, name: str) -> Generator[None]:
    """Something that calls a tag `name`, and leaves the transaction as it was when there is one."""
    try:
        with connection.transaction():
            yield
    except UniqueViolation as error:
        if error.diag.constraint_name != UNIQUE_NAME:
            raise
        raise TagExistsError(name) from error


def _read(connection: Connection, query: LiteralString, values: Mapping[str, Any]) -> list[CountedTag]:
    """The tags for which `query` holds: what follows `from tag`."""
    return read_rows(connection, CountedTag, _COUNTED, query, values)


_COUNTED = (
    sql.SQL("""
select {}, (select count(*) from item_tag join item on item.id = item_tag.item_id
             where item_tag.tag_id = tag.id and item.status <> 'deleted') as items
  from tag """)
    .format(columns(TagRecord))
    .as_bytes()
)

_BY_NAME = "order by lower(name) limit %(limit)s"
_NEXT = "where lower(name) > lower(%(name)s) " + _BY_NAME

_CREATE = inserting("tag", TagRecord).as_bytes()

_KNOWN = """
select item.id
  from item join item_tag on item_tag.item_id = item.id
 where item_tag.tag_id = %s and item.status in ('analyzed', 'searchable')
 order by item.id"""

# Setting the name to what it is locks the tag, so that whoever deletes it waits until the item has it. In the order of
# the names, so that two who use the same tags do not wait for each other.
_ENSURE = """
insert into tag (id, user_id, name, created_at)
select id, %(user_id)s, name, %(created_at)s
  from (select distinct on (lower(name)) id, name
          from unnest(%(ids)s::uuid[], %(names)s::varchar[]) with ordinality as wanted (id, name, place)
         order by lower(name), place) as each
 order by lower(name)
on conflict (user_id, lower(name)) do update set name = tag.name
returning id"""

_DETACH = "delete from item_tag where item_id = %(item_id)s and tag_id <> all(%(tag_ids)s::uuid[])"

_ATTACH = """
insert into item_tag (item_id, tag_id, user_id)
select %(item_id)s, unnest(%(tag_ids)s::uuid[]), %(user_id)s
on conflict do nothing"""
