"""What the stand-in for Claude understands of a conversation about items: what it is shown, and what it is asked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from local.models.wire import MessagesRequest

_ITEM = re.compile(r'<item id="(?P<id>[0-9a-f-]{36})">(?P<facts>\{.*\})</item>')
_EARLIER = re.compile(r"<earlier_results>(?P<items>.*?)</earlier_results>", re.DOTALL)
_QUESTION = re.compile(r"<question>(?P<text>.*?)</question>", re.DOTALL)
_WORD = re.compile(r"[^\W_]+")
_PLACE_IN_LIST = {
    "first": 0,
    "second": 1,
    "third": 2,
    "fourth": 3,
    "fifth": 4,
    "last": -1,
}
_STOP_WORDS = frozenset(
    [
        "a",
        "about",
        "am",
        "an",
        "and",
        "any",
        "anything",
        "are",
        "at",
        "be",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "find",
        "for",
        "from",
        "had",
        "has",
        "have",
        "how",
        "i",
        "images",
        "in",
        "is",
        "it",
        "its",
        "me",
        "much",
        "many",
        "my",
        "of",
        "on",
        "one",
        "or",
        "out",
        "photo",
        "photos",
        "picture",
        "pictures",
        "please",
        "screenshot",
        "screenshots",
        "shall",
        "show",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whose",
        "will",
        "with",
        "would",
        "you",
        "your",
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "last",
        "say",
        "says",
        "tell",
    ]
)


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item that the conversation shows."""

    item_id: str
    facts: dict[str, object]

    @property
    def headline(self) -> str:
        """What it is called."""
        return str(self.facts.get("owner_title") or self.facts.get("headline") or "an image")

    @property
    def is_cut(self) -> bool:
        """Whether it has more text than is shown."""
        return bool(self.facts.get("text_is_cut"))

    @property
    def lines(self) -> list[str]:
        """All that is said of it, line by line, what can be read in it first."""
        texts = [str(self.facts.get(name, "")) for name in ("text", "headline", "owner_title", "owner_note", "summary")]
        lines = [line.strip() for text in texts for line in text.splitlines()]
        return list(dict.fromkeys(line for line in lines if line))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the last question is about."""

    question: str
    items: list[ShownItem]
    """Those of the last question's own search and of the tools used since; a later look replaces the first."""
    earlier: list[ShownItem]
    """Those that were shown before the question."""
    tools_used: int
    """Since the question."""
    latest: list[ShownItem]
    """Those that the last tool showed."""

    @classmethod
    def read(cls, request: MessagesRequest) -> Asked:
        """Take the conversation apart. Without a marked question, the last text is the question."""
        last = max(
            (place for place, turn in enumerate(request.messages) if turn.role == "user" and turn.texts), default=0
        )
        turns = request.messages[last:]
        told = "\n".join(text for turn in turns for text in turn.texts if turn.role == "user")
        results = [result for turn in turns for result in turn.tool_results]
        questions = _QUESTION.findall(told)
        question = _decoded(questions[-1]) if questions else (turns[0].texts or [""])[-1]
        earlier = "".join(match["items"] for match in _EARLIER.finditer(told))
        shown = [result.text for result in results if not result.is_error]
        fresh = "\n".join([_EARLIER.sub("", told), *shown])
        return cls(question, _items(fresh), _items(earlier), len(results), _items("".join(shown[-1:])))

    @property
    def place(self) -> int | None:
        """Which of the earlier items is meant by "the second one" and the like; None if none is."""
        words = words_of(self.question)
        return next((place for word, place in _PLACE_IN_LIST.items() if word in words), None)

    @property
    def terms(self) -> set[str]:
        """The words of the question that say what it is about."""
        return {stem(word) for word in words_of(self.question) if word not in _STOP_WORDS}


def words_of(text: str) -> list[str]:
    """Words and numbers, in lower case."""
    return [word.lower() for word in _WORD.findall(text)]


def telling_words(text: str) -> list[str]:
    """The words of a question that a search is helped by, in their order."""
    return list(dict.fromkeys(word for word in words_of(text) if word not in _STOP_WORDS))


def stem(word: str) -> str:
    """A word without what English adds at its end."""
    for ending in ("ies", "ing", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _decoded(text: str) -> str:
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value if isinstance(value, str) else text


def _items(text: str) -> list[ShownItem]:
    found: dict[str, ShownItem] = {}
    for match in _ITEM.finditer(text):
        facts = json.loads(match["facts"])
        found[match["id"]] = ShownItem(match["id"], cast("dict[str, object]", facts))
    return list(found.values())
