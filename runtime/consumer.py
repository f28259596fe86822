"""From a batch of SQS messages, each an EventBridge event, to typed events, and from exceptions to what the queue is
told: done, or deliver again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypedDict, TypeVar

import msgspec
from aws_lambda_powertools import Logger

from runtime.events import Envelope, EventHeader, UserEvent
from runtime.failures import AtWorkError, PermanentError, TransientError
from runtime.observability import count_failure, measured
from runtime.redelivery import Message, WorkQueue, backoff

logger = Logger()

EventT = TypeVar("EventT", bound=UserEvent)

SUBJECTS = ("item_id", "request_id")
"""What an event may be about, besides its user: named in each log line."""


class Consumer(Protocol):
    """Whoever works on a queue's events."""

    @property
    def what(self) -> str:
        """What is done here, for people: the beginning of a sentence."""
        ...

    @property
    def queue(self) -> WorkQueue: ...

    def fail(self, event: Any, error: str, *, retryable: bool = False) -> None:
        """Give up what the event is about; `error` is a sentence for its owner."""
        ...


class Failure(TypedDict):
    """A message that the queue is to deliver again."""

    itemIdentifier: str


class Failures(TypedDict):
    """What Lambda is told about a batch (Lambda Developer Guide, "Implementing partial batch responses")."""

    batchItemFailures: list[Failure]


class _Batch(msgspec.Struct, frozen=True):
    records: list[Message] = msgspec.field(name="Records")


class UnknownEventError(Exception):
    """An event that no route leads to: a rule sends something that the function was not made for."""


@dataclass(frozen=True)
class Job:
    """An event, and what is to be done about it."""

    event: UserEvent
    run: Callable[[], None]


@dataclass(frozen=True)
class Route:
    """How one kind of event becomes a job."""

    source: str
    detail_type: str
    parse: Callable[[str], Job]
    """Takes the message's body. Raises `ValueError` when that is malformed."""


def route(model: type[EventT], handle: Callable[[EventT], None]) -> Route:
    """Lead the application's events of type `model` to `handle`, which does the work or raises."""

    def parse(body: str) -> Job:
        event = msgspec.json.decode(body, type=Envelope[model]).detail
        return Job(event, partial(handle, event))

    return Route(model.source, model.detail_type, parse)


def consume(batch: dict[str, Any], step: Consumer, routes: Sequence[Route]) -> Failures:
    """Handle each message of an SQS batch by the route that its event takes.

    A `PermanentError` fails the item and is done with. Every other exception is reported for its message alone, which
    the queue delivers again after a while. After the last delivery the item is failed too, as one that may be retried,
    and the message is kept in the dead-letter queue; so is, at once, one that nobody understands.
    """
    by_type = {(route.source, route.detail_type): route for route in routes}
    failures: list[Failure] = []
    for message in msgspec.convert(batch, _Batch, strict=False).records:
        try:
            _handle(step, by_type, message)
        except Exception:  # noqa: BLE001 - logged where it was raised, and told to the queue here
            failures.append({"itemIdentifier": message.message_id})
    return {"batchItemFailures": failures}


def _handle(step: Consumer, routes: dict[tuple[str, str], Route], message: Message) -> None:
    with logger.append_context_keys(message_id=message.message_id, receives=message.receives):
        try:
            job = _parse(routes, message.body)
        except Exception:
            logger.exception("a message that cannot be understood")
            count_failure("misunderstood")
            step.queue.hide(message, 0)
            raise
        event = job.event
        with logger.append_context_keys(
            event=event.detail_type,
            correlation_id=event.correlation_id,
            user_id=event.user_id,
            **event.named(*SUBJECTS),
        ):
            _run(step, job, message)


def _parse(routes: dict[tuple[str, str], Route], body: str) -> Job:
    header = msgspec.json.decode(body, type=EventHeader)
    found = routes.get((header.source, header.detail_type))
    if found is None:
        raise UnknownEventError(f"no route for {header.detail_type!r} of {header.source!r}")
    return found.parse(body)


def _run(step: Consumer, job: Job, message: Message) -> None:
    try:
        _attempt(step, job)
    except AtWorkError as error:
        logger.info("put back", reason=str(error), retry_after=error.retry_after)
        step.queue.hide(message, error.retry_after or 0)
        raise
    except Exception as error:
        if isinstance(error, TransientError):
            logger.warning("to be tried again", error=str(error), retry_after=error.retry_after, exc_info=error)
        else:
            logger.exception("went wrong, to be tried again")
        _put_back(step, job.event, message, error)
        raise


def _attempt(step: Consumer, job: Job) -> None:
    try:
        with measured(job.event):
            job.run()
    except PermanentError as error:
        step.fail(job.event, str(error), retryable=error.retryable)
    else:
        logger.info("done")


def _put_back(step: Consumer, event: UserEvent, message: Message, error: Exception) -> None:
    """Have the event delivered again, or after its last delivery have it kept, and the item marked."""
    if not step.queue.is_last(message):
        retry_after = error.retry_after if isinstance(error, TransientError) else None
        step.queue.hide(message, backoff(message.receives, retry_after))
        return
    step.queue.hide(message, 0)
    reason = str(error) if isinstance(error, TransientError) else "something went wrong on our side"
    sentence = f"{step.what} was tried {message.receives} times in vain; the last time: {reason}."
    try:
        step.fail(event, f"{sentence} Please try again later.", retryable=True)
    except Exception:
        logger.exception("the item could not be marked as failed; the sweeper will find its message")
        raise
