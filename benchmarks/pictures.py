"""The images that are measured: what a phone's camera and a phone's screen give."""

import io

import numpy as np
from PIL import Image

from benchmarks.paths import SAMPLES

_GRAIN = 6
"""Of a camera's sensor, in levels: without it a picture that was enlarged is easier to decode than any photograph."""
_JPEG_QUALITY = 90
_SCREEN = (600, 1300)
_ICON = (64, 64)


def photograph(width: int, height: int) -> bytes:
    """A JPEG of this size, the same in every run."""
    with Image.open(SAMPLES / "coffee-break.jpg") as sample:
        scene = sample.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    grain = np.random.default_rng(1).integers(-_GRAIN, _GRAIN, (height, width, 1), dtype=np.int16, endpoint=True)
    pixels = (np.asarray(scene, dtype=np.int16) + grain).clip(0, 255).astype(np.uint8)
    return _encoded(Image.fromarray(pixels), "JPEG", quality=_JPEG_QUALITY)


def screenshot() -> bytes:
    """A phone's screenshot, as PNG."""
    return _screenshot(_SCREEN)


def icon() -> bytes:
    """The same so small that there is hardly any work in it."""
    return _screenshot(_ICON)


def _screenshot(size: tuple[int, int]) -> bytes:
    with Image.open(SAMPLES / "Screenshot_20260412-081432.png") as sample:
        return _encoded(sample.convert("RGB").resize(size, Image.Resampling.LANCZOS), "PNG")


def _encoded(image: Image.Image, file_format: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()
