"""Bodies of search."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from runtime.analysis import Category
from runtime.api.schemas.analyses import AnalysisPublic
from runtime.api.schemas.items import image_url, thumbnail_url
from runtime.api.schemas.model import RequestModel, ResponseModel
from runtime.records import AnalysisRecord, ItemRecord
from runtime.search.filters import Filters
from runtime.search.query import Hit
from runtime.storage import ImageStore

MAX_RESULTS = 50
DEFAULT_RESULTS = 10
QUERY_LENGTH = 500
MAX_TAGS = 20
TAG_LENGTH = 200


class SearchKind(StrEnum):
    """Who looks, and by what."""

    HYBRID = "hybrid"
    BM25 = "bm25"
    VECTOR = "vector"
    AGENTIC = "agentic"
    """Claude, with tools, in several rounds."""


def without_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("text without NUL characters")  # Postgres cannot hold them
    return value


class SearchRequest(RequestModel):
    """A question to the caller's images. Words in quotation marks are looked for as they stand, and a word with a minus
    before it is left out. An agentic search always answers; other searches do when `include_answer` asks for it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"query": "receipt from the coffee bar", "search_type": "hybrid", "top_k": 5}}
    )

    query: Annotated[str, Field(min_length=1, max_length=QUERY_LENGTH), AfterValidator(without_nul)]
    search_type: SearchKind = SearchKind.HYBRID
    top_k: int = Field(default=DEFAULT_RESULTS, ge=1, le=MAX_RESULTS, strict=True, description="Results at most")
    category_filter: Category | None = None
    tags: list[Annotated[str, Field(min_length=1, max_length=TAG_LENGTH), AfterValidator(without_nul)]] = Field(
        default=[], max_length=MAX_TAGS, description="Only images that have all of these, in whatever letter case"
    )
    album: UUID | None = Field(default=None, description="Only images in this album of yours")
    taken_from: AwareDatetime | None = Field(
        default=None, description="Only images taken then or later; of those that do not say when, the upload counts"
    )
    taken_to: AwareDatetime | None = Field(default=None, description="Only images taken then or earlier")
    min_similarity_score: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Only results whose `confidence` is at least this, instead of those of a search that is sure of "
        "something; 0 for whatever comes nearest",
    )
    include_answer: bool = Field(default=False, strict=True, description="Have Claude answer from the results")
    answer_model: str | None = Field(
        default=None, max_length=100, description="Claude model that answers; without one, the stack's own"
    )

    @property
    def filters(self) -> Filters:
        """What narrows the search."""
        return Filters(self.category_filter, self.tags, self.album, self.taken_from, self.taken_to)


class ResultMetadata(ResponseModel):
    """Facts about the image of a result, and why it is one."""

    original_filename: str
    mime_type: str
    width: int | None
    height: int | None
    taken_at: datetime | None
    created_at: datetime
    subcategories: list[str]
    confidence: float = Field(description="How sure it is that this was looked for, 0 to 1")
    similarity: float | None = Field(description="Cosine of query and image in meaning; null for `bm25`")
    coverage: float | None = Field(
        description="Share of the query's words, weighted by rarity, that the image has; null for `vector`"
    )


class SearchResult(ResponseModel):
    """One item that was found."""

    item_id: UUID
    rank: int = Field(description="1 is the best")
    score: float = Field(description="Higher is better; comparable only within one response")
    score_type: SearchKind = Field(description="How it was scored; of `agentic`, the score is the rank's reciprocal")
    category: Category | None
    headline: str | None
    summary: str | None
    image_url: str | None
    thumbnail_url: str | None
    metadata: ResultMetadata

    @classmethod
    def of(
        cls,
        rank: int,
        hit: Hit,
        search_type: SearchKind,
        item: ItemRecord,
        analysis: AnalysisRecord | None,
        store: ImageStore,
    ) -> Self:
        """What the public may know of `hit`, whose item and latest analysis are given."""
        look = None if analysis is None else AnalysisPublic.of(analysis)
        return cls(
            item_id=item.id,
            rank=rank,
            score=hit.score,
            score_type=search_type,
            category=look and look.category,
            headline=look and look.headline,
            summary=look and look.summary,
            image_url=image_url(item, store),
            thumbnail_url=thumbnail_url(item, store),
            metadata=ResultMetadata(
                **ResultMetadata.shared(item),
                subcategories=(look and look.subcategories) or [],
                confidence=hit.confidence,
                similarity=hit.cosine,
                coverage=hit.coverage,
            ),
        )


class SearchResponse(ResponseModel):
    """What was found, best first. A query that nothing matches gives an empty list."""

    query: str
    search_type: SearchKind
    results: list[SearchResult]
    total_results: int
    confidence: float = Field(
        description="Of the surest image that was considered, 0 to 1. Below the floor in `/search/config` there are no "
        "results, unless `min_similarity_score` asks for them"
    )
    answer: str | None = Field(
        default=None, description="From the results alone, or why there is none; null if nobody asked for it"
    )
    answer_confidence: float | None = Field(
        default=None,
        description="How far the cited items support the answer, 0 to 1; 0 where they do not answer the question, null "
        "where there is no answer and `answer` says why",
    )
    citations: list[UUID] = Field(default=[], description="Items among the results that the answer rests on")
    retrieval_time_ms: float
    answer_time_ms: float | None = Field(default=None, description="Of the answer; null if nobody asked for it")
    agent_reasoning: str | None = Field(
        default=None, description="What an agentic search did, a step on each line; null for other searches"
    )
    tools_used: list[str] = Field(default=[], description="Tools of an agentic search, in the order of their first use")


class SearchConfig(ResponseModel):
    """The values in force."""

    search_types: list[SearchKind]
    default_search_type: SearchKind
    default_top_k: int
    max_top_k: int
    max_query_length: int
    vector_weight: float = Field(description="Share of the vector score in hybrid search; the rest is BM25's")
    embedding_model: str
    query_embedding_model: str
    rerank_model: str | None = Field(description="Voyage reranker that orders hybrid results; null for none")
    answer_model: str = Field(description="Claude model that answers, unless `answer_model` names another")
    answer_models: list[str] = Field(description="Those that may be named")
    answer_seconds: float = Field(description="An answer, or an agentic search, takes no longer")
    embedding_dimensions: int
    bm25: dict[str, float] = Field(description="k1 (how soon repetition saturates) and b (how far length counts)")
    confidence_floors: dict[str, float] = Field(
        description="By type: a search that is less sure than this of every image finds nothing"
    )
    confidence_least: float = Field(description="An image that is less sure than this is no result")
    confidence_figures: dict[str, float] = Field(description="What confidence is computed from: docs/search.md")
    exact_items: int = Field(description="Images up to which each is compared; more have indexes of their own")
    fused_candidates: int = Field(description="The best of either list, by words and by meaning, that are fused")
