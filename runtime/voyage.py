"""Voyage's HTTP API: the two calls that are made of it, as its SDK makes them.

The SDK itself brings numpy, aiohttp and LangChain along: 70 MB of the image, and half a second between a person's first
search and its answer. What is sent and read here is the same to the byte (tests/unit/pipeline/test_voyage.py).
"""

import json
import struct
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from random import uniform
from time import sleep
from typing import Any, Literal, NamedTuple, TypeVar

import urllib3

from runtime.connections import pool
from runtime.failures import PermanentError, TransientError, retry_after

LONGEST_PAUSE_SECONDS = 3.0
"""Before the one retry within a call. Who asks for more gets it from the queue, or from whoever searches."""

KEY_PARAMETER = "voyage/api_key"

_FLOAT_BYTES = 4
_OK = 200

T = TypeVar("T")


class Vectors(NamedTuple):
    """Texts as vectors, in their order."""

    vectors: list[list[float]]
    tokens: int


class Ranking(NamedTuple):
    """Documents by how well they answer a query."""

    relevance: list[tuple[int, float]]
    """Position of a document among those that were sent, and its score: best first."""
    tokens: int


class Voyage:
    """The API with one key."""

    def __init__(self, key: str, base_url: str) -> None:
        """`base_url` ends in `/v1`."""
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def embed(
        self,
        texts: Sequence[str],
        *,
        model: str,
        input_type: Literal["document", "query"],
        dimensions: int,
        timeout: float,
    ) -> Vectors:
        """One vector per text; a text that is too long is cut at its end. `timeout` (seconds) is that of one try.

        Raises `PermanentError` when a text is refused, else `TransientError`.
        """
        body = {
            "input": list(texts),
            "model": model,
            "input_type": input_type,
            "truncation": True,
            "output_dtype": None,
            "output_dimension": dimensions,
            "encoding_format": "base64",
        }
        answer = self._post("/embeddings", body, model, timeout)
        return _read(answer, model, _vectors)

    def rerank(self, query: str, documents: Sequence[str], *, model: str, timeout: float) -> Ranking:
        """`documents` by how well they answer `query`. Raises as `embed` does."""
        body = {"query": query, "documents": list(documents), "model": model, "top_k": None, "truncation": True}
        answer = self._post("/rerank", body, model, timeout)
        return _read(answer, model, _ranking)

    def _post(self, path: str, body: Mapping[str, Any], model: str, timeout: float) -> bytes:
        """The body of the answer; asked once more where that may help at once."""
        content = json.dumps(body).encode()
        try:
            return self._request(path, content, model, timeout)
        except _BusyError as error:
            if (error.retry_after or 0.0) > LONGEST_PAUSE_SECONDS:
                raise
            pause = error.retry_after or uniform(0.3, 1.0)  # noqa: S311 - spreads load, guards nothing
        sleep(pause)
        return self._request(path, content, model, timeout)

    def _request(self, path: str, content: bytes, model: str, timeout: float) -> bytes:
        try:
            url = f"{self._base_url}{path}"
            answer = pool(url).request("POST", url, body=content, headers=self._headers, timeout=timeout)
        except urllib3.exceptions.HTTPError as error:
            raise _BusyError("Voyage cannot be reached in time") from error
        if answer.status != _OK:
            raise _failure(answer.status, answer.headers.get("Retry-After"), model)
        return answer.data


class _BusyError(TransientError):
    """The vendor did not do what it was asked, and may at the next try."""


def _read(answer: bytes, model: str, read: Callable[[Any], T]) -> T:
    try:
        return read(json.loads(answer))
    except (ValueError, LookupError, TypeError, struct.error) as error:
        raise TransientError(f"the answer of {model} cannot be understood") from error


def _vectors(answer: Any) -> Vectors:
    return Vectors([_floats(each["embedding"]) for each in answer["data"]], answer["usage"]["total_tokens"])


def _floats(text: str) -> list[float]:
    """Little-endian float32s in base64."""
    content = b64decode(text, validate=True)
    return list(struct.unpack(f"<{len(content) // _FLOAT_BYTES}f", content))


def _ranking(answer: Any) -> Ranking:
    relevance = [(each["index"], each["relevance_score"]) for each in answer["data"]]
    return Ranking(sorted(relevance, key=lambda each: -each[1]), answer["usage"]["total_tokens"])


def _failure(status: int, asked_pause: str | None, model: str) -> Exception:
    """What an error of the API means for what was sent."""
    match status:
        case 400 | 413 | 422:
            return PermanentError(f"Voyage does not accept this text (HTTP {status}).")
        case 401 | 403:
            return TransientError(f"Voyage refuses the key: check the parameter {KEY_PARAMETER}")
        case 404:
            return TransientError(
                f"Voyage knows no model {model!r}: check embeddingModel, queryEmbeddingModel and rerankModel"
            )
        case _:
            return _BusyError(f"Voyage is busy or failing (HTTP {status})", retry_after(asked_pause))
