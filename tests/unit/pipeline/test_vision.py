"""Claude's answers and errors, through the real SDK."""

import json
from typing import Any

import pytest

from runtime.analysis import Category
from runtime.failures import PermanentError, TransientError
from runtime.settings import Secret, VisionSettings
from runtime.vision import BUDGET_SECONDS, MAX_TOKENS, Spent, Vision, VisionAnswer
from tests.unit.pipeline.vendor import Reply, Vendor

ANALYSIS: dict[str, Any] = {
    "category": "Receipt",
    "subcategories": ["bakery"],
    "headline": "Receipt of the corner bakery",
    "summary": "A receipt over 12.40.",
    "media_metadata": {
        "original_poster": None,
        "tagged_accounts": [],
        "location_tags": [],
        "audio_source": None,
        "hashtags": [],
    },
    "image_details": {
        "extracted_text": ["Total 12.40"],
        "objects": [],
        "themes": [],
        "emotions": [],
        "vibes": [],
        "likely_source": None,
        "key_interest": None,
        "visual_hierarchy": [],
    },
}
KEY = "sk-very-secret"


def message(text: str = json.dumps(ANALYSIS), stop_reason: str = "end_turn") -> Reply:
    return Reply(
        200,
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-of-today",
            "content": [{"type": "text", "text": text}],
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 20},
        },
    )


def error(status: int, **headers: str) -> Reply:
    body = {"type": "error", "error": {"type": "some_error", "message": f"no, {KEY}"}}
    # The SDK tries again by itself; a millisecond keeps the test short.
    return Reply(status, body, {"retry-after-ms": "1", **headers})


def look(vendor: Vendor, spent: list[Spent] | None = None) -> VisionAnswer:
    settings = VisionSettings(
        anthropic_api_key=Secret(KEY), anthropic_base_url=vendor.url, analysis_model="claude-asked-for"
    )
    account = (spent if spent is not None else []).append
    return Vision(settings).analyze(b"RIFFwebp", "File name: 'a.png'", "claude-asked-for", account)


def test_an_answer_becomes_an_analysis(vendor: Vendor) -> None:
    vendor.replies = [message()]

    answer = look(vendor)

    assert answer.analysis.category is Category.RECEIPT
    assert answer.analysis.image_details.extracted_text == ["Total 12.40"]
    assert (answer.answered_by, answer.input_tokens, answer.output_tokens) == ("claude-of-today", 100, 20)


def test_the_request_shows_the_image_and_asks_for_the_schema(vendor: Vendor) -> None:
    vendor.replies = [message()]

    look(vendor)

    (request,) = vendor.requests
    image, context = request["messages"][0]["content"]
    assert request["path"] == "/v1/messages"
    assert request["model"] == "claude-asked-for"
    assert image["source"] == {"type": "base64", "media_type": "image/webp", "data": "UklGRndlYnA="}
    assert context["text"] == "File name: 'a.png'"
    schema = request["output_config"]["format"]["schema"]
    assert set(schema["properties"]) == set(ANALYSIS)
    assert "Receipt" in schema["$defs"]["Category"]["enum"]


def test_an_answer_that_was_cut_off_is_asked_for_again_with_more_room(vendor: Vendor) -> None:
    spent: list[Spent] = []
    vendor.replies = [message('{"category": "Rec', "max_tokens"), message()]

    answer = look(vendor, spent)

    assert [request["max_tokens"] for request in vendor.requests] == list(MAX_TOKENS)
    assert (answer.input_tokens, answer.output_tokens) == (200, 40)
    assert len(spent) == 2


def test_an_answer_that_is_cut_off_twice_is_given_up(vendor: Vendor) -> None:
    vendor.replies = [message('{"category": "Rec', "max_tokens")]

    with pytest.raises(PermanentError, match="more in the image than"):
        look(vendor)
    assert len(vendor.requests) == 2


def test_a_refusal_is_final_and_paid_for(vendor: Vendor) -> None:
    spent: list[Spent] = []
    vendor.replies = [message("", "refusal")]

    with pytest.raises(PermanentError, match="declined to describe"):
        look(vendor, spent)
    assert spent == [Spent("claude-of-today", 100, 20)]


@pytest.mark.parametrize(
    "text", ["Here is what I see: {}", "", json.dumps(ANALYSIS | {"category": "Nonsense"}), json.dumps(["a", "list"])]
)
def test_an_answer_that_is_no_analysis_is_tried_again(vendor: Vendor, text: str) -> None:
    vendor.replies = [message(text)]

    with pytest.raises(TransientError, match=r"not an analysis|not JSON"):
        look(vendor)


def test_characters_that_postgres_cannot_keep_are_dropped(vendor: Vendor) -> None:
    vendor.replies = [message(json.dumps(ANALYSIS | {"headline": "Re\0ceipt", "subcategories": ["a\0b"]}))]

    analysis = look(vendor).analysis

    assert (analysis.headline, analysis.subcategories) == ("Receipt", ["ab"])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_a_busy_or_failing_vendor_is_tried_again_later(vendor: Vendor, status: int) -> None:
    vendor.replies = [error(status, **{"retry-after": "7"})]

    with pytest.raises(TransientError, match=str(status)) as caught:
        look(vendor)
    assert caught.value.retry_after == 7
    assert len(vendor.requests) == 1, "the queue waits, not the function"


def test_a_vendor_that_is_busy_for_a_moment_is_asked_twice(vendor: Vendor) -> None:
    vendor.replies = [error(529, **{"retry-after": "0.01"})]

    with pytest.raises(TransientError, match="529"):
        look(vendor)
    assert len(vendor.requests) == 2


def test_no_request_is_begun_that_could_outlast_the_function(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor.replies = [message('{"category": "Rec', "max_tokens"), message()]
    clock = iter([0.0, 1.0, BUDGET_SECONDS - 5])
    monkeypatch.setattr("runtime.vision.monotonic", lambda: next(clock))

    with pytest.raises(TransientError, match="no time left"):
        look(vendor)
    assert len(vendor.requests) == 1


def test_a_vendor_that_recovers_at_once_is_not_noticed(vendor: Vendor) -> None:
    vendor.replies = [error(529), message()]

    assert look(vendor).analysis.category is Category.RECEIPT


@pytest.mark.parametrize("status", [400, 413, 422])
def test_an_image_that_the_api_does_not_take_is_given_up(vendor: Vendor, status: int) -> None:
    vendor.replies = [error(status)]

    with pytest.raises(PermanentError, match="does not accept this image"):
        look(vendor)


@pytest.mark.parametrize(
    ("status", "told"), [(401, "anthropic/api_key"), (403, "anthropic/api_key"), (404, "analysisModel")]
)
def test_a_wrong_setting_is_named_and_waited_for(vendor: Vendor, status: int, told: str) -> None:
    vendor.replies = [error(status)]

    with pytest.raises(TransientError, match=told) as caught:
        look(vendor)
    assert KEY not in str(caught.value)


def test_a_vendor_that_is_not_there_is_tried_again_later(vendor: Vendor) -> None:
    vendor.url = "http://127.0.0.1:9"

    with pytest.raises(TransientError, match="cannot be reached"):
        look(vendor)
