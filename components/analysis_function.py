"""A function that works on events."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components import grants
from components.arguments import Arguments
from components.event_queue import MAX_RECEIVES, EventQueue, EventSubscription
from components.function import Function, FunctionArgs, timeout_of
from components.naming import children_of

# AWS's advice: a message stays hidden through a run, its retries by Lambda and some throttling.
_VISIBILITY_PER_TIMEOUT = 6
_CONCURRENCY = 10


class AnalysisFunctionArgs(TypedDict):
    """Which events, and what is done with them."""

    subscriptions: Mapping[str, EventSubscription]
    """Events to work on, by a name for each rule; at least one."""
    function: FunctionArgs
    """Answers with the messages that failed, as `{"batchItemFailures": […]}`, and handles the same event twice without
    harm. Its variable `QUEUE_URL` names its queue, to put off what has to wait, and `MAX_RECEIVES` says after how many
    deliveries a message is given up."""
    maximum_concurrency: NotRequired[Input[int]]
    """Most runs at once, 2-1000: what the services behind it can take. Default 10."""
    batch_size: NotRequired[Input[int]]
    """Most messages in one run, 1-10. Default 1."""


class AnalysisFunction(pulumi.ComponentResource):
    """Feeds events that match a pattern to a function, through a queue: what fails is tried again, then kept.

    The queue takes what the function cannot take at once. A message that failed five times moves to the dead-letter
    queue, from which it can be redriven.
    """

    function_name: Output[str]
    """Name of the function in AWS."""
    alias_arn: Output[str]
    """ARN of the function's alias, which calls the version published last."""
    queue_arn: Output[str]
    """ARN of the queue."""
    queue_name: Output[str]
    """Name of the queue."""
    dead_letter_arn: Output[str]
    """ARN of the dead-letter queue, where messages end up that could not be delivered or handled."""
    dead_letter_url: Output[str]
    """Where dead letters are received from."""
    dead_letter_name: Output[str]
    """Name of the dead-letter queue, which an alarm should watch."""

    def __init__(self, name: str, args: AnalysisFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(self, name, AnalysisFunctionArgs, args)
        super().__init__("collections:index:AnalysisFunction", name, props={}, opts=opts)
        child = children_of(self, opts)
        timeout = Output.from_input(timeout_of(args["function"]))
        queue = EventQueue(
            name,
            {
                "subscriptions": args["subscriptions"],
                "visibility_timeout_seconds": timeout.apply(lambda seconds: seconds * _VISIBILITY_PER_TIMEOUT),
                "max_receives": MAX_RECEIVES,
            },
            child,
        )
        arguments: FunctionArgs = {
            **args["function"],
            "environment": {
                **args["function"].get("environment", {}),
                "QUEUE_URL": queue.queue_url,
                "MAX_RECEIVES": str(MAX_RECEIVES),
            },
            "statements": [*args["function"].get("statements", []), grants.consume(queue.queue_arn)],
        }
        function = Function(name, arguments, child)
        aws.lambda_.EventSourceMapping(
            f"{name}-messages",
            event_source_arn=queue.queue_arn,
            function_name=function.alias_arn,
            batch_size=given.between("batch_size", args.get("batch_size", 1), 1, 10),
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": _concurrency(given, args.get("maximum_concurrency"))},
            opts=child,
        )
        self.function_name, self.alias_arn = function.function_name, function.alias_arn
        self.queue_arn, self.queue_name = queue.queue_arn, queue.queue_name
        self.dead_letter_arn, self.dead_letter_url = queue.dead_letter_arn, queue.dead_letter_url
        self.dead_letter_name = queue.dead_letter_name
        self.register_outputs(
            {
                "function_name": self.function_name,
                "alias_arn": self.alias_arn,
                "queue_arn": self.queue_arn,
                "queue_name": self.queue_name,
                "dead_letter_arn": self.dead_letter_arn,
                "dead_letter_url": self.dead_letter_url,
                "dead_letter_name": self.dead_letter_name,
            }
        )


def _concurrency(given: Arguments, value: Input[int] | None) -> Input[int]:
    """Most runs at once: what Lambda takes from a queue, the default if none is given."""
    return given.between("maximum_concurrency", _CONCURRENCY if value is None else value, 2, 1000)
