"""Routes for conversations about one's images."""

from time import perf_counter
from uuid import UUID, uuid4

from runtime.api.answering import accounting
from runtime.api.dependencies import Services, ServicesDep, TenantDep
from runtime.api.problems import ApiError, documented, not_found
from runtime.api.results import by_rank, shown
from runtime.api.routing import Router
from runtime.api.schemas.chat import (
    ChatDeleted,
    ChatHistory,
    ChatRequest,
    ChatResponse,
    ChatSession,
    ChatSessions,
)
from runtime.api.schemas.search import SearchKind
from runtime.chat.sessions import MAX_TURNS, Header, Said, SessionFullError, SessionGoneError, Turn
from runtime.chat.turns import HISTORY_TURNS, Reply, reply
from runtime.search.filters import Filters
from runtime.search.query import Hit

router = Router(tags=["chat"])

SESSION = "chat session"
FULL = f"This session has {MAX_TURNS} turns, which is all that one may have. Begin another one: send no session_id."


@router.post("/chat", summary="Talk about your images", responses=documented(400, 404, 409, 422, 429, 503))
def chat(request: ChatRequest, tenant: TenantDep, services: ServicesDep) -> ChatResponse:
    """Searches for what you say, has Claude reply from what was found, now or before, and remembers both. Where Claude
    fails, the reply says why, and what was found is listed."""
    started, budget = perf_counter(), services.allowance.begin()
    session_id = request.session_id or uuid4()
    known = _open(services, tenant.user_id, request.session_id)
    said = reply(
        services.claude,
        services.retrieval(tenant.user_id),
        message=request.message,
        history=services.sessions.turns(tenant.user_id, session_id, HISTORY_TURNS) if known else [],
        remembered=known.remembered if known else [],
        filters=Filters(category=request.category_filter),
        top_k=request.top_k,
        model=services.settings.answer_model,
        budget=budget,
        account=accounting(tenant, services, "chat"),
    )
    turn = _write(services, tenant.user_id, session_id, request.message, said, known)
    with tenant.transaction() as connection:
        results = shown(connection, by_rank(_hits(said)), SearchKind.AGENTIC, services.store)
    return ChatResponse(
        session_id=session_id,
        message=said.text,
        conversation_turn=turn.number,
        search_results=results,
        tools_used=said.tools_used,
        response_time_ms=round((perf_counter() - started) * 1000, 1),
    )


@router.get("/chat/sessions", summary="List conversations", responses=documented(503))
def sessions(tenant: TenantDep, services: ServicesDep) -> ChatSessions:
    """Your latest hundred sessions that are not forgotten yet."""
    headers = services.sessions.list(tenant.user_id)
    return ChatSessions(sessions=[ChatSession.of(header) for header in headers])


@router.get("/chat/sessions/{session_id}", summary="Read a conversation", responses=documented(404, 422, 503))
def read(session_id: UUID, tenant: TenantDep, services: ServicesDep) -> ChatHistory:
    """All that was said in a session."""
    header = services.sessions.find(tenant.user_id, session_id)
    if header is None:
        raise not_found(SESSION, session_id)
    return ChatHistory.with_turns(header, services.sessions.turns(tenant.user_id, session_id))


@router.delete("/chat/sessions/{session_id}", summary="Forget a conversation", responses=documented(404, 422, 503))
def delete(session_id: UUID, tenant: TenantDep, services: ServicesDep) -> ChatDeleted:
    """Removes a session and all that was said in it."""
    if not services.sessions.delete(tenant.user_id, session_id):
        raise not_found(SESSION, session_id)
    return ChatDeleted(session_id=session_id)


def _open(services: Services, user_id: str, session_id: UUID | None) -> Header | None:
    """The session to go on with; None for a new one. One that cannot take a turn is refused before anything is paid."""
    if session_id is None:
        return None
    header = services.sessions.find(user_id, session_id)
    if header is None:
        raise not_found(SESSION, session_id)
    if header.turns >= MAX_TURNS:
        raise ApiError(409, FULL)
    return header


def _write(services: Services, user_id: str, session_id: UUID, message: str, said: Reply, known: Header | None) -> Turn:
    turn = Said(
        message=message,
        reply=said.text,
        items=said.items,
        citations=said.citations,
        tools_used=said.tools_used,
        remembered=said.remembered,
    )
    try:
        return services.sessions.add(user_id, session_id, turn, known)
    except SessionGoneError as error:
        raise not_found(SESSION, session_id) from error
    except SessionFullError as error:
        raise ApiError(409, FULL) from error


def _hits(said: Reply) -> list[Hit]:
    """The reply's items; of one that was listed before, how sure that search was is not known any more."""
    return [
        Hit(item_id=item_id, score=0, cosine=None, coverage=None, confidence=said.confidence_of.get(item_id, 0))
        for item_id in said.items
    ]
