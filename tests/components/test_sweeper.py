from components.sweeper import Sweeper
from tests.components.declarations import FUNCTION, Declare

FAILURES = "arn:aws:sqs:eu-west-1:123456789012:sweeper-failures"


def test_a_run_that_failed_or_never_started_leaves_a_record(declare: Declare):
    declared = declare(lambda: Sweeper("sweeper", {"function": FUNCTION, "schedule": "rate(1 hour)"}))

    on_failure = declared.one("FunctionEventInvokeConfig").inputs["destinationConfig"]["onFailure"]
    target = declared.one("eventTarget:EventTarget").inputs
    assert on_failure == {"destination": FAILURES}
    assert target["deadLetterConfig"] == {"arn": FAILURES}
    assert any(
        each["Action"] == ["sqs:SendMessage"] and each["Resource"] == [FAILURES]
        for each in declared.policy("sweeper-policy")
    )


def test_the_schedule_alone_may_invoke_it(declare: Declare):
    declared = declare(lambda: Sweeper("sweeper", {"function": FUNCTION, "schedule": "rate(1 hour)"}))

    permission = declared.one("lambda/permission:Permission").inputs
    assert declared.one("eventRule:EventRule").inputs["scheduleExpression"] == "rate(1 hour)"
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["sourceArn"] == "arn:aws:events:eu-west-1:123456789012:rule/sweeper-schedule"
