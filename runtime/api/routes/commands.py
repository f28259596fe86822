"""Routes that set the pipeline to work again: each is an event in the queues that uploads take too."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from runtime import analyses, catalog, items, limits
from runtime.api.dependencies import Services, ServicesDep, TenantDep
from runtime.api.presenting import presented_one
from runtime.api.problems import ApiError, documented, not_found
from runtime.api.routing import Router
from runtime.api.schemas.analyses import AnalysisPublic
from runtime.api.schemas.commands import AnalysisAccepted, AnalyzeRequest, ReindexAccepted
from runtime.api.schemas.items import ItemPublic
from runtime.events import (
    AnalysisRequested,
    EmbeddingRequested,
    ItemEvent,
    ProcessingRequested,
    upload_correlation_id,
)
from runtime.records import AnalysisState, Status

router = Router(tags=["items"])

REINDEX_BATCH = 1000
"""Items that one request sets to work: a hundred calls of the event bus, a few seconds."""

NEXT: Mapping[Status, type[ItemEvent]] = {
    Status.UPLOADED: ProcessingRequested,
    Status.PROCESSED: AnalysisRequested,
    Status.ANALYZED: EmbeddingRequested,
}
"""What moves an item on from where it waits. Asking twice does no harm, so a lost event can be made up for too."""

PAID = (AnalysisRequested, EmbeddingRequested)
"""Requests for work that a model is paid for."""

NOT_RETRIED = {
    Status.PENDING: "The file has not arrived. Upload it, or announce it anew with POST /uploads.",
    Status.SEARCHABLE: "Nothing has failed: the item is searchable. POST /items/{id}/analyze looks at it again.",
    Status.DUPLICATE: "Nothing has failed: you have the same file in the item that `duplicate_of` names.",
}
NOT_ANALYZED = {
    Status.DUPLICATE: "You have the same file in the item that `duplicate_of` names: analyze that.",
    Status.FAILED: "There is nothing to look at, for the file could not be read. POST /items/{id}/retry tries again.",
}
NOT_YET = "The image is not processed yet, and will be analysed when it is."


@router.post(
    "/items/{item_id}/retry",
    summary="Try again what failed",
    status_code=202,
    responses=documented(404, 409, 422, 429, 503),
)
def retry(item_id: UUID, tenant: TenantDep, services: ServicesDep) -> ItemPublic:
    """Puts a failed item back to before the stage that failed. One that seems stuck is set going again."""
    with tenant.transaction() as connection:
        item = items.retry(connection, item_id) or items.find(connection, item_id)
        if item is None:
            raise not_found("item", item_id)
        shown = presented_one(connection, item, services.store)
        event = NEXT.get(item.status)
        if event in PAID:
            # Raised, it leaves the item as it was.
            limits.require_budget(connection, services.settings)
    if event is None:
        raise ApiError(409, NOT_RETRIED.get(item.status, "The item has just failed again: ask once more."))
    services.publish(event(correlation_id=upload_correlation_id(item_id), user_id=tenant.user_id, item_id=item_id))
    return shown


@router.post(
    "/items/{item_id}/analyze",
    summary="Have an item analysed",
    status_code=202,
    response_model=AnalysisAccepted,
    responses={
        200: {"model": AnalysisPublic, "description": "It has been, and this is the latest"},
        **documented(404, 409, 422, 429, 503),
    },
)
def analyze(
    item_id: UUID, request: AnalyzeRequest, tenant: TenantDep, services: ServicesDep
) -> AnalysisAccepted | JSONResponse:
    """Answers with the latest analysis, by the model if one is named; without one, or forced, a new one is made. A
    searchable item stays searchable meanwhile."""
    _require_allowed(request.model, services)
    with tenant.transaction() as connection:
        item = items.find(connection, item_id)
        if item is None:
            raise not_found("item", item_id)
        if not request.force_reanalyze:
            for analysis in analyses.versions(connection, item_id):
                if analysis.state == AnalysisState.DONE and request.model in {None, analysis.model}:
                    return JSONResponse(AnalysisPublic.of(analysis).model_dump(mode="json"))
        limits.require_budget(connection, services.settings)
        if items.analyze_again(connection, item_id) is None:
            raise ApiError(409, NOT_ANALYZED.get(item.status, NOT_YET))
    services.publish(
        AnalysisRequested(
            # It names this command in every delivery, so that a forced analysis is made once.
            correlation_id=str(uuid4()) if request.force_reanalyze else upload_correlation_id(item_id),
            user_id=tenant.user_id,
            item_id=item_id,
            model=request.model,
            force=request.force_reanalyze,
        )
    )
    return AnalysisAccepted(item_id=item_id, model=request.model or services.settings.analysis_model)


@router.post("/reindex", summary="Embed anew", tags=["search"], status_code=202, responses=documented(429, 503))
def reindex(tenant: TenantDep, services: ServicesDep) -> ReindexAccepted:
    """Your items whose vector is of another model than the one in force now, or missing, get one of that."""
    with tenant.transaction() as connection:
        outdated, total = catalog.outdated_embeddings(connection, services.settings.embedding_model, REINDEX_BATCH)
        if outdated:
            limits.require_budget(connection, services.settings)
    command = str(uuid4())
    services.publish(
        *(EmbeddingRequested(correlation_id=command, user_id=tenant.user_id, item_id=item_id) for item_id in outdated)
    )
    return ReindexAccepted(count=len(outdated), remaining=total - len(outdated))


def _require_allowed(model: str | None, services: Services) -> None:
    allowed = services.settings.analysis_models
    if model is not None and model not in allowed:
        message = f"one of {', '.join(allowed)}"
        raise RequestValidationError([{"type": "enum", "loc": ("body", "model"), "msg": message, "input": model}])
