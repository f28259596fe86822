"""Routes about tags. Search knows items by their tags, so it is told of each change."""

from uuid import UUID

from runtime import tags
from runtime.api.dependencies import ServicesDep, TenantDep
from runtime.api.problems import ApiError, documented, not_found
from runtime.api.reindexing import have_indexed
from runtime.api.routes.paging import DEFAULT_PAGE, PageCursor, PageLimit
from runtime.api.routing import Router
from runtime.api.schemas.tags import TagDeleted, TagPage, TagPublic, TagRequest
from runtime.postgres import Connection
from runtime.tags import CountedTag, TagExistsError

router = Router(prefix="/tags", tags=["tags"])


@router.get("", summary="List tags", responses=documented(400, 422))
def list_tags(tenant: TenantDep, limit: PageLimit = DEFAULT_PAGE, cursor: PageCursor = None) -> TagPage:
    """Your tags by name, each with the number of its items."""
    with tenant.transaction() as connection:
        page = tags.page(connection, limit=limit, cursor=cursor)
    return TagPage(tags=[TagPublic.of(each) for each in page.items], total=page.total, next_cursor=page.next_cursor)


@router.post("", summary="Make a tag", status_code=201, responses=documented(409, 422))
def create_tag(request: TagRequest, tenant: TenantDep) -> TagPublic:
    """A tag that no item has yet. `PATCH /items/{id}` makes those that it needs."""
    try:
        with tenant.transaction() as connection:
            tag = tags.create(connection, tenant.user_id, request.name)
    except TagExistsError as error:
        raise _taken(error) from error
    return TagPublic.of(tag)


@router.get("/{tag_id}", summary="Read a tag", responses=documented(404, 422))
def read_tag(tag_id: UUID, tenant: TenantDep) -> TagPublic:
    """The tag, with the number of its items."""
    with tenant.transaction() as connection:
        return TagPublic.of(_existing(connection, tag_id))


@router.patch("/{tag_id}", summary="Rename a tag", responses=documented(404, 409, 422, 503))
def rename_tag(tag_id: UUID, request: TagRequest, tenant: TenantDep, services: ServicesDep) -> TagPublic:
    """On every item that has it."""
    try:
        with tenant.transaction() as connection:
            if not tags.rename(connection, tag_id, request.name):
                raise not_found("tag", tag_id)
            shown = TagPublic.of(_existing(connection, tag_id))
            changed = tags.known_to_search(connection, tag_id)
    except TagExistsError as error:
        raise _taken(error) from error
    have_indexed(tenant, services, changed)
    return shown


@router.delete("/{tag_id}", summary="Delete a tag", responses=documented(404, 422, 503))
def delete_tag(tag_id: UUID, tenant: TenantDep, services: ServicesDep) -> TagDeleted:
    """Takes it from every item; the items stay."""
    with tenant.transaction() as connection:
        changed = tags.known_to_search(connection, tag_id)
        if not tags.remove(connection, tag_id):
            raise not_found("tag", tag_id)
    have_indexed(tenant, services, changed)
    return TagDeleted(id=tag_id)


def _existing(connection: Connection, tag_id: UUID) -> CountedTag:
    found = tags.find(connection, tag_id)
    if found is None:
        raise not_found("tag", tag_id)
    return found


def _taken(error: TagExistsError) -> ApiError:
    return ApiError(409, f"You have a tag {error} already; letter case does not tell two apart.")
