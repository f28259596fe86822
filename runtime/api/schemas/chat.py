"""Bodies of chat."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.config import JsonDict

from runtime.analysis import Category
from runtime.api.schemas.model import RequestModel, ResponseModel
from runtime.api.schemas.search import MAX_RESULTS, SearchResult, without_nul
from runtime.chat.sessions import Header, Turn

MESSAGE_LENGTH = 2000
DEFAULT_LISTED = 5

SESSION: JsonDict = {
    "session_id": "8f9b0a52-9c0e-4f0b-8a43-1c8f0e6b7d21",
    "title": "What did I pay at the bakery?",
    "turns": 2,
    "created_at": "2026-03-14T09:26:53Z",
    "last_activity": "2026-03-14T09:27:31Z",
    "expires_at": "2026-03-14T13:27:31Z",
}


class ChatRequest(RequestModel):
    """Something to say about your images."""

    model_config = ConfigDict(json_schema_extra={"example": {"message": "What did I pay at the bakery?", "top_k": 5}})

    message: Annotated[str, Field(min_length=1, max_length=MESSAGE_LENGTH), AfterValidator(without_nul)]
    session_id: UUID | None = Field(
        default=None, description="Goes on with this session; without one, a new one begins"
    )
    top_k: int = Field(
        default=DEFAULT_LISTED, ge=1, le=MAX_RESULTS, strict=True, description="Images that the reply lists at most"
    )
    category_filter: Category | None = None


class ChatResponse(ResponseModel):
    """What is replied."""

    session_id: UUID = Field(description="Send it with what you say next")
    message: str = Field(description="Claude's reply, or why there is none")
    conversation_turn: int = Field(description="1, 2, … within the session")
    search_results: list[SearchResult] = Field(
        description="Images that the reply is about, those that it cites first. 'The second one' means the second of "
        "the latest list that was not empty"
    )
    tools_used: list[str]
    response_time_ms: float


class ChatSession(ResponseModel):
    """What a session is known by."""

    model_config = ConfigDict(json_schema_extra={"example": SESSION})

    session_id: UUID
    title: str = Field(description="Beginning of the first message")
    turns: int
    created_at: datetime
    last_activity: datetime
    expires_at: datetime = Field(description="When it is forgotten, unless something is said in it before")

    @classmethod
    def of(cls, header: Header) -> Self:
        return cls(**header.model_dump(include=set(cls.model_fields)))


class ChatSessions(ResponseModel):
    """Your sessions, the one with the latest activity first."""

    model_config = ConfigDict(json_schema_extra={"example": {"sessions": [SESSION]}})

    sessions: list[ChatSession]


class ChatTurn(ResponseModel):
    """What was said once, by both."""

    number: int
    message: str = Field(description="What you said")
    reply: str
    items: list[UUID] = Field(description="Images that the reply listed")
    citations: list[UUID] = Field(description="Those that it rests on")
    tools_used: list[str]
    created_at: datetime

    @classmethod
    def of(cls, turn: Turn) -> Self:
        return cls(**turn.model_dump())


class ChatHistory(ChatSession):
    """A session with all that was said in it."""

    messages: list[ChatTurn] = Field(description="The oldest first")

    @classmethod
    def with_turns(cls, header: Header, turns: list[Turn]) -> Self:
        return cls(**ChatSession.of(header).model_dump(), messages=[ChatTurn.of(turn) for turn in turns])


class ChatDeleted(ResponseModel):
    """The session is forgotten."""

    status: Literal["deleted"] = "deleted"
    session_id: UUID
