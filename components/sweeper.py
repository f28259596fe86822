"""Cleans up on a schedule."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components.arguments import Arguments
from components.function import FunctionArgs
from components.invoked_function import invoked_function
from components.naming import children_of


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
        rule = aws.cloudwatch.EventRule(f"{name}-schedule", schedule_expression=args["schedule"], opts=child)
        function, failures = invoked_function(name, args["function"], "schedule", rule, child)
        self.function_name = function.function_name
        self.failure_arn, self.failure_name = failures.arn, failures.name
        self.register_outputs(
            {
                "function_name": self.function_name,
                "failure_arn": self.failure_arn,
                "failure_name": self.failure_name,
            }
        )
