"""A second opinion on the best results: a model that reads query and document together, where the stack has one.

It puts in order what a hybrid search has found and adds nothing. Nobody has to wait for it: a search whose results it
does not read in time keeps its own order.
"""

from collections.abc import Sequence
from typing import NamedTuple

from runtime.failures import TransientError
from runtime.postgres import Connection
from runtime.search.query import Hit
from runtime.settings import EmbeddingSettings
from runtime.voyage import Voyage

RERANKED = 50
"""How many of the best are read again. More cost more, and seldom hold what is looked for."""
TIMEOUT_SECONDS = 2.0
"""Of each of two tries. Embedding the query and an answer have to fit into the API's 30 s too."""
LONGEST_TEXT = 4_000
"""Characters of a document that are sent: its headline, summary and lists come first."""


class Reading(NamedTuple):
    """A result, and what is known of it."""

    hit: Hit
    text: str


class Reranked(NamedTuple):
    """What was found, in the order of relevance."""

    hits: list[Hit]
    """Each with its relevance (0-1) as its score."""
    model: str
    tokens: int


class Reranker:
    """Voyage's reranking model."""

    def __init__(self, settings: EmbeddingSettings, model: str) -> None:
        self._voyage = Voyage(settings.voyage_api_key.reveal(), settings.voyage_base_url)
        self._model = model

    def rerank(self, query: str, readings: Sequence[Reading]) -> Reranked:
        """The results by how well they answer `query`.

        Raises `PermanentError` when the vendor refuses them, else `TransientError`.
        """
        texts = [reading.text for reading in readings]
        answer = self._voyage.rerank(query, texts, model=self._model, timeout=TIMEOUT_SECONDS)
        if sorted(place for place, _ in answer.relevance) != list(range(len(readings))):
            raise TransientError(f"{self._model} did not rank what it was sent")
        hits = [readings[place].hit.model_copy(update={"score": score}) for place, score in answer.relevance]
        return Reranked(hits, self._model, answer.tokens)


def readings(connection: Connection, hits: Sequence[Hit]) -> list[Reading]:
    """What is known of each, in the same order; without those that were deleted meanwhile."""
    query = "select item_id, text from search_document where item_id = any(%s)"
    text_of = dict(connection.execute(query, [[hit.item_id for hit in hits]]).fetchall())
    return [Reading(hit, text_of[hit.item_id][:LONGEST_TEXT]) for hit in hits if hit.item_id in text_of]
