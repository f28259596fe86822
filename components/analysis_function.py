"""A function that works on events."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components import grants
from components.event_queue import MAX_RECEIVES, EventQueue, EventSubscription
from components.function import Function, FunctionArgs
from components.naming import children_of

# AWS's advice: a message stays hidden through a run, its retries by Lambda and some throttling.
_VISIBILITY_PER_TIMEOUT = 6


class AnalysisFunctionArgs(TypedDict):
    """Which events, and what is done with them."""

    subscriptions: Mapping[str, EventSubscription]
    """Events to work on, by a name for each rule."""
    function: FunctionArgs
    """Reports the messages of a batch that failed; handles the same event twice without harm. It is given its queue's
    URL, to put off what has to wait, and after how many receives a message is given up."""
    maximum_concurrency: Input[int]
    """Most runs at once, 2-1000: what the vendor behind it, and the database, can take."""
    batch_size: Input[int]
    """Most messages in one run."""


class AnalysisFunction(pulumi.ComponentResource):
    """Feeds events that match a pattern to a function, through a queue: what fails is tried again, then kept.

    The queue takes what the function cannot take at once. A message that failed five times moves to the dead-letter
    queue, from which it can be redriven.
    """

    function_name: Output[str]
    alias_arn: Output[str]
    queue_arn: Output[str]
    queue_name: Output[str]
    dead_letter_arn: Output[str]
    dead_letter_url: Output[str]
    dead_letter_name: Output[str]

    def __init__(self, name: str, args: AnalysisFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("collections:index:AnalysisFunction", name, props={}, opts=opts)
        child = children_of(self, opts)
        timeout = Output.from_input(args["function"]["timeout_seconds"])
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
            batch_size=args["batch_size"],
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": args["maximum_concurrency"]},
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
