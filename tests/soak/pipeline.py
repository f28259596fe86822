"""The parts of the deployed pipeline that a soak handles directly: its queues, its functions, its events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from collections_cli.admin.redrive import redrive

if TYPE_CHECKING:
    from local.stack import LocalStack

STACK = "local"
FUNCTION_SECONDS = 20
VISIBILITY_SECONDS = 25
"""In the deployed program a message whose function died comes back after a quarter of an hour, for the vendors are
slow. The stand-ins are not, and nobody wants to soak for a day."""

STAGES = {"image_processor": "processing", "analyzer": "analysis", "embedder": "embedding"}
"""The stage of an item's life that each function of the pipeline is."""

CONSUMERS = {
    "Object Created": "image_processor",
    "ProcessingRequested": "image_processor",
    "ImageProcessed": "analyzer",
    "AnalysisRequested": "analyzer",
    "AnalysisComplete": "embedder",
    "EmbeddingRequested": "embedder",
}
"""Which function each kind of event is for."""


@dataclass(frozen=True)
class Channel:
    """The queue in front of a function, and where its dead letters go."""

    role: str
    url: str
    dead_letters: str

    @property
    def stage(self) -> str:
        return STAGES[self.role]


def find_channels(stack: LocalStack) -> dict[str, Channel]:
    """By the function's role."""
    sqs, functions = stack.client("sqs"), stack.client("lambda")
    channels: dict[str, Channel] = {}
    for role in STAGES:
        (mapping,) = [
            mapping
            for mapping in functions.list_event_source_mappings()["EventSourceMappings"]
            if f":function:{stack.outputs['functions'][role]}" in mapping["FunctionArn"]
        ]
        url = _url(sqs, mapping["EventSourceArn"])
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        policy = cast("dict[str, Any]", json.loads(attributes["RedrivePolicy"]))
        channels[role] = Channel(role, url, _url(sqs, policy["deadLetterTargetArn"]))
    return channels


def hurry(stack: LocalStack, channels: dict[str, Channel]) -> None:
    """Shorten how long functions may run, and how long messages stay hidden."""
    functions = stack.client("lambda")
    for channel in channels.values():
        name = stack.outputs["functions"][channel.role]
        functions.update_function_configuration(FunctionName=name, Timeout=FUNCTION_SECONDS)
        version = functions.publish_version(FunctionName=name)["Version"]
        for alias in functions.list_aliases(FunctionName=name)["Aliases"]:
            functions.update_alias(FunctionName=name, Name=alias["Name"], FunctionVersion=version)
        stack.client("sqs").set_queue_attributes(
            QueueUrl=channel.url, Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)}
        )


def redrive_all(stack: LocalStack) -> int:
    """Move the dead letters of every stage back to its queue, as an operator does once all is well again. Returns how
    many. What nobody understands comes back."""
    functions, sqs = stack.client("lambda"), stack.client("sqs")
    return sum(redrive(functions, sqs, STACK, stage).moved for stage in STAGES.values())


def depth(stack: LocalStack, url: str) -> int:
    """Messages in a queue: waiting, being worked on, and delayed."""
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    attributes = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def drain(stack: LocalStack, url: str) -> list[str]:
    """Take all messages out of a queue."""
    sqs = stack.client("sqs")
    bodies: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def record_events(stack: LocalStack) -> str:
    """Have a copy of every event that starts a stage put into a queue of our own. Returns the queue's URL."""
    sqs, events = stack.client("sqs"), stack.client("events")
    url: str = sqs.create_queue(QueueName="soak-recording")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    originals = {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "originals/"}]}}}
    patterns = {"default": originals, stack.outputs["eventBus"]: {"source": [{"prefix": "collections."}]}}
    for bus, pattern in patterns.items():
        events.put_rule(Name="soak-recording", EventBusName=bus, EventPattern=json.dumps(pattern))
        events.put_targets(Rule="soak-recording", EventBusName=bus, Targets=[{"Id": "recording", "Arn": arn}])
    return url


def _url(sqs: Any, arn: str) -> str:
    return sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
