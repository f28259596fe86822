"""Brings the database's schema up to date while the stack is being deployed."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components.arguments import Arguments
from components.event_queue import EventSubscription
from components.function import Function, FunctionArgs
from components.invoked_function import invoked_function
from components.naming import children_of


class MigrationArgs(TypedDict):
    """What migrates, and when it has to again."""

    function: FunctionArgs
    """Applies all migrations that are not applied yet; may run any number of times."""
    triggers: NotRequired[Mapping[str, Input[str]]]
    """Run again when one of these changes, besides the image: versions of the passwords that it sets. Default:
    the image alone."""
    on_event: NotRequired[EventSubscription]
    """Invoke it between deployments too, with each of these events in place of `{}`. The bus has to exist before what
    depends on the migration. Default: deployments alone invoke it."""


class Migration(pulumi.ComponentResource):
    """Runs a function once for each image, during the deployment, and stops the deployment when it fails.

    Whatever needs the schema has to depend on this component: until the migration has succeeded, the functions
    that were there before keep serving. A run that an event has started is tried twice more when it fails, then kept
    in a queue.
    """

    function_name: Output[str]
    """Name of the function in AWS."""
    result: Output[str]
    """What the function returned to the deployment, as JSON."""
    failure_name: Output[str]
    """Name of the queue of events whose runs failed after all retries, which an alarm should watch. Empty without
    `on_event`."""

    def __init__(self, name: str, args: MigrationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(self, name, MigrationArgs, args)
        super().__init__("collections:index:Migration", name, props={}, opts=opts)
        child = children_of(self, opts)
        if "on_event" in args:
            bus = args["on_event"].get("event_bus")
            rule = aws.cloudwatch.EventRule(
                f"{name}-event",
                event_pattern=given.event_pattern("on_event.pattern", args["on_event"]["pattern"]),
                event_bus_name=bus,
                opts=child,
            )
            function, failures = invoked_function(name, args["function"], "event", rule, child, bus)
            self.failure_name = failures.name
        else:
            function = Function(name, args["function"], child)
            self.failure_name = Output.from_input("")
        invocation = aws.lambda_.Invocation(
            f"{name}-run",
            function_name=function.function_name,
            qualifier=function.alias_name,
            input="{}",
            triggers={"image": args["function"]["platform"]["image_uri"], **args.get("triggers", {})},
            opts=child,
        )
        self.function_name = function.function_name
        self.result = invocation.result
        self.register_outputs(
            {"function_name": self.function_name, "result": self.result, "failure_name": self.failure_name}
        )
