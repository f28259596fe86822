"""The vendors' own SDKs against the running stand-ins."""

import base64
import hashlib
import io
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypedDict, cast

import anthropic
import httpx
import numpy as np
import pytest
import voyageai.error
from anthropic.types import Message, TextBlock
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from voyageai.client import Client as Voyage

from runtime.analysis import Category, ImageAnalysis

CHECKOUT = Path(__file__).parents[2]
SAMPLES = CHECKOUT / "samples"
SCHEMA = anthropic.transform_schema(ImageAnalysis)


class Outcomes(TypedDict):
    total: int
    outcomes: dict[str, int]


class Ranked(Protocol):
    document: str
    relevance_score: float


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the stand-ins listen: a process of their own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "local.models", "--port", str(port)], cwd=CHECKOUT)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the stand-ins have ended"
        try:
            if httpx.get(f"{address}/health").status_code == 200:
                return
        except httpx.TransportError:
            pass  # it does not listen yet
        time.sleep(0.1)
    raise AssertionError("the stand-ins were not ready in 30 s")


@pytest.fixture
def control(address: str) -> Iterator[httpx.Client]:
    """Steers the stand-ins, which behave and count from zero at first."""
    with httpx.Client(base_url=address) as client:
        client.delete("/faults")
        client.delete("/calls")
        yield client
        client.delete("/faults")


@pytest.fixture(scope="module")
def claude(address: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="local", base_url=address, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def voyage(address: str) -> Voyage:
    return Voyage(api_key="local", base_url=f"{address}/v1", timeout=10)


def png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def written(*lines: str) -> bytes:
    image = Image.new("RGB", (900, 80 + 70 * len(lines)), "white")
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        pen.text((50, 40 + 70 * number), line, fill="black", font_size=36)
    return png(image)


def ask(claude: anthropic.Anthropic, image: bytes, media_type: str = "image/png", **extra: object) -> Message:
    source = {"type": "base64", "media_type": media_type, "data": base64.b64encode(image).decode()}
    return cast(
        "Message",
        claude.messages.create(  # pyright: ignore[reportCallIssue, reportUnknownMemberType]
            **{  # pyright: ignore[reportArgumentType]
                "model": "claude-sonnet-5-5",
                "max_tokens": 4096,
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}],
                    }
                ],
                "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
            }
            | extra
        ),
    )


def text_of(message: Message) -> str:
    return "".join(block.text for block in message.content if isinstance(block, TextBlock))


def analysis_of(message: Message) -> ImageAnalysis:
    return ImageAnalysis.model_validate_json(text_of(message))


def calls(control: httpx.Client, endpoint: str) -> Outcomes:
    return cast("dict[str, Outcomes]", control.get("/calls").json())[endpoint]


class TestMessages:
    def test_the_words_of_an_image_are_read(self, claude: anthropic.Anthropic) -> None:
        message = ask(claude, written("Harbour library", "Opening hours", "Monday closed"))

        assert analysis_of(message).image_details.extracted_text == [
            "Harbour library",
            "Opening hours",
            "Monday closed",
        ]
        assert message.stop_reason == "end_turn"
        assert message.model == "local-vision"

    def test_an_article_keeps_its_price_on_a_tilted_receipt(self, claude: anthropic.Anthropic) -> None:
        receipt = (SAMPLES / "receipt-mill-lane-bakery.jpg").read_bytes()

        analysis = analysis_of(ask(claude, receipt, "image/jpeg"))

        assert analysis.category is Category.RECEIPT
        assert "Sourdough loaf 800 g 6.40" in analysis.image_details.extracted_text
        assert analysis.headline == "MILL LANE BAKERY · TOTAL EUR 22.36"

    def test_japanese_is_read(self, claude: anthropic.Anthropic) -> None:
        analysis = analysis_of(ask(claude, (SAMPLES / "kyoto-walk-memo.png").read_bytes()))

        assert any("三年坂と二年坂" in line for line in analysis.image_details.extracted_text)
        assert analysis.category is Category.TRAVEL

    @pytest.mark.parametrize("colour", ["red", "white"])
    def test_an_image_without_text_is_described_by_its_looks(self, claude: anthropic.Anthropic, colour: str) -> None:
        analysis = analysis_of(ask(claude, png(Image.new("RGB", (300, 200), colour))))

        assert analysis.image_details.extracted_text == []
        assert f"mostly {colour}" in analysis.headline

    def test_an_image_costs_a_token_for_750_pixels_and_text_one_for_four_letters(
        self, claude: anthropic.Anthropic
    ) -> None:
        message = ask(claude, png(Image.new("RGB", (750, 100), "red")), system="x" * 40)

        assert message.usage.input_tokens == 100 + (len("What is it?") + 40 + 3) // 4
        assert message.usage.output_tokens == -(-len(text_of(message)) // 4)

    def test_an_answer_longer_than_max_tokens_is_cut(self, claude: anthropic.Anthropic) -> None:
        message = ask(claude, written("anything"), max_tokens=10)

        assert message.stop_reason == "max_tokens"
        assert message.usage.output_tokens == 10

    def test_bytes_that_are_no_image_are_a_bad_request(self, claude: anthropic.Anthropic) -> None:
        with pytest.raises(anthropic.BadRequestError, match="Could not process image"):
            ask(claude, b"GIF89a and then nothing")

    def test_a_schema_that_the_vendor_refuses_is_a_bad_request(self, claude: anthropic.Anthropic) -> None:
        with pytest.raises(anthropic.BadRequestError, match="additionalProperties"):
            ask(
                claude,
                written("a"),
                output_config={"format": {"type": "json_schema", "schema": {"type": "object", "properties": {}}}},
            )

    def test_a_question_without_an_image_is_answered_by_what_the_stand_in_can_do(
        self, claude: anthropic.Anthropic
    ) -> None:
        with pytest.raises(anthropic.BadRequestError, match="this stand-in looks at one image") as refused:
            claude.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "Hello"}])

        assert cast("dict[str, str]", refused.value.body)["type"] == "error"
        assert str(refused.value.request_id).startswith("req_")

    def test_without_a_key_nobody_is_answered(self, address: str) -> None:
        reply = httpx.post(f"{address}/v1/messages", json={}, headers={"anthropic-version": "2023-06-01"})

        assert reply.status_code == 401
        assert reply.json()["error"]["type"] == "authentication_error"


