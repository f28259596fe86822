"""What the API answers with, as far as this client uses it. `/openapi.json` of the API describes all of it."""

from typing import Literal, TypedDict

SearchType = Literal["hybrid", "bm25", "vector"]

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
    created_at: str
    latest_analysis: Analysis | None
    image_url: str | None
    thumbnail_url: str | None


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
    retrieval_time_ms: float
