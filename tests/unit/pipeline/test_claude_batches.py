"""Claude's Message Batches, through the real SDK."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from runtime.batching.vendor import Result, VendorBatch, VisionBatches
from runtime.failures import TransientError
from runtime.settings import AnthropicSettings, Secret
from runtime.vision import MAX_TOKENS, Vision, read_answer
from tests.unit.pipeline.test_vision import ANALYSIS, error, message
from tests.unit.pipeline.vendor import Reply, Vendor

FIRST, SECOND = UUID(int=1), UUID(int=2)
PREVIEW, CONTEXT, MODEL = b"RIFFwebp", "File name: 'a.png'", "claude-asked-for"


def vision(vendor: Vendor) -> Vision:
    return Vision(AnthropicSettings(anthropic_api_key=Secret("key"), anthropic_base_url=vendor.url))


def batch(vendor: Vendor, batch_id: str = "msgbatch_1", *, ended: bool = False, hour: int = 12) -> dict[str, Any]:
    counts = {"processing": 2, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    return {
        "id": batch_id,
        "type": "message_batch",
        "processing_status": "ended" if ended else "in_progress",
        "request_counts": counts | ({"processing": 0, "succeeded": 1, "expired": 1} if ended else {}),
        "created_at": f"2026-11-28T{hour}:00:00Z",
        "expires_at": f"2026-11-29T{hour}:00:00Z",
        "ended_at": None,
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": f"{vendor.url}/v1/messages/batches/{batch_id}/results" if ended else None,
    }


def results(vendor: Vendor, lines: bytes) -> list[Result]:
    vendor.replies = [Reply(200, batch(vendor, ended=True)), Reply(200, lines)]
    return list(VisionBatches(vision(vendor)).results("msgbatch_1"))


def test_a_request_in_a_batch_is_what_it_would_be_alone_with_room_for_the_longest_answer(vendor: Vendor) -> None:
    vendor.replies = [message(), Reply(200, batch(vendor))]
    vision(vendor).analyze(PREVIEW, CONTEXT, MODEL, lambda _: None)
    batches = VisionBatches(vision(vendor))

    made = batches.create({each: batches.request(PREVIEW, CONTEXT, MODEL) for each in (FIRST, SECOND)})

    alone, together = vendor.requests
    assert made == "msgbatch_1"
    assert (alone.pop("path"), together["path"]) == ("/v1/messages", "/v1/messages/batches")
    assert [each["custom_id"] for each in together["requests"]] == [str(FIRST), str(SECOND)]
    assert [each["params"] for each in together["requests"]] == [alone | {"max_tokens": MAX_TOKENS[-1]}] * 2


def test_a_batch_is_told_of_with_all_its_requests(vendor: Vendor) -> None:
    batches = VisionBatches(vision(vendor))
    vendor.replies = [Reply(200, batch(vendor)), Reply(200, batch(vendor, ended=True)), error(404)]

    assert batches.find("msgbatch_1") == VendorBatch("msgbatch_1", 2, ended=False, has_results=False)
    assert batches.find("msgbatch_1") == VendorBatch("msgbatch_1", 2, ended=True, has_results=True)
    assert batches.find("msgbatch_1") is None


def test_a_batch_that_is_deleted_already_is_deleted(vendor: Vendor) -> None:
    vendor.replies = [Reply(200, {"id": "msgbatch_1", "type": "message_batch_deleted"}), error(404)]
    batches = VisionBatches(vision(vendor))

    batches.delete("msgbatch_1")
    batches.delete("msgbatch_1")

    assert [each["path"] for each in vendor.requests] == ["/v1/messages/batches/msgbatch_1"] * 2


def test_batches_are_listed_back_to_a_moment_and_no_further(vendor: Vendor) -> None:
    pages = [
        [batch(vendor, "d", hour=15), batch(vendor, "c", hour=14)],
        [batch(vendor, "b", hour=13), batch(vendor, "a", hour=11)],
    ]
    vendor.replies = [
        Reply(200, {"data": page, "has_more": True, "first_id": page[0]["id"], "last_id": page[-1]["id"]})
        for page in pages
    ]

    made = VisionBatches(vision(vendor)).made_since(datetime(2026, 11, 28, 12, tzinfo=UTC))

    assert [each.id for each in made] == ["b", "c", "d"]
    assert len(vendor.requests) == 2
    assert "after_id=c" in vendor.requests[1]["path"]


def test_results_are_told_apart(vendor: Vendor) -> None:
    told = [
        {"custom_id": "a", "result": {"type": "succeeded", "message": message().body}},
        {"custom_id": "b", "result": {"type": "errored", "error": error(500).body}},
        {"custom_id": "c", "result": {"type": "canceled"}},
        {"custom_id": "d", "result": {"type": "expired"}},
    ]

    found = results(vendor, b"".join(json.dumps(each).encode() + b"\n" for each in told))

    assert [(each.custom_id, each.kind) for each in found] == [
        ("a", "succeeded"),
        ("b", "errored"),
        ("c", "canceled"),
        ("d", "expired"),
    ]
    answered = found[0].message
    assert answered is not None
    assert read_answer(answered).model_dump(mode="json") == ANALYSIS
    assert [each.message for each in found[1:]] == [None] * 3


def test_half_a_line_is_no_result(vendor: Vendor) -> None:
    with pytest.raises(TransientError, match="cannot be understood"):
        results(vendor, b'{"custom_id": "a", "result": {"type": "exp')


@pytest.mark.parametrize("status", [400, 401, 413, 429, 500, 529])
def test_a_vendor_that_does_not_do_it_may_at_another_time(vendor: Vendor, status: int) -> None:
    vendor.replies = [error(status)]
    batches = VisionBatches(vision(vendor))

    for attempt in (
        lambda: batches.create({FIRST: batches.request(PREVIEW, CONTEXT, MODEL)}),
        lambda: batches.find("msgbatch_1"),
        lambda: batches.delete("msgbatch_1"),
        lambda: batches.made_since(datetime(2026, 11, 28, tzinfo=UTC)),
        lambda: list(batches.results("msgbatch_1")),
    ):
        with pytest.raises(TransientError, match=f"HTTP {status}"):
            attempt()


def test_a_vendor_that_is_not_there_is_tried_again_later(vendor: Vendor) -> None:
    vendor.url = "http://127.0.0.1:9"

    with pytest.raises(TransientError, match="cannot be reached"):
        VisionBatches(vision(vendor)).find("msgbatch_1")
