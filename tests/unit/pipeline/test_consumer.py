"""What the queue is told about each message of a batch."""

import io
import json
from typing import Any
from uuid import uuid4

import pytest

from runtime.consumer import consume, logger, route
from runtime.events import AnalysisComplete, AnalysisRequested, EmbeddingRequested, ItemEvent
from runtime.failures import AtWorkError, TransientError
from runtime.postgres import Database
from runtime.records import Stage
from runtime.redelivery import FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS, Message, WorkQueue, backoff
from runtime.step import Step

ITEM = uuid4()
QUEUE = WorkQueue("http://127.0.0.1:1/queue", max_receives=5)


@pytest.fixture(autouse=True)
def hidden(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """For how long each message is hidden that has to wait."""
    hidden: dict[str, float] = {}

    def hide(_: WorkQueue, message: Message, seconds: float) -> None:
        hidden[message.message_id] = seconds

    monkeypatch.setattr(WorkQueue, "hide", hide)
    return hidden


def requested(**detail: Any) -> str:
    return envelope("collections.api", "EmbeddingRequested", **detail)


def envelope(source: str, detail_type: str, **detail: Any) -> str:
    known = {"correlation_id": "c-1", "user_id": "anna", "item_id": str(ITEM)}
    return json.dumps({"id": str(uuid4()), "source": source, "detail-type": detail_type, "detail": known | detail})


def batch(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": "handle",
                "body": body,
                "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": "1"},
            }
            for number, body in enumerate(bodies)
        ]
    }


def failed(*bodies: str, error: Exception | None = None) -> list[Any]:
    """Which messages of the batch are reported as failed, when handling raises `error`, if any."""

    def handle(_: ItemEvent) -> None:
        if error is not None:
            raise error

    # Nothing here gets as far as the database.
    step = Step(Stage.EMBEDDING, Database("postgresql://nobody@127.0.0.1:1/nowhere"), "bus", QUEUE)
    routes = [route(EmbeddingRequested, handle), route(AnalysisComplete, handle)]
    answer = consume(batch(*bodies), step, routes)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_an_event_reaches_its_handler_as_its_model() -> None:
    received: list[AnalysisRequested] = []
    step = Step(Stage.ANALYSIS, Database("postgresql://nobody@127.0.0.1:1/nowhere"), "bus", QUEUE)
    body = envelope("collections.api", "AnalysisRequested", model="claude-x", force=True)

    answer = consume(batch(body), step, [route(AnalysisRequested, received.append)])

    assert answer == {"batchItemFailures": []}
    assert received == [
        AnalysisRequested(correlation_id="c-1", user_id="anna", item_id=ITEM, model="claude-x", force=True)
    ]


def test_messages_that_are_handled_are_done() -> None:
    assert failed(requested(), requested()) == []


@pytest.mark.parametrize(
    "body",
    [
        envelope("collections.api", "SomethingNew"),
        envelope("somebody.else", "EmbeddingRequested"),
        requested(schema_version=2),
        requested(user_id=""),
        requested(item_id="4711"),
        '{"source": "collections.api"}',
        "no JSON",
    ],
    ids=["unknown type", "unknown source", "newer schema", "no user", "no item", "half an envelope", "no JSON"],
)
def test_a_message_that_cannot_be_understood_is_reported_alone(body: str) -> None:
    assert failed(requested(), body, requested()) == ["m1"]


@pytest.mark.parametrize("error", [TransientError("busy", retry_after=3), RuntimeError("a bug")])
def test_what_goes_wrong_is_delivered_again(error: Exception) -> None:
    assert failed(requested(), requested(), error=error) == ["m0", "m1"]


def test_what_goes_wrong_waits_longer_the_more_often_it_did(hidden: dict[str, float]) -> None:
    failed(requested(), error=TransientError("busy", retry_after=30))
    assert 30 <= hidden["m0"] <= 30 + FIRST_DELAY_SECONDS

    assert [0 <= backoff(4, None) <= 256 for _ in range(50)] == [True] * 50
    assert max(backoff(4, None) for _ in range(50)) > 64, "full jitter"
    assert max(backoff(12, None) for _ in range(50)) <= LONGEST_DELAY_SECONDS


def test_who_meets_another_at_work_waits_for_the_end_of_its_lease(hidden: dict[str, float]) -> None:
    assert failed(requested(), error=AtWorkError("at work", retry_after=17)) == ["m0"]
    assert hidden == {"m0": 17}


def test_what_nobody_understands_does_not_wait(hidden: dict[str, float]) -> None:
    failed("no JSON")
    assert hidden == {"m0": 0}


def test_log_lines_name_item_user_and_correlation(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)

    failed(requested(), error=TransientError("the vendor is busy", retry_after=3))

    (line,) = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert (line["correlation_id"], line["item_id"], line["user_id"]) == ("c-1", str(ITEM), "anna")
    assert (line["error"], line["retry_after"], line["receives"]) == ("the vendor is busy", 3, 1)
