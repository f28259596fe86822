"""Finding a user's items: what a search costs is recorded, whoever asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine

from runtime import limits, usage
from runtime.answers import evidence
from runtime.answers.evidence import Evidence
from runtime.database import tenant_session
from runtime.embeddings import Embedder
from runtime.search import grammar
from runtime.search import query as search_query
from runtime.search.browse import browse
from runtime.search.filters import Filters
from runtime.search.query import Found, SearchType
from runtime.settings import UserLimits


@dataclass(frozen=True)
class Retrieval:
    """The ways to one user's items."""

    user_id: str
    engine: Engine
    embedder: Embedder
    query_model: str
    """Embeds what is looked for."""
    vector_weight: float
    limits: UserLimits

    def search(
        self,
        query: str,
        *,
        search_type: SearchType,
        top_k: int,
        filters: Filters,
        min_confidence: float | None = None,
    ) -> Found:
        """The best items; see `runtime.search.query.search`. Raises `TransientError` when the query cannot be
        embedded, `PermanentError` when it is refused, and `LimitReachedError`."""
        # The vendor is asked before the transaction begins, so that no connection waits for it.
        vector = self._embed(query, search_type)
        with tenant_session(self.engine, self.user_id) as session:
            return search_query.search(
                session,
                query=query,
                vector=vector,
                search_type=search_type,
                top_k=top_k,
                vector_weight=self.vector_weight,
                filters=filters,
                min_confidence=min_confidence,
            )

    def browse(self, filters: Filters, limit: int) -> list[UUID]:
        """Items that pass the filters, the newest first."""
        with tenant_session(self.engine, self.user_id) as session:
            return browse(session, filters, limit)

    def evidence(self, item_ids: Sequence[UUID]) -> list[Evidence]:
        """What Claude may be shown of these."""
        with tenant_session(self.engine, self.user_id) as session:
            return evidence.load(session, item_ids)

    def _embed(self, query: str, search_type: SearchType) -> list[float] | None:
        """The query's vector, where one is needed."""
        text = grammar.parse(query).text
        if search_type is SearchType.BM25 or not text:
            return None
        with tenant_session(self.engine, self.user_id) as session:
            limits.require_budget(session, self.limits)
        embedded = self.embedder.query(text, self.query_model)
        with tenant_session(self.engine, self.user_id) as session:
            usage.record(
                session, user_id=self.user_id, operation="query", model=embedded.model, input_tokens=embedded.tokens
            )
        return embedded.vectors[0]
