"""Items whose message was given up without a word, because the function died on its last delivery, are failed."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from aws_lambda_powertools import Logger

from runtime import items
from runtime.aws.calls import call
from runtime.events import Envelope, EventHeader, ItemEvent, ObjectCreated
from runtime.keys import InvalidKeyError, ObjectOwner, parse_original_key
from runtime.records import Stage, now
from runtime.redelivery import hide
from runtime.sweeping.run import Run
from runtime.transitions import FAILS_FROM

logger = Logger()

HIDDEN_SECONDS = 300
"""How long what was read stays hidden if the run dies before it gives it back."""
MOST_MESSAGES = 1000
"""Read of one queue in one run. More of them is an outage, and redriving them is the cure."""
QUIET = timedelta(minutes=30)
"""An item to which something happened lately is under way again: longer than the longest visibility timeout."""
MESSAGE_LIFE = timedelta(hours=2)
"""Longer than five deliveries can take. What happened to the item later than this after the message was sent is not the
message's doing: the item was retried, and has another message."""
GAVE_UP = "It was tried several times and could not be finished. Nothing is wrong with the image as far as we know: \
please retry it."


class _DeadLetter(NamedTuple):
    """A message that nobody will deliver again unless told."""

    owner: ObjectOwner
    sent_at: datetime


def fail_unmarked_items(run: Run) -> bool:
    """Fail items that still wait for what a dead-letter queue holds. Returns whether every queue was read.

    The messages stay where they are: whoever redrives them finds the items put back.
    """
    for stage, queue in run.dead_letters.items():
        if not run.has_time():
            return False
        with _messages(queue) as messages:
            letters = [letter for message in messages if (letter := _read(message)) is not None]
        for letter in letters:
            if not run.has_time():
                return False
            _fail(run, stage, letter)
    return True


def _fail(run: Run, stage: Stage, letter: _DeadLetter) -> None:
    moment = now()
    values = {
        **letter.owner._asdict(),
        "waiting": list(FAILS_FROM[stage]),
        "before": min(moment - QUIET, letter.sent_at + MESSAGE_LIFE),
    }
    with run.transaction() as connection:
        waiting = items.read(connection, _WAITING, values)
    for item in waiting:
        if run.fail(item, stage, GAVE_UP):
            run.report.dead_letters += 1
            logger.warning("given up by its queue", item_id=item.id, user_id=item.user_id, stage=stage)


_WAITING = """
where id = %(item_id)s and user_id = %(user_id)s and status = any(%(waiting)s) and updated_at < %(before)s"""


@contextmanager
def _messages(queue: str) -> Generator[list[dict[str, Any]]]:
    """Up to `MOST_MESSAGES` of the queue, hidden from others meanwhile and given back afterwards."""
    held: list[dict[str, Any]] = []
    try:
        while len(held) < MOST_MESSAGES:
            received = call(
                "sqs",
                "ReceiveMessage",
                QueueUrl=queue,
                MaxNumberOfMessages=10,
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp"],
            ).get("Messages", [])
            held += received
            if not received:
                break
        yield held
    finally:
        for message in held:
            hide(queue, message["ReceiptHandle"], 0)


def _read(message: dict[str, Any]) -> _DeadLetter | None:
    """Which item a message is about; None where it is about none, or nobody can tell."""
    body = message.get("Body", "")
    try:
        header = msgspec.json.decode(body, type=EventHeader)
        if (header.source, header.detail_type) == (ObjectCreated.source, ObjectCreated.detail_type):
            uploaded = msgspec.json.decode(body, type=Envelope[ObjectCreated]).detail
            owner = parse_original_key(uploaded.object.key)
        else:
            event = msgspec.json.decode(body, type=Envelope[_AnyItemEvent]).detail
            owner = ObjectOwner(event.user_id, event.item_id)
    except (msgspec.DecodeError, InvalidKeyError):
        logger.warning("a dead letter that names no item", message_id=message.get("MessageId"))
        return None
    milliseconds = int(message.get("Attributes", {}).get("SentTimestamp", "0"))
    return _DeadLetter(owner, datetime.fromtimestamp(milliseconds / 1000, UTC))


class _AnyItemEvent(ItemEvent, frozen=True, kw_only=True):
    """What every event about an item has."""

    source = ""
    detail_type = ""
