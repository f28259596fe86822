"""Routes about items and their analyses."""

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools import Logger
from fastapi import APIRouter, Query
from sqlmodel import Session

from runtime import analyses, catalog, items
from runtime.analysis import Category
from runtime.api.dependencies import Services, ServicesDep, TenantDep
from runtime.api.problems import documented, not_found
from runtime.api.schemas.analyses import AnalysisList, AnalysisPublic
from runtime.api.schemas.items import Duplicates, ItemDeleted, ItemPage, ItemPublic, NearDuplicatePublic
from runtime.events import ProcessingRequested, PublishError, upload_correlation_id
from runtime.models import Item, Status
from runtime.pagination import Sort

router = APIRouter(tags=["items"])
logger = Logger()

MAX_PAGE = 100
DEFAULT_PAGE = 20


@router.get("/items", summary="List items", responses=documented(400, 422))
def list_items(
    tenant: TenantDep,
    services: ServicesDep,
    status: Annotated[Status | None, Query(description="Only items in this state")] = None,
    category: Annotated[Category | None, Query(description="Only items whose latest analysis says so")] = None,
    sort: Annotated[Sort, Query(description="By upload (newest, oldest) or by when it was taken")] = Sort.NEWEST,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Items on a page")] = DEFAULT_PAGE,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before, same `sort`")] = None,
) -> ItemPage:
    """One page of your items, with the latest analysis of each."""
    with tenant.session() as session:
        page = catalog.page(session, status=status, category=category, sort=sort, limit=limit, cursor=cursor)
        latest = analyses.latest_of(session, [item.id for item in page.items])
    return ItemPage(
        items=[ItemPublic.of(item, latest.get(item.id), services.store) for item in page.items],
        total=page.total,
        next_cursor=page.next_cursor,
    )


@router.get("/items/{item_id}", summary="Read an item", responses=documented(404, 422))
def read_item(item_id: UUID, tenant: TenantDep, services: ServicesDep) -> ItemPublic:
    """The item with its latest analysis."""
    with tenant.session() as session:
        item = _existing(session, item_id)
        latest = analyses.latest(session, item_id)
    return ItemPublic.of(item, latest, services.store)


@router.delete("/items/{item_id}", summary="Delete an item", responses=documented(404, 422))
def delete_item(item_id: UUID, tenant: TenantDep, services: ServicesDep) -> ItemDeleted:
    """Invisible at once; its objects are removed within the hour. If you have the same file in other items, the oldest
    of them is analysed in its place."""
    with tenant.session() as session:
        tombstone = items.mark_deleted(session, item_id)
    if tombstone is None:
        raise not_found("item", item_id)
    if tombstone.heir is not None:
        _have_processed(tombstone.heir, services)
    return ItemDeleted(id=item_id)


@router.get("/items/{item_id}/duplicates", summary="List an item's duplicates", responses=documented(404, 422))
def list_duplicates(item_id: UUID, tenant: TenantDep, services: ServicesDep) -> Duplicates:
    """Images of yours with the same bytes, and images that look alike."""
    with tenant.session() as session:
        item = _existing(session, item_id)
        exact = catalog.exact_duplicates(session, item)
        near = catalog.near_duplicates(session, item, MAX_PAGE)
        latest = analyses.latest_of(session, [each.id for each in (*exact, *(other.item for other in near))])

    def public(other: Item) -> ItemPublic:
        return ItemPublic.of(other, latest.get(other.id), services.store)

    return Duplicates(
        exact=[public(other) for other in exact],
        near=[NearDuplicatePublic(item=public(other.item), distance=other.distance) for other in near],
        near_distance=catalog.NEAR_DISTANCE,
    )


@router.get("/items/{item_id}/analyses", summary="List an item's analyses", responses=documented(404, 422))
def list_analyses(item_id: UUID, tenant: TenantDep) -> AnalysisList:
    """All versions, newest first."""
    with tenant.session() as session:
        versions = analyses.versions(session, _existing(session, item_id).id)
    return AnalysisList(analyses=[AnalysisPublic.of(analysis) for analysis in versions])


@router.get("/analyses/{analysis_id}", summary="Read an analysis", tags=["analyses"], responses=documented(404, 422))
def read_analysis(analysis_id: UUID, tenant: TenantDep) -> AnalysisPublic:
    """One version, of an item that you still have."""
    with tenant.session() as session:
        analysis = analyses.find(session, analysis_id)
        if analysis is None or items.find(session, analysis.item_id) is None:
            raise not_found("analysis", analysis_id)
    return AnalysisPublic.of(analysis)


def _existing(session: Session, item_id: UUID) -> Item:
    item = items.find(session, item_id)
    if item is None:
        raise not_found("item", item_id)
    return item


def _have_processed(heir: Item, services: Services) -> None:
    """The deletion has happened, and is not undone by what fails here."""
    event = ProcessingRequested(correlation_id=upload_correlation_id(heir.id), user_id=heir.user_id, item_id=heir.id)
    try:
        services.publish(event)
    except PublishError:
        logger.exception("an heir waits for the sweeper to have it processed", item_id=heir.id)
