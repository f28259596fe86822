"""Move what a stage gave up back to its queue, once the cause is gone.

The items need no attention: an event that comes again puts the item that its stage gave up back to before the stage.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collections_cli.failures import ExpectedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef, MessageTypeDef

FUNCTIONS = {"processing": "image_processor", "analysis": "analyzer", "embedding": "embedder", "accounts": "worker"}
"""Stage of an item, or exports and deletions of accounts -> the function that works on it."""

BATCH = 10
"""Messages that one call of SQS takes."""
WAIT_SECONDS = 2
"""A receive that waits asks all of the queue's servers, so that nothing means that there is nothing."""


class RedriveError(ExpectedError):
    """The stack has no such queue, or refuses messages; the message says which."""


@dataclass(frozen=True)
class Redriven:
    """What became of a stage's dead letters."""

    moved: int
    """Messages that are in the stage's queue again."""
    returned: int
    """Of those, how many were given up again meanwhile, as nobody understands them."""


def redrive(functions: LambdaClient, queues: SQSClient, stack: str, stage: str) -> Redriven:
    """Move every dead letter of `stage` back to its queue. Interrupted, it may leave a message in both: handling it
    twice does no harm, and starting again moves the rest. Raises `RedriveError`.
    """
    queue, dead_letters = _queues_of(functions, queues, f"collections-{stack}-{FUNCTIONS[stage]}")
    sent: set[str] = set()
    returned: dict[str, MessageTypeDef] = {}
    while messages := _receive(queues, dead_letters):
        fresh = [message for message in messages if message.get("MessageId") not in sent]
        returned |= {message.get("MessageId", ""): message for message in messages if message not in fresh}
        if not fresh:
            break
        sent |= _move(queues, fresh, dead_letters, queue)
    _show_again(queues, list(returned.values()), dead_letters)
    return Redriven(len(sent), len(returned))


def _queues_of(functions: LambdaClient, queues: SQSClient, function: str) -> tuple[str, str]:
    """URLs of the queue that feeds `function`, and of that queue's dead-letter queue."""
    mappings = functions.list_event_source_mappings(FunctionName=f"{function}:live")["EventSourceMappings"]
    if not mappings:
        raise RedriveError(f"no queue feeds {function}: is the stack deployed, in this account and region?")
    queue = _url(queues, mappings[0].get("EventSourceArn", ""))
    policy = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]
    return queue, _url(queues, json.loads(policy["RedrivePolicy"])["deadLetterTargetArn"])


def _url(queues: SQSClient, arn: str) -> str:
    *_, account, name = arn.split(":")
    return queues.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]


def _receive(queues: SQSClient, url: str) -> Sequence[MessageTypeDef]:
    answer = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=WAIT_SECONDS)
    return answer.get("Messages", [])


def _move(queues: SQSClient, messages: Sequence[MessageTypeDef], source: str, target: str) -> set[str]:
    """Send the messages to `target`, then delete them from `source`; their ids in `target`."""
    numbered = list(enumerate(messages))
    sent = queues.send_message_batch(
        QueueUrl=target, Entries=[{"Id": str(n), "MessageBody": each.get("Body", "")} for n, each in numbered]
    )
    _require_all(sent.get("Failed", []))
    gone = queues.delete_message_batch(
        QueueUrl=source,
        Entries=[{"Id": str(n), "ReceiptHandle": each.get("ReceiptHandle", "")} for n, each in numbered],
    )
    _require_all(gone.get("Failed", []))
    return {success["MessageId"] for success in sent["Successful"]}


def _show_again(queues: SQSClient, messages: Sequence[MessageTypeDef], url: str) -> None:
    """End the time for which receiving has hidden the messages, so that whoever looks into the queue finds them."""
    for first in range(0, len(messages), BATCH):
        shown = queues.change_message_visibility_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(n), "ReceiptHandle": each.get("ReceiptHandle", ""), "VisibilityTimeout": 0}
                for n, each in enumerate(messages[first : first + BATCH])
            ],
        )
        _require_all(shown.get("Failed", []))


def _require_all(failures: Sequence[BatchResultErrorEntryTypeDef]) -> None:
    if failures:
        raise RedriveError(f"SQS refused {len(failures)} messages, the first because: {failures[0].get('Message')}")
