"""Routes that find images again."""

from time import perf_counter
from typing import Any

from runtime.agent.search import look_for
from runtime.answers.answer import ITEMS, answer
from runtime.answers.cited import Answer
from runtime.api.answering import accounting, allowed_model
from runtime.api.dependencies import Services, ServicesDep, Tenant, TenantDep
from runtime.api.problems import documented
from runtime.api.results import by_rank, shown
from runtime.api.routing import Router
from runtime.api.schemas.search import (
    DEFAULT_RESULTS,
    MAX_RESULTS,
    QUERY_LENGTH,
    SearchConfig,
    SearchKind,
    SearchRequest,
    SearchResponse,
)
from runtime.search import confidence, sizes
from runtime.search import query as search_query
from runtime.search.query import SearchType

router = Router(tags=["search"])


@router.post("/search", summary="Find images", responses=documented(400, 422, 429, 503))
def search(request: SearchRequest, tenant: TenantDep, services: ServicesDep) -> SearchResponse:
    """Finds your images by their text and analyses (`bm25`), by meaning (`vector`), or by both (`hybrid`), and has
    Claude answer from what was found if you ask for it. `agentic` has Claude search. Where Claude fails, there are
    results all the same, and `answer` says why there is none."""
    model = allowed_model(request.answer_model, services)
    if request.search_type is SearchKind.AGENTIC:
        return _look_for(request, model, tenant, services)
    started, budget = perf_counter(), services.allowance.begin()
    retrieval = services.retrieval(tenant.user_id)
    found = retrieval.search(
        request.query,
        search_type=SearchType(request.search_type),
        top_k=request.top_k,
        filters=request.filters,
        min_confidence=request.min_similarity_score,
    )
    with tenant.transaction() as connection:
        results = shown(connection, found.hits, request.search_type, services.store)
    response = SearchResponse(
        query=request.query,
        search_type=request.search_type,
        results=results,
        total_results=len(results),
        confidence=found.confidence,
        retrieval_time_ms=_since(started),
    )
    if not request.include_answer:
        return response
    asked = perf_counter()
    answered = answer(
        services.claude,
        question=request.query,
        items=retrieval.evidence([result.item_id for result in results[:ITEMS]]),
        confidence_of={hit.item_id: hit.confidence for hit in found.hits},
        model=model,
        budget=budget,
        account=accounting(tenant, services, "answer"),
    )
    return response.model_copy(update=_answered(answered, asked))


def _look_for(request: SearchRequest, model: str, tenant: Tenant, services: Services) -> SearchResponse:
    started = perf_counter()
    outcome = look_for(
        services.claude,
        services.retrieval(tenant.user_id),
        question=request.query,
        filters=request.filters,
        min_confidence=request.min_similarity_score,
        top_k=request.top_k,
        model=model,
        budget=services.allowance.begin(),
        account=accounting(tenant, services, "agent"),
    )
    answered = _answered(outcome.answer, started)
    with tenant.transaction() as connection:
        results = shown(connection, by_rank(outcome.hits), request.search_type, services.store)
    return SearchResponse(
        query=request.query,
        search_type=request.search_type,
        results=results,
        total_results=len(results),
        confidence=outcome.confidence,
        retrieval_time_ms=_since(started),
        agent_reasoning="\n".join(f"{number}. {step}" for number, step in enumerate(outcome.steps, start=1)),
        tools_used=outcome.tools_used,
        **answered,
    )


@router.get("/search/config", summary="Read the search's settings")
def search_config(services: ServicesDep) -> SearchConfig:
    """The values in force."""
    settings = services.settings
    return SearchConfig(
        search_types=list(SearchKind),
        default_search_type=SearchRequest.model_fields["search_type"].default,
        default_top_k=DEFAULT_RESULTS,
        max_top_k=MAX_RESULTS,
        max_query_length=QUERY_LENGTH,
        vector_weight=settings.vector_weight,
        embedding_model=settings.embedding_model,
        query_embedding_model=settings.query_embedding_model,
        rerank_model=settings.rerank_model or None,
        answer_model=settings.answer_model,
        answer_models=settings.answer_models,
        answer_seconds=services.allowance.seconds,
        embedding_dimensions=settings.embedding_dimensions,
        bm25={"k1": search_query.BM25_K1, "b": search_query.BM25_B},
        confidence_floors=dict(confidence.FLOORS),
        confidence_least=confidence.LEAST,
        confidence_figures=confidence.PARAMETERS,
        exact_items=sizes.EXACT_ITEMS,
        fused_candidates=search_query.CANDIDATES,
    )


def _since(started: float) -> float:
    return round((perf_counter() - started) * 1000, 1)


def _answered(answered: Answer, started: float) -> dict[str, Any]:
    return {
        "answer": answered.text,
        "answer_confidence": answered.confidence,
        "citations": answered.citations,
        "answer_time_ms": _since(started),
    }
