"""Claude, for somebody who waits: one request at a time, within what is left of a budget of seconds and tokens."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ValidationError

from runtime.settings import AnthropicSettings

if TYPE_CHECKING:
    from anthropic import Anthropic, APIError
    from anthropic.types import Message, MessageParam, ToolParam

logger = Logger()

SHORTEST_SECONDS = 1.0
"""With less time than this a request is not begun."""
CONNECT_SECONDS = 3.0
CACHE_WRITE, CACHE_READ = 1.25, 0.1
"""What a token that is put into the prompt cache, or read from it, costs of one that is not (Claude API documentation,
"Prompt caching")."""

KEY_PARAMETER = "anthropic/api_key"

AnswerT = TypeVar("AnswerT", bound=BaseModel)


class NoAnswerError(Exception):
    """Claude gave no answer that can be used. The message says why, in a sentence for whoever asked."""


class Spent(BaseModel):
    """What one answer cost, whether or not it was of use."""

    model: str
    """The model that the vendor says answered."""
    input_tokens: int
    """As many as cost the same without a prompt cache."""
    output_tokens: int


class Allowance(NamedTuple):
    """What a request that asks Claude may take, from its beginning to its answer."""

    seconds: float = 22.0
    """API Gateway waits for 30 s, of which a cold start may take five; the function's own limit is 29."""
    tokens: int = 60_000
    """Input and output of all calls: three long looks at ten items each."""

    def begin(self) -> "Budget":
        """The time runs from now."""
        return Budget(self.seconds, self.tokens)


@dataclass
class Budget:
    """What one request to the API may take."""

    seconds: float
    tokens: int
    """Input and output of all calls."""
    clock: Callable[[], float] = monotonic
    spent_tokens: int = 0
    last_tokens: int = 0
    """Of the last call: the next one, whose conversation is longer, takes at least as many."""
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    @property
    def seconds_left(self) -> float:
        return self.seconds - (self.clock() - self._started)

    @property
    def tokens_left(self) -> int:
        return self.tokens - self.spent_tokens

    def spend(self, tokens: int) -> None:
        self.spent_tokens += tokens
        self.last_tokens = tokens


class Account(Protocol):
    """Whose money it is."""

    def require(self) -> None:
        """See that there is any left. Raises `runtime.limits.LimitReachedError`."""
        ...

    def record(self, spent: Spent) -> None:
        """Write down what was paid."""
        ...


class Question(BaseModel):
    """All that Claude is told, and the structure of the answer."""

    model: str
    system: str
    messages: Sequence[Any]
    """Anthropic's `MessageParam`s, the oldest first."""
    max_tokens: int
    answer: type[BaseModel]
    tools: Sequence[Any] = ()
    """Anthropic's `ToolParam`s."""
    may_use_tools: bool = False
    """Without it, the tools are there to be talked about, and the answer is due."""


class Claude:
    """The model that answers questions."""

    def __init__(self, settings: AnthropicSettings) -> None:
        self._settings = settings
        self._made: Anthropic | None = None

    def ask(self, question: Question, budget: Budget, account: Account) -> "Message":
        """One request, not repeated: whoever waits may ask again. `account` is told what was paid before that is known
        to be of use. Raises `NoAnswerError`, and `runtime.limits.LimitReachedError` before anything is paid."""
        import anthropic

        if budget.seconds_left < SHORTEST_SECONDS:
            raise NoAnswerError("There was no time left to ask Claude.")
        if budget.tokens_left <= 0:
            raise NoAnswerError("The question needed more reading than one request may have.")
        account.require()
        tools: list[ToolParam] = list(question.tools)
        messages: Iterable[MessageParam] = question.messages
        try:
            message = self._client().messages.create(
                model=question.model,
                max_tokens=question.max_tokens,
                timeout=anthropic.Timeout(budget.seconds_left, connect=min(CONNECT_SECONDS, budget.seconds_left)),
                system=question.system,
                messages=messages,
                output_config={
                    "format": {"type": "json_schema", "schema": anthropic.transform_schema(question.answer)}
                },
                tools=tools or anthropic.omit,
                tool_choice=({"type": "auto"} if question.may_use_tools else {"type": "none"})
                if tools
                else anthropic.omit,
            )
        except anthropic.APIError as error:
            raise _failure(error, question.model) from error
        spent = _spent(message)
        budget.spend(spent.input_tokens + spent.output_tokens)
        account.record(spent)
        return message

    def close(self) -> None:
        """Give back the connections; the next question opens new ones."""
        if self._made is not None:
            self._made.close()
            self._made = None

    def _client(self) -> "Anthropic":
        # Made when first needed: the import takes a second, which searches should not pay.
        import anthropic

        if self._made is None:
            self._made = anthropic.Anthropic(
                api_key=self._settings.anthropic_api_key.reveal(),
                base_url=self._settings.anthropic_base_url,
                max_retries=0,
            )
        return self._made


def read(message: "Message", answer: type[AnswerT]) -> AnswerT:
    """The structured answer of a message that ends a turn. Raises `NoAnswerError`."""
    if message.stop_reason == "refusal":
        raise NoAnswerError("Claude declined to answer this.")
    if message.stop_reason == "max_tokens":
        raise NoAnswerError("Claude's answer became too long and was cut off. Ask for less at once.")
    if message.stop_reason != "end_turn":
        raise NoAnswerError("Claude stopped without an answer.")
    text = "".join(block.text for block in message.content if block.type == "text")
    try:
        return answer.model_validate(json.loads(text))
    except (json.JSONDecodeError, ValidationError) as error:
        logger.warning("Claude's answer has not the structure that was asked for", error_type=type(error).__name__)
        raise NoAnswerError("Claude's answer could not be understood.") from error


def _spent(message: "Message") -> Spent:
    usage = message.usage
    billed = (
        usage.input_tokens
        + CACHE_WRITE * (usage.cache_creation_input_tokens or 0)
        + CACHE_READ * (usage.cache_read_input_tokens or 0)
    )
    return Spent(model=message.model, input_tokens=ceil(billed), output_tokens=usage.output_tokens)


def _failure(error: "APIError", model: str) -> NoAnswerError:
    """What an error of the API means for whoever asked; an operator finds the rest in the log."""
    import anthropic

    if isinstance(error, anthropic.APITimeoutError):
        logger.warning("Claude did not answer in time")
        return NoAnswerError("Claude did not answer in time.")
    status = error.status_code if isinstance(error, anthropic.APIStatusError) else None
    if status in {401, 403}:
        logger.error(f"Claude refuses the key: check the parameter {KEY_PARAMETER}")
    elif status == 404:
        logger.error(f"Claude knows no model {model!r}: check the setting answerModel")
    else:
        logger.warning("Claude did not answer", status=status, error_type=type(error).__name__)
    if status in {400, 413, 422}:
        return NoAnswerError("Claude did not accept the question.")
    if status in {429, 503, 529}:
        return NoAnswerError("Claude is busy.")
    return NoAnswerError("Claude cannot be reached.")