class TestEmbeddings:
    def test_vectors_have_the_dimensions_asked_for_and_length_one(self, voyage: Voyage) -> None:
        texts = ["a walk along the coast", "領収書"]

        result = voyage.embed(texts, model="voyage-4-large", input_type="document", output_dimension=1024)

        vectors = np.array(result.embeddings)
        assert vectors.shape == (2, 1024)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)
        assert result.total_tokens == sum(-(-len(text) // 4) for text in texts)

    def test_plain_numbers_and_base64_say_the_same(self, address: str) -> None:
        def embed(encoding: str | None) -> object:
            body = {
                "input": "sourdough",
                "model": "voyage-4-lite",
                "output_dimension": 512,
                "encoding_format": encoding,
            }
            reply = httpx.post(f"{address}/v1/embeddings", json=body, headers={"authorization": "Bearer local"}).json()
            assert reply["model"] == "local-use"
            return reply["data"][0]["embedding"]

        packed: NDArray[np.float32] = np.frombuffer(base64.b64decode(cast("str", embed("base64"))), dtype="<f4")
        assert packed.tolist() == embed(None)

    def test_a_question_about_invoices_is_nearer_to_an_invoice_than_to_a_hike(self, voyage: Voyage) -> None:
        texts = [
            "How much was the bill of the roofer?",
            "Invoice: replace slate tiles of the roof. Total due 2,634.00, pay by bank transfer",
            "Forecast for Saturday is dry. Shall we hike the ridge trail? Bring rain jackets",
        ]
        query, invoice, hike = np.array(voyage.embed(texts, model="m", output_dimension=1024).embeddings)

        assert query @ invoice > query @ hike + 0.1

    @pytest.mark.parametrize(
        ("body", "complaint"),
        [
            ({"input": ["a"], "model": "m", "output_dimension": 999}, "output_dimension"),
            ({"input": [], "model": "m"}, "input"),
            ({"input": ["a", ""], "model": "m"}, "input"),
            ({"input": ["a"]}, "model"),
        ],
    )
    def test_a_malformed_request_is_refused_in_the_vendor_s_format(
        self, address: str, body: dict[str, object], complaint: str
    ) -> None:
        reply = httpx.post(f"{address}/v1/embeddings", json=body, headers={"authorization": "Bearer local"})

        assert reply.status_code == 400
        assert complaint in reply.json()["detail"]

    def test_without_a_key_nobody_is_answered(self, address: str) -> None:
        assert httpx.post(f"{address}/v1/embeddings", json={"input": "a", "model": "m"}).status_code == 401


class TestRerank:
    def test_the_most_relevant_documents_come_first_with_scores_from_zero_to_one(self, voyage: Voyage) -> None:
        documents = ["Train to Fernhill, platform 3", "Sourdough bread recipe", "Error: database is locked"]

        result = voyage.rerank("How do I bake a loaf?", documents, model="rerank-2.5-lite", top_k=2)

        first, second = cast("list[Ranked]", result.results)
        assert first.document == "Sourdough bread recipe"
        assert 1 >= first.relevance_score > second.relevance_score >= 0


class TestFaults:
    def test_the_sdk_sees_a_429_with_the_time_to_wait(self, claude: anthropic.Anthropic, control: httpx.Client) -> None:
        control.post("/faults", json={"endpoint": "messages", "kind": "429", "count": 1, "retry_after": 7})

        with pytest.raises(anthropic.RateLimitError) as limited:
            ask(claude, written("once"))
        assert limited.value.response.headers["retry-after"] == "7"

        assert ask(claude, written("once")).stop_reason == "end_turn"
        assert calls(control, "messages") == {"total": 2, "outcomes": {"429": 1, "ok": 1}}

    @pytest.mark.parametrize(
        ("kind", "error"), [("500", anthropic.InternalServerError), ("529", anthropic.APIStatusError)]
    )
    def test_the_sdk_sees_the_vendor_s_failures(
        self, claude: anthropic.Anthropic, kind: str, error: type[anthropic.APIStatusError]
    ) -> None:
        with pytest.raises(error) as failed:
            ask(claude, written("a"), extra_headers={"x-fault": kind})

        assert failed.value.status_code == int(kind)

    def test_voyage_s_sdk_sees_a_429_with_the_time_to_wait(self, voyage: Voyage, control: httpx.Client) -> None:
        control.post("/faults", json={"endpoint": "embeddings", "kind": "429", "count": 1, "retry_after": 3})

        with pytest.raises(voyageai.error.RateLimitError) as limited:
            voyage.embed(["a"], model="m")

        assert cast("dict[str, str]", limited.value.headers)["retry-after"] == "3"

    def test_a_cut_off_answer_is_half_of_its_json(self, claude: anthropic.Anthropic) -> None:
        message = ask(claude, written("cut me"), extra_headers={"x-fault": "cut-off"})

        assert message.stop_reason == "max_tokens"
        assert text_of(message).startswith("{")
        with pytest.raises(json.JSONDecodeError):
            json.loads(text_of(message))

    def test_an_invalid_answer_claims_to_be_complete(self, claude: anthropic.Anthropic) -> None:
        message = ask(claude, written("a"), extra_headers={"x-fault": "invalid-json"})

        assert message.stop_reason == "end_turn"
        with pytest.raises(json.JSONDecodeError):
            json.loads(text_of(message))

    def test_a_refusal_has_no_text(self, claude: anthropic.Anthropic) -> None:
        message = ask(claude, written("a"), extra_headers={"x-fault": "refusal"})

        assert (message.stop_reason, text_of(message)) == ("refusal", "")

    def test_a_slow_answer_runs_into_the_client_s_timeout_but_holds_up_nobody_else(
        self, claude: anthropic.Anthropic, voyage: Voyage, control: httpx.Client
    ) -> None:
        control.post("/faults", json={"endpoint": "messages", "kind": "slow", "count": 1, "delay": 2})

        with pytest.raises(anthropic.APITimeoutError):
            ask(claude, written("a"), timeout=0.2)

        started = time.monotonic()
        voyage.embed(["meanwhile"], model="m")
        assert time.monotonic() - started < 1.5

    def test_plans_in_force_are_listed_with_what_they_have_done(
        self, claude: anthropic.Anthropic, control: httpx.Client
    ) -> None:
        installed = control.post("/faults", json={"endpoint": "messages", "kind": "500", "count": 2})
        with pytest.raises(anthropic.InternalServerError):
            ask(claude, written("a"))

        assert installed.status_code == 201
        assert [(plan["kind"], plan["fired"]) for plan in control.get("/faults").json()] == [("500", 1)]

    @pytest.mark.parametrize(
        "plan", [{"endpoint": "chat", "kind": "429"}, {"endpoint": "rerank", "kind": "refusal"}, []]
    )
    def test_a_plan_that_makes_no_sense_is_refused(self, control: httpx.Client, plan: object) -> None:
        reply = control.post("/faults", json=plan)

        assert reply.status_code == 400
        assert reply.json()["detail"]
        assert control.get("/faults").json() == []


def test_a_refused_request_is_counted_as_refused(control: httpx.Client) -> None:
    control.post("/v1/rerank", json={"query": "q"}, headers={"authorization": "Bearer local"})

    assert calls(control, "rerank") == {"total": 1, "outcomes": {"refused": 1}}


def test_an_image_already_seen_is_not_read_again(claude: anthropic.Anthropic) -> None:
    """Twice the same bytes: the second answer needs no look, so it takes a small part of the first one's time."""
    image = written(*(f"{hashlib.sha256(bytes([n])).hexdigest()[:24]} seen" for n in range(14)))

    def timed() -> tuple[float, str]:
        started = time.monotonic()
        text = text_of(ask(claude, image))
        return time.monotonic() - started, text

    (first, said), (second, said_again) = timed(), timed()

    assert said == said_again
    assert second < first / 3


def test_a_client_that_hangs_up_while_sending_is_counted_and_harms_nobody(address: str, control: httpx.Client) -> None:
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        headers = f"POST /v1/messages HTTP/1.1\r\nHost: {host}\r\nx-api-key: any\r\nanthropic-version: 2023-06-01\r\n"
        connection.sendall(f"{headers}Content-Length: 1000\r\n\r\nhalf of".encode())

    outcomes: dict[str, int] = {}
    deadline = time.monotonic() + 5
    while not outcomes and time.monotonic() < deadline:
        outcomes = cast("dict[str, Outcomes]", control.get("/calls").json())["messages"]["outcomes"]
        time.sleep(0.05)
    assert outcomes == {"abandoned": 1}
