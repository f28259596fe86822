"""Routes about albums and what is in them."""

from uuid import UUID

from runtime import albums, items
from runtime.albums import CountedAlbum
from runtime.api.dependencies import ServicesDep, TenantDep
from runtime.api.presenting import presented
from runtime.api.problems import documented, not_found
from runtime.api.routes.paging import DEFAULT_PAGE, PageCursor, PageLimit
from runtime.api.routing import Router
from runtime.api.schemas.albums import (
    AlbumAdded,
    AlbumAddition,
    AlbumDeleted,
    AlbumEdit,
    AlbumPage,
    AlbumPublic,
    AlbumRequest,
    AlbumTakenOut,
)
from runtime.api.schemas.items import ItemPage
from runtime.postgres import Connection

router = Router(prefix="/albums", tags=["albums"])


@router.get("", summary="List albums", responses=documented(400, 422))
def list_albums(tenant: TenantDep, limit: PageLimit = DEFAULT_PAGE, cursor: PageCursor = None) -> AlbumPage:
    """Your albums, newest first, each with the number of its items."""
    with tenant.transaction() as connection:
        page = albums.page(connection, limit=limit, cursor=cursor)
    shown = [AlbumPublic.of(each) for each in page.items]
    return AlbumPage(albums=shown, total=page.total, next_cursor=page.next_cursor)


@router.post("", summary="Make an album", status_code=201, responses=documented(422))
def create_album(request: AlbumRequest, tenant: TenantDep) -> AlbumPublic:
    """An empty album. Two may have the same name."""
    with tenant.transaction() as connection:
        return AlbumPublic.of(albums.create(connection, tenant.user_id, request.name, request.description))


@router.get("/{album_id}", summary="Read an album", responses=documented(404, 422))
def read_album(album_id: UUID, tenant: TenantDep) -> AlbumPublic:
    """The album, with the number of its items."""
    with tenant.transaction() as connection:
        return AlbumPublic.of(_existing(connection, album_id))


@router.patch("/{album_id}", summary="Edit an album", responses=documented(404, 422))
def edit_album(album_id: UUID, edit: AlbumEdit, tenant: TenantDep) -> AlbumPublic:
    """What the body leaves out stays as it is."""
    with tenant.transaction() as connection:
        if not albums.edit(connection, album_id, edit.columns):
            raise not_found("album", album_id)
        return AlbumPublic.of(_existing(connection, album_id))


@router.delete("/{album_id}", summary="Delete an album", responses=documented(404, 422))
def delete_album(album_id: UUID, tenant: TenantDep) -> AlbumDeleted:
    """The album alone: its items stay."""
    with tenant.transaction() as connection:
        if not albums.remove(connection, album_id):
            raise not_found("album", album_id)
    return AlbumDeleted(id=album_id)


@router.get("/{album_id}/items", summary="List an album's items", responses=documented(400, 404, 422))
def list_album_items(
    album_id: UUID, tenant: TenantDep, services: ServicesDep, limit: PageLimit = DEFAULT_PAGE, cursor: PageCursor = None
) -> ItemPage:
    """The last added first."""
    with tenant.transaction() as connection:
        if not albums.exists(connection, album_id):
            raise not_found("album", album_id)
        page = albums.items_page(connection, album_id, limit=limit, cursor=cursor)
        shown = presented(connection, page.items, services.store)
    return ItemPage(items=shown, total=page.total, next_cursor=page.next_cursor)


@router.post("/{album_id}/items", summary="Put items into an album", responses=documented(404, 422))
def add_album_items(album_id: UUID, addition: AlbumAddition, tenant: TenantDep) -> AlbumAdded:
    """All of them; none if one is not yours. Those that are in it already stay where they are."""
    wanted = list(dict.fromkeys(addition.item_ids))
    with tenant.transaction() as connection:
        album = albums.lock(connection, album_id)
        if album is None:
            raise not_found("album", album_id)
        found = items.hold_all(connection, wanted)
        for item_id in wanted:
            if item_id not in found:
                raise not_found("item", item_id)
        added = albums.add(connection, album, wanted)
        return AlbumAdded(album=AlbumPublic.of(_existing(connection, album_id)), added=added)


@router.delete("/{album_id}/items/{item_id}", summary="Take an item out", responses=documented(404, 422))
def take_out_album_item(album_id: UUID, item_id: UUID, tenant: TenantDep) -> AlbumTakenOut:
    """Of the album alone: you still have it."""
    with tenant.transaction() as connection:
        if not albums.take_out(connection, album_id, item_id):
            raise not_found("item in this album", item_id)
    return AlbumTakenOut(album_id=album_id, item_id=item_id)


def _existing(connection: Connection, album_id: UUID) -> CountedAlbum:
    found = albums.find(connection, album_id)
    if found is None:
        raise not_found("album", album_id)
    return found
