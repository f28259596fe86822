"""What Claude can do in a user's collection: search it, narrow it, and open what was found. Nothing changes by it."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLateError
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ValidationError

from runtime.agent.inputs import FilterInput, OpenInput, SearchInput, narrowed
from runtime.answers import evidence
from runtime.failures import PermanentError, TransientError
from runtime.retrieval import Retrieval
from runtime.search.filters import Filters
from runtime.search.query import Hit, SearchType

logger = Logger()

SHOWN = 10
"""Items that one use of a tool shows at most."""

SEARCH, FILTER, OPEN = "search_images", "filter_images", "open_image"

InputT = TypeVar("InputT", bound=BaseModel)


class ToolResult(NamedTuple):
    """What Claude is told of the use of a tool."""

    text: str
    is_error: bool = False


class ToolError(Exception):
    """The tool cannot be used so, or not now. The message is for Claude."""


class Toolbox:
    """The tools, and what came of their use so far.

    `wanted` is what the user narrowed the search to: no tool leaves it. Searches find what is at least as sure as
    `min_confidence`, if given.
    """

    def __init__(self, retrieval: Retrieval, wanted: Filters, min_confidence: float | None = None) -> None:
        self._min_confidence = min_confidence
        self._retrieval = retrieval
        self._wanted = wanted
        self._hits: dict[UUID, tuple[int, Hit]] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="tool")
        self.used: list[str] = []
        """Names of tools, in the order of their first use."""
        self.steps: list[str] = []
        """What was done, in sentences for the user."""
        self.confidence = 0.0
        """Of the surest item that any search considered."""

    @property
    def found(self) -> list[Hit]:
        """All that was found: by the best rank that an item had in any list, then by when."""
        ranked = list(self._hits.values())  # a copy: a tool that took too long may still be adding to it
        ranked.sort(key=lambda each: each[0])
        return [hit for _, hit in ranked]

    @property
    def confidence_of(self) -> Mapping[UUID, float]:
        """How sure the search is of each item that was found."""
        return {item_id: hit.confidence for item_id, (_, hit) in list(self._hits.items())}

    def close(self) -> None:
        """Wait for nothing: a tool that is still at work changes nothing."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def run(self, name: str, given: object, seconds: float) -> ToolResult:
        """Use a tool for at most `seconds`. What is wrong with the input, and what fails, is told to Claude."""
        tool = self._tools.get(name)
        if tool is None:
            return ToolResult(f"There is no tool {name!r}; there are {', '.join(self._tools)}.", is_error=True)
        if name not in self.used:
            self.used.append(name)
        try:
            text = self._pool.submit(tool, given).result(timeout=max(seconds, 0))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'input'}: {each['msg']}" for each in error.errors())
            return self._failed(name, f"The input is not valid: {wrong}.")
        except ToolError as error:
            return self._failed(name, str(error))
        except TooLateError:
            return self._failed(name, "It took too long. Answer from what there is.")
        except (TransientError, PermanentError) as error:
            logger.warning("A tool did not work", tool=name, error=str(error))
            return self._failed(name, "It does not work at the moment. Answer from what there is.")
        return ToolResult(text)

    def search(self, given: SearchInput, limit: int = SHOWN) -> str:
        """Search by words and meaning for `limit` items, and show the best. Raises as `Retrieval.search` does."""
        found = self._retrieval.search(
            given.query,
            search_type=SearchType.HYBRID,
            top_k=limit,
            filters=narrowed(self._wanted, given.filters),
            min_confidence=self._min_confidence,
        )
        self.confidence = max(self.confidence, found.confidence)
        self._note(f'Searched for "{given.query}"{_described(given.filters)}: {_images(len(found.hits))}.')
        return self._show(found.hits)

    @property
    def _tools(self) -> dict[str, Callable[[Any], str]]:
        return {
            SEARCH: lambda given: self.search(SearchInput.model_validate(given)),
            FILTER: lambda given: self._filter(FilterInput.model_validate(given)),
            OPEN: lambda given: self._open(OpenInput.model_validate(given)),
        }

    def _filter(self, given: FilterInput) -> str:
        item_ids = self._retrieval.browse(narrowed(self._wanted, given.filters), SHOWN)
        self._note(f"Looked through images{_described(given.filters)}: {_images(len(item_ids))}.")
        # They pass, and nothing is known of how well they fit.
        hits = [
            self._hits[item_id][1]
            if item_id in self._hits
            else Hit(item_id=item_id, score=0, cosine=None, coverage=None, confidence=1)
            for item_id in item_ids
        ]
        return self._show(hits)

    def _open(self, given: OpenInput) -> str:
        if given.item_id not in self._hits:
            raise ToolError("No image with this id was found. Use an id from the results.")
        opened = self._retrieval.evidence([given.item_id])
        if not opened:
            raise ToolError("The image is gone.")
        self._note(f'Opened "{opened[0].headline or given.item_id}".')
        return evidence.as_items(opened, evidence.TEXT_LENGTH)

    def _show(self, hits: list[Hit]) -> str:
        for rank, hit in enumerate(hits, start=1):
            known = self._hits.get(hit.item_id)
            if known is None or rank < known[0]:
                self._hits[hit.item_id] = (rank, hit)
        return evidence.as_items(self._retrieval.evidence([hit.item_id for hit in hits[:SHOWN]]))

    def _note(self, step: str) -> None:
        self.steps.append(step)

    def _failed(self, name: str, why: str) -> ToolResult:
        self._note(f"Could not use {name}. {why}")
        return ToolResult(why, is_error=True)


def offered() -> list[dict[str, Any]]:
    """The tools as Anthropic's API wants them described."""
    import anthropic

    described: list[tuple[str, str, type[BaseModel]]] = [
        (SEARCH, "Search the collection by words and meaning. Shows the best images.", SearchInput),
        (FILTER, "List images by date, tag or category, the newest first, without searching.", FilterInput),
        (OPEN, "Show one image that was found with all of the text in it.", OpenInput),
    ]
    return [
        {"name": name, "description": text, "input_schema": anthropic.transform_schema(model)}
        for name, text, model in described
    ]


def _images(count: int) -> str:
    return f"{count} image" if count == 1 else f"{count} images"


def _described(filters: Filters) -> str:
    parts = [
        f"of category {filters.category}" if filters.category else "",
        f"tagged {', '.join(filters.tags)}" if filters.tags else "",
        f"from {filters.taken_from:%Y-%m-%d}" if filters.taken_from else "",
        f"to {filters.taken_to:%Y-%m-%d}" if filters.taken_to else "",
    ]
    return "".join(f" {part}" for part in parts if part)
