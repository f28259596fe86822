"""A conversation in which Claude may use tools, in a few rounds and within a budget."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from runtime.agent.toolbox import Toolbox, offered
from runtime.claude import Account, Budget, Claude, NoAnswerError, Question, read
from runtime.limits import LimitReachedError

if TYPE_CHECKING:
    from anthropic.types import Message

MAX_ROUNDS = 3
"""Calls of Claude about one question; the last one has to answer."""
MOST_USES = 4
"""Tools that are used in one round at most."""
ANSWER_SECONDS = 7.0
"""With less time than this left there is no other round: Claude answers from what it has."""
MAX_TOKENS = 1000
"""Of what Claude says in one round."""

AnswerT = TypeVar("AnswerT", bound=BaseModel)


def converse(
    claude: Claude,
    *,
    model: str,
    system: str,
    messages: Sequence[dict[str, Any]],
    toolbox: Toolbox,
    answer: type[AnswerT],
    budget: Budget,
    account: Account,
) -> AnswerT:
    """Claude's answer to the last of `messages`, after as many rounds of tools as it wants and may have.

    Raises `NoAnswerError`, and `LimitReachedError` before anything was paid. What the tools found is in `toolbox`.
    """
    tools, conversation = offered(), list(messages)
    for round_number in range(1, MAX_ROUNDS + 1):
        may_use_tools = round_number < MAX_ROUNDS and _leaves_another_round(budget)
        asked = Question(
            model=model,
            system=system,
            messages=conversation,
            max_tokens=MAX_TOKENS,
            answer=answer,
            tools=tools,
            may_use_tools=may_use_tools,
        )
        message = _ask(claude, asked, budget, account, round_number)
        if message.stop_reason != "tool_use" or not may_use_tools:
            return read(message, answer)
        conversation += _use(message, toolbox, budget)
    raise NoAnswerError("Claude went on searching and came to no answer.")


def _ask(claude: Claude, asked: Question, budget: Budget, account: Account, round_number: int) -> "Message":
    """What somebody's money has run out for between two rounds is an answer that does not come."""
    try:
        return claude.ask(asked, budget, account)
    except LimitReachedError as error:
        if round_number == 1:
            raise
        raise NoAnswerError(str(error)) from error


def _leaves_another_round(budget: Budget) -> bool:
    return budget.seconds_left > ANSWER_SECONDS and budget.tokens_left > 2 * budget.last_tokens


def _use(message: "Message", toolbox: Toolbox, budget: Budget) -> list[dict[str, Any]]:
    """Claude's turn, and what came of the tools in it: each use has its result, as the API demands."""
    said: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for block in message.content:
        if block.type == "text" and block.text:
            said.append({"type": "text", "text": block.text})
        if block.type != "tool_use":
            continue
        said.append({"type": "tool_use", "id": block.id, "name": block.name, "input": block.input})
        if len(results) < MOST_USES:
            text, is_error = toolbox.run(block.name, block.input, budget.seconds_left - ANSWER_SECONDS / 2)
        else:
            text, is_error = f"Not used: {MOST_USES} at once are the most.", True
        results.append({"type": "tool_result", "tool_use_id": block.id, "content": text, "is_error": is_error})
    # The next round reads from the prompt cache what this one has read.
    results[-1]["cache_control"] = {"type": "ephemeral"}
    return [{"role": "assistant", "content": said}, {"role": "user", "content": results}]
