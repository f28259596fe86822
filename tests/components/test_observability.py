import json
import os
import re
from typing import Any

import pytest

from components.observability import Observability, ObservabilityArgs
from local.recorder import Graph
from runtime.observability import count_spending, gauge_month_cost
from tests.components.declarations import Declare, Declared
from tests.components.recording import ROOT

WATCHED: ObservabilityArgs = {
    "functions": {
        "analyzer": {"name": "collections-dev-analyzer", "timeout_seconds": 180},
        "sweeper": {"name": "collections-dev-sweeper", "timeout_seconds": 300},
    },
    "scheduled": "sweeper",
    "queues": {"analyzer": "analyzer-queue"},
    "dead_letters": {"analyzer": "analyzer-dead-letters", "sweeper": "sweeper-failures"},
    "api_id": "api123",
    "database": {"instance": "database", "storage_gb": 20, "connections": 84},
    "monthly_cost_usd": 50,
}


def alarms(declare: Declare, args: ObservabilityArgs = WATCHED) -> dict[str, Declared]:
    declared = declare(lambda: Observability("watch", args)).of("metricAlarm:MetricAlarm")
    return {each.name.removeprefix("watch-"): each for each in declared}


def condition(alarm: Declared) -> str:
    """The alarm as a sentence: what of which, how often, compared with what."""
    inputs = alarm.inputs
    watched = " ".join(inputs["dimensions"][name] for name in sorted(inputs["dimensions"]))
    sign = {"GreaterThanThreshold": ">", "LessThanThreshold": "<"}[inputs["comparisonOperator"]]
    statistic = inputs.get("statistic") or inputs["extendedStatistic"]
    minutes = inputs["period"] // 60
    return (
        f"{statistic} {inputs['namespace']} {inputs['metricName']} of {watched} {sign} {inputs['threshold']} "
        f"in {inputs['datapointsToAlarm']} of {inputs['evaluationPeriods']} x {minutes} min"
    )


def test_there_is_an_alarm_for_whatever_needs_a_person(declare: Declare):
    found = {name: condition(alarm) for name, alarm in alarms(declare).items()}

    assert found == {
        "analyzer-dead-letters": (
            "Maximum AWS/SQS ApproximateNumberOfMessagesVisible of analyzer-dead-letters > 0 in 1 of 1 x 5 min"
        ),
        "sweeper-dead-letters": (
            "Maximum AWS/SQS ApproximateNumberOfMessagesVisible of sweeper-failures > 0 in 1 of 1 x 5 min"
        ),
        "analyzer-waiting": (
            "Maximum AWS/SQS ApproximateAgeOfOldestMessage of analyzer-queue > 1800 in 1 of 1 x 5 min"
        ),
        "analyzer-errors": "Sum AWS/Lambda Errors of collections-dev-analyzer > 0 in 2 of 3 x 5 min",
        "analyzer-throttles": "Sum AWS/Lambda Throttles of collections-dev-analyzer > 0 in 2 of 3 x 5 min",
        "analyzer-duration": "Maximum AWS/Lambda Duration of collections-dev-analyzer > 144000 in 2 of 3 x 5 min",
        "sweeper-errors": "Sum AWS/Lambda Errors of collections-dev-sweeper > 0 in 2 of 3 x 5 min",
        "sweeper-throttles": "Sum AWS/Lambda Throttles of collections-dev-sweeper > 0 in 2 of 3 x 5 min",
        "sweeper-duration": "Maximum AWS/Lambda Duration of collections-dev-sweeper > 240000 in 2 of 3 x 5 min",
        "sweeper-silent": "Sum AWS/Lambda Invocations of collections-dev-sweeper < 1 in 3 of 3 x 60 min",
        "api-server-errors": "Sum AWS/ApiGateway 5xx of api123 > 4 in 1 of 1 x 5 min",
        "api-latency": "p95 AWS/ApiGateway Latency of api123 > 5000 in 3 of 3 x 5 min",
        "database-processor": "Average AWS/RDS CPUUtilization of database > 80 in 3 of 3 x 5 min",
        "database-storage": "Minimum AWS/RDS FreeStorageSpace of database < 1073741824 in 1 of 1 x 5 min",
        "database-connections": "Maximum AWS/RDS DatabaseConnections of database > 67 in 1 of 1 x 5 min",
        "models-spending": "Maximum Collections MonthCostUsd of sweeper dev > 50 in 1 of 1 x 60 min",
    }


def test_each_function_on_a_schedule_is_missed_when_it_is_silent(declare: Declare):
    both = alarms(declare, {**WATCHED, "also_scheduled": ["analyzer"]})

    assert condition(both["analyzer-silent"]) == (
        "Sum AWS/Lambda Invocations of collections-dev-analyzer < 1 in 3 of 3 x 60 min"
    )
    assert both["analyzer-silent"].inputs["treatMissingData"] == "breaching"
    assert "sweeper-silent" in both


def test_no_alarm_looks_further_back_than_cloudwatch_can(declare: Declare):
    windows = [each.inputs["period"] * each.inputs["evaluationPeriods"] for each in alarms(declare).values()]

    assert max(windows) <= 7 * 24 * 3600


def test_silence_is_an_alarm_only_where_something_must_be_heard(declare: Declare):
    missing = {name: each.inputs["treatMissingData"] for name, each in alarms(declare).items()}

    assert {name: how for name, how in missing.items() if how != "notBreaching"} == {
        "sweeper-silent": "breaching",
        "models-spending": "ignore",
    }


