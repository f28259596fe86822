"""Answers over HTTP, by the stand-in for Claude."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from runtime.answers.cited import NOTHING_FOUND
from runtime.api.adapter import gateway_handler
from runtime.api.app import create_app
from runtime.api.dependencies import Services
from runtime.claude import Allowance
from runtime.models import ItemTag, Tag, Usage
from tests.api_environment import changed
from tests.gateway import GatewayClient
from tests.integration.api.claude import Claude
from tests.integration.api.conftest import ADA, Kept, Pipeline, pipeline_session
from tests.integration.api.voyage import Voyage
from tests.integration.conftest import Database


@pytest.fixture
def bakery(pipeline: Pipeline) -> Kept:
    return pipeline.keep("Mill Lane Bakery receipt, total EUR 22.36", angle=0)


def ask(client: GatewayClient, query: str = "bakery total", **request: object) -> dict[str, Any]:
    answer = client.post("/search", {"query": query, "include_answer": True, **request})
    assert answer.status == 200, answer.body
    return answer.json()


def tag(pipeline: Pipeline, kept: Kept, name: str) -> None:
    with pipeline_session(pipeline.services) as session:
        row = Tag(user_id=ADA, name=name)
        session.add(row)
        session.flush()
        session.add(ItemTag(item_id=kept.item.id, tag_id=row.id, user_id=ADA))


def spendings(database: Database, operation: str) -> list[tuple[str, str]]:
    with database.owner.connect() as connection:
        connection.execute(text("select set_config('app.user_id', :user_id, false)"), {"user_id": ADA})
        rows = connection.execute(
            text("select user_id, model from usage where operation = :operation and input_tokens > 0"),
            {"operation": operation},
        )
        return [tuple(row) for row in rows]


def test_an_answer_cites_the_item_that_says_it(ada: GatewayClient, bakery: Kept, database: Database) -> None:
    answered = ask(ada)

    assert "22.36" in answered["answer"]
    assert answered["citations"] == [str(bakery.item.id)]
    assert 0 < answered["answer_confidence"] <= answered["results"][0]["metadata"]["confidence"]
    assert answered["answer_time_ms"] > 0
    assert spendings(database, "answer") == [(ADA, "local-answer")]


def test_nobody_is_asked_unless_an_answer_is_wanted(ada: GatewayClient, bakery: Kept, claude: Claude) -> None:
    answered = ada.post("/search", {"query": "bakery total"}).json()

    assert (answered["answer"], answered["answer_confidence"], answered["answer_time_ms"]) == (None, None, None)
    assert claude.calls == 0


def test_without_results_nobody_is_asked(ada: GatewayClient, bakery: Kept, claude: Claude) -> None:
    answered = ask(ada, "xylophone", search_type="bm25")

    assert (answered["answer"], answered["answer_confidence"], answered["citations"]) == (NOTHING_FOUND, 0, [])
    assert claude.calls == 0


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("429", "busy"),
        ("529", "busy"),
        ("500", "cannot be reached"),
        ("refusal", "declined"),
        ("cut-off", "cut off"),
        ("invalid-json", "could not be understood"),
    ],
)
def test_results_are_there_even_if_claude_is_not(
    ada: GatewayClient, bakery: Kept, claude: Claude, database: Database, kind: str, says: str
) -> None:
    claude.misbehave(kind)

    answered = ask(ada)

    assert [result["item_id"] for result in answered["results"]] == [str(bakery.item.id)]
    assert says in answered["answer"]
    assert (answered["answer_confidence"], answered["citations"]) == (None, [])
    assert claude.calls == 1, "whoever waits may ask again"
    paid = kind in {"refusal", "cut-off", "invalid-json"}
    assert len(spendings(database, "answer")) == paid


@pytest.mark.parametrize("request_", [{}, {"search_type": "agentic"}])
def test_a_slow_claude_ends_with_the_budget(
    services: Services, bakery: Kept, claude: Claude, request_: dict[str, Any]
) -> None:
    # The first question of a process loads the SDK, which must not be what takes the time.
    ask(GatewayClient(gateway_handler(create_app(services)), ADA), **request_)
    calls = claude.calls
    hurried = create_app(replace(services, allowance=Allowance(seconds=1.5)))
    claude.misbehave("slow", delay=2)

    answered = ask(GatewayClient(gateway_handler(hurried), ADA), **request_)

    assert "in time" in answered["answer"]
    assert answered["answer_confidence"] is None
    assert len(answered["results"]) == 1
    claude.wait_for_calls(calls + 1)


def test_another_model_may_be_named_but_not_any(ada: GatewayClient, bakery: Kept, claude: Claude) -> None:
    refused = ada.post("/search", {"query": "bakery", "include_answer": True, "answer_model": "gpt"})

    assert refused.status == 422
    assert "claude-haiku-5-5" in refused.json()["detail"]
    assert claude.calls == 0
    assert ask(ada, answer_model="claude-haiku-5-5")["citations"] == [str(bakery.item.id)]


def test_another_users_items_are_never_evidence(bob: GatewayClient, bakery: Kept, claude: Claude) -> None:
    assert ask(bob)["answer"] == NOTHING_FOUND
    assert claude.calls == 0


class TestAgentic:
    def test_the_first_search_is_made_at_once_and_the_steps_are_told(
        self, ada: GatewayClient, bakery: Kept, database: Database
    ) -> None:
        answered = ask(ada, search_type="agentic")

        assert "22.36" in answered["answer"]
        assert answered["citations"] == [str(bakery.item.id)]
        assert answered["tools_used"] == ["search_images"]
        assert answered["agent_reasoning"].splitlines()[0] == '1. Searched for "bakery total": 1 image.'
        (result,) = answered["results"]
        assert (result["score"], result["score_type"]) == (1, "agentic")
        assert spendings(database, "agent") == [(ADA, "local-answer")]

    def test_claude_searches_again_with_other_words(
        self, ada: GatewayClient, pipeline: Pipeline, claude: Claude
    ) -> None:
        pipeline.keep("Lease of the flat, two pages", angle=90)

        answered = ask(ada, "please show me what the photo is about: -lease flat", search_type="agentic")

        assert claude.calls == 2
        assert answered["agent_reasoning"].count("Searched for") == 2

    def test_it_narrows_by_tags(self, ada: GatewayClient, bakery: Kept, pipeline: Pipeline) -> None:
        other = pipeline.keep("Something else", angle=80)
        tag(pipeline, other, "holiday")

        answered = ask(ada, "what is tagged holiday", search_type="agentic")

        assert "filter_images" in answered["tools_used"]
        assert answered["results"][0]["item_id"] == str(other.item.id)

    @pytest.mark.parametrize("kind", ["429", "refusal", "cut-off", "invalid-json"])
    def test_what_was_found_so_far_is_the_result_when_claude_fails(
        self, ada: GatewayClient, bakery: Kept, claude: Claude, kind: str
    ) -> None:
        claude.misbehave(kind)

        answered = ask(ada, search_type="agentic")

        assert [result["item_id"] for result in answered["results"]] == [str(bakery.item.id)]
        assert answered["answer_confidence"] is None
        assert "no answer" in answered["agent_reasoning"]

    def test_an_empty_collection_has_nothing(self, ada: GatewayClient) -> None:
        answered = ask(ada, search_type="agentic")

        assert (answered["answer"], answered["results"], answered["total_results"]) == (NOTHING_FOUND, [], 0)

    def test_no_tool_leaves_what_the_user_narrowed_the_search_to(self, ada: GatewayClient, bakery: Kept) -> None:
        answered = ask(ada, search_type="agentic", category_filter="Travel")

        assert (answered["answer"], answered["results"]) == (NOTHING_FOUND, [])

    def test_without_voyage_it_is_unavailable_before_anything_is_paid(
        self, ada: GatewayClient, bakery: Kept, voyage: Voyage, claude: Claude
    ) -> None:
        voyage.status = 500

        assert ada.post("/search", {"query": "bakery", "search_type": "agentic"}).status == 503
        assert claude.calls == 0


@pytest.mark.parametrize("path", ["/search", "/chat"])
def test_without_a_budget_nothing_is_asked(
    services: Services, bakery: Kept, claude: Claude, database: Database, path: str
) -> None:
    settings = changed(services.settings, monthly_ai_budget_usd=Decimal("0.01"))
    with pipeline_session(services) as session:
        session.add(
            Usage(user_id=ADA, operation="answer", model="claude-sonnet-5-5", input_tokens=1, cost_usd=Decimal("0.01"))
        )
    poor = GatewayClient(gateway_handler(create_app(replace(services, settings=settings))), ADA)
    body = {"message": "bakery"} if path == "/chat" else {"query": "bakery", "include_answer": True}

    refused = poor.post(path, body)

    assert refused.status == 429, refused.body
    assert int(refused.headers["retry-after"]) > 0
    assert claude.calls == 0
    free = poor.post("/search", {"query": "bakery", "search_type": "bm25"})
    assert (free.status, free.json()["total_results"]) == (200, 1)
