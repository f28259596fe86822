"""When the queue delivers a message again: later each time, and at once when there is nothing to wait for."""

from dataclasses import dataclass
from math import ceil
from random import uniform

from aws_lambda_powertools import Logger
from msgspec import Struct

from runtime.aws.calls import call
from runtime.aws.connection import AwsError

logger = Logger()

FIRST_DELAY_SECONDS = 4.0
DELAY_FACTOR = 4
"""The first retry comes soon, for most failures pass; the last comes minutes later, for a vendor that is down."""
LONGEST_DELAY_SECONDS = 900.0
LONGEST_HIDING_SECONDS = 12 * 3600
"""What SQS allows, from the moment of the receive (API reference, "ChangeMessageVisibility")."""


class _Attributes(Struct, frozen=True, rename="pascal"):
    approximate_receive_count: int


class Message(Struct, frozen=True, rename="camel"):
    """A message of a queue, as Lambda hands it on."""

    message_id: str
    receipt_handle: str
    body: str
    attributes: _Attributes

    @property
    def receives(self) -> int:
        """How often it was delivered, this time included."""
        return self.attributes.approximate_receive_count


@dataclass(frozen=True)
class WorkQueue:
    """The queue that a function's messages come from."""

    url: str
    max_receives: int
    """After so many receives a message that was not handled moves to the dead-letter queue."""

    def is_last(self, message: Message) -> bool:
        """Whether the message will not be delivered again."""
        return message.receives >= self.max_receives

    def hide(self, message: Message, seconds: float) -> None:
        """Have the message delivered again after this time. Should the queue not hear of it, the message comes back
        when its visibility timeout is over: that is only slower."""
        hidden = min(ceil(seconds), LONGEST_HIDING_SECONDS)
        try:
            hide(self.url, message.receipt_handle, hidden)
        except AwsError as error:
            logger.warning("the message waits for its visibility timeout", error=str(error))


def hide(queue: str, receipt: str, seconds: int) -> None:
    """Have nobody receive a message for so long; 0 gives it back at once. Raises `AwsError`."""
    call("sqs", "ChangeMessageVisibility", QueueUrl=queue, ReceiptHandle=receipt, VisibilityTimeout=seconds)


def backoff(receive: int, retry_after: float | None) -> float:
    """Seconds to wait after the `receive`th delivery: exponential with full jitter (M. Brooker, "Exponential Backoff
    And Jitter", AWS Architecture Blog, 2015), on top of what the vendor asked for."""
    longest = min(FIRST_DELAY_SECONDS * DELAY_FACTOR ** (receive - 1), LONGEST_DELAY_SECONDS)
    return (retry_after or 0.0) + uniform(0, longest)  # noqa: S311 - spreads load, guards nothing
