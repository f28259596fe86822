"""The server before its models are there."""

import base64
import io
import json
import threading
import time

import pytest
from PIL import Image, ImageDraw
from starlette.testclient import TestClient

from local.models.server import Engines, create_app
from local.models.vision import Glance, UnreadableImageError
from local.models.wire import JsonObject


def test_health_says_503_while_the_models_load(monkeypatch: pytest.MonkeyPatch) -> None:
    may_finish = threading.Event()

    def load() -> Engines:
        may_finish.wait(10)
        raise RuntimeError("not today")

    monkeypatch.setattr(Engines, "load", load)
    failures: list[BaseException] = []
    with TestClient(create_app(failures.append)) as client:
        health = client.get("/health")
        may_finish.set()

    assert health.status_code == 503


def test_models_that_do_not_load_are_reported_and_health_stays_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Engines:
        raise RuntimeError("no such weights")

    monkeypatch.setattr(Engines, "load", load)
    reported = threading.Event()
    failures: list[BaseException] = []

    def on_failure(error: BaseException) -> None:
        failures.append(error)
        reported.set()

    with TestClient(create_app(on_failure)) as client:
        assert reported.wait(10)
        assert client.get("/health").status_code == 503

    assert [str(failure) for failure in failures] == ["no such weights"]


def test_a_glance_sees_what_an_image_looks_like_and_reads_nothing() -> None:
    image = Image.new("RGB", (300, 100), (200, 40, 35))
    ImageDraw.Draw(image).text((20, 40), "never read", fill="black", font_size=18)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")

    findings = Glance().look(buffer.getvalue())

    assert (findings.width, findings.height, findings.rows) == (300, 100, ())
    assert findings.appearance.colours == ("red",)
    assert findings == Glance().look(buffer.getvalue())


def test_a_glance_refuses_what_is_no_image() -> None:
    with pytest.raises(UnreadableImageError):
        Glance().look(b"no image")


def picture() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20), (200, 40, 35)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_a_batch_is_worked_on_while_nobody_waits_and_each_request_has_a_result_of_its_own() -> None:
    source: JsonObject = {"type": "base64", "media_type": "image/png", "data": picture()}
    schema: JsonObject = {"type": "object", "properties": {"headline": {"type": "string"}}, "required": ["headline"]}
    good: JsonObject = {
        "model": "claude",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": [{"type": "image", "source": source}]}],
        "output_config": {"format": {"type": "json_schema", "schema": schema | {"additionalProperties": False}}},
    }
    requests = [{"custom_id": "good", "params": good}, {"custom_id": "bad", "params": good | {"max_tokens": 0}}]
    with TestClient(create_app(list[BaseException]().append, instant=True), headers={"x-api-key": "any"}) as client:
        made = client.post("/v1/messages/batches", json={"requests": requests}).json()
        assert (made["processing_status"], made["results_url"]) == ("in_progress", None)
        assert made["request_counts"]["processing"] == 2
        while (now := client.get(f"/v1/messages/batches/{made['id']}").json())["processing_status"] != "ended":
            time.sleep(0.01)
        lines = [json.loads(line) for line in client.get(now["results_url"]).text.splitlines()]
        listed = client.get("/v1/messages/batches").json()["data"]

    assert (now["request_counts"]["succeeded"], now["request_counts"]["errored"]) == (1, 1)
    assert {line["custom_id"]: line["result"]["type"] for line in lines} == {"good": "succeeded", "bad": "errored"}
    assert [batch["id"] for batch in listed] == [made["id"]]


ONE: JsonObject = {"custom_id": "a", "params": {}}


@pytest.mark.parametrize("requests", [(), (ONE, ONE), ({"custom_id": "a b", "params": {}},)])
def test_a_batch_that_the_vendor_would_refuse_is_refused(requests: tuple[JsonObject, ...]) -> None:
    with TestClient(create_app(list[BaseException]().append, instant=True), headers={"x-api-key": "any"}) as client:
        assert client.post("/v1/messages/batches", json={"requests": requests}).status_code == 400
        assert client.get("/v1/messages/batches/msgbatch_of_nobody").status_code == 404


def test_batches_are_listed_page_by_page_the_newest_first() -> None:
    with TestClient(create_app(list[BaseException]().append, instant=True), headers={"x-api-key": "any"}) as client:
        request: JsonObject = {"requests": [ONE]}
        made = [client.post("/v1/messages/batches", json=request).json()["id"] for _ in range(3)]
        first = client.get("/v1/messages/batches?limit=2").json()
        second = client.get(f"/v1/messages/batches?limit=2&after_id={first['last_id']}").json()

    assert [batch["id"] for page in (first, second) for batch in page["data"]] == made[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)
