"""Search: one SQL statement that ranks by words, by meaning, or by both."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow, dict_row
from pydantic import BaseModel

from runtime.postgres import Connection
from runtime.search import confidence, grammar
from runtime.search.document import vector_literal
from runtime.search.filters import NO_FILTERS, Filters
from runtime.search.statement import Shape, statement
from runtime.search.way import Collection, Way, look_up, told

BM25_K1 = 0.6
"""How fast repeating a word stops counting."""
BM25_B = 0.3
"""How much long documents are held back. Both measured on real screenshots; lower than the usual 1.2 and .75, since an
image's text is short and seldom repeats itself on purpose."""
CANDIDATES = 100
"""How many of each list are fused."""
CHAMPIONS = 500
"""How many documents a large tenant's index nominates for each word of the query."""
NOMINEES = 120
"""How many of those, best first, are scored exactly."""
NEAREST = 80
"""How many documents a large tenant's index nominates by meaning, to be compared exactly."""
WIDENING = 5.0
"""With filters, nominees may not pass: the three figures before are raised as their share shrinks, so far at most."""
LONG_WORD = 8
"""Letters from which a misspelt word may be two edits away from what was meant; shorter ones one."""
CORRECTIONS = 3
"""Words that a misspelt one may have meant, at most."""
TYPO_WEIGHT = 0.8
"""What is left of a word's score and coverage for each edit."""


class SearchType(StrEnum):
    """What ranks."""

    BM25 = "bm25"
    """Words: Okapi BM25 over weighted fields."""
    VECTOR = "vector"
    """Meaning: cosine similarity."""
    HYBRID = "hybrid"
    """Both, normalised and weighted."""


class Hit(BaseModel):
    """An item that was found."""

    item_id: UUID
    score: float
    """Higher is better: BM25's score, the cosine, or for hybrid the weighted sum of both, each scaled to 0-1."""
    cosine: float | None
    """Similarity of meaning, -1 to 1; none when searching by words alone."""
    coverage: float | None
    """Share of the query's words that the item has, each weighted by its rarity (IDF), 0 to 1; none when searching by
    meaning alone."""
    confidence: float
    """How sure it is that this was looked for, 0 to 1; see `runtime.search.confidence`."""


class Found(BaseModel):
    """What a search came to."""

    hits: list[Hit]
    """Best first; none when nothing matches."""
    confidence: float
    """Of the surest item that was considered, 0 to 1; 0 when nothing matches."""
    way: Way
    """How it was looked for."""
    collection: Collection
    """What was known of the tenant's documents."""


def search(
    connection: Connection,
    *,
    query: str,
    vector: Sequence[float] | None,
    search_type: SearchType,
    top_k: int,
    vector_weight: float,
    filters: Filters = NO_FILTERS,
    min_confidence: float | None = None,
    expected: Collection | None = None,
) -> Found:
    """The tenant's `top_k` best items, best first; equal ones in the order of their ids.

    `query` is read by `runtime.search.grammar`. `vector` is the embedding of what that calls its text, needed unless
    searching by words alone; `vector_weight` (0-1) is its share in a hybrid score. Only searchable items are found, of
    those that pass `filters`. Nothing is found when no item is as sure as the type's in
    `runtime.search.confidence.FLOORS`, and none that is less sure than `LEAST` there; with `min_confidence`, every item
    is found that is as sure as that. Raises `ValueError` without a needed vector.

    What is known of the tenant's documents decides how they are searched. Where that is `expected`, as after another
    search, both go to the database at once, in one round trip; should it be otherwise by now, the search is repeated.
    """
    by_words = search_type is not SearchType.VECTOR
    by_meaning = search_type is not SearchType.BM25
    asked = grammar.parse(query)
    if by_meaning and vector is None and asked.text:
        raise ValueError(f"a search of type {search_type} needs the query's vector")

    def ask(collection: Collection) -> Cursor[DictRow]:
        share = 1.0 if collection.eligible is None else collection.eligible / max(collection.documents, 1)
        widened = min(1 / max(share, 1 / WIDENING), WIDENING)
        way = collection.way(phrases=bool(asked.phrases))
        shape = Shape(way, filters.conditions, bool(asked.phrases), bool(asked.barred_words or asked.barred_phrases))
        return connection.cursor(row_factory=dict_row).execute(
            statement(shape),
            {
                **filters.parameters,
                "words": asked.words if by_words else None,
                "vector": vector_literal(vector) if by_meaning and vector is not None else None,
                "phrases": asked.phrases,
                "barred_words": asked.barred_words,
                "barred_phrases": asked.barred_phrases,
                "search_type": search_type.value,
                "vector_weight": vector_weight,
                # Not an integer, whose type, and with it the kept plan, would be that of its size.
                "documents": float(collection.documents),
                "average_length": collection.average_length,
                "k1": BM25_K1,
                "b": BM25_B,
                "long_word": LONG_WORD,
                "corrections": CORRECTIONS,
                "typo_weight": TYPO_WEIGHT,
                "champions": round(CHAMPIONS * widened),
                "nominees": round(NOMINEES * widened),
                "nearest": round(NEAREST * widened),
                "candidates": CANDIDATES,
                **confidence.PARAMETERS,
                "floor": confidence.FLOORS[search_type] if min_confidence is None else 0.0,
                "least": confidence.LEAST if min_confidence is None else min_confidence,
                "top_k": top_k,
            },
        )

    found: Cursor[DictRow] | None = None
    if expected is None or not asked.text:
        collection = told(look_up(connection, filters))
    else:
        with connection.pipeline():
            answer, found = look_up(connection, filters), ask(expected)
        collection = told(answer)
    if asked.text and (found is None or collection != expected):
        found = ask(collection)
    rows = found.fetchall() if found else []
    return Found(
        hits=[Hit.model_validate(row) for row in rows],
        confidence=rows[0]["best"] if rows else 0,
        way=collection.way(phrases=bool(asked.phrases)),
        collection=collection,
    )
