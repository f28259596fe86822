"""Our client of Voyage's API sends and reads what the vendor's own SDK does."""

import base64
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voyageai.client import Client

from runtime.voyage import Voyage
from tests.unit.pipeline.vendor import Reply, Vendor, running_vendor

KEY = "pa-key"
TEXTS = st.lists(st.text(max_size=40), min_size=1, max_size=4)
FLOATS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3)


@pytest.fixture(scope="module")
def shared_vendor() -> Iterator[Vendor]:
    with running_vendor() as vendor:
        yield vendor


def sent_by_both(vendor: Vendor) -> tuple[bytes, bytes]:
    ours, theirs = vendor.raw[-2:]
    return ours, theirs


def embeddings(vectors: list[list[float]]) -> Reply:
    data = [
        {"object": "embedding", "index": index, "embedding": base64.b64encode(struct.pack("<3f", *vector)).decode()}
        for index, vector in enumerate(vectors)
    ]
    return Reply(200, {"object": "list", "data": data, "model": "voyage-4", "usage": {"total_tokens": 7}})


@given(texts=TEXTS, vectors=st.lists(FLOATS, min_size=1, max_size=3), input_type=st.sampled_from(["document", "query"]))
def test_embeddings_are_asked_for_and_read_alike(
    shared_vendor: Vendor, texts: list[str], vectors: list[list[float]], input_type: Any
) -> None:
    shared_vendor.replies = [embeddings(vectors)]
    base_url = f"{shared_vendor.url}/v1"

    ours = Voyage(KEY, base_url).embed(texts, model="voyage-4", input_type=input_type, dimensions=1024, timeout=9)
    theirs = Client(KEY, max_retries=1, base_url=base_url).embed(
        texts, model="voyage-4", input_type=input_type, output_dimension=1024
    )

    assert (ours.vectors, ours.tokens) == (theirs.embeddings, theirs.total_tokens)
    mine, sdks = sent_by_both(shared_vendor)
    assert mine == sdks


@given(query=st.text(min_size=1, max_size=20), documents=TEXTS)
def test_rerankings_are_asked_for_and_read_alike(shared_vendor: Vendor, query: str, documents: list[str]) -> None:
    data = [{"index": index, "relevance_score": 1 / (index + 1)} for index in range(len(documents))]
    shared_vendor.replies = [Reply(200, {"object": "list", "data": data, "usage": {"total_tokens": 3}})]
    base_url = f"{shared_vendor.url}/v1"

    ours = Voyage(KEY, base_url).rerank(query, documents, model="rerank-2.5-lite", timeout=9)
    theirs = Client(KEY, max_retries=1, base_url=base_url).rerank(query, documents, model="rerank-2.5-lite")

    results: list[Any] = theirs.results
    assert ours.relevance == [(each.index, each.relevance_score) for each in results]
    assert ours.tokens == theirs.total_tokens
    mine, sdks = sent_by_both(shared_vendor)
    assert mine == sdks


def test_both_name_the_key_and_the_type_alike(shared_vendor: Vendor) -> None:
    shared_vendor.replies = [embeddings([[1.0, 2.0, 3.0]])]
    base_url = f"{shared_vendor.url}/v1"

    Voyage(KEY, base_url).embed(["a"], model="voyage-4", input_type="query", dimensions=1024, timeout=9)
    ours = shared_vendor.headers[-1]
    Client(KEY, max_retries=1, base_url=base_url).embed(["a"], model="voyage-4", input_type="query")
    theirs = shared_vendor.headers[-1]

    for name in ("authorization", "content-type"):
        assert ours[name] == theirs[name]
