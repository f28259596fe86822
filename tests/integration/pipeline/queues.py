"""Queues with dead-letter queues, and functions that are fed from them."""

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import boto3

from tests.integration.pipeline.stage import Handler
from tests.lambda_context import lambda_context

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

VISIBILITY_SECONDS = 120
"""Longer than any test: what comes back sooner was told to."""


def make_queue(name: str, max_receives: int) -> str:
    """A queue whose messages go to `{name}-dead` after so many receives; its URL."""
    sqs = boto3.client("sqs")
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": max_receives})
    attributes = {"VisibilityTimeout": str(VISIBILITY_SECONDS), "RedrivePolicy": policy}
    return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True)
class WorkQueue:
    """Delivers messages to a function as Lambda does, one at a time."""

    url: str
    handler: Handler

    def send(self, body: str) -> None:
        self._client.send_message(QueueUrl=self.url, MessageBody=body)

    def deliver(self, within: float = 0) -> bool | None:
        """Hand the next message over; whether it was handled, None if none comes `within` these seconds."""
        deadline = time.monotonic() + within
        while True:
            answer = self._client.receive_message(QueueUrl=self.url, MessageSystemAttributeNames=["All"])
            if messages := answer.get("Messages"):
                break
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.05)
        (message,) = messages
        record = {
            "messageId": message.get("MessageId"),
            "receiptHandle": message.get("ReceiptHandle"),
            "body": message.get("Body"),
            "attributes": message.get("Attributes"),
            "eventSource": "aws:sqs",
        }
        if self.handler({"Records": [record]}, lambda_context())["batchItemFailures"]:
            return False
        self._client.delete_message(QueueUrl=self.url, ReceiptHandle=message.get("ReceiptHandle", ""))
        return True

    def skip(self) -> None:
        """Have the next message received once in vain."""
        assert "Messages" in self._client.receive_message(QueueUrl=self.url, VisibilityTimeout=0)

    def dead(self) -> list[str]:
        """The messages that were given up."""
        assert self.deliver() is None, "a queue moves dead letters when it is asked for messages"
        answer = self._client.receive_message(QueueUrl=f"{self.url}-dead", MaxNumberOfMessages=10)
        return [message.get("Body", "") for message in answer.get("Messages", [])]

    @property
    def _client(self) -> "SQSClient":
        return cast("SQSClient", boto3.client("sqs"))
