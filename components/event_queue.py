"""A buffer between events and the function that handles them."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components.arguments import Arguments
from components.naming import children_of

MAX_RECEIVES = 5
RETENTION_SECONDS = 14 * 24 * 3600
"""The longest that SQS keeps a message: time to find out why, and to redrive."""
_LONGEST_VISIBILITY = 12 * 3600  # SQS has no longer one.
# What the bus could not deliver goes to the dead-letter queue after a day of attempts.
DELIVERY_SECONDS = 24 * 3600
DELIVERY_ATTEMPTS = 185


class EventSubscription(TypedDict):
    """Which events of a bus are wanted."""

    pattern: Input[str]
    """EventBridge event pattern, as JSON."""
    event_bus: NotRequired[Input[str]]
    """Name of the bus. Default: the account's own, where AWS's services report."""


class EventQueueArgs(TypedDict):
    """What is queued, and how long a consumer has for it."""

    subscriptions: Mapping[str, EventSubscription]
    """Events to queue, by a name for each rule; at least one."""
    visibility_timeout_seconds: Input[int]
    """How long a received message is hidden; at least six times the consumer's timeout."""
    max_receives: NotRequired[Input[int]]
    """Deliveries before a message is moved to the dead-letter queue. Default 5."""


class EventQueue(pulumi.ComponentResource):
    """Queues events that match a pattern, and keeps those that could not be delivered or handled."""

    queue_arn: Output[str]
    """ARN of the queue."""
    queue_url: Output[str]
    """Where messages are received from."""
    queue_name: Output[str]
    """Name of the queue."""
    dead_letter_arn: Output[str]
    """ARN of the dead-letter queue, where messages end up that could not be delivered or handled."""
    dead_letter_url: Output[str]
    """Where dead letters are received from."""
    dead_letter_name: Output[str]
    """Name of the dead-letter queue, which an alarm should watch."""

    def __init__(self, name: str, args: EventQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(self, name, EventQueueArgs, args)
        super().__init__("collections:index:EventQueue", name, props={}, opts=opts)
        if not args["subscriptions"]:
            raise given.refuse("subscriptions", "is empty; name at least one rule and its pattern.")
        child = children_of(self, opts)
        dead_letters = aws.sqs.Queue(
            f"{name}-dead-letters",
            message_retention_seconds=RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=child,
        )
        queue = aws.sqs.Queue(
            f"{name}-queue",
            message_retention_seconds=RETENTION_SECONDS,
            visibility_timeout_seconds=given.between(
                "visibility_timeout_seconds", args["visibility_timeout_seconds"], 0, _LONGEST_VISIBILITY
            ),
            redrive_policy=Output.json_dumps(
                {
                    "deadLetterTargetArn": dead_letters.arn,
                    "maxReceiveCount": given.between("max_receives", args.get("max_receives", MAX_RECEIVES), 1, 1000),
                }
            ),
            sqs_managed_sse_enabled=True,
            opts=child,
        )
        rules = {
            rule: aws.cloudwatch.EventRule(
                f"{name}-{rule}",
                event_pattern=given.event_pattern(f"subscriptions.{rule}.pattern", subscription["pattern"]),
                event_bus_name=subscription.get("event_bus"),
                opts=child,
            )
            for rule, subscription in args["subscriptions"].items()
        }
        sources = [rule.arn for rule in rules.values()]
        policies = [
            allow_events(f"{name}-queue", queue, sources, child),
            allow_events(f"{name}-dead-letters", dead_letters, sources, child),
        ]
        # A rule that may not write to its queue yet would lose events.
        permitted = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=policies))
        for rule, subscription in args["subscriptions"].items():
            aws.cloudwatch.EventTarget(
                f"{name}-{rule}",
                rule=rules[rule].name,
                event_bus_name=subscription.get("event_bus"),
                arn=queue.arn,
                dead_letter_config={"arn": dead_letters.arn},
                retry_policy={
                    "maximum_event_age_in_seconds": DELIVERY_SECONDS,
                    "maximum_retry_attempts": DELIVERY_ATTEMPTS,
                },
                opts=permitted,
            )
        self.queue_arn, self.queue_url, self.queue_name = queue.arn, queue.url, queue.name
        self.dead_letter_arn, self.dead_letter_url = dead_letters.arn, dead_letters.url
        self.dead_letter_name = dead_letters.name
        self.register_outputs(
            {
                "queue_arn": self.queue_arn,
                "queue_url": self.queue_url,
                "queue_name": self.queue_name,
                "dead_letter_arn": self.dead_letter_arn,
                "dead_letter_url": self.dead_letter_url,
                "dead_letter_name": self.dead_letter_name,
            }
        )


def allow_events(
    name: str, queue: aws.sqs.Queue, rules: list[Output[str]], child: pulumi.ResourceOptions
) -> aws.sqs.QueuePolicy:
    """Let EventBridge, on behalf of these rules only, send to the queue."""
    return aws.sqs.QueuePolicy(
        name,
        queue_url=queue.url,
        policy=Output.json_dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": queue.arn,
                        "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
                    }
                ],
            }
        ),
        opts=child,
    )
