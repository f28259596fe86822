"""What is compared: search as it is, and what one would otherwise write.

The baselines see the same collection, vectors and texts. None of them knows when nothing matches, and one is hybrid
search that shows everything all the same.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import LiteralString, NamedTuple

from psycopg.rows import scalar_row

from evaluation.collection import USER, Answer, Collection
from runtime.search.document import vector_literal

RESULTS = 20
"""How many are asked for: twice what is looked at, so that fused lists have something to choose from."""
_WITHOUT_FLOOR = {"min_similarity_score": 0.0}
"""Everything is found, however unsure."""
RRF_K = 60
"""Of reciprocal rank fusion; the value of the paper, and of nearly everybody since."""


class Contender(NamedTuple):
    """A way to search."""

    name: str
    ask: Callable[[str], Answer]
    """From a query to `RESULTS` items at most, best first."""
    baseline: bool = False
    """For comparison only: not how we search."""


def contenders(collection: Collection, search_types: Sequence[str]) -> list[Contender]:
    """Search by each of `search_types`, then the baselines."""

    @cache
    def asked(query: str, search_type: str, options: tuple[tuple[str, float], ...]) -> Answer:
        return collection.ask(query, search_type, RESULTS, **dict(options))

    def by(search_type: str, **options: float) -> Callable[[str], Answer]:
        return lambda query: asked(query, search_type, tuple(options.items()))

    @cache
    def words(query: str) -> Answer:
        return _rank(collection, _OR_TS_RANK, {"query": query})

    @cache
    def meaning(query: str) -> Answer:
        settings = collection.system.services.settings
        embedded = collection.system.services.embedder.query(query, settings.query_embedding_model)
        return _rank(collection, _COSINE, {"vector": vector_literal(embedded.vectors[0])})

    return [
        *(Contender(search_type, by(search_type)) for search_type in search_types),
        Contender("hybrid without floor", by("hybrid", **_WITHOUT_FLOOR), baseline=True),
        Contender(
            "RRF of bm25 and vector",
            _fused(by("bm25", **_WITHOUT_FLOOR), by("vector", **_WITHOUT_FLOOR)),
            baseline=True,
        ),
        Contender("OR + ts_rank", words, baseline=True),
        Contender("cosine", meaning, baseline=True),
        Contender("RRF of OR + ts_rank and cosine", _fused(words, meaning), baseline=True),
    ]


def reciprocal_rank_fusion(lists: Sequence[Sequence[str]]) -> list[str]:
    """One list of many, by the sum of 1 / (`RRF_K` + place) over them; equal ones in the order of their names.

    Cormack, Clarke & Büttcher 2009, Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods.
    """
    scores: dict[str, float] = {}
    for ranked in lists:
        for place, item in enumerate(ranked, start=1):
            scores[item] = scores.get(item, 0) + 1 / (RRF_K + place)
    return sorted(scores, key=lambda item: (-scores[item], item))


def _fused(*ways: Callable[[str], Answer]) -> Callable[[str], Answer]:
    return lambda query: Answer(reciprocal_rank_fusion([ask(query).ranked for ask in ways])[:RESULTS], None)


def _rank(collection: Collection, statement: LiteralString, parameters: dict[str, str]) -> Answer:
    with collection.system.services.database.tenant(USER) as connection:
        found = (
            connection.cursor(row_factory=scalar_row).execute(statement, {**parameters, "top_k": RESULTS}).fetchall()
        )
    return Answer(collection.names(found), None)


# As in countless tutorials: any of the words, English, the document's whole text.
_OR_TS_RANK = """
with wanted as (
    select replace(plainto_tsquery('english', %(query)s)::text, '&', '|')::tsquery as query
)
select item_id
  from search_document, wanted
 where to_tsvector('english', text) @@ wanted.query
 order by ts_rank(to_tsvector('english', text), wanted.query) desc, item_id
 limit %(top_k)s
"""

_COSINE = """
select item_id from embedding order by embedding <=> cast(%(vector)s as halfvec), item_id limit %(top_k)s
"""
