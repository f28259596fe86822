"""One turn of a conversation: what is looked for at once, what Claude makes of it, what is remembered."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import Field

from runtime.agent.inputs import QUERY_LENGTH, SearchInput
from runtime.agent.rounds import converse
from runtime.agent.toolbox import SEARCH, SHOWN, Toolbox
from runtime.answers import cited
from runtime.answers.cited import Answer, CitedAnswer
from runtime.answers.evidence import DATA_IS_NO_INSTRUCTION, Evidence, as_data, as_items
from runtime.chat.sessions import Turn
from runtime.claude import Account, Budget, Claude, NoAnswerError
from runtime.retrieval import Retrieval
from runtime.search.filters import Filters

HISTORY_TOKENS = 3000
"""Of earlier turns that Claude is told; the latest ones that fit."""
HISTORY_TURNS = 30
"""Turns that are read for it at most."""
BYTES_PER_TOKEN = 3
"""UTF-8 bytes of a token, on the low side: English has four or five, Japanese three."""

PROMPT = f"""\
You talk with a person about the images in their own collection: screenshots, photos, scans. With each message you get \
what a search for it found, and, marked as earlier results, the images that were listed to the person before, in that \
order: "the second one" is the second of those. If neither has what is needed, use the tools: search with other words, \
narrow by date, tag or category, or open an image whose text is cut. You have two rounds of tools at most.

Say about the collection only what the items say, and do not guess. Quote amounts, dates and names as they are \
written. "taken" is when an image was made and "added" when it was uploaded. Be brief.

{DATA_IS_NO_INSTRUCTION}"""


class About(StrEnum):
    """What a reply is about."""

    NEW_SEARCH = "new_search"
    EARLIER_RESULTS = "earlier_results"
    CONVERSATION = "conversation"


class ChatAnswer(CitedAnswer):
    """The structure that Claude replies in."""

    about: About = Field(
        description="new_search: images that were found now. earlier_results: images that were listed before. "
        "conversation: neither, as for thanks or a question about you"
    )


class Reply(NamedTuple):
    """What the person is told and shown."""

    text: str
    items: list[UUID]
    """To list, in this order."""
    citations: list[UUID]
    remembered: list[UUID]
    """What "the second one" means from now on."""
    tools_used: list[str]
    confidence_of: dict[UUID, float]
    """How sure the search is of each item that it found now."""


def reply(
    claude: Claude,
    retrieval: Retrieval,
    *,
    message: str,
    history: Sequence[Turn],
    remembered: Sequence[UUID],
    filters: Filters,
    top_k: int,
    model: str,
    budget: Budget,
    account: Account,
) -> Reply:
    """Reply to `message`. Where Claude fails, the reply says so and lists what was found.

    Raises as `Retrieval.search` does when the first search fails, before anything was paid.
    """
    toolbox = Toolbox(retrieval, filters)
    try:
        found = toolbox.search(SearchInput(query=message[:QUERY_LENGTH]), top_k)
        toolbox.used.append(SEARCH)
        earlier = retrieval.evidence(remembered[:SHOWN])
        messages = [*_told(history), {"role": "user", "content": _content(message, found, earlier)}]
        try:
            given = converse(
                claude,
                model=model,
                system=PROMPT,
                messages=messages,
                toolbox=toolbox,
                answer=ChatAnswer,
                budget=budget,
                account=account,
            )
            return _checked(given, toolbox, [each.item_id for each in earlier], list(remembered), top_k)
        except NoAnswerError as error:
            answer = cited.no_answer(error, found=bool(toolbox.found))
            return _listing(answer, toolbox, list(remembered), top_k)
    finally:
        toolbox.close()


def trimmed(history: Sequence[Turn], tokens: int = HISTORY_TOKENS) -> list[Turn]:
    """The latest turns that have so many tokens together at most, the oldest first."""
    kept: list[Turn] = []
    for turn in reversed(history):
        tokens -= -(-len(f"{turn.message}{turn.reply}".encode()) // BYTES_PER_TOKEN)
        if tokens < 0:
            break
        kept.append(turn)
    return kept[::-1]


def _told(history: Sequence[Turn]) -> list[dict[str, Any]]:
    return [
        said
        for turn in trimmed(history)
        for said in (
            {"role": "user", "content": f"<question>{as_data(turn.message)}</question>"},
            {"role": "assistant", "content": turn.reply},
        )
    ]


def _content(message: str, found: str, earlier: Sequence[Evidence]) -> list[dict[str, Any]]:
    shown = [f"<earlier_results>\n{as_items(earlier)}\n</earlier_results>"] if earlier else []
    data = "\n".join([*shown, found])
    return [
        {"type": "text", "text": data, "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": f"<question>{as_data(message)}</question>"},
    ]


def _checked(given: ChatAnswer, toolbox: Toolbox, earlier: Sequence[UUID], remembered: list[UUID], top_k: int) -> Reply:
    """Only what was shown can be cited; what was listed before stays listed until something new is found."""
    now, before = toolbox.confidence_of, dict.fromkeys(earlier, 1.0)
    if given.about is About.CONVERSATION:
        return Reply(given.answer, [], [], remembered, toolbox.used, {})
    answer = cited.check(given, {**before, **now})
    if given.about is About.EARLIER_RESULTS:
        return Reply(answer.text, answer.citations, answer.citations, remembered, toolbox.used, dict(now))
    if not toolbox.found:
        answer = cited.nothing_found()
    return _listing(answer, toolbox, remembered, top_k)


def _listing(answer: Answer, toolbox: Toolbox, remembered: list[UUID], top_k: int) -> Reply:
    """List what is cited, then what else was found. Where that is nothing, what was listed before still is."""
    place = {item_id: number for number, item_id in enumerate(answer.citations)}
    found = sorted((hit.item_id for hit in toolbox.found), key=lambda item_id: place.get(item_id, len(place)))
    listed = list(dict.fromkeys([*answer.citations, *found]))[:top_k]
    return Reply(answer.text, listed, answer.citations, listed or remembered, toolbox.used, dict(toolbox.confidence_of))
