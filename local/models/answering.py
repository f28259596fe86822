"""Answers questions about items: the stand-in for Claude where it reads instead of looking.

It understands nothing. It picks the line of an item that has the most words of the question, says where that stands,
and asks for a tool where no line has any. The same conversation always has the same answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from local.models.reading import Asked, ShownItem, stem, telling_words, words_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import JsonValue

    from local.models.wire import JsonObject, MessagesRequest

SEARCH, FILTER, OPEN = "search_images", "filter_images", "open_image"
_NUMBER = re.compile(r"\d+[.,]\d\d\b|\d")
_DATE = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.]\d\d\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b", re.IGNORECASE
)
_TOTAL = re.compile(r"\b(?:grand |amount )?total\b|合計", re.IGNORECASE)
_MONTH = re.compile(
    r"\b(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\s+(?P<year>(?:19|20)\d\d)\b", re.IGNORECASE
)
_YEAR = re.compile(r"\bin (?P<year>(?:19|20)\d\d)\b", re.IGNORECASE)
_TAG = re.compile(r"\btagged (?:with |as )?[\"']?(?P<tag>[\w-]+)", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class ToolWish:
    """A tool that is to be used before there is an answer."""

    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class _Passage:
    """A line of an item, and how well it fits the question."""

    item: ShownItem
    line: str
    score: float


def answer(request: MessagesRequest) -> JsonObject | ToolWish:
    """What is said to the last question, by the names that answers use, or the tool that is wanted first."""
    asked = Asked.read(request)
    if asked.place is not None and asked.earlier:
        return _about_earlier(asked)
    passage = _best(asked)
    wish = _wish(asked, passage, request.usable_tools)
    return wish or _say(asked, passage)


def _wish(asked: Asked, passage: _Passage | None, usable: Collection[str]) -> ToolWish | None:
    if OPEN in usable and asked.tools_used < 2 and passage is not None and passage.item.is_cut:
        return ToolWish(OPEN, {"item_id": passage.item.item_id})
    if asked.tools_used or not asked.terms:
        return None
    narrowed = _filters(asked.question)
    if FILTER in usable and narrowed:
        return ToolWish(FILTER, narrowed)
    if SEARCH in usable and passage is None:
        return ToolWish(SEARCH, {"query": " ".join(telling_words(asked.question))})
    return None


def _filters(question: str) -> JsonObject:
    """Dates and tags that the question names."""
    if tag := _TAG.search(question):
        return {"tags": [tag["tag"]]}
    if month := _MONTH.search(question):
        number, year = _MONTHS.index(month["month"].lower()) + 1, int(month["year"])
        last = 28 if number == 2 else 30 if number in {4, 6, 9, 11} else 31
        return {"taken_from": f"{year}-{number:02}-01", "taken_to": f"{year}-{number:02}-{last}"}
    if year := _YEAR.search(question):
        return {"taken_from": f"{year['year']}-01-01", "taken_to": f"{year['year']}-12-31"}
    return {}


def _say(asked: Asked, passage: _Passage | None) -> JsonObject:
    if passage is not None:
        return _cited(passage, about="new_search")
    if asked.latest and _filters(asked.question):
        names = ", ".join(f'"{item.headline}"' for item in asked.latest[:3])
        return {
            "citations": cast("list[JsonValue]", [item.item_id for item in asked.latest[:3]]),
            "support": "inferred",
            "about": "new_search",
            "answer": f"These fit: {names}.",
        }
    remembered = _best_of(asked.earlier, asked)
    if remembered is not None:
        return _cited(remembered, about="earlier_results")
    return {
        "citations": [],
        "support": "not_found",
        "about": "conversation" if not asked.terms else "new_search",
        "answer": "None of the images that were found says anything about it.",
    }


def _about_earlier(asked: Asked) -> JsonObject:
    place = asked.place or 0
    if place >= len(asked.earlier):
        said = f"There were only {len(asked.earlier)} images."
        return {"citations": [], "support": "not_found", "about": "earlier_results", "answer": said}
    item = asked.earlier[place]
    passage = _best_of([item], asked) or _Passage(item, item.lines[0] if item.lines else "", 0)
    return _cited(passage, about="earlier_results")


def _cited(passage: _Passage, about: str) -> JsonObject:
    line = passage.line if len(passage.line) <= _LONGEST_LINE else f"{passage.line[:_LONGEST_LINE]}…"
    return {
        "citations": [passage.item.item_id],
        "support": "stated",
        "about": about,
        "answer": f'"{passage.item.headline}" says: {line}',
    }


def _best(asked: Asked) -> _Passage | None:
    return _best_of(asked.items, asked)


def _best_of(items: list[ShownItem], asked: Asked) -> _Passage | None:
    """The line that fits best, of the item that fits best; None if no item has a word of the question."""
    best: _Passage | None = None
    for item in items:
        known = {stem(word) for line in item.lines for word in words_of(line)}
        shared = len(asked.terms & known)
        if not shared:
            continue
        line = max(item.lines, key=lambda line: _fit(line, asked))
        passage = _Passage(item, line, shared + _fit(line, asked) / 10)
        if best is None or passage.score > best.score:
            best = passage
    return best


def _fit(line: str, asked: Asked) -> float:
    """Shared words, and whether the line has the kind of thing that is asked for."""
    question = words_of(asked.question)
    fit = float(len(asked.terms & {stem(word) for word in words_of(line)}))
    if {"much", "many", "cost", "costs", "pay", "paid", "price"} & set(question) and _NUMBER.search(line):
        fit += 1.5 if _TOTAL.search(line) else 0.6
    if {"when", "date", "day", "time"} & set(question) and _DATE.search(line):
        fit += 0.8
    return fit
