"""Routes that find images again."""

from time import perf_counter

from fastapi import APIRouter
from sqlmodel import Session, col, select

from runtime import analyses, limits, usage
from runtime.api.dependencies import Services, ServicesDep, Tenant, TenantDep
from runtime.api.problems import documented
from runtime.api.schemas.search import (
    DEFAULT_RESULTS,
    MAX_RESULTS,
    QUERY_LENGTH,
    SearchConfig,
    SearchRequest,
    SearchResponse,
    SearchResult,
)
from runtime.models import Item, Status
from runtime.search import confidence, grammar, way
from runtime.search import query as search_query
from runtime.search.query import Hit, SearchType
from runtime.storage import ImageStore

router = APIRouter(tags=["search"])


@router.post("/search", summary="Find images", responses=documented(400, 422, 429, 503))
def search(request: SearchRequest, tenant: TenantDep, services: ServicesDep) -> SearchResponse:
    """Finds your images by their text and analyses (`bm25`), by meaning (`vector`), or by both (`hybrid`)."""
    started = perf_counter()
    # The vendor is asked before the transaction begins, so that no connection waits for it.
    vector = _embed(request, tenant, services)
    with tenant.session() as session:
        found = search_query.search(
            session,
            query=request.query,
            vector=vector,
            search_type=request.search_type,
            top_k=request.top_k,
            vector_weight=services.settings.vector_weight,
            filters=request.filters,
            min_confidence=request.min_similarity_score,
        )
        results = _results(session, found.hits, request.search_type, services.store)
    return SearchResponse(
        query=request.query,
        search_type=request.search_type,
        results=results,
        total_results=len(results),
        confidence=found.confidence,
        retrieval_time_ms=round((perf_counter() - started) * 1000, 1),
    )


@router.get("/search/config", summary="Read the search's settings")
def search_config(services: ServicesDep) -> SearchConfig:
    """The values in force."""
    settings = services.settings
    return SearchConfig(
        search_types=list(SearchType),
        default_search_type=SearchRequest.model_fields["search_type"].default,
        default_top_k=DEFAULT_RESULTS,
        max_top_k=MAX_RESULTS,
        max_query_length=QUERY_LENGTH,
        vector_weight=settings.vector_weight,
        embedding_model=settings.embedding_model,
        query_embedding_model=settings.query_embedding_model,
        embedding_dimensions=settings.embedding_dimensions,
        bm25={"k1": search_query.BM25_K1, "b": search_query.BM25_B},
        confidence_floor=confidence.FLOOR,
        confidence_figures=confidence.PARAMETERS,
        exact_items=way.EXACT_ITEMS,
        fused_candidates=search_query.CANDIDATES,
    )


def _embed(request: SearchRequest, tenant: Tenant, services: Services) -> list[float] | None:
    """The query's vector, where one is needed; what it cost is recorded. Raises `runtime.limits.LimitReachedError`."""
    text = grammar.parse(request.query).text
    if request.search_type == SearchType.BM25 or not text:
        return None
    with tenant.session() as session:
        limits.require_budget(session, services.settings)
    embedded = services.embedder.query(text, services.settings.query_embedding_model)
    with tenant.session() as session:
        usage.record(
            session, user_id=tenant.user_id, operation="query", model=embedded.model, input_tokens=embedded.tokens
        )
    return embedded.vectors[0]


def _results(session: Session, hits: list[Hit], search_type: SearchType, store: ImageStore) -> list[SearchResult]:
    """`hits` with what people want to see of them: two more queries, however many there are."""
    found = [hit.item_id for hit in hits]
    living = select(Item).where(col(Item.id).in_(found), Item.status != Status.DELETED)
    item_of = {item.id: item for item in session.exec(living)}
    latest = analyses.latest_of(session, found)
    shown = [hit for hit in hits if hit.item_id in item_of]
    return [
        SearchResult.of(rank, hit, search_type, item_of[hit.item_id], latest.get(hit.item_id), store)
        for rank, hit in enumerate(shown, start=1)
    ]
