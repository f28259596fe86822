"""What the stand-in for Claude says of the items that it is shown."""

import json
from typing import Any
from uuid import UUID

import pytest

from local.models.answering import ToolWish, answer
from local.models.wire import JsonObject, MessagesRequest

BAKERY, LEASE = UUID(int=1), UUID(int=2)
TOOLS: list[dict[str, Any]] = [
    {"name": name, "input_schema": {}} for name in ("search_images", "filter_images", "open_image")
]


def items(**shown: dict[str, Any]) -> str:
    lines = [f'<item id="{UUID(int=int(name[1:]))}">{json.dumps(facts)}</item>' for name, facts in shown.items()]
    return "\n".join(["<items>", *lines, "</items>"])


RECEIPT = {"headline": "Mill Lane Bakery", "text": "Sourdough loaf 6.40\nTotal EUR 22.36\nMonday 9 March"}


def asked(question: str, shown: str, *, tools: bool = False, after: list[dict[str, Any]] | None = None) -> Any:
    content = [
        {"type": "text", "text": shown},
        {"type": "text", "text": f"<question>{json.dumps(question)}</question>"},
    ]
    request: dict[str, Any] = {
        "model": "m",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": content}, *(after or [])],
        "tools": TOOLS if tools else [],
    }
    return answer(MessagesRequest.model_validate(request))


@pytest.mark.parametrize(
    ("question", "line"),
    [("How much did I pay at the bakery?", "22.36"), ("How much was the sourdough?", "6.40")],
)
def test_it_quotes_the_line_that_fits_and_cites_its_item(question: str, line: str) -> None:
    said: JsonObject = asked(question, items(i1=RECEIPT, i2={"headline": "Lease"}))

    assert line in str(said["answer"])
    assert (said["citations"], said["support"]) == ([str(BAKERY)], "stated")


def test_without_a_word_in_common_it_says_so() -> None:
    said: JsonObject = asked("Where is my umbrella?", items(i1=RECEIPT))

    assert (said["citations"], said["support"]) == ([], "not_found")


def test_it_asks_for_a_search_when_nothing_fits_and_it_may() -> None:
    wish = asked("Where is my umbrella?", items(i1=RECEIPT), tools=True)

    assert wish == ToolWish("search_images", {"query": "umbrella"})


@pytest.mark.parametrize(
    ("question", "given"),
    [
        ("bills of March 2026", {"taken_from": "2026-03-01", "taken_to": "2026-03-31"}),
        ("what is tagged holiday?", {"tags": ["holiday"]}),
    ],
)
def test_it_narrows_by_the_dates_and_tags_of_the_question(question: str, given: object) -> None:
    assert asked(question, items(), tools=True) == ToolWish("filter_images", given)  # pyright: ignore[reportArgumentType]


def test_it_opens_an_item_whose_text_is_cut() -> None:
    wish = asked("sourdough", items(i1={**RECEIPT, "text_is_cut": True}), tools=True)

    assert wish == ToolWish("open_image", {"item_id": str(BAKERY)})


def test_after_a_tool_it_answers_from_the_result() -> None:
    use: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "search_images", "input": {"query": "lease"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": items(i2={"headline": "Lease of the flat"})}
    after = [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]

    said: JsonObject = asked("the lease", items(i1=RECEIPT), tools=True, after=after)

    assert said["citations"] == [str(LEASE)]


def test_the_second_one_is_the_second_of_the_earlier_results() -> None:
    earlier = f"<earlier_results>{items(i1=RECEIPT, i2={'headline': 'Lease'})}</earlier_results>"

    said: JsonObject = asked("And the second one?", earlier)

    assert (said["citations"], said["about"]) == ([str(LEASE)], "earlier_results")


def test_a_tool_without_its_result_is_refused_as_the_vendor_does() -> None:
    use: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "search_images", "input": {}}
    with pytest.raises(ValueError, match="without `tool_result`"):
        asked("a", items(), after=[{"role": "assistant", "content": [use]}, {"role": "user", "content": "go on"}])
