"""Ways to the same two files: a preview and a thumbnail, as WebP of the same quality and effort."""

import io
from collections.abc import Callable
from typing import Any, cast

import pyvips  # pyright: ignore[reportMissingTypeStubs]
from PIL import Image

from runtime.imaging import PREVIEW_EDGE, THUMBNAIL_EDGE, WEBP_METHOD, WEBP_QUALITY, process_image

MAX_PIXELS = 60_000_000

Contender = Callable[[bytes], object]


def imaging(body: bytes) -> object:
    """Ours: besides the two files it validates, reads EXIF, converts colours and hashes, by content and by look."""
    return process_image(body, MAX_PIXELS)


def libvips(body: bytes) -> object:
    """Shrinks while loading, and the thumbnail from the preview in memory, as its documentation advises."""
    preview = cast("Any", pyvips.Image).thumbnail_buffer(body, PREVIEW_EDGE, height=PREVIEW_EDGE, size="down")
    preview = preview.copy_memory()
    thumbnail = preview.thumbnail_image(THUMBNAIL_EDGE, height=THUMBNAIL_EDGE, size="down")
    options = {"Q": WEBP_QUALITY, "effort": WEBP_METHOD, "keep": "none"}
    return preview.webpsave_buffer(**options), thumbnail.webpsave_buffer(**options)


def plain_pillow(body: bytes) -> object:
    """The few lines that anybody would write."""
    image = Image.open(io.BytesIO(body))
    image.thumbnail((PREVIEW_EDGE, PREVIEW_EDGE))
    preview = _webp(image)
    image.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE))
    return preview, _webp(image)


def plain_thumbnail(body: bytes) -> object:
    """The same without a preview: less than we have to do."""
    image = Image.open(io.BytesIO(body))
    image.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE))
    return _webp(image)


def _webp(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD)
    return buffer.getvalue()


CONTENDERS: dict[str, Contender] = {
    "imaging": imaging,
    "libvips": libvips,
    "plain Pillow": plain_pillow,
    "plain Pillow, thumbnail only": plain_thumbnail,
}
