from components.analysis_function import AnalysisFunction, AnalysisFunctionArgs
from tests.components.declarations import FUNCTION, Declare

WORK: AnalysisFunctionArgs = {
    "subscriptions": {"images": {"pattern": '{"source": ["shop"]}', "event_bus": "shop"}},
    "function": FUNCTION,
    "maximum_concurrency": 7,
    "batch_size": 3,
}


def test_a_message_stays_hidden_for_six_runs_of_the_function(declare: Declare):
    declared = declare(lambda: AnalysisFunction("worker", WORK))

    timeout = declared.one("lambda/function:Function").inputs["timeout"]
    assert declared.one("sqs/queue:Queue", "worker-queue").inputs["visibilityTimeoutSeconds"] == 6 * timeout


def test_the_queue_feeds_the_alias_within_its_concurrency_and_takes_back_single_failures(declare: Declare):
    mapping = declare(lambda: AnalysisFunction("worker", WORK)).one("eventSourceMapping:EventSourceMapping").inputs

    assert mapping["functionName"].endswith("function:collections-dev-worker:live")
    assert mapping["scalingConfig"] == {"maximumConcurrency": 7}
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_function_may_read_its_own_queue_and_no_other(declare: Declare):
    statements = declare(lambda: AnalysisFunction("worker", WORK)).policy("worker-policy")

    (consume,) = (each for each in statements if "sqs:ReceiveMessage" in each["Action"])
    assert consume["Resource"] == ["arn:aws:sqs:eu-west-1:123456789012:worker-queue"]
    assert "sqs:ChangeMessageVisibility" in consume["Action"]
