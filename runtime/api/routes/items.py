"""Routes about items and their analyses."""

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools import Logger
from fastapi import Query
from pydantic import AwareDatetime

from runtime import albums, analyses, catalog, items, tags
from runtime.analysis import Category
from runtime.api.dependencies import Services, ServicesDep, TenantDep
from runtime.api.presenting import presented, presented_one
from runtime.api.problems import ApiError, documented, not_found
from runtime.api.reindexing import have_indexed, is_indexed
from runtime.api.routes.paging import DEFAULT_PAGE, MAX_PAGE
from runtime.api.routing import Router
from runtime.api.schemas.analyses import AnalysisList, AnalysisPublic
from runtime.api.schemas.items import (
    Duplicates,
    ItemDeleted,
    ItemEdit,
    ItemPage,
    ItemPublic,
    NearDuplicatePublic,
    SimilarItemPublic,
    SimilarItems,
)
from runtime.api.schemas.search import DEFAULT_RESULTS, MAX_RESULTS, QUERY_LENGTH
from runtime.catalog import Wanted
from runtime.events import ProcessingRequested, PublishError, upload_correlation_id
from runtime.pagination import Sort
from runtime.postgres import Connection
from runtime.records import ItemRecord, Status

router = Router(tags=["items"])
logger = Logger()

TAKEN_FROM = "Only items taken then or later; of those that do not say when, the upload counts"
WORDS = (
    "Only items in which search knows all of these words, in any order: in title, note, tags, file name and analysis. "
    "Grammatical forms count as one word. Nothing is ranked or guessed: `POST /search` does that"
)
NOT_SEARCHABLE = {
    Status.DUPLICATE: "You have the same file in the item that `duplicate_of` names: ask for what is similar to that.",
    Status.FAILED: "The item has failed, and so is not searchable. POST /items/{id}/retry tries again.",
}


@router.get("/items", summary="List items", responses=documented(400, 404, 422))
def list_items(
    tenant: TenantDep,
    services: ServicesDep,
    status: Annotated[Status | None, Query(description="Only items in this state")] = None,
    category: Annotated[
        Category | None, Query(description="Only items of this category: yours, else the analysis's")
    ] = None,
    tag: Annotated[str | None, Query(min_length=1, max_length=64, description="Only items with this tag")] = None,
    album: Annotated[UUID | None, Query(description="Only items in this album")] = None,
    taken_from: Annotated[AwareDatetime | None, Query(description=TAKEN_FROM)] = None,
    taken_to: Annotated[AwareDatetime | None, Query(description="Only items taken then or earlier")] = None,
    q: Annotated[str | None, Query(min_length=1, max_length=QUERY_LENGTH, description=WORDS)] = None,
    sort: Annotated[Sort, Query(description="By upload (newest, oldest) or by when it was taken")] = Sort.NEWEST,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Items on a page")] = DEFAULT_PAGE,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before, same `sort`")] = None,
) -> ItemPage:
    """One page of your items that pass every filter, with the latest analysis of each."""
    wanted = Wanted(status, category, tag, album, taken_from, taken_to, q)
    with tenant.transaction() as connection:
        if album is not None and not albums.exists(connection, album):
            raise not_found("album", album)
        page = catalog.page(connection, wanted, sort=sort, limit=limit, cursor=cursor)
        shown = presented(connection, page.items, services.store)
    return ItemPage(items=shown, total=page.total, next_cursor=page.next_cursor)


@router.get("/items/{item_id}", summary="Read an item", responses=documented(404, 422))
def read_item(item_id: UUID, tenant: TenantDep, services: ServicesDep) -> ItemPublic:
    """The item with its latest analysis."""
    with tenant.transaction() as connection:
        return presented_one(connection, _existing(connection, item_id), services.store)


@router.patch("/items/{item_id}", summary="Edit an item", responses=documented(404, 422, 503))
def edit_item(item_id: UUID, edit: ItemEdit, tenant: TenantDep, services: ServicesDep) -> ItemPublic:
    """Title, note, category and tags are yours: an analysis never changes them, and search finds the item by them. What
    the body leaves out stays as it is; null clears."""
    with tenant.transaction() as connection:
        item = items.edit(connection, item_id, edit.columns)
        if item is None:
            raise not_found("item", item_id)
        if "tags" in edit.model_fields_set:
            tags.assign(connection, item, edit.tags or [])
        shown = presented_one(connection, item, services.store)
    if edit.model_fields_set and is_indexed(item):
        have_indexed(tenant, services, [item_id])
    return shown


