"""A scripted Claude, and a collection in memory, so that tests see what goes over the wire."""

import json
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from runtime.answers.evidence import Evidence
from runtime.claude import Claude, Spent
from runtime.limits import LimitReachedError
from runtime.records import now
from runtime.retrieval import Retrieval
from runtime.search import way
from runtime.search.filters import Filters
from runtime.search.query import Found, Hit, SearchType
from runtime.settings import AnthropicSettings, Secret
from tests.unit.pipeline.vendor import Reply, Vendor

_FEW = way.Collection(documents=2, average_length=5.0, indexed=False, eligible=None)


def claude_at(vendor: Vendor) -> Claude:
    return Claude(AnthropicSettings(anthropic_api_key=Secret("key"), anthropic_base_url=vendor.url))


def message(*content: dict[str, Any], stop_reason: str = "end_turn", **usage: int) -> Reply:
    """What Claude answers on the wire."""
    return Reply(
        200,
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5",
            "content": list(content),
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 10, **usage},
        },
    )


def says(**answer: object) -> Reply:
    """A structured answer."""
    return message({"type": "text", "text": json.dumps({"support": "stated", **answer})})


def uses(name: str, **given: object) -> Reply:
    """Claude wants a tool."""
    block = {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": given}
    return message(block, stop_reason="tool_use")


def item(item_id: UUID, text: str = "", headline: str = "A picture", **facts: Any) -> Evidence:
    known: dict[str, Any] = {
        "summary": None,
        "category": None,
        "title": None,
        "note": None,
        "tags": [],
        "taken_at": None,
        "added_at": now(),
    }
    return Evidence(item_id=item_id, headline=headline, text=text, **(known | facts))


class Collection:
    """Finds all of its items, or none, whatever is looked for, and remembers what that was."""

    def __init__(self, items: Sequence[Evidence], *, finds: bool = True) -> None:
        self.finds = finds
        self.items = {each.item_id: each for each in items}
        self.searches: list[tuple[str, Filters]] = []
        self.failure: Exception | None = None

    @property
    def retrieval(self) -> Retrieval:
        return cast("Retrieval", self)

    def search(
        self, query: str, *, search_type: SearchType, top_k: int, filters: Filters, min_confidence: float | None = None
    ) -> Found:
        self.searches.append((query, filters))
        if self.failure is not None and len(self.searches) > 1:
            raise self.failure
        hits = [
            Hit(item_id=item_id, score=1, cosine=0.5, coverage=1, confidence=0.8)
            for item_id in list(self.items)[:top_k]
            if self.finds
        ]
        return Found(hits=hits, confidence=0.8 if hits else 0, way=way.Way.EXACT, collection=_FEW)

    def browse(self, filters: Filters, limit: int) -> list[UUID]:
        self.searches.append(("", filters))
        return list(self.items)[:limit]

    def evidence(self, item_ids: Sequence[UUID]) -> list[Evidence]:
        return [self.items[item_id] for item_id in item_ids if item_id in self.items]


class Ledger(list[Spent]):
    """What was accounted for."""

    def __init__(self, calls: int = 100) -> None:
        super().__init__()
        self._calls = calls
        """That there is money for."""

    def require(self) -> None:
        if len(self) >= self._calls:
            raise LimitReachedError("Your budget is used up.", now())

    def record(self, spent: Spent) -> None:
        self.append(spent)
