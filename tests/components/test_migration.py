import json

from components.migration import Migration, MigrationArgs
from tests.components.declarations import FUNCTION, PLATFORM, Declare

ALIAS = "arn:aws:lambda:eu-west-1:123456789012:function:collections-dev-migrate:live"
FAILURES = "arn:aws:sqs:eu-west-1:123456789012:migrate-failures"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/migrate-event"
WITH_EVENT: MigrationArgs = {
    "function": FUNCTION,
    "on_event": {"pattern": '{"source": ["shop"]}', "event_bus": "shop"},
}


def test_it_runs_again_for_another_image_or_password(declare: Declare):
    declared = declare(
        lambda: Migration("migrate", {"function": FUNCTION, "triggers": {"owner": "/collections/dev/database/url:7"}})
    )

    run = declared.one("lambda/invocation:Invocation").inputs
    assert run["functionName"] == "collections-dev-migrate"
    assert run["qualifier"] == "live"
    assert run["triggers"] == {"image": PLATFORM["image_uri"], "owner": "/collections/dev/database/url:7"}


def test_an_event_between_deployments_invokes_it_and_a_run_that_fails_is_tried_again_then_kept(declare: Declare):
    declared = declare(lambda: Migration("migrate", WITH_EVENT))

    rule = declared.one("eventRule:EventRule").inputs
    target = declared.one("eventTarget:EventTarget").inputs
    invoked = declared.one("FunctionEventInvokeConfig").inputs
    assert (rule["eventBusName"], json.loads(rule["eventPattern"])) == ("shop", {"source": ["shop"]})
    assert (target["eventBusName"], target["arn"]) == ("shop", ALIAS)
    assert "input" not in target, "the function sees the event"
    assert target["deadLetterConfig"] == {"arn": FAILURES}
    assert (invoked["qualifier"], invoked["maximumRetryAttempts"]) == ("live", 2)
    assert invoked["destinationConfig"] == {"onFailure": {"destination": FAILURES}}
    assert declared.one("lambda/invocation:Invocation").inputs["input"] == "{}"


def test_that_events_rule_alone_may_invoke_it_and_write_failures_down(declare: Declare):
    declared = declare(lambda: Migration("migrate", WITH_EVENT))

    permission = declared.one("lambda/permission:Permission").inputs
    (statement,) = json.loads(declared.one("queuePolicy:QueuePolicy").inputs["policy"])["Statement"]
    assert (permission["principal"], permission["sourceArn"]) == ("events.amazonaws.com", RULE)
    assert permission["qualifier"] == "live"
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": [RULE]}}
    assert declared.one("sqs/queue:Queue").inputs["sqsManagedSseEnabled"] is True


def test_without_an_event_deployments_alone_invoke_it(declare: Declare):
    declared = declare(lambda: Migration("migrate", {"function": FUNCTION}))

    assert declared.of("lambda/permission:Permission") == declared.of("sqs/queue:Queue") == []
