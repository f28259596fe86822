"""Text to vectors, by Voyage's models."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from runtime.failures import TransientError
from runtime.settings import EmbeddingSettings
from runtime.voyage import Voyage

MAX_TEXTS = 32
"""Texts that are sent in one request. The API takes 1,000, but bounds their tokens together too."""
DOCUMENT_TIMEOUT_SECONDS = 20.0
QUERY_TIMEOUT_SECONDS = 8.0
"""Somebody is waiting, and the API has 30 s in all."""


class Embedded(NamedTuple):
    """Texts as vectors."""

    vectors: list[list[float]]
    """One per text, in their order, of the configured dimensions and of length 1."""
    model: str
    """The model that was asked for: its vectors can be compared with those of its family only."""
    tokens: int


class Embedder:
    """The models that turn texts into vectors."""

    def __init__(self, settings: EmbeddingSettings) -> None:
        self._settings = settings
        self._voyage = Voyage(settings.voyage_api_key.reveal(), settings.voyage_base_url)

    def documents(self, texts: Sequence[str]) -> Embedded:
        """Embed what is to be found. Raises `PermanentError` when a text is refused, else `TransientError`."""
        model = self._settings.embedding_model
        parts = [
            self._embed(texts[start : start + MAX_TEXTS], model, "document", DOCUMENT_TIMEOUT_SECONDS)
            for start in range(0, len(texts), MAX_TEXTS)
        ]
        return Embedded(
            vectors=[vector for part in parts for vector in part.vectors],
            model=model,
            tokens=sum(part.tokens for part in parts),
        )

    def query(self, text: str, model: str) -> Embedded:
        """Embed what somebody looks for, by `model`. Raises as `documents` does."""
        return self._embed([text], model, "query", QUERY_TIMEOUT_SECONDS)

    def _embed(
        self, texts: Sequence[str], model: str, input_type: Literal["document", "query"], timeout: float
    ) -> Embedded:
        dimensions = self._settings.embedding_dimensions
        answer = self._voyage.embed(texts, model=model, input_type=input_type, dimensions=dimensions, timeout=timeout)
        self._check(answer.vectors, len(texts), model)
        return Embedded(vectors=answer.vectors, model=model, tokens=answer.tokens)

    def _check(self, vectors: Sequence[Sequence[float]], count: int, model: str) -> None:
        """Another width than the column's could not be stored, nor compared."""
        expected = self._settings.embedding_dimensions
        if len(vectors) != count or any(len(vector) != expected for vector in vectors):
            sizes = sorted({len(vector) for vector in vectors})
            raise TransientError(
                f"{model} answered {count} texts with {len(vectors)} vectors of {sizes} dimensions, not {expected}: "
                "check voyage/embedding_model and voyage/embedding_dimensions"
            )
