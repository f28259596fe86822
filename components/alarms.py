"""What there is to be woken for: one table of conditions, each with its place in the runbook.

Metrics and dimensions are those that AWS publishes (CloudWatch User Guide, "AWS services that publish metrics"); the
stack's own are written by `runtime/observability.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Input

PERIOD_SECONDS = 300
# What the functions write their own metrics under.
METRICS_NAMESPACE = "Collections"

# Longer than a message waits while a vendor is down for a moment; shorter than it takes the sweeper to send items on.
_WAITING_SECONDS = 1800
_SHARE_OF_TIMEOUT = 0.8
_API_MILLISECONDS = 5000
_PROCESSOR_PERCENT = 80
# RDS grows the storage by itself when a tenth is left: at a twentieth it has not, or may not any more.
_SHARE_OF_STORAGE = 0.05
_SHARE_OF_CONNECTIONS = 0.8
_BYTES_PER_GB = 1024**3
_HOUR_SECONDS = 3600


@dataclass(frozen=True)
class Alarm:
    """A metric beyond a threshold, in `breaching` of the last `periods` periods."""

    name: str
    runbook: str
    """Heading in docs/operate.md that says what to do."""
    namespace: str
    metric: str
    dimensions: Mapping[str, Input[str]]
    statistic: str
    """Such as `Maximum`, or a percentile such as `p95`."""
    threshold: Input[float]
    periods: int = 1
    breaching: int = 1
    period_seconds: int = PERIOD_SECONDS
    below: bool = False
    """It is too little that is bad."""
    missing: str = "notBreaching"
    """What a period without data means: `notBreaching`, `breaching` or `ignore` (the state stays)."""


def dead_letters(role: str, queue: Input[str]) -> Alarm:
    """A single message that was given up."""
    return Alarm(
        name=f"{role}-dead-letters",
        runbook="Messages were given up",
        namespace="AWS/SQS",
        metric="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": queue},
        statistic="Maximum",
        threshold=0,
    )


def waiting(role: str, queue: Input[str]) -> Alarm:
    """A message that nobody has dealt with for half an hour."""
    return Alarm(
        name=f"{role}-waiting",
        runbook="Messages wait for long",
        namespace="AWS/SQS",
        metric="ApproximateAgeOfOldestMessage",
        dimensions={"QueueName": queue},
        statistic="Maximum",
        threshold=_WAITING_SECONDS,
    )


def function(role: str, name: Input[str], timeout_seconds: int) -> list[Alarm]:
    """Errors and throttles that last, and runs that come near the timeout. One error is tried again by itself."""

    def alarm(kind: str, runbook: str, metric: str, statistic: str, threshold: float) -> Alarm:
        return Alarm(
            name=f"{role}-{kind}",
            runbook=runbook,
            namespace="AWS/Lambda",
            metric=metric,
            dimensions={"FunctionName": name},
            statistic=statistic,
            threshold=threshold,
            periods=3,
            breaching=2,
        )

    return [
        alarm("errors", "A function fails", "Errors", "Sum", 0),
        alarm("throttles", "A function is throttled", "Throttles", "Sum", 0),
        alarm(
            "duration",
            "A function runs into its timeout",
            "Duration",
            "Maximum",
            timeout_seconds * 1000 * _SHARE_OF_TIMEOUT,
        ),
    ]


def schedule(role: str, name: Input[str]) -> Alarm:
    """A function that a schedule should have called each hour, and nobody has: it can report nothing itself."""
    return Alarm(
        name=f"{role}-silent",
        runbook="A scheduled function does not run",
        namespace="AWS/Lambda",
        metric="Invocations",
        dimensions={"FunctionName": name},
        statistic="Sum",
        threshold=1,
        periods=3,
        breaching=3,
        period_seconds=_HOUR_SECONDS,
        below=True,
        missing="breaching",
    )


def api(api_id: Input[str]) -> list[Alarm]:
    """Errors of the server's making, and answers that people wait for."""
    dimensions = {"ApiId": api_id}
    return [
        Alarm(
            name="api-server-errors",
            runbook="The API answers with errors",
            namespace="AWS/ApiGateway",
            metric="5xx",
            dimensions=dimensions,
            statistic="Sum",
            threshold=4,
        ),
        Alarm(
            name="api-latency",
            runbook="The API is slow",
            namespace="AWS/ApiGateway",
            metric="Latency",
            dimensions=dimensions,
            statistic="p95",
            threshold=_API_MILLISECONDS,
            periods=3,
            breaching=3,
        ),
    ]


def database(instance: Input[str], storage_gb: int, connections: int) -> list[Alarm]:
    """An instance at its limits. `connections` is how many it has in all."""
    dimensions = {"DBInstanceIdentifier": instance}
    return [
        Alarm(
            name="database-processor",
            runbook="The database is busy",
            namespace="AWS/RDS",
            metric="CPUUtilization",
            dimensions=dimensions,
            statistic="Average",
            threshold=_PROCESSOR_PERCENT,
            periods=3,
            breaching=3,
        ),
        Alarm(
            name="database-storage",
            runbook="The database runs out of storage",
            namespace="AWS/RDS",
            metric="FreeStorageSpace",
            dimensions=dimensions,
            statistic="Minimum",
            threshold=storage_gb * _SHARE_OF_STORAGE * _BYTES_PER_GB,
            below=True,
        ),
        Alarm(
            name="database-connections",
            runbook="The database runs out of connections",
            namespace="AWS/RDS",
            metric="DatabaseConnections",
            dimensions=dimensions,
            statistic="Maximum",
            threshold=int(connections * _SHARE_OF_CONNECTIONS),
        ),
    ]


def spending(stack: str, role: str, dollars: float) -> Alarm:
    """What the models have cost since the month began. The function of that role publishes it each hour, for a
    metric's sum may span a week at most; between two of its runs the state stays."""
    return Alarm(
        name="models-spending",
        runbook="The models cost more than expected",
        namespace=METRICS_NAMESPACE,
        metric="MonthCostUsd",
        dimensions={"stack": stack, "service": role},
        statistic="Maximum",
        threshold=dollars,
        period_seconds=_HOUR_SECONDS,
        missing="ignore",
    )
