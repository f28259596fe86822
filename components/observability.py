"""Tells somebody when messages are lost, and shows whether the stack is healthy."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components.naming import children_of, physical_name

_PERIOD_SECONDS = 300
_WIDGET_WIDTH, _WIDGET_HEIGHT = 12, 6


class ObservabilityArgs(TypedDict):
    """What to watch, and whom to tell."""

    functions: Mapping[str, Input[str]]
    """Names of functions by role."""
    queues: Mapping[str, Input[str]]
    """Names of the queues whose length matters, by role."""
    dead_letters: Mapping[str, Input[str]]
    """Names of the queues that have to stay empty, by role."""
    api_id: Input[str]
    """The HTTP API."""
    alarm_email: NotRequired[str | None]
    """Is told of each alarm, once its owner has confirmed. Default: nobody is."""


class Observability(pulumi.ComponentResource):
    """An alarm for each dead-letter queue, and a dashboard."""

    dashboard_url: Output[str]
    topic_arn: Output[str]
    """Where alarms are announced."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("collections:index:Observability", name, props={}, opts=opts)
        child = children_of(self, opts)
        region = aws.get_region_output(opts=pulumi.InvokeOutputOptions(parent=self)).region
        topic = aws.sns.Topic(f"{name}-alarms", opts=child)
        if email := args.get("alarm_email"):
            aws.sns.TopicSubscription(f"{name}-alarms", topic=topic.arn, protocol="email", endpoint=email, opts=child)
        for role, queue in args["dead_letters"].items():
            aws.cloudwatch.MetricAlarm(
                f"{name}-{role}-dead-letters",
                alarm_description=f"{role}: messages were given up; read them, mend the cause, redrive",
                namespace="AWS/SQS",
                metric_name="ApproximateNumberOfMessagesVisible",
                dimensions={"QueueName": queue},
                statistic="Maximum",
                period=_PERIOD_SECONDS,
                evaluation_periods=1,
                threshold=0,
                comparison_operator="GreaterThanThreshold",
                treat_missing_data="notBreaching",
                alarm_actions=[topic.arn],
                ok_actions=[topic.arn],
                opts=child,
            )
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=physical_name("health"),
            dashboard_body=Output.json_dumps({"widgets": _widgets(args, region)}),
            opts=child,
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


def _widgets(args: ObservabilityArgs, region: Output[str]) -> list[dict[str, object]]:
    sqs = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue] for queue in args["queues"].values()]
    dead = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", q] for q in args["dead_letters"].values()]
    errors = [["AWS/Lambda", "Errors", "FunctionName", function] for function in args["functions"].values()]
    durations = [["AWS/Lambda", "Duration", "FunctionName", function] for function in args["functions"].values()]
    api = [["AWS/ApiGateway", metric, "ApiId", args["api_id"]] for metric in ("Count", "4xx", "5xx")]
    latency = [["AWS/ApiGateway", "Latency", "ApiId", args["api_id"]]]
    charts: list[tuple[str, str, Sequence[Sequence[Input[str]]]]] = [
        ("Waiting", "Maximum", sqs),
        ("Given up", "Maximum", dead),
        ("Errors of functions", "Sum", errors),
        ("Duration of functions, ms, p95", "p95", durations),
        ("Requests", "Sum", api),
        ("Latency of requests, ms, p95", "p95", latency),
    ]
    return [
        {
            "type": "metric",
            "x": index % 2 * _WIDGET_WIDTH,
            "y": index // 2 * _WIDGET_HEIGHT,
            "width": _WIDGET_WIDTH,
            "height": _WIDGET_HEIGHT,
            "properties": {
                "title": title,
                "stat": statistic,
                "period": _PERIOD_SECONDS,
                "region": region,
                "metrics": metrics,
            },
        }
        for index, (title, statistic, metrics) in enumerate(charts)
    ]
