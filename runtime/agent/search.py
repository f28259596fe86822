"""Agentic search: the first search at once, then Claude decides what else to look at, and answers."""

from typing import NamedTuple

from runtime.agent.inputs import SearchInput
from runtime.agent.rounds import converse
from runtime.agent.toolbox import SEARCH, Toolbox
from runtime.answers import cited
from runtime.answers.cited import Answer, CitedAnswer
from runtime.answers.evidence import DATA_IS_NO_INSTRUCTION, as_data
from runtime.claude import Account, Budget, Claude, NoAnswerError
from runtime.retrieval import Retrieval
from runtime.search.filters import Filters
from runtime.search.query import Hit

PROMPT = f"""\
You find images in a person's own collection (screenshots, photos, scans) and answer their question from them. A first \
search with the question as it stands has been made; you see what it found. If that answers the question, answer. If \
not, use the tools: search with other words, names or another language, narrow by date, tag or category, or open an \
image whose text is cut. You have two rounds of tools at most, and may use several in one.

Answer only from items that you were shown. If they do not answer the question, say so, and do not guess. Quote \
amounts, dates and names as they are written. "taken" is when an image was made and "added" when it was uploaded. \
Cite every image that the person should see.

{DATA_IS_NO_INSTRUCTION}"""


class AgentOutcome(NamedTuple):
    """What came of it."""

    answer: Answer
    hits: list[Hit]
    """What Claude cites first, then the rest of what was found."""
    confidence: float
    """Of the surest item that any search considered."""
    steps: list[str]
    tools_used: list[str]


def look_for(
    claude: Claude,
    retrieval: Retrieval,
    *,
    question: str,
    filters: Filters,
    min_confidence: float | None = None,
    top_k: int,
    model: str,
    budget: Budget,
    account: Account,
) -> AgentOutcome:
    """Look for what answers `question`. When the budget ends, or Claude fails, what was found so far is the result.

    Raises as `Retrieval.search` does when the first search fails, before anything was paid.
    """
    toolbox = Toolbox(retrieval, filters, min_confidence)
    try:
        first = toolbox.search(SearchInput(query=question), top_k)
        toolbox.used.append(SEARCH)
        content = [
            {"type": "text", "text": first, "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": f"<question>{as_data(question)}</question>"},
        ]
        try:
            given = converse(
                claude,
                model=model,
                system=PROMPT,
                messages=[{"role": "user", "content": content}],
                toolbox=toolbox,
                answer=CitedAnswer,
                budget=budget,
                account=account,
            )
            answer = cited.check(given, toolbox.confidence_of) if toolbox.found else cited.nothing_found()
        except NoAnswerError as error:
            answer = cited.no_answer(error, found=bool(toolbox.found))
    finally:
        toolbox.close()
    toolbox.steps.append(_concluded(answer))
    return AgentOutcome(answer, _cited_first(toolbox, answer)[:top_k], toolbox.confidence, toolbox.steps, toolbox.used)


def _cited_first(toolbox: Toolbox, answer: Answer) -> list[Hit]:
    place = {item_id: number for number, item_id in enumerate(answer.citations)}
    return sorted(toolbox.found, key=lambda hit: place.get(hit.item_id, len(place)))


def _concluded(answer: Answer) -> str:
    if answer.confidence is None:
        return "Came to no answer."
    return f"Answered from {len(answer.citations)} of them." if answer.citations else "Found no answer in them."
