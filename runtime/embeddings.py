"""Text to vectors, by Voyage's models."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, cast

from pydantic import BaseModel

from runtime.failures import PermanentError, TransientError, retry_after
from runtime.settings import EmbeddingSettings

if TYPE_CHECKING:
    from voyageai.error import VoyageError

MAX_TEXTS = 32
"""Texts that are sent in one request. The API takes 1,000, but bounds their tokens together too."""
ATTEMPTS = 2
"""Made by the SDK within one call, with backoff and jitter; then the queue delivers again."""
DOCUMENT_TIMEOUT_SECONDS = 20.0
QUERY_TIMEOUT_SECONDS = 8.0
"""Somebody is waiting, and the API has 30 s in all."""

KEY_PARAMETER = "voyage/api_key"


class Embedded(BaseModel):
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
        # Imported here: it brings a hundred packages along, which functions that never embed should not pay for.
        from voyageai.client import Client
        from voyageai.error import VoyageError

        client = Client(
            api_key=self._settings.voyage_api_key.get_secret_value(),
            base_url=self._settings.voyage_base_url,
            max_retries=ATTEMPTS,
            timeout=timeout,
        )
        try:
            answer = client.embed(
                list(texts),
                model=model,
                input_type=input_type,
                truncation=True,
                output_dimension=self._settings.embedding_dimensions,
            )
        except VoyageError as error:
            raise _failure(error, model) from error
        vectors = cast("list[list[float]]", answer.embeddings)
        self._check(vectors, len(texts), model)
        return Embedded(vectors=vectors, model=model, tokens=answer.total_tokens)

    def _check(self, vectors: Sequence[Sequence[float]], count: int, model: str) -> None:
        """The SDK passes on whatever comes back."""
        expected = self._settings.embedding_dimensions
        if len(vectors) != count or any(len(vector) != expected for vector in vectors):
            sizes = sorted({len(vector) for vector in vectors})
            raise TransientError(
                f"{model} answered {count} texts with {len(vectors)} vectors of {sizes} dimensions, not {expected}: "
                "check voyage/embedding_model and voyage/embedding_dimensions"
            )


def _failure(error: "VoyageError", model: str) -> Exception:
    """What an error of the API means for the text that was to be embedded."""
    from voyageai.error import APIConnectionError, Timeout

    if isinstance(error, (Timeout, APIConnectionError)):
        return TransientError("Voyage cannot be reached in time")
    # The SDK declares no types for these.
    status = cast("int | None", error.http_status)
    headers = cast("Mapping[str, str]", error.headers)
    match status:
        case 400 | 413 | 422:
            return PermanentError(f"The embedding model does not accept this text (HTTP {status}).")
        case 401 | 403:
            return TransientError(f"Voyage refuses the key: check the parameter {KEY_PARAMETER}")
        case 404:
            return TransientError(f"Voyage knows no model {model!r}: check the setting embeddingModel")
        case _:
            return TransientError(f"Voyage is busy or failing (HTTP {status})", retry_after(headers.get("Retry-After")))
