"""Voyage's answers and errors."""

import base64
import struct

import pytest

from runtime.embeddings import MAX_TEXTS, Embedder
from runtime.failures import PermanentError, TransientError
from runtime.settings import EMBEDDING_DIMENSIONS, EmbeddingSettings, Secret
from tests.unit.pipeline.vendor import Reply, Vendor

KEY = "pa-very-secret"


def vectors(count: int, dimensions: int = EMBEDDING_DIMENSIONS) -> Reply:
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded([float(index)] * dimensions)}
        for index in range(count)
    ]
    return Reply(200, {"object": "list", "data": data, "model": "voyage-of-today", "usage": {"total_tokens": 7}})


def error(status: int, **headers: str) -> Reply:
    return Reply(status, {"detail": f"no, {KEY}"}, headers)


def embedder(vendor: Vendor) -> Embedder:
    return Embedder(
        EmbeddingSettings(
            voyage_api_key=Secret(KEY),
            voyage_base_url=f"{vendor.url}/v1",
            embedding_model="voyage-4-large",
            embedding_dimensions=EMBEDDING_DIMENSIONS,
        )
    )


def test_documents_become_vectors_in_their_order(vendor: Vendor) -> None:
    vendor.replies = [vectors(3)]

    embedded = embedder(vendor).documents(["a", "b", "c"])

    assert [vector[0] for vector in embedded.vectors] == [0.0, 1.0, 2.0]
    assert {len(vector) for vector in embedded.vectors} == {EMBEDDING_DIMENSIONS}
    assert (embedded.model, embedded.tokens) == ("voyage-4-large", 7)
    (request,) = vendor.requests
    assert request["path"] == "/v1/embeddings"
    assert (request["input_type"], request["output_dimension"], request["truncation"]) == ("document", 1024, True)


def test_many_documents_are_sent_in_several_requests(vendor: Vendor) -> None:
    vendor.replies = [vectors(MAX_TEXTS), vectors(1)]

    embedded = embedder(vendor).documents(["text"] * (MAX_TEXTS + 1))

    assert [len(request["input"]) for request in vendor.requests] == [MAX_TEXTS, 1]
    assert len(embedded.vectors) == MAX_TEXTS + 1
    assert embedded.tokens == 14


def test_a_query_is_embedded_as_one_by_the_model_that_is_asked_for(vendor: Vendor) -> None:
    vendor.replies = [vectors(1)]

    embedded = embedder(vendor).query("sourdough", "voyage-4-lite")

    (request,) = vendor.requests
    assert (request["model"], request["input_type"]) == ("voyage-4-lite", "query")
    assert embedded.model == "voyage-4-lite"


@pytest.mark.parametrize(("count", "dimensions"), [(1, 512), (2, 1024), (0, 1024)])
def test_vectors_that_do_not_fit_are_not_kept(vendor: Vendor, count: int, dimensions: int) -> None:
    vendor.replies = [vectors(count, dimensions)]

    with pytest.raises(TransientError, match="embedding_dimensions"):
        embedder(vendor).documents(["a"])


def test_a_vendor_that_is_busy_for_long_is_left_alone_for_as_long_as_it_asks_for(vendor: Vendor) -> None:
    vendor.replies = [error(429, **{"Retry-After": "9"})]

    with pytest.raises(TransientError) as caught:
        embedder(vendor).documents(["a"])
    assert caught.value.retry_after == 9
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_vendor_that_is_busy_for_a_moment_is_asked_once_more(vendor: Vendor, status: int) -> None:
    vendor.replies = [error(status, **{"Retry-After": "0.01"}), vectors(1)]

    assert len(embedder(vendor).documents(["a"]).vectors) == 1
    assert len(vendor.requests) == 2


@pytest.mark.parametrize("body", [{}, {"data": [{"embedding": "AAA"}], "usage": {"total_tokens": 1}}, []])
def test_an_answer_that_nobody_understands_is_asked_for_again_later(vendor: Vendor, body: object) -> None:
    vendor.replies = [Reply(200, body)]

    with pytest.raises(TransientError, match="cannot be understood"):
        embedder(vendor).documents(["a"])


def test_a_failing_vendor_is_tried_again_later(vendor: Vendor) -> None:
    vendor.replies = [error(500)]

    with pytest.raises(TransientError, match="500"):
        embedder(vendor).documents(["a"])


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_text_that_the_api_does_not_take_is_given_up(vendor: Vendor, status: int) -> None:
    vendor.replies = [error(status)]

    with pytest.raises(PermanentError, match="does not accept this text"):
        embedder(vendor).documents(["a"])


@pytest.mark.parametrize(
    ("status", "told"), [(401, "voyage/api_key"), (403, "voyage/api_key"), (404, "embeddingModel")]
)
def test_a_wrong_setting_is_named_and_waited_for(vendor: Vendor, status: int, told: str) -> None:
    vendor.replies = [error(status)]

    with pytest.raises(TransientError, match=told) as caught:
        embedder(vendor).documents(["a"])
    assert KEY not in str(caught.value)


def test_a_vendor_that_is_not_there_is_tried_again_later(vendor: Vendor) -> None:
    vendor.url = "http://127.0.0.1:9"

    with pytest.raises(TransientError, match="cannot be reached"):
        embedder(vendor).documents(["a"])


def _encoded(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
