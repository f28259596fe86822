"""What `collections admin reprocess` sends, and what it says that it costs."""

import json
from typing import Any, cast

from msgspec import convert

from collections_cli.admin.pipeline import Image, Pipeline
from collections_cli.admin.prices import analysis_price
from runtime.events import AnalysisRequested

ITEM = "3f1c0f0e-5a8b-4c6e-9a54-0d5a3c0b7a11"


class Bus:
    """Takes events."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.entries += Entries
        return {"Entries": [{} for _ in Entries]}


def sent(*, batch: bool) -> AnalysisRequested:
    bus = Bus()
    pipeline = Pipeline("bucket", "bus", cast("Any", None), cast("Any", bus))
    assert pipeline.send([Image("anna", ITEM)], "analysis", batch=batch) == 1
    (entry,) = bus.entries
    detail = json.loads(entry["Detail"])
    assert ("batch" in detail) is batch, "who knows nothing of batches reads what it always read"
    return convert(detail, AnalysisRequested)


def test_an_analysis_may_wait_only_if_that_was_asked_for() -> None:
    assert sent(batch=True).batch
    assert not sent(batch=False).batch
    assert sent(batch=True).force


def test_what_it_costs_is_said_with_and_without_a_batch() -> None:
    assert analysis_price("claude-sonnet-5-5", 2500, batch=True) == (
        "2,500 images by claude-sonnet-5-5: about $15.25 in batches, instead of $30.50; $15.25 saved."
    )
    assert analysis_price("claude-sonnet-5-5", 1, batch=False) == (
        "1 image by claude-sonnet-5-5: about $0.01. With --batch, within a day: about $0.01."
    )
    assert "not known" in analysis_price("claude-of-tomorrow", 1, batch=True)
