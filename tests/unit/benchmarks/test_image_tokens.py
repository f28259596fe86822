"""What Claude is sent for an image does not grow unseen: it is paid for with every image."""

import base64
import io
import json
import math
from typing import Any

import pytest
from PIL import Image

from benchmarks.baseline import off
from local.costs import IMAGES, LETTERS_PER_TOKEN, PHOTO, image_tokens
from runtime.analysis import MODELS
from runtime.imaging import process_image
from runtime.prices import IMAGE_TOKENS, cost_usd
from runtime.settings import Secret, VisionSettings
from runtime.vision import MAX_TOKENS, Vision

CONTEXT = "File name: 'IMG_0001.jpg'"


@pytest.fixture(scope="module")
def tokens() -> dict[str, float]:
    """Of all parts of the request about a photo, by the vendor's formula for images and a rule of thumb for text."""
    photo = io.BytesIO()
    Image.new("RGB", PHOTO, "teal").save(photo, "JPEG")
    preview = process_image(photo.getvalue(), PHOTO[0] * PHOTO[1]).preview
    settings = VisionSettings(
        anthropic_api_key=Secret("none"), anthropic_base_url="http://127.0.0.1:1", analysis_model=MODELS[0]
    )
    vision = Vision(settings)
    request: Any = vision.request(preview, CONTEXT, MODELS[0], MAX_TOKENS[0])
    vision.close()
    (image, text), format_ = request["messages"][0]["content"], request["output_config"]["format"]
    return {
        "preview of 12 megapixels": image_tokens(
            *Image.open(io.BytesIO(base64.b64decode(image["source"]["data"]))).size
        ),
        "prompt": _of_text(request["system"] + text["text"]),
        "schema of the answer": _of_text(json.dumps(format_["schema"])),
    }


@pytest.mark.baseline
def test_an_image_has_as_many_tokens_as_are_written_down(tokens: dict[str, float]) -> None:
    assert off("tokens of an image", tokens) == []


@pytest.mark.baseline
def test_a_thousand_images_cost_as_many_dollars_as_are_written_down(tokens: dict[str, float]) -> None:
    tokens_in = int(sum(tokens.values()))
    dollars = {model: IMAGES * float(cost_usd(model, tokens_in, IMAGE_TOKENS[1]) or 0) for model in MODELS}

    assert off("dollars of 1,000 images", dollars) == []


def _of_text(text: str) -> int:
    return math.ceil(len(text) / LETTERS_PER_TOKEN)
