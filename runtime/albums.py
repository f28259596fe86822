"""Albums: items that a user keeps together. One item may be in many."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ScalarSelect, delete, func, literal, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from runtime.models import Album, AlbumItem, Item
from runtime.pagination import Cursor, Page
from runtime.records import Status, now

ORDER, ITEMS_ORDER = "albums", "album-items"
"""What cursors of the list of albums, and of an album's items, say."""


class CountedAlbum(NamedTuple):
    """An album, and how many living items are in it."""

    album: Album
    items: int


def page(session: Session, *, limit: int, cursor: str | None) -> Page[CountedAlbum]:
    """The tenant's albums, newest first. Raises `runtime.pagination.InvalidCursorError`."""
    total = session.exec(select(func.count()).select_from(Album)).one()
    key = tuple_(col(Album.created_at), col(Album.id))
    query = select(Album, _living_items()).order_by(col(Album.created_at).desc(), col(Album.id).desc()).limit(limit + 1)
    if cursor is not None:
        last = Cursor.decode(cursor, ORDER)
        query = query.where(key < tuple_(literal(last.position), literal(last.id)))
    rows = [CountedAlbum(album, items) for album, items in session.exec(query)]
    if len(rows) <= limit:
        return Page(rows, total, None)
    end = rows[limit - 1].album
    return Page(rows[:limit], total, Cursor(order=ORDER, position=end.created_at, id=end.id).encode())


def find(session: Session, album_id: UUID) -> CountedAlbum | None:
    """The album, unless it is not the tenant's."""
    row = session.exec(select(Album, _living_items()).where(Album.id == album_id)).one_or_none()
    return None if row is None else CountedAlbum(*row)


def exists(session: Session, album_id: UUID) -> bool:
    """Whether the album is the tenant's."""
    return session.exec(select(Album.id).where(Album.id == album_id)).one_or_none() is not None


def edit(session: Session, album_id: UUID, changes: Mapping[str, Any]) -> bool:
    """Set columns of the album. False if it is not the tenant's."""
    statement = update(Album).where(col(Album.id) == album_id).values(**changes, updated_at=now())
    return session.exec(statement).rowcount > 0


def remove(session: Session, album_id: UUID) -> bool:
    """Delete the album; its items stay. False if it is not the tenant's."""
    return session.exec(delete(Album).where(col(Album.id) == album_id)).rowcount > 0


def items_page(session: Session, album_id: UUID, *, limit: int, cursor: str | None) -> Page[Item]:
    """Living items of the album, the last added first. Raises `runtime.pagination.InvalidCursorError`."""
    inside = (
        AlbumItem.album_id == album_id,
        col(AlbumItem.item_id) == col(Item.id),
        Item.status != Status.DELETED,
    )
    total = session.exec(select(func.count()).select_from(Item).where(*inside)).one()
    order = (col(AlbumItem.added_at), col(AlbumItem.item_id))
    query = select(Item, AlbumItem.added_at).where(*inside).order_by(*(column.desc() for column in order))
    if cursor is not None:
        last = Cursor.decode(cursor, ITEMS_ORDER)
        query = query.where(tuple_(*order) < tuple_(literal(last.position), literal(last.id)))
    rows = list(session.exec(query.limit(limit + 1)))
    found = [item for item, _ in rows[:limit]]
    if len(rows) <= limit:
        return Page(found, total, None)
    end, added_at = rows[limit - 1]
    return Page(found, total, Cursor(order=ITEMS_ORDER, position=added_at, id=end.id).encode())


def add(session: Session, album: Album, item_ids: Collection[UUID]) -> int:
    """Put living items of the tenant into the album. Returns how many were not in it before. Lock both first."""
    moment = now()
    rows = [
        {"album_id": album.id, "item_id": item_id, "user_id": album.user_id, "added_at": moment} for item_id in item_ids
    ]
    statement = insert(AlbumItem).values(rows).on_conflict_do_nothing().returning(col(AlbumItem.item_id))
    added = len(session.exec(statement).all())
    if added:
        edit(session, album.id, {})
    return added


def take_out(session: Session, album_id: UUID, item_id: UUID) -> bool:
    """Take the item out of the album. False if it is not in it, or the album is not the tenant's."""
    statement = delete(AlbumItem).where(col(AlbumItem.album_id) == album_id, col(AlbumItem.item_id) == item_id)
    taken = session.exec(statement).rowcount > 0
    if taken:
        edit(session, album_id, {})
    return taken


def lock(session: Session, album_id: UUID) -> Album | None:
    """Have whoever would delete the album wait for this transaction's end. None if it is not the tenant's."""
    return session.exec(select(Album).where(Album.id == album_id).with_for_update()).one_or_none()


def _living_items() -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(AlbumItem)
        .join(Item, col(Item.id) == col(AlbumItem.item_id))
        .where(AlbumItem.album_id == Album.id, Item.status != Status.DELETED)
        .correlate(Album)
        .scalar_subquery()
    )
