"""One page that answers: is it healthy, what waits, what did it cost?"""

from collections.abc import Mapping, Sequence

from pulumi import Input, Output

from components.alarms import METRICS_NAMESPACE, PERIOD_SECONDS

_WIDTH, _HEIGHT = 12, 6
_DAY_SECONDS = 24 * 3600

Metric = Sequence[Input[str] | Mapping[str, str]]


def dashboard_body(
    *,
    stack: str,
    costs_from: str | None,
    region: Output[str],
    alarms: Sequence[Output[str]],
    queues: Sequence[Input[str]],
    dead_letters: Sequence[Input[str]],
    functions: Sequence[Input[str]],
    api_id: Input[str] | None,
    database: Input[str] | None,
) -> Output[str]:
    """The dashboard as CloudWatch's JSON. `alarms` are ARNs; queues, functions and database are names; `costs_from` is
    the role of the function that publishes what the month has cost, if there is one. What is not there is left out."""

    def each(namespace: str, metric: str, dimension: str, names: Sequence[Input[str]]) -> list[Metric]:
        return [[namespace, metric, dimension, name] for name in names]

    def charts(*contents: tuple[str, str, list[Metric]]) -> list[dict[str, object]]:
        return [_chart(title, statistic, metrics, region) for title, statistic, metrics in contents if metrics]

    apis = [] if api_id is None else [api_id]
    instances = [] if database is None else [database]
    healthy = [
        *([{"type": "alarm", "properties": {"title": "Alarms", "alarms": alarms}}] if alarms else []),
        *charts(
            (
                "Requests",
                "Sum",
                [line for kind in ("Count", "4xx", "5xx") for line in each("AWS/ApiGateway", kind, "ApiId", apis)],
            ),
            ("Latency of requests, ms, p95", "p95", each("AWS/ApiGateway", "Latency", "ApiId", apis)),
            ("Errors of functions", "Sum", each("AWS/Lambda", "Errors", "FunctionName", functions)),
            ("Duration of functions, ms, p95", "p95", each("AWS/Lambda", "Duration", "FunctionName", functions)),
            (
                "Processor of the database, %",
                "Average",
                each("AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", instances),
            ),
            ("Connections", "Maximum", each("AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", instances)),
        ),
    ]
    waiting = charts(
        ("Messages", "Maximum", each("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queues)),
        ("Oldest message, s", "Maximum", each("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queues)),
        ("Given up", "Maximum", each("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", dead_letters)),
    )
    month: list[Metric] = [[METRICS_NAMESPACE, "MonthCostUsd", "stack", stack, "service", costs_from or ""]]
    cost = charts(("Models, month to date, $", "Maximum", month), ("Models by day, $", "Sum", [_by_model(stack)]))
    sections = [
        ("Is it healthy?", healthy),
        ("What waits?", waiting),
        ("What did it cost?", cost if costs_from else []),
    ]
    return Output.json_dumps(
        {"widgets": [widget for title, part in sections if part for widget in (_heading(title), *part)]}
    )


def _by_model(stack: str) -> Metric:
    """A line for each model that has cost anything, whichever they are."""
    search = f'{{{METRICS_NAMESPACE},model,service,stack}} MetricName="CostUsd" stack="{stack}"'
    label = "${PROP('Dim.service')}: ${PROP('Dim.model')}"
    return [{"expression": f"SEARCH('{search}', 'Sum', {_DAY_SECONDS})", "label": label}]


def _heading(title: str) -> dict[str, object]:
    return {"type": "text", "width": 2 * _WIDTH, "height": 1, "properties": {"markdown": f"# {title}"}}


def _chart(title: str, statistic: str, metrics: list[Metric], region: Output[str]) -> dict[str, object]:
    """Without a place: CloudWatch sets widgets side by side in their order."""
    return {
        "type": "metric",
        "width": _WIDTH,
        "height": _HEIGHT,
        "properties": {
            "title": title,
            "stat": statistic,
            "period": PERIOD_SECONDS,
            "region": region,
            "metrics": metrics,
        },
    }
