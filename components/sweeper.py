"""Cleans up on a schedule."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components import grants
from components.arguments import Arguments
from components.event_queue import RETENTION_SECONDS, allow_events
from components.function import Function, FunctionArgs
from components.naming import children_of

_RETRIES = 2


class SweeperArgs(TypedDict):
    """What sweeps, and how often."""

    function: FunctionArgs
    """Sweeps once; what it did not finish waits for the next time."""
    schedule: Input[str]
    """EventBridge schedule: `rate(1 hour)` or a cron expression in UTC."""


class Sweeper(pulumi.ComponentResource):
    """Invokes a function on a schedule, and keeps a record of each time that it failed."""

    function_name: Output[str]
    """Name of the function in AWS."""
    failure_arn: Output[str]
    """Queue of the runs that failed after all retries."""
    failure_name: Output[str]
    """Name of that queue, which an alarm should watch."""

    def __init__(self, name: str, args: SweeperArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        Arguments(self, name, SweeperArgs, args)
        super().__init__("collections:index:Sweeper", name, props={}, opts=opts)
        child = children_of(self, opts)
        failures = aws.sqs.Queue(
            f"{name}-failures",
            message_retention_seconds=RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=child,
        )
        arguments: FunctionArgs = {
            **args["function"],
            "statements": [*args["function"].get("statements", []), grants.send(failures.arn)],
        }
        function = Function(name, arguments, child)
        aws.lambda_.FunctionEventInvokeConfig(
            f"{name}-failures",
            function_name=function.function_name,
            qualifier=function.alias_name,
            maximum_retry_attempts=_RETRIES,
            destination_config={"on_failure": {"destination": failures.arn}},
            opts=child,
        )
        rule = aws.cloudwatch.EventRule(f"{name}-schedule", schedule_expression=args["schedule"], opts=child)
        permission = aws.lambda_.Permission(
            f"{name}-schedule",
            action="lambda:InvokeFunction",
            function=function.function_name,
            qualifier=function.alias_name,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=child,
        )
        policy = allow_events(f"{name}-failures", failures, [rule.arn], child)
        aws.cloudwatch.EventTarget(
            f"{name}-schedule",
            rule=rule.name,
            arn=function.alias_arn,
            dead_letter_config={"arn": failures.arn},
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[permission, policy])),
        )
        self.function_name = function.function_name
        self.failure_arn, self.failure_name = failures.arn, failures.name
        self.register_outputs(
            {
                "function_name": self.function_name,
                "failure_arn": self.failure_arn,
                "failure_name": self.failure_name,
            }
        )
