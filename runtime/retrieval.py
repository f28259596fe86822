"""Finding a user's items: what a search costs is recorded, whoever asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from runtime import limits, usage
from runtime.answers import evidence
from runtime.answers.evidence import Evidence
from runtime.embeddings import Embedder
from runtime.failures import PermanentError, TransientError
from runtime.observability import count_failure, failure_kind, logger
from runtime.postgres import Database
from runtime.search import grammar
from runtime.search import query as search_query
from runtime.search.browse import browse
from runtime.search.filters import Filters
from runtime.search.query import Found, Hit, SearchType
from runtime.search.rerank import RERANKED, Reading, Reranker, readings
from runtime.search.way import Collections
from runtime.settings import UserLimits


@dataclass(frozen=True)
class Retrieval:
    """The ways to one user's items."""

    user_id: str
    database: Database
    embedder: Embedder
    query_model: str
    """Embeds what is looked for."""
    vector_weight: float
    limits: UserLimits
    collections: Collections
    reranker: Reranker | None = None
    """Reads the best results of hybrid searches again."""

    def search(
        self,
        query: str,
        *,
        search_type: SearchType,
        top_k: int,
        filters: Filters,
        min_confidence: float | None = None,
    ) -> Found:
        """The best items; see `runtime.search.query.search`. Hybrid ones are in the reranker's order, with its scores,
        or in their own where there is none, it fails, or the user's budget does not allow it.

        Raises `TransientError` when the query cannot be embedded, `PermanentError` when it is refused, and
        `LimitReachedError`.
        """
        # The vendor is asked before the transaction begins, so that no connection waits for it.
        vector = self._embed(query, search_type)
        reranker = self.reranker if search_type is SearchType.HYBRID else None
        with self.database.tenant(self.user_id) as connection:
            found = search_query.search(
                connection,
                query=query,
                vector=vector,
                search_type=search_type,
                top_k=max(top_k, RERANKED) if reranker else top_k,
                vector_weight=self.vector_weight,
                filters=filters,
                min_confidence=min_confidence,
                expected=self.collections.expected(self.user_id, filters),
            )
            known = readings(connection, found.hits[:RERANKED]) if reranker else []
        self.collections.learn(self.user_id, filters, found.collection)
        if reranker is None or len(known) <= 1:
            return found.model_copy(update={"hits": found.hits[:top_k]})
        hits = self._rerank(reranker, query, known) + found.hits[RERANKED:]
        return found.model_copy(update={"hits": hits[:top_k]})

    def browse(self, filters: Filters, limit: int) -> list[UUID]:
        """Items that pass the filters, the newest first."""
        with self.database.tenant(self.user_id) as connection:
            return browse(connection, filters, limit)

    def evidence(self, item_ids: Sequence[UUID]) -> list[Evidence]:
        """What Claude may be shown of these."""
        with self.database.tenant(self.user_id) as connection:
            return evidence.load(connection, item_ids)

    def _embed(self, query: str, search_type: SearchType) -> list[float] | None:
        """The query's vector, where one is needed."""
        text = grammar.parse(query).text
        if search_type is SearchType.BM25 or not text:
            return None
        with self.database.tenant(self.user_id) as connection:
            limits.require_budget(connection, self.limits)
        embedded = self.embedder.query(text, self.query_model)
        with self.database.tenant(self.user_id) as connection:
            usage.record(
                connection,
                user_id=self.user_id,
                operation="query",
                model=embedded.model,
                input_tokens=embedded.tokens,
            )
        return embedded.vectors[0]

    def _rerank(self, reranker: Reranker, query: str, known: Sequence[Reading]) -> list[Hit]:
        """What was found, in the reranker's order; as it is where that cannot be had."""
        try:
            with self.database.tenant(self.user_id) as connection:
                limits.require_budget(connection, self.limits)
            reranked = reranker.rerank(grammar.parse(query).text, known)
        except (TransientError, PermanentError) as error:
            logger.warning("the results keep their order, for they could not be reranked", error=str(error))
            count_failure(failure_kind(error))
            return [reading.hit for reading in known]
        with self.database.tenant(self.user_id) as connection:
            usage.record(
                connection,
                user_id=self.user_id,
                operation="rerank",
                model=reranked.model,
                input_tokens=reranked.tokens,
            )
        return reranked.hits
