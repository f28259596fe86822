import json

from components.observability import Observability, ObservabilityArgs
from tests.components.declarations import Declare

WATCHED: ObservabilityArgs = {
    "functions": {"analyzer": "collections-dev-analyzer"},
    "queues": {"analyzer": "analyzer-queue"},
    "dead_letters": {"analyzer": "analyzer-dead-letters", "sweeper": "sweeper-failures"},
    "api_id": "api123",
}


def test_one_message_given_up_is_enough_for_an_alarm(declare: Declare):
    alarms = declare(lambda: Observability("watch", WATCHED)).of("metricAlarm:MetricAlarm")

    assert [each.inputs["dimensions"] for each in alarms] == [
        {"QueueName": "analyzer-dead-letters"},
        {"QueueName": "sweeper-failures"},
    ]
    assert {(each.inputs["comparisonOperator"], each.inputs["threshold"]) for each in alarms} == {
        ("GreaterThanThreshold", 0)
    }
    assert {tuple(each.inputs["alarmActions"]) for each in alarms} == {
        ("arn:aws:sns:eu-west-1:123456789012:watch-alarms",)
    }


def test_alarms_reach_the_configured_address(declare: Declare):
    told = declare(lambda: Observability("watch", {**WATCHED, "alarm_email": "on-call@example.org"}))
    silent = declare(lambda: Observability("watch", WATCHED))

    assert told.one("topicSubscription:TopicSubscription").inputs["endpoint"] == "on-call@example.org"
    assert silent.of("topicSubscription:TopicSubscription") == []


def test_the_dashboard_shows_every_queue_and_function(declare: Declare):
    dashboard = declare(lambda: Observability("watch", WATCHED)).one("dashboard:Dashboard").inputs

    shown = json.dumps(json.loads(dashboard["dashboardBody"])["widgets"])
    assert all(name in shown for name in ("collections-dev-analyzer", "analyzer-queue", "sweeper-failures", "api123"))
