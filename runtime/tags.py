"""Tags: words that a user gives to items. Names are compared without regard to case."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, VARCHAR, DateTime, ScalarSelect, Uuid, bindparam, delete, func, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from runtime.models import Item, ItemTag, Tag
from runtime.pagination import NameCursor, Page
from runtime.records import ItemRecord, Status, now

UNIQUE_NAME = "tag_name"
"""The unique index on (user_id, lower(name))."""

ORDER = "tags"
"""What cursors of the list of tags say."""


class CountedTag(NamedTuple):
    """A tag, and how many living items have it."""

    tag: Tag
    items: int


class TagExistsError(Exception):
    """The user has a tag of this name already."""


def page(session: Session, *, limit: int, cursor: str | None) -> Page[CountedTag]:
    """The tenant's tags by name. Raises `runtime.pagination.InvalidCursorError`."""
    total = session.exec(select(func.count()).select_from(Tag)).one()
    name = func.lower(Tag.name)
    query = select(Tag, _living_items()).order_by(name).limit(limit + 1)
    if cursor is not None:
        query = query.where(name > func.lower(NameCursor.decode(cursor, ORDER).name))
    rows = [CountedTag(tag, items) for tag, items in session.exec(query)]
    if len(rows) <= limit:
        return Page(rows, total, None)
    return Page(rows[:limit], total, NameCursor(order=ORDER, name=rows[limit - 1].tag.name).encode())


def find(session: Session, tag_id: UUID) -> CountedTag | None:
    """The tag, unless it is not the tenant's."""
    row = session.exec(select(Tag, _living_items()).where(Tag.id == tag_id)).one_or_none()
    return None if row is None else CountedTag(*row)


def create(session: Session, user_id: str, name: str) -> Tag:
    """A new tag. Raises `TagExistsError`."""
    tag = Tag(user_id=user_id, name=name)
    try:
        with session.begin_nested():
            session.add(tag)
    except IntegrityError as error:
        raise _exists(error, name) from error
    return tag


def rename(session: Session, tag_id: UUID, name: str) -> bool:
    """Call the tag `name`. False if it is not the tenant's. Raises `TagExistsError`."""
    try:
        with session.begin_nested():
            renamed = session.exec(update(Tag).where(col(Tag.id) == tag_id).values(name=name))
    except IntegrityError as error:
        raise _exists(error, name) from error
    return renamed.rowcount > 0


def remove(session: Session, tag_id: UUID) -> bool:
    """Delete the tag, and take it from every item. False if it is not the tenant's."""
    return session.exec(delete(Tag).where(col(Tag.id) == tag_id)).rowcount > 0


def known_to_search(session: Session, tag_id: UUID) -> list[UUID]:
    """Items with this tag whose document says so, or is about to."""
    indexed = col(Item.status).in_([Status.ANALYZED, Status.SEARCHABLE])
    query = select(Item.id).join(ItemTag, col(ItemTag.item_id) == col(Item.id)).where(ItemTag.tag_id == tag_id, indexed)
    return list(session.exec(query.order_by(col(Item.id))))


def assign(session: Session, item: ItemRecord, names: Sequence[str]) -> None:
    """Give the item these tags and no others; those that are new to the user are made. Lock the item first."""
    wanted = {"user_id": item.user_id, "names": list(names), "ids": [uuid4() for _ in names], "created_at": now()}
    tag_ids = list(session.connection().execute(_ENSURE, wanted).scalars())
    session.exec(delete(ItemTag).where(col(ItemTag.item_id) == item.id, col(ItemTag.tag_id).not_in(tag_ids)))
    session.connection().execute(_ATTACH, {"item_id": item.id, "user_id": item.user_id, "tag_ids": tag_ids})


# Setting the name to what it is locks the tag, so that whoever deletes it waits until the item has it. In the order of
# the names, so that two who use the same tags do not wait for each other.
_ENSURE = text("""
insert into tag (id, user_id, name, created_at)
select id, :user_id, name, :created_at
  from (select distinct on (lower(name)) id, name
          from unnest(:ids, :names) with ordinality as wanted (id, name, place)
         order by lower(name), place) as each
 order by lower(name)
on conflict (user_id, lower(name)) do update set name = tag.name
returning id
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("names", type_=ARRAY(VARCHAR)),
    bindparam("created_at", type_=DateTime(timezone=True)),
)

_ATTACH = text("""
insert into item_tag (item_id, tag_id, user_id) select :item_id, unnest(:tag_ids), :user_id on conflict do nothing
""").bindparams(bindparam("item_id", type_=Uuid), bindparam("tag_ids", type_=ARRAY(Uuid)))


def _living_items() -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(ItemTag)
        .join(Item, col(Item.id) == col(ItemTag.item_id))
        .where(ItemTag.tag_id == Tag.id, Item.status != Status.DELETED)
        .correlate(Tag)
        .scalar_subquery()
    )


def _exists(error: IntegrityError, name: str) -> Exception:
    return TagExistsError(name) if UNIQUE_NAME in str(error.orig) else error
