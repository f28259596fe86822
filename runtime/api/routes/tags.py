"""Routes about tags. Search knows items by their tags, so it is told of each change."""

from uuid import UUID

from sqlmodel import Session

from runtime import tags
from runtime.api.dependencies import ServicesDep, TenantDep
from runtime.api.problems import ApiError, documented, not_found
from runtime.api.reindexing import have_indexed
from runtime.api.routes.paging import DEFAULT_PAGE, PageCursor, PageLimit
from runtime.api.routing import Router
from runtime.api.schemas.tags import TagDeleted, TagPage, TagPublic, TagRequest
from runtime.tags import CountedTag, TagExistsError

router = Router(prefix="/tags", tags=["tags"])


@router.get("", summary="List tags", responses=documented(400, 422))
def list_tags(tenant: TenantDep, limit: PageLimit = DEFAULT_PAGE, cursor: PageCursor = None) -> TagPage:
    """Your tags by name, each with the number of its items."""
    with tenant.session() as session:
        page = tags.page(session, limit=limit, cursor=cursor)
    return TagPage(tags=[TagPublic.of(each) for each in page.items], total=page.total, next_cursor=page.next_cursor)


@router.post("", summary="Make a tag", status_code=201, responses=documented(409, 422))
def create_tag(request: TagRequest, tenant: TenantDep) -> TagPublic:
    """A tag that no item has yet. `PATCH /items/{id}` makes those that it needs."""
    try:
        with tenant.session() as session:
            tag = tags.create(session, tenant.user_id, request.name)
    except TagExistsError as error:
        raise _taken(error) from error
    return TagPublic.of(CountedTag(tag, 0))


@router.get("/{tag_id}", summary="Read a tag", responses=documented(404, 422))
def read_tag(tag_id: UUID, tenant: TenantDep) -> TagPublic:
    """The tag, with the number of its items."""
    with tenant.session() as session:
        return TagPublic.of(_existing(session, tag_id))


@router.patch("/{tag_id}", summary="Rename a tag", responses=documented(404, 409, 422, 503))
def rename_tag(tag_id: UUID, request: TagRequest, tenant: TenantDep, services: ServicesDep) -> TagPublic:
    """On every item that has it."""
    try:
        with tenant.session() as session:
            if not tags.rename(session, tag_id, request.name):
                raise not_found("tag", tag_id)
            shown = TagPublic.of(_existing(session, tag_id))
            changed = tags.known_to_search(session, tag_id)
    except TagExistsError as error:
        raise _taken(error) from error
    have_indexed(tenant, services, changed)
    return shown


@router.delete("/{tag_id}", summary="Delete a tag", responses=documented(404, 422, 503))
def delete_tag(tag_id: UUID, tenant: TenantDep, services: ServicesDep) -> TagDeleted:
    """Takes it from every item; the items stay."""
    with tenant.session() as session:
        changed = tags.known_to_search(session, tag_id)
        if not tags.remove(session, tag_id):
            raise not_found("tag", tag_id)
    have_indexed(tenant, services, changed)
    return TagDeleted(id=tag_id)


def _existing(session: Session, tag_id: UUID) -> CountedTag:
    found = tags.find(session, tag_id)
    if found is None:
        raise not_found("tag", tag_id)
    return found


def _taken(error: TagExistsError) -> ApiError:
    return ApiError(409, f"You have a tag {error} already; letter case does not tell two apart.")
