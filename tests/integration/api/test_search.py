"""Search over HTTP; how well it ranks is the business of the tests of `runtime.search`."""

import pytest
from sqlalchemy import text

from runtime.analysis import Category
from tests.gateway import GatewayClient
from tests.integration.api.conftest import ADA, Pipeline
from tests.integration.api.voyage import TOKENS, Voyage
from tests.integration.conftest import Database

CONTRACT_FIELDS = {
    "query",
    "search_type",
    "results",
    "total_results",
    "confidence",
    "answer",
    "answer_confidence",
    "citations",
    "retrieval_time_ms",
    "answer_time_ms",
    "agent_reasoning",
    "tools_used",
}
RESULT_FIELDS = {
    "item_id",
    "rank",
    "score",
    "score_type",
    "category",
    "headline",
    "summary",
    "image_url",
    "thumbnail_url",
    "metadata",
}


def headlines(client: GatewayClient, **request: object) -> list[str]:
    answer = client.post("/search", request)
    assert answer.status == 200, answer.body
    return [result["headline"] for result in answer.json()["results"]]


@pytest.fixture(autouse=True)
def _collection(pipeline: Pipeline) -> None:
    pipeline.keep("A sandy beach", category=Category.TRAVEL, angle=10)
    pipeline.keep("A coffee receipt", category=Category.RECEIPT, angle=80)
    pipeline.keep("A beach towel", category=Category.SHOPPING, angle=45)


def test_the_answer_has_the_contracts_fields(ada: GatewayClient) -> None:
    answer = ada.post("/search", {"query": "receipt", "search_type": "hybrid"}).json()

    assert answer.keys() == CONTRACT_FIELDS
    assert answer["results"][0].keys() == RESULT_FIELDS
    assert (answer["query"], answer["search_type"]) == ("receipt", "hybrid")
    assert answer["total_results"] == len(answer["results"])
    assert (answer["answer"], answer["citations"], answer["tools_used"]) == (None, [], [])
    assert answer["retrieval_time_ms"] > 0


def test_words_find_what_has_them(ada: GatewayClient, voyage: Voyage) -> None:
    assert set(headlines(ada, query="beach", search_type="bm25")) == {"A sandy beach", "A beach towel"}
    assert voyage.requests == []


def test_meaning_ranks_by_nearness(ada: GatewayClient, voyage: Voyage) -> None:
    voyage.angle = 80

    answer = ada.post("/search", {"query": "what did I pay", "search_type": "vector"}).json()

    found = [(result["rank"], result["headline"]) for result in answer["results"]]
    assert found == [(1, "A coffee receipt"), (2, "A beach towel"), (3, "A sandy beach")]
    assert answer["results"][0]["score"] > answer["results"][1]["score"]
    assert voyage.requests[0]["model"] == "voyage-4-lite"
    assert voyage.requests[0]["input_type"] == "query"


def test_hybrid_is_the_default_and_uses_both(ada: GatewayClient, voyage: Voyage) -> None:
    voyage.angle = 45

    assert headlines(ada, query="beach")[0] == "A beach towel"


def test_results_can_be_limited_and_narrowed(ada: GatewayClient) -> None:
    assert len(headlines(ada, query="beach", search_type="bm25", top_k=1)) == 1
    assert headlines(ada, query="beach", search_type="bm25", category_filter="Travel") == ["A sandy beach"]


def test_what_nothing_matches_gives_an_empty_list(ada: GatewayClient) -> None:
    answer = ada.post("/search", {"query": "xylophone", "search_type": "bm25"})

    assert (answer.status, answer.json()["results"], answer.json()["total_results"]) == (200, [], 0)


@pytest.mark.parametrize("query", ["'; drop table item; --", "the", "!!!", "a & b | c", "\\", "日本", "%s", ":words"])
def test_no_query_breaks_it(ada: GatewayClient, query: str) -> None:
    for search_type in ("bm25", "vector", "hybrid"):
        assert ada.post("/search", {"query": query, "search_type": search_type}).status == 200


def test_the_tokens_of_a_query_are_accounted_to_the_user(ada: GatewayClient, database: Database) -> None:
    ada.post("/search", {"query": "beach", "search_type": "vector"})

    with database.owner.connect() as connection:
        connection.execute(text("select set_config('app.user_id', :user_id, false)"), {"user_id": ADA})
        rows = connection.execute(text("select user_id, operation, model, input_tokens from usage")).all()
    assert [tuple(row) for row in rows] == [(ADA, "query", "voyage-4-lite", TOKENS)]


@pytest.mark.parametrize("status", [401, 429, 500])
def test_without_the_vendor_words_still_work(ada: GatewayClient, voyage: Voyage, status: int) -> None:
    voyage.status = status

    refused = ada.post("/search", {"query": "beach", "search_type": "hybrid"})

    assert refused.status == 503
    assert int(refused.headers["retry-after"]) > 0
    assert "bm25" in refused.json()["detail"]
    assert len(headlines(ada, query="beach", search_type="bm25")) == 2
