"""Tells somebody when something is wrong, and shows how the stack is."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components import alarms
from components.alarms import Alarm
from components.arguments import Arguments
from components.dashboard import dashboard_body
from components.naming import children_of, physical_name


class WatchedFunction(TypedDict):
    """A function, and what is too long for it."""

    name: Input[str]
    """Physical name."""
    timeout_seconds: int
    """Longest run; an alarm comes at four fifths of it."""


class WatchedDatabase(TypedDict):
    """A PostgreSQL instance and its limits."""

    instance: Input[str]
    """Identifier of the RDS instance."""
    storage_gb: int
    """Storage at first; an alarm comes when a twentieth of it is left."""
    connections: int
    """What it has in all; an alarm comes at four fifths."""


class ObservabilityArgs(TypedDict):
    """What to watch, and whom to tell."""

    functions: NotRequired[Mapping[str, WatchedFunction]]
    """Functions by role. Default: none."""
    scheduled: NotRequired[str | None]
    """Role, among `functions`, of the one that runs each hour and publishes what the month has cost; an alarm comes
    when it has not run for three. Default: there is none."""
    also_scheduled: NotRequired[Sequence[str]]
    """Further roles, among `functions`, that a schedule has run each hour or more often; an alarm comes when one has
    not run for three. Default: none."""
    queues: NotRequired[Mapping[str, Input[str]]]
    """Names of the queues whose messages must not wait for long, by role. Default: none."""
    dead_letters: NotRequired[Mapping[str, Input[str]]]
    """Names of the queues that have to stay empty, by role. Default: none."""
    api_id: NotRequired[Input[str]]
    """The HTTP API. Default: there is none."""
    database: NotRequired[WatchedDatabase]
    """The database. Default: there is none."""
    monthly_cost_usd: NotRequired[float | None]
    """What the models may cost in a month, all users together, before an alarm. Default, and 0: no alarm."""
    key_arn: NotRequired[Input[str]]
    """Key that encrypts announcements; it has to admit CloudWatch, as an `EncryptionKey` does. Default: none."""
    alarm_email: NotRequired[str | None]
    """Is told of each alarm, once its owner has confirmed. Default: nobody is."""


class Observability(pulumi.ComponentResource):
    """Alarms with a place in the runbook each, and a dashboard: is it healthy, what waits, what did it cost?"""

    dashboard_url: Output[str]
    """The dashboard in AWS's console."""
    topic_arn: Output[str]
    """Where alarms are announced."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(self, name, ObservabilityArgs, args)
        if (scheduled := args.get("scheduled")) and scheduled not in args.get("functions", {}):
            raise given.refuse("scheduled", f"is {scheduled!r}, which functions does not have.")
        for role in args.get("also_scheduled", ()):
            if role not in args.get("functions", {}):
                raise given.refuse("also_scheduled", f"has {role!r}, which functions does not have.")
        super().__init__("collections:index:Observability", name, props={}, opts=opts)
        self._name, self._child = name, children_of(self, opts)
        region = aws.get_region_output(opts=pulumi.InvokeOutputOptions(parent=self)).region
        topic = aws.sns.Topic(f"{name}-alarms", kms_master_key_id=args.get("key_arn"), opts=self._child)
        if email := args.get("alarm_email"):
            aws.sns.TopicSubscription(
                f"{name}-alarms", topic=topic.arn, protocol="email", endpoint=email, opts=self._child
            )
        raised = [self._alarm(alarm, topic.arn) for alarm in _alarms(args)]
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=physical_name("health"),
            dashboard_body=dashboard_body(
                stack=pulumi.get_stack(),
                costs_from=scheduled,
                region=region,
                alarms=raised,
                queues=list(args.get("queues", {}).values()),
                dead_letters=list(args.get("dead_letters", {}).values()),
                functions=[each["name"] for each in args.get("functions", {}).values()],
                api_id=args.get("api_id"),
                database=args["database"]["instance"] if "database" in args else None,
            ),
            opts=self._child,
        )
        self.topic_arn = topic.arn
        self.dashboard_url = Output.concat(
            "https://",
            region,
            ".console.aws.amazon.com/cloudwatch/home?region=",
            region,
            "#dashboards/dashboard/",
            dashboard.dashboard_name,
        )
        self.register_outputs({"dashboard_url": self.dashboard_url, "topic_arn": self.topic_arn})

    def _alarm(self, alarm: Alarm, topic_arn: Output[str]) -> Output[str]:
        percentile = alarm.statistic.startswith("p")
        declared = aws.cloudwatch.MetricAlarm(
            f"{self._name}-{alarm.name}",
            name=physical_name(alarm.name),
            alarm_description=f'See "{alarm.runbook}" in docs/operate.md.',
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=alarm.dimensions,
            statistic=None if percentile else alarm.statistic,
            extended_statistic=alarm.statistic if percentile else None,
            period=alarm.period_seconds,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.breaching,
            threshold=alarm.threshold,
            comparison_operator="LessThanThreshold" if alarm.below else "GreaterThanThreshold",
            treat_missing_data=alarm.missing,
            alarm_actions=[topic_arn],
            ok_actions=[topic_arn],
            opts=self._child,
        )
        return declared.arn


def _alarms(args: ObservabilityArgs) -> list[Alarm]:
    functions, scheduled = args.get("functions", {}), args.get("scheduled")
    monthly_cost = args.get("monthly_cost_usd")
    return [
        *(alarms.dead_letters(role, queue) for role, queue in args.get("dead_letters", {}).items()),
        *(alarms.waiting(role, queue) for role, queue in args.get("queues", {}).items()),
        *(
            alarm
            for role, each in functions.items()
            for alarm in alarms.function(role, each["name"], each["timeout_seconds"])
        ),
        *(
            alarms.schedule(role, functions[role]["name"])
            for role in (*([scheduled] if scheduled else []), *args.get("also_scheduled", ()))
        ),
        *(alarms.api(args["api_id"]) if "api_id" in args else []),
        *(_database(args["database"]) if "database" in args else []),
        *([alarms.spending(pulumi.get_stack(), scheduled, monthly_cost)] if scheduled and monthly_cost else []),
    ]


def _database(watched: WatchedDatabase) -> list[Alarm]:
    return alarms.database(watched["instance"], watched["storage_gb"], watched["connections"])
