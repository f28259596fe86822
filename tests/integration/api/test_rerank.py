"""Reranking over HTTP, by a stand-in for the vendor: only where the stack has a model for it, and never needed."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from runtime.api.adapter import gateway_handler
from runtime.api.app import create_app
from runtime.api.dependencies import Services
from runtime.models import Usage
from runtime.prices import cost_usd
from tests.api_environment import changed as with_settings
from tests.gateway import GatewayClient
from tests.integration.api.conftest import ADA, Pipeline, pipeline_session
from tests.integration.api.voyage import RERANK_TOKENS, TOKENS, Voyage

MODEL = "rerank-2.5-lite"
IN_OWN_ORDER = ["A sandy beach", "A beach towel", "A beach ball"]


@pytest.fixture(autouse=True)
def _collection(pipeline: Pipeline) -> None:
    for angle, headline in zip((0, 20, 40), IN_OWN_ORDER, strict=True):
        pipeline.keep(headline, angle=angle)


def client(services: Services, **settings: object) -> GatewayClient:
    changed = replace(services, settings=with_settings(services.settings, **({"rerank_model": MODEL} | settings)))
    return GatewayClient(gateway_handler(create_app(changed)), ADA)


@pytest.fixture
def reranking(services: Services) -> GatewayClient:
    """Ada, where the stack has a reranker."""
    return client(services)


def results(user: GatewayClient, **request: object) -> list[dict[str, Any]]:
    answer = user.post("/search", {"query": "beach", "min_similarity_score": 0, **request})
    assert answer.status == 200, answer.body
    return answer.json()["results"]


def headlines(user: GatewayClient, **request: object) -> list[str]:
    return [result["headline"] for result in results(user, **request)]


def used(services: Services) -> list[tuple[str, str, int, Decimal]]:
    with pipeline_session(services) as session:
        query = text("select operation, model, input_tokens, cost_usd from usage where operation = 'rerank'")
        return [tuple(row) for row in session.connection().execute(query)]


def test_the_reranker_orders_what_hybrid_search_found(
    reranking: GatewayClient, services: Services, voyage: Voyage
) -> None:
    voyage.relevant = "towel"

    found = results(reranking)

    assert [result["headline"] for result in found] == ["A beach towel", "A sandy beach", "A beach ball"]
    assert [result["score"] for result in found] == [0.9, 0.1, 0.1]
    (asked,) = voyage.reranked
    assert (asked["query"], asked["model"]) == ("beach", MODEL)
    assert [document.splitlines()[0] for document in asked["documents"]] == IN_OWN_ORDER
    assert used(services) == [("rerank", MODEL, RERANK_TOKENS, cost_usd(MODEL, RERANK_TOKENS))]


def test_the_best_may_come_from_beyond_what_was_asked_for(reranking: GatewayClient, voyage: Voyage) -> None:
    voyage.relevant = "ball"

    assert headlines(reranking, top_k=1) == ["A beach ball"]


def test_without_a_reranker_nobody_asks_for_one(ada: GatewayClient, services: Services, voyage: Voyage) -> None:
    voyage.relevant = "ball"

    assert headlines(ada) == IN_OWN_ORDER
    assert (voyage.reranked, used(services)) == ([], [])


@pytest.mark.parametrize("search_type", ["bm25", "vector"])
def test_other_searches_keep_their_own_order(reranking: GatewayClient, voyage: Voyage, search_type: str) -> None:
    results(reranking, search_type=search_type)

    assert voyage.reranked == []


@pytest.mark.parametrize("status", [400, 401, 503])
def test_a_reranker_that_fails_loses_nothing(
    reranking: GatewayClient,
    services: Services,
    voyage: Voyage,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    status: int,
) -> None:
    voyage.rerank_status = status

    assert headlines(reranking) == IN_OWN_ORDER
    assert used(services) == []
    assert "could not be reranked" in caplog.text
    assert '"Failures"' in capsys.readouterr().out


def test_a_budget_that_the_querys_embedding_uses_up_is_not_exceeded(services: Services, voyage: Voyage) -> None:
    embedding = cost_usd("voyage-4-lite", TOKENS)
    assert embedding is not None
    with pipeline_session(services) as session:
        spent = Decimal("0.50") - embedding
        session.add(Usage(user_id=ADA, operation="answer", model="m", input_tokens=1, output_tokens=1, cost_usd=spent))

    assert headlines(client(services, monthly_ai_budget_usd=Decimal("0.50"))) == IN_OWN_ORDER
    assert voyage.reranked == []


def test_the_configuration_names_it(reranking: GatewayClient, ada: GatewayClient) -> None:
    assert reranking.get("/search/config").json()["rerank_model"] == MODEL
    assert ada.get("/search/config").json()["rerank_model"] is None
