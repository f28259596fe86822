"""Whoever dies over a batch, and whatever breaks off, leaves no request lost and none paid twice."""

from typing import Any

import httpx
import pytest

from runtime import analyses, items
from runtime.batching.run import Run
from runtime.batching.vendor import VisionBatches
from runtime.events import AnalysisComplete, PublishError
from runtime.handlers import batcher
from runtime.records import AnalysisState
from tests.integration.pipeline.batching import (
    alone,
    ended,
    interrupted,
    request,
    searchable,
    settle,
    versions,
    waiting,
)
from tests.integration.pipeline.stage import BERT, Stage


def die_over_making_one(stage: Stage, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """The function dies before or after the vendor made its batch."""
    revive = interrupted(monkeypatch, VisionBatches, "create", after=after)
    with pytest.raises(KeyboardInterrupt):
        stage.batch()
    revive()


def test_a_batch_that_was_made_and_not_remembered_is_found_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    die_over_making_one(stage, monkeypatch, after=True)
    ended(stage)

    assert stage.batch()["submitted"] == 0, "whoever made it may still be at it"
    settle(stage, 21)
    report = stage.batch()

    assert (report["answered"], report["submitted"]) == (1, 0)
    assert stage.calls("batches") == 1
    assert len(versions(stage, item)) == 2


def test_while_such_a_batch_may_be_under_way_none_is_made(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    httpx.post(f"{stage.models}/faults", json={"endpoint": "batches", "kind": "slow", "delay": 4}, trust_env=False)
    die_over_making_one(stage, monkeypatch, after=True)
    settle(stage, 21)

    report = stage.batch()

    assert (report["pending"], report["submitted"]) == (1, 0)
    ended(stage)
    assert stage.batch()["answered"] == 1
    assert stage.calls("batches") == 1


def test_a_batch_that_was_never_made_is_made_anew(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    die_over_making_one(stage, monkeypatch, after=False)
    settle(stage, 21)

    assert stage.batch()["submitted"] == 1
    ended(stage)
    assert stage.batch()["answered"] == 1
    assert len(versions(stage, item)) == 2


@pytest.mark.parametrize(
    ("owner", "name", "after"),
    [(Run, "publish", False), (Run, "publish", True), (analyses, "complete", True), (items, "mark_analyzed", True)],
)
def test_who_dies_over_the_results_leaves_none_lost_and_none_paid_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, after: bool
) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    stage.batch()
    ended(stage)
    revive = interrupted(monkeypatch, owner, name, after=after)
    with pytest.raises(KeyboardInterrupt):
        stage.batch()
    revive()

    stage.batch()

    assert versions(stage, item) == [(1, AnalysisState.DONE), (2, AnalysisState.DONE)]
    assert len([each for each in stage.usage(item) if each.operation == "analysis"]) == 2
    assert alone(stage, item) == []
    assert stage.published(AnalysisComplete, item)[1:], "handed on at least once"
    assert waiting(stage, item) == []


def test_results_that_break_off_are_read_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = searchable(stage), searchable(stage, BERT)
    stage.analyze(request(first), request(second))
    stage.batch()
    ended(stage)
    whole = VisionBatches.results

    def half(batches: VisionBatches, vendor_id: str) -> Any:
        yield next(whole(batches, vendor_id))

    monkeypatch.setattr(VisionBatches, "results", half)
    with pytest.raises(batcher.BatchError, match="2 results, and 1 were read"):
        stage.batch()
    monkeypatch.setattr(VisionBatches, "results", whole)

    stage.batch()

    assert len(versions(stage, first)) == len(versions(stage, second)) == 2
    assert alone(stage, first) == alone(stage, second) == []


def test_an_event_that_could_not_be_published_is_published_by_the_next_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = searchable(stage)
    stage.analyze(request(item))
    stage.batch()
    ended(stage)

    def refuse(*_: Any) -> None:
        raise PublishError("no")

    with monkeypatch.context() as patched:
        patched.setattr("runtime.scheduled.publish", refuse)
        with pytest.raises(batcher.BatchError, match="no"):
            stage.batch()
    assert len(stage.published(AnalysisComplete, item)) == 1

    stage.batch()

    assert len(stage.published(AnalysisComplete, item)) == 2
