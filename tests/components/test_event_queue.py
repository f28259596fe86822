import json
from collections.abc import Mapping

from components.event_queue import EventQueue, EventSubscription
from tests.components.declarations import Declarations, Declare

SUBSCRIPTIONS: Mapping[str, EventSubscription] = {
    "uploads": {"pattern": '{"source": ["aws.s3"]}'},
    "requests": {"pattern": '{"source": ["collections.api"]}', "event_bus": "collections-dev"},
}
DEAD_LETTERS = "arn:aws:sqs:eu-west-1:123456789012:work-dead-letters"


def work_queue(declare: Declare) -> Declarations:
    return declare(lambda: EventQueue("work", {"subscriptions": SUBSCRIPTIONS, "visibility_timeout_seconds": 60}))


def test_a_message_that_fails_five_times_or_cannot_be_delivered_is_kept(declare: Declare):
    declared = work_queue(declare)

    redrive = json.loads(declared.one("sqs/queue:Queue", "work-queue").inputs["redrivePolicy"])
    targets = declared.of("eventTarget:EventTarget")
    assert redrive == {"deadLetterTargetArn": DEAD_LETTERS, "maxReceiveCount": 5}
    assert [target.inputs["deadLetterConfig"]["arn"] for target in targets] == [DEAD_LETTERS, DEAD_LETTERS]
    assert all(target.inputs["retryPolicy"]["maximumRetryAttempts"] == 185 for target in targets)


def test_each_rule_listens_on_its_own_bus_and_feeds_the_one_queue(declare: Declare):
    targets = work_queue(declare).of("eventTarget:EventTarget")

    assert {target.name: target.inputs.get("eventBusName") for target in targets} == {
        "work-uploads": None,
        "work-requests": "collections-dev",
    }
    assert {target.inputs["arn"] for target in targets} == {"arn:aws:sqs:eu-west-1:123456789012:work-queue"}


def test_only_its_own_rules_may_send_to_it(declare: Declare):
    policies = work_queue(declare).of("queuePolicy:QueuePolicy")

    for policy in policies:
        (statement,) = json.loads(policy.inputs["policy"])["Statement"]
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Condition"]["ArnEquals"]["aws:SourceArn"] == [
            "arn:aws:events:eu-west-1:123456789012:rule/work-uploads",
            "arn:aws:events:eu-west-1:123456789012:rule/work-requests",
        ]
    assert len(policies) == 2
