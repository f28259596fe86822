"""Answers that name the items they rest on, and how far those can be believed.

    answer confidence = how the items support the answer * the surest of the cited items' search confidence

An answer that is stated in an item counts 1, one that is inferred .6. An answer without an item that exists among those
that Claude was shown has no support, whatever it says: it is not passed on.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel, Field

from runtime.claude import NoAnswerError

NOTHING_FOUND = "There is nothing in your collection about this."


class Support(StrEnum):
    """How the cited items support an answer."""

    STATED = "stated"
    INFERRED = "inferred"
    NOT_FOUND = "not_found"


SUPPORT_WEIGHT = {Support.STATED: 1.0, Support.INFERRED: 0.6, Support.NOT_FOUND: 0.0}


class CitedAnswer(BaseModel):
    """The structure that Claude answers in."""

    citations: list[str] = Field(
        description="Ids of the items that the answer rests on, the most important first, copied exactly; empty if none"
    )
    support: Support = Field(
        description="stated: the cited items say it. inferred: it follows from them, but they do not say it. "
        "not_found: the items do not answer the question"
    )
    answer: str = Field(description="One to four plain sentences in the question's language, without ids")


class Answer(NamedTuple):
    """An answer whose citations were checked."""

    text: str
    confidence: float | None
    """0 to 1; None where Claude gave none, and `text` says why."""
    citations: list[UUID]


def nothing_found() -> Answer:
    """The answer where there is nothing to answer from; nobody is asked for it."""
    return Answer(NOTHING_FOUND, 0.0, [])


def no_answer(error: NoAnswerError, *, found: bool) -> Answer:
    """What is said instead of an answer. What was found is still there."""
    rest = " What was found is listed all the same; ask again in a moment for an answer." if found else ""
    return Answer(f"{error}{rest}", None, [])


def check(given: CitedAnswer, known: Mapping[UUID, float]) -> Answer:
    """Drop citations of what Claude was not shown, and judge the rest. `known` is the search confidence of each item
    that it was shown. Raises `NoAnswerError` when an answer rests on none of them."""
    cited = existing(given.citations, known)
    if given.support is Support.NOT_FOUND:
        return Answer(given.answer, 0.0, [])
    if not cited:
        raise NoAnswerError("Claude's answer could not be traced to your images, and is not shown.")
    surest = max(known[item_id] for item_id in cited)
    return Answer(given.answer, round(SUPPORT_WEIGHT[given.support] * surest, 3), cited)


def existing(citations: list[str], known: Mapping[UUID, float]) -> list[UUID]:
    """Those that are ids of known items, each once, in their order."""
    by_text = {str(item_id): item_id for item_id in known}
    found = (by_text.get(citation.strip().lower()) for citation in citations)
    return list(dict.fromkeys(item_id for item_id in found if item_id is not None))
