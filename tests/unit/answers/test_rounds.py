"""Rounds of tools: what Claude may do, and what ends it."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from runtime.agent.search import AgentOutcome, look_for
from runtime.analysis import Category
from runtime.claude import Allowance, Budget
from runtime.failures import TransientError
from runtime.limits import LimitReachedError
from runtime.search.filters import Filters
from tests.unit.answers.conversation import Collection, Ledger, claude_at, item, message, says, uses
from tests.unit.pipeline.vendor import Reply, Vendor

LEASE = UUID("3f1c0f0e-5a8b-4c6e-9a54-0d5a3c0b7a11")


@pytest.fixture(name="collection")
def _collection() -> Collection:
    return Collection([item(LEASE, "two pages"), item(uuid4(), "a cat")])


def search(
    vendor: Vendor,
    collection: Collection,
    *replies: Reply,
    budget: Budget | None = None,
    filters: Filters = Filters(),  # noqa: B008 - a tuple
    ledger: Ledger | None = None,
) -> AgentOutcome:
    vendor.replies = list(replies)
    return look_for(
        claude_at(vendor),
        collection.retrieval,
        question="the lease",
        filters=filters,
        top_k=10,
        model="m",
        budget=budget or Allowance().begin(),
        account=Ledger() if ledger is None else ledger,
    )


def result_of(request: dict[str, Any]) -> tuple[str, bool]:
    (result,) = request["messages"][-1]["content"]
    return result["content"], result["is_error"]


def test_what_the_first_search_found_is_in_the_first_question(vendor: Vendor, collection: Collection) -> None:
    outcome = search(vendor, collection, says(citations=[str(LEASE)], answer="Two."))

    assert str(LEASE) in json.dumps(vendor.requests[0]["messages"])
    assert collection.searches == [("the lease", Filters())]
    assert (outcome.answer.text, outcome.answer.citations) == ("Two.", [LEASE])
    assert outcome.tools_used == ["search_images"]


def test_the_third_round_has_to_answer(vendor: Vendor, collection: Collection) -> None:
    ledger = Ledger()
    again = uses("search_images", query="contract")

    outcome = search(vendor, collection, again, again, again, ledger=ledger)

    assert [request["tool_choice"]["type"] for request in vendor.requests] == ["auto", "auto", "none"]
    assert outcome.answer.confidence is None
    assert len(outcome.hits) == 2, "what was found so far is the result"
    assert len(ledger) == 3, "each call is accounted for"


def test_with_little_time_left_there_is_no_other_round(vendor: Vendor, collection: Collection) -> None:
    moments = iter([0.0])
    late = Budget(seconds=22, tokens=60_000, clock=lambda: next(moments, 16.0))

    outcome = search(vendor, collection, says(citations=[str(LEASE)], answer="Two."), budget=late)

    assert vendor.requests[0]["tool_choice"] == {"type": "none"}
    assert outcome.answer.text == "Two."


def test_without_time_nobody_is_asked(vendor: Vendor, collection: Collection) -> None:
    moments = iter([0.0])
    over = Budget(seconds=22, tokens=60_000, clock=lambda: next(moments, 21.5))

    outcome = search(vendor, collection, says(citations=[], answer="x"), budget=over)

    assert vendor.requests == []
    assert (outcome.answer.confidence, len(outcome.hits)) == (None, 2)


def test_tokens_end_it_too(vendor: Vendor, collection: Collection) -> None:
    reply = uses("search_images", query="contract")
    spent = Reply(200, {**reply.body, "usage": {"input_tokens": 4000, "output_tokens": 100}})

    outcome = search(vendor, collection, spent, says(citations=[str(LEASE)], answer="Two."), budget=Budget(22, 10_000))

    assert [request["tool_choice"]["type"] for request in vendor.requests] == ["auto", "none"]
    assert outcome.answer.text == "Two."


@pytest.mark.parametrize(
    ("name", "given", "complaint"),
    [
        ("search_images", {"query": ""}, "query"),
        ("search_images", {"query": "a", "limit": 1000}, "limit"),
        ("search_images", {"query": "a\0b"}, "NUL"),
        ("search_images", {"query": "a", "user_id": "user-bob"}, "user_id"),
        ("filter_images", {}, "at least one"),
        ("filter_images", {"taken_from": "yesterday"}, "taken_from"),
        ("open_image", {"item_id": "1"}, "item_id"),
        ("open_image", {"item_id": str(uuid4())}, "No image with this id was found"),
        ("delete_image", {"item_id": str(LEASE)}, "There is no tool"),
    ],
)
def test_what_is_wrong_with_a_tools_use_is_told_to_claude(
    vendor: Vendor, collection: Collection, name: str, given: dict[str, object], complaint: str
) -> None:
    outcome = search(vendor, collection, uses(name, **given), says(citations=[str(LEASE)], answer="Two."))

    text, is_error = result_of(vendor.requests[1])
    assert is_error
    assert complaint in text
    assert outcome.answer.text == "Two."


def test_a_tool_that_fails_is_told_to_claude(vendor: Vendor, collection: Collection) -> None:
    collection.failure = TransientError("Voyage refuses the key sk-123")

    search(vendor, collection, uses("search_images", query="a"), says(citations=[str(LEASE)], answer="Two."))

    text, is_error = result_of(vendor.requests[1])
    assert is_error
    assert "sk-123" not in text


def test_no_tool_widens_what_the_user_narrowed(vendor: Vendor, collection: Collection) -> None:
    wanted = Filters(category=Category.WORK, tags=("flat",))

    search(
        vendor,
        collection,
        uses("filter_images", category="Food", tags=["cats"], taken_from="2026-03-01"),
        says(citations=[], answer="x", support="not_found"),
        filters=wanted,
    )

    first, second = (filters for _, filters in collection.searches)
    assert first == wanted
    assert (second.category, second.tags) == (Category.WORK, ("flat", "cats"))
    assert second.taken_from is not None


def test_every_wish_has_its_result_also_beyond_what_one_round_may(vendor: Vendor, collection: Collection) -> None:
    blocks = [
        {"type": "tool_use", "id": f"toolu_{number}", "name": "search_images", "input": {"query": str(number)}}
        for number in range(6)
    ]

    search(vendor, collection, message(*blocks, stop_reason="tool_use"), says(citations=[str(LEASE)], answer="Two."))

    results = vendor.requests[1]["messages"][-1]["content"]
    assert [result["tool_use_id"] for result in results] == [block["id"] for block in blocks]
    assert [result["is_error"] for result in results] == [False] * 4 + [True] * 2
    assert len(collection.searches) == 5


def test_without_money_nothing_is_asked_and_between_rounds_what_was_found_is_kept(
    vendor: Vendor, collection: Collection
) -> None:
    again = uses("search_images", query="contract")

    with pytest.raises(LimitReachedError):
        search(vendor, collection, again, ledger=Ledger(calls=0))
    assert vendor.requests == []

    outcome = search(vendor, collection, again, again, ledger=Ledger(calls=1))
    assert len(vendor.requests) == 1
    assert "budget is used up" in outcome.answer.text
    assert len(outcome.hits) == 2


def test_the_prompt_cache_is_used_and_paid_by_its_price(vendor: Vendor, collection: Collection) -> None:
    ledger = Ledger()
    cached = message(
        {"type": "text", "text": json.dumps({"citations": [str(LEASE)], "support": "stated", "answer": "Two."})},
        cache_creation_input_tokens=1000,
        cache_read_input_tokens=2000,
    )

    search(vendor, collection, cached, ledger=ledger)

    assert "cache_control" in json.dumps(vendor.requests[0]["messages"])
    assert ledger[0].input_tokens == 100 + 1250 + 200
