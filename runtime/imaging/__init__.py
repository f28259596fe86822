"""From the bytes that a user uploaded to what the rest of the system needs to know and to show of them."""

import hashlib
import io
from typing import NamedTuple

from PIL import Image

from runtime.imaging.decoding import MIME_TYPES, decode, limited
from runtime.imaging.metadata import read_capture
from runtime.imaging.perceptual import difference_hash
from runtime.imaging.rendering import TRANSPOSED, render
from runtime.items import ImageFacts

PREVIEW_EDGE = 1568
"""Pixels of the long edge: what Claude looks at without scaling down itself
(https://docs.claude.com/en/docs/build-with-claude/vision)."""
THUMBNAIL_EDGE = 400
WEBP_QUALITY = 80
WEBP_METHOD = 2
"""libwebp's effort, 0-6: half the time of its default 4, for files that are 4 % larger."""
DERIVED_TYPE = "image/webp"

_THUMBNAIL_GAP = 1.5
"""A thumbnail is first reduced by averaging, to at least this many times its size, then resampled: half the time."""


class ProcessedImage(NamedTuple):
    """An image, understood as far as one can without a model."""

    facts: ImageFacts
    thumbnail: bytes
    """WebP, at most `THUMBNAIL_EDGE` pixels on either side, upright, sRGB, on white, without metadata."""
    preview: bytes
    """The same with at most `PREVIEW_EDGE` pixels."""


def process_image(body: bytes, max_pixels: int) -> ProcessedImage:
    """Validate `body` by its content and derive everything from a single decoding of it.

    Raises `PermanentError` when it is no image, of a kind that is not allowed, damaged, or has more than `max_pixels`.
    """
    with limited(max_pixels):
        decoded = decode(body, max_pixels, PREVIEW_EDGE)
        capture = read_capture(decoded.image)
    preview = render(decoded.image, PREVIEW_EDGE, capture.orientation)
    thumbnail = preview.copy()
    thumbnail.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE), Image.Resampling.LANCZOS, reducing_gap=_THUMBNAIL_GAP)
    width, height = decoded.size
    if capture.orientation in TRANSPOSED:
        width, height = height, width
    facts = ImageFacts(
        mime_type=MIME_TYPES[decoded.format],
        file_size=len(body),
        width=width,
        height=height,
        sha256=hashlib.sha256(body).hexdigest(),
        perceptual_hash=difference_hash(preview),
        taken_at=capture.taken_at,
        latitude=capture.latitude,
        longitude=capture.longitude,
        camera=capture.camera,
    )
    return ProcessedImage(facts, _webp(thumbnail), _webp(preview))


def _webp(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD)
    return buffer.getvalue()
