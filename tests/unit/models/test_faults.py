"""When the stand-ins misbehave, and when they stop."""

import pytest
from pydantic import ValidationError

from local.models.faults import Calls, FaultPlan, Faults

NO_HEADERS: dict[str, str] = {}


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def kinds(faults: Faults, requests: int) -> list[str | None]:
    drawn = [faults.draw("messages", NO_HEADERS) for _ in range(requests)]
    return [plan.kind if plan else None for plan in drawn]


def test_a_plan_ends_when_its_count_is_used_up() -> None:
    faults = Faults()
    faults.install(FaultPlan(endpoint="messages", kind="429", count=2))

    assert kinds(faults, 3) == ["429", "429", None]
    assert faults.active() == []


def test_a_plan_ends_when_its_time_has_passed() -> None:
    clock = Clock()
    faults = Faults(clock)
    faults.install(FaultPlan(endpoint="messages", kind="500", seconds=10))

    clock.now = 9.9
    assert kinds(faults, 1) == ["500"]
    clock.now = 10
    assert kinds(faults, 1) == [None]


def test_a_later_plan_waits_until_the_earlier_one_is_used_up() -> None:
    faults = Faults()
    faults.install(FaultPlan(endpoint="messages", kind="429", count=1))
    faults.install(FaultPlan(endpoint="messages", kind="cut-off", count=1))

    assert kinds(faults, 3) == ["429", "cut-off", None]


def test_a_plan_spoils_only_its_own_endpoint() -> None:
    faults = Faults()
    faults.install(FaultPlan(endpoint="embeddings", kind="529"))

    assert kinds(faults, 1) == [None]
    assert faults.draw("embeddings", NO_HEADERS) is not None


def test_the_same_seed_spoils_the_same_requests_and_about_as_many_as_probable() -> None:
    def run() -> list[str | None]:
        faults = Faults()
        faults.install(FaultPlan(endpoint="messages", kind="500", probability=0.3, seed=11))
        return kinds(faults, 200)

    first = run()
    assert first == run()
    assert 40 <= first.count("500") <= 80


def test_a_count_is_of_spoiled_requests_not_of_those_that_were_spared() -> None:
    faults = Faults()
    faults.install(FaultPlan(endpoint="messages", kind="500", probability=0.2, count=5))

    assert kinds(faults, 200).count("500") == 5


def test_the_request_s_own_marker_comes_before_the_plans_and_uses_none_up() -> None:
    faults = Faults()
    faults.install(FaultPlan(endpoint="messages", kind="500", count=1))

    marked = faults.draw("messages", {"x-fault": "refusal"})

    assert marked is not None
    assert marked.kind == "refusal"
    assert kinds(faults, 1) == ["500"]


def test_clearing_ends_all_plans() -> None:
    faults = Faults()
    faults.install(FaultPlan(endpoint="messages", kind="500"))

    faults.clear()

    assert kinds(faults, 1) == [None]


@pytest.mark.parametrize("kind", ["cut-off", "invalid-json", "refusal"])
def test_a_fault_of_written_answers_cannot_befall_embeddings(kind: str) -> None:
    with pytest.raises(ValidationError, match="fault of messages only"):
        FaultPlan.model_validate({"endpoint": "embeddings", "kind": kind})


def test_only_a_slow_answer_waits_unless_told_otherwise() -> None:
    assert FaultPlan(endpoint="messages", kind="slow").wait > 0
    assert FaultPlan(endpoint="messages", kind="429").wait == 0
    assert FaultPlan(endpoint="messages", kind="429", delay=0.5).wait == 0.5


def test_calls_are_counted_by_endpoint_and_outcome_until_reset() -> None:
    calls = Calls()
    for outcome in ("ok", "429", "ok"):
        calls.record("rerank", outcome)

    assert calls.report()["rerank"] == {"total": 3, "outcomes": {"ok": 2, "429": 1}}
    assert calls.report()["messages"] == {"total": 0, "outcomes": {}}

    calls.reset()
    assert calls.report()["rerank"] == {"total": 0, "outcomes": {}}