def test_alarms_are_announced_when_they_come_and_when_they_go(declare: Declare):
    topic = ["arn:aws:sns:eu-west-1:123456789012:watch-alarms"]

    assert all(each.inputs["alarmActions"] == each.inputs["okActions"] == topic for each in alarms(declare).values())


def test_alarms_reach_the_configured_address(declare: Declare):
    told = declare(lambda: Observability("watch", {**WATCHED, "alarm_email": "on-call@example.org"}))
    silent = declare(lambda: Observability("watch", WATCHED))

    assert told.one("topicSubscription:TopicSubscription").inputs["endpoint"] == "on-call@example.org"
    assert silent.of("topicSubscription:TopicSubscription") == []


def test_without_a_limit_nothing_is_said_about_costs(declare: Declare):
    assert "models-spending" not in alarms(declare, {**WATCHED, "monthly_cost_usd": 0})


def test_every_alarm_of_a_stack_has_its_place_in_the_runbook(graph: Graph):
    headings = set(re.findall(r"^### (.+)$", (ROOT / "docs" / "operate.md").read_text(), re.MULTILINE))
    declared = graph.of("aws:cloudwatch/metricAlarm:MetricAlarm")

    named = {re.findall(r'^See "(.+)" in docs/operate.md.$', each.inputs["alarmDescription"])[0] for each in declared}
    assert len(declared) == 7 + 4 + 8 * 3 + 2 + 2 + 3 + 1
    assert named <= headings


def test_every_function_and_queue_of_a_stack_is_watched(graph: Graph):
    watched = {
        value
        for each in graph.of("aws:cloudwatch/metricAlarm:MetricAlarm")
        for value in each.inputs["dimensions"].values()
    }

    for kind in ("aws:lambda/function:Function", "aws:sqs/queue:Queue", "aws:rds/instance:Instance"):
        names = {each.state.get("name") or each.state["identifier"] for each in graph.of(kind)}
        assert names <= watched


def metric_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]


@pytest.fixture
def as_sweeper(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment in which the deployed sweeper writes its metrics."""
    function = graph.one("aws:lambda/function:Function", "sweeper")
    for name, value in function.inputs["environment"]["variables"].items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("as_sweeper")
def test_costs_are_watched_under_the_name_by_which_they_are_published(graph: Graph, capsys: pytest.CaptureFixture[str]):
    gauge_month_cost(12.5)

    (line,) = metric_lines(capsys)
    (published,) = line["_aws"]["CloudWatchMetrics"]
    alarm = graph.one("aws:cloudwatch/metricAlarm:MetricAlarm", "observability-models-spending").inputs
    assert (alarm["namespace"], alarm["metricName"]) == (published["Namespace"], published["Metrics"][0]["Name"])
    assert alarm["dimensions"] == {name: line[name] for name in published["Dimensions"][0]}


@pytest.mark.usefixtures("as_sweeper")
def test_the_dashboard_finds_the_costs_of_each_model(graph: Graph, capsys: pytest.CaptureFixture[str]):
    count_spending("claude-sonnet-5-5", 1000, 100, 0.01)

    published = next(line["_aws"]["CloudWatchMetrics"][0] for line in metric_lines(capsys) if "CostUsd" in line)
    (search,) = re.findall(r"SEARCH\('\{([^}]+)\} MetricName=\"CostUsd\"", expressions(graph))
    assert search.split(",") == [published["Namespace"], *sorted(published["Dimensions"][0])]
    assert f'stack="{os.environ["STACK"]}"' in expressions(graph)


def widgets(graph: Graph) -> list[dict[str, Any]]:
    return json.loads(graph.one("aws:cloudwatch/dashboard:Dashboard", "observability").inputs["dashboardBody"])[
        "widgets"
    ]


def expressions(graph: Graph) -> str:
    metrics = [metric for each in widgets(graph) for metric in each["properties"].get("metrics", [])]
    return " ".join(metric[0]["expression"] for metric in metrics if isinstance(metric[0], dict))


def test_the_dashboard_says_what_is_wrong_what_waits_and_what_it_cost(graph: Graph):
    headings = [each["properties"]["markdown"] for each in widgets(graph) if each["type"] == "text"]
    (alarm_widget,) = (each for each in widgets(graph) if each["type"] == "alarm")
    shown = json.dumps(widgets(graph))

    assert headings == ["# Is it healthy?", "# What waits?", "# What did it cost?"]
    declared = graph.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert sorted(alarm_widget["properties"]["alarms"]) == sorted(each.state["arn"] for each in declared)
    for kind in ("aws:lambda/function:Function", "aws:sqs/queue:Queue"):
        assert all(each.state["name"] in shown for each in graph.of(kind))


def test_a_stack_with_nothing_but_a_queue_is_watched_too(declare: Declare):
    declared = declare(lambda: Observability("health", {"dead_letters": {"mail": "mail-dead-letters"}}))

    (alarm,) = declared.of("metricAlarm:MetricAlarm")
    widgets = json.loads(declared.one("dashboard:Dashboard").inputs["dashboardBody"])["widgets"]
    titles = [each["properties"].get("title", each["properties"].get("markdown")) for each in widgets]
    assert alarm.inputs["dimensions"] == {"QueueName": "mail-dead-letters"}
    assert titles == ["# Is it healthy?", "Alarms", "# What waits?", "Given up"]
