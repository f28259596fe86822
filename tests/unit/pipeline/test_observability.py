"""What a function says about its work, besides doing it."""

import json
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from runtime.events import AnalysisRequested
from runtime.failures import PermanentError, TransientError
from runtime.observability import count_spending, measured, metrics, observed
from tests.lambda_context import lambda_context

EVENT = AnalysisRequested(correlation_id="c-1", user_id="anna", item_id=UUID(int=1))


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The metrics that were written, in CloudWatch's embedded format."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    return [line for line in lines if line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Collections"]


def dimensions(line: dict[str, Any]) -> set[str]:
    return set(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0])


@pytest.fixture(autouse=True)
def no_metrics_of_others() -> None:
    metrics.provider.clear_metrics()


@observed()
def handler(errors: dict[str, Any], context: object) -> str:
    for error in errors["raised"]:
        with suppress(PermanentError, TransientError, KeyError), measured(EVENT):
            if error is not None:
                raise error
    return "a response"


def test_each_event_is_counted_and_timed_by_stack(capsys: pytest.CaptureFixture[str]) -> None:
    assert handler({"raised": [None, None]}, lambda_context()) == "a response"

    (line,) = written(capsys)
    assert line["stack"] == "test"
    assert line["Handled"] == [1, 1]
    assert len(line["Duration"]) == 2


def test_failures_are_counted_by_their_kind(capsys: pytest.CaptureFixture[str]) -> None:
    errors = [PermanentError("no image"), TransientError("busy"), TransientError("busy"), KeyError("a bug")]

    handler({"raised": errors}, lambda_context())

    failures = [line for line in written(capsys) if "Failures" in line]
    assert [line["kind"] for line in failures] == ["permanent", "transient", "transient", "unexpected"]
    assert all({"kind", "stack"} <= dimensions(line) for line in failures)


def test_a_run_without_work_writes_no_metrics_and_its_own_error_comes_through(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @observed()
    def broken(event: dict[str, Any], context: object) -> None:
        raise LookupError("no such setting")

    with pytest.raises(LookupError, match="no such setting"):
        broken({}, lambda_context())
    assert written(capsys) == []


def test_tokens_and_dollars_are_counted_by_model(capsys: pytest.CaptureFixture[str]) -> None:
    count_spending("claude-sonnet-5-5", 1_000, 200, 0.004)
    count_spending("local-vision", 10, 0, None)

    lines = written(capsys)
    values = [(line["model"], name, line[name]) for line in lines for name in line if name.endswith(("Tokens", "Usd"))]
    assert values == [
        ("claude-sonnet-5-5", "InputTokens", [1000]),
        ("claude-sonnet-5-5", "OutputTokens", [200]),
        ("claude-sonnet-5-5", "CostUsd", [0.004]),
        ("local-vision", "InputTokens", [10]),
    ]
