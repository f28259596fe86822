"""What the API answers with, as far as this client uses it. `/openapi.json` of the API describes all of it."""

from typing import Literal, TypedDict

SearchType = Literal["hybrid", "bm25", "vector", "agentic"]

Status = Literal["pending", "uploaded", "processed", "analyzed", "searchable", "duplicate", "failed"]


class ClientConfig(TypedDict):
    """Where to sign in."""

    region: str
    user_pool_id: str
    client_id: str
    domain: str
    cognito_endpoint: str


class Analysis(TypedDict):
    """One look of one model at one item; what it found is None until `state` is done."""

    id: str
    version: int
    state: str
    model: str
    answered_by: str | None
    category: str | None
    subcategories: list[str] | None
    headline: str | None
    summary: str | None
    created_at: str


class Item(TypedDict):
    """An image that the user keeps."""

    id: str
    status: Status
    stage: str | None
    error: str | None
    retryable: bool
    duplicate_of: str | None
    original_filename: str
    mime_type: str
    file_size: int
    width: int | None
    height: int | None
    sha256: str | None
    taken_at: str | None
    latitude: float | None
    longitude: float | None
    camera: str | None
    title: str | None
    note: str | None
    category: str | None
    tags: list[str]
    created_at: str
    latest_analysis: Analysis | None
    image_url: str | None
    thumbnail_url: str | None


class ItemChanges(TypedDict, total=False):
    """What a user says of an item."""

    title: str | None
    note: str | None
    category: str | None
    tags: list[str]


class ItemPage(TypedDict):
    """One page of items."""

    items: list[Item]
    total: int
    next_cursor: str | None


class Ticket(TypedDict):
    """Where to send an announced image."""

    item_id: str
    url: str
    fields: dict[str, str]
    expires_at: str


class SearchResult(TypedDict):
    """One item that was found."""

    item_id: str
    rank: int
    score: float
    score_type: SearchType
    category: str | None
    headline: str | None
    summary: str | None
    image_url: str | None
    thumbnail_url: str | None
    metadata: dict[str, object]


class SearchResponse(TypedDict):
    """What was found, best first."""

    query: str
    search_type: SearchType
    results: list[SearchResult]
    total_results: int
    confidence: float
    answer: str | None
    answer_confidence: float | None
    citations: list[str]
    agent_reasoning: str | None
    tools_used: list[str]
    retrieval_time_ms: float
    answer_time_ms: float | None


class NearDuplicate(TypedDict):
    """An image that looks like another."""

    item: Item
    distance: int


class Duplicates(TypedDict):
    """Other images that are, or look like, one."""

    exact: list[Item]
    near: list[NearDuplicate]


class SimilarItem(TypedDict):
    """An item that means much the same."""

    item: Item
    score: float


class ChatReply(TypedDict):
    """What was replied."""

    session_id: str
    message: str
    conversation_turn: int
    search_results: list[SearchResult]
    tools_used: list[str]
    response_time_ms: float


class ChatSession(TypedDict):
    """What a conversation is known by."""

    session_id: str
    title: str
    turns: int
    last_activity: str
    expires_at: str


class Tag(TypedDict):
    """A word that the user gives to items."""

    id: str
    name: str
    items: int


class Album(TypedDict):
    """Items that the user keeps together."""

    id: str
    name: str
    description: str | None
    items: int
    updated_at: str


class IndexCoverage(TypedDict):
    """How much of the collection search knows."""

    searchable: int
    expected: int
    share: float | None
    outdated: int


class Statistics(TypedDict):
    """The collection in numbers."""

    items: int
    bytes: int
    by_status: dict[str, int]
    by_category: dict[str, int]
    tags: int
    albums: int
    index: IndexCoverage


class MonthUse(TypedDict):
    """What the models were used for in a month."""

    month: str
    input_tokens: int
    output_tokens: int
    cost_usd: float


class ImagesLeft(TypedDict):
    """Images of this month; without a quota, nothing is left or not."""

    used: int
    quota: int | None
    left: int | None


class BudgetLeft(TypedDict):
    """What the models may cost this month."""

    used_usd: float
    budget_usd: float | None
    left_usd: float | None


class Usage(TypedDict):
    """What was used, and what is left."""

    months: list[MonthUse]
    images: ImagesLeft
    budget: BudgetLeft
    resets_at: str


class ExportFile(TypedDict):
    """One zip of an export."""

    url: str
    file_size: int
    items: int


class Export(TypedDict):
    """Zips of everything, made or being made."""

    request_id: str
    state: str
    error: str | None
    parts: list[ExportFile]
