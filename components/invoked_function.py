"""A function that an EventBridge rule invokes by itself, without a queue between."""

import pulumi
import pulumi_aws as aws
from pulumi import Input

from components import grants
from components.event_queue import RETENTION_SECONDS, allow_events
from components.function import Function, FunctionArgs

_RETRIES = 2


def invoked_function(
    name: str,
    args: FunctionArgs,
    trigger: str,
    rule: aws.cloudwatch.EventRule,
    child: pulumi.ResourceOptions,
    event_bus: Input[str] | None = None,
) -> tuple[Function, aws.sqs.Queue]:
    """The function `name`, which `rule` of `event_bus` invokes (default: the account's own), and the queue of its
    failures. `trigger` says in resources' names what the rule is, such as `schedule`.

    A run that fails is tried twice more. What failed all the same, and what EventBridge could not deliver, is kept in
    the queue, which an alarm should watch.
    """
    failures = aws.sqs.Queue(
        f"{name}-failures",
        message_retention_seconds=RETENTION_SECONDS,
        sqs_managed_sse_enabled=True,
        opts=child,
    )
    function = Function(name, {**args, "statements": [*args.get("statements", []), grants.send(failures.arn)]}, child)
    aws.lambda_.FunctionEventInvokeConfig(
        f"{name}-failures",
        function_name=function.function_name,
        qualifier=function.alias_name,
        maximum_retry_attempts=_RETRIES,
        destination_config={"on_failure": {"destination": failures.arn}},
        opts=child,
    )
    permission = aws.lambda_.Permission(
        f"{name}-{trigger}",
        action="lambda:InvokeFunction",
        function=function.function_name,
        qualifier=function.alias_name,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
        opts=child,
    )
    policy = allow_events(f"{name}-failures", failures, [rule.arn], child)
    aws.cloudwatch.EventTarget(
        f"{name}-{trigger}",
        rule=rule.name,
        event_bus_name=event_bus,
        arn=function.alias_arn,
        dead_letter_config={"arn": failures.arn},
        # A rule that may not invoke yet would lose events.
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[permission, policy])),
    )
    return function, failures
