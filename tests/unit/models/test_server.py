"""The server before its models are there."""

import io
import threading

import pytest
from PIL import Image, ImageDraw
from starlette.testclient import TestClient

from local.models.server import Engines, create_app
from local.models.vision import Glance, UnreadableImageError


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