@router.delete("/items/{item_id}", summary="Delete an item", responses=documented(404, 422))
def delete_item(item_id: UUID, tenant: TenantDep, services: ServicesDep) -> ItemDeleted:
    """Invisible at once; its objects are removed within the hour. If you have the same file in other items, the oldest
    of them is analysed in its place."""
    with tenant.transaction() as connection:
        tombstone = items.mark_deleted(connection, item_id)
    if tombstone is None:
        raise not_found("item", item_id)
    if tombstone.heir is not None:
        _have_processed(tombstone.heir, services)
    return ItemDeleted(id=item_id)


@router.get("/items/{item_id}/duplicates", summary="List an item's duplicates", responses=documented(404, 422))
def list_duplicates(item_id: UUID, tenant: TenantDep, services: ServicesDep) -> Duplicates:
    """Images of yours with the same bytes, and images that look alike."""
    with tenant.transaction() as connection:
        item = _existing(connection, item_id)
        exact = catalog.exact_duplicates(connection, item)
        near = catalog.near_duplicates(connection, item, MAX_PAGE)
        shown = presented(connection, [*exact, *(other.item for other in near)], services.store)
    return Duplicates(
        exact=shown[: len(exact)],
        near=[
            NearDuplicatePublic(item=public, distance=other.distance)
            for public, other in zip(shown[len(exact) :], near, strict=True)
        ],
        near_distance=catalog.NEAR_DISTANCE,
    )


@router.get("/items/{item_id}/similar", summary="List similar items", responses=documented(404, 409, 422))
def list_similar(
    item_id: UUID,
    tenant: TenantDep,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=MAX_RESULTS, description="Items at most")] = DEFAULT_RESULTS,
) -> SimilarItems:
    """Your items that mean much the same, whatever they look like: all of yours are compared."""
    with tenant.transaction() as connection:
        item = _existing(connection, item_id)
        near = catalog.similar(connection, item, limit)
        if near is None:
            raise ApiError(409, NOT_SEARCHABLE.get(item.status, "The item is not searchable yet: ask when it is."))
        shown = presented(connection, [other.item for other in near], services.store)
    return SimilarItems(
        similar=[SimilarItemPublic(item=public, score=other.score) for public, other in zip(shown, near, strict=True)]
    )


@router.get("/items/{item_id}/analyses", summary="List an item's analyses", responses=documented(404, 422))
def list_analyses(item_id: UUID, tenant: TenantDep) -> AnalysisList:
    """All versions, newest first."""
    with tenant.transaction() as connection:
        versions = analyses.versions(connection, _existing(connection, item_id).id)
    return AnalysisList(analyses=[AnalysisPublic.of(analysis) for analysis in versions])


@router.get("/analyses/{analysis_id}", summary="Read an analysis", tags=["analyses"], responses=documented(404, 422))
def read_analysis(analysis_id: UUID, tenant: TenantDep) -> AnalysisPublic:
    """One version, of an item that you still have."""
    with tenant.transaction() as connection:
        analysis = analyses.find(connection, analysis_id)
        if analysis is None or items.find(connection, analysis.item_id) is None:
            raise not_found("analysis", analysis_id)
    return AnalysisPublic.of(analysis)


def _existing(connection: Connection, item_id: UUID) -> ItemRecord:
    item = items.find(connection, item_id)
    if item is None:
        raise not_found("item", item_id)
    return item


def _have_processed(heir: ItemRecord, services: Services) -> None:
    """The deletion has happened, and is not undone by what fails here."""
    event = ProcessingRequested(correlation_id=upload_correlation_id(heir.id), user_id=heir.user_id, item_id=heir.id)
    try:
        services.publish(event)
    except PublishError:
        logger.exception("an heir waits for the sweeper to have it processed", item_id=heir.id)
