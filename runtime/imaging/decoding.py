"""Opening what may be an image: what it is, is decided by its content, and a bomb is refused before it goes off."""

import codecs
import io
import struct
import warnings
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import NamedTuple

from PIL import Image
from pillow_heif import register_heif_opener  # pyright: ignore[reportUnknownVariableType]

from runtime.failures import PermanentError

# Beyond the formats that Pillow knows from its start. For a file of one that it does not know it would load all that it
# has, some forty that are not let in.
for _format in ("Avif", "Tiff", "WebP"):
    import_module(f"PIL.{_format}ImagePlugin")
# Without thumbnails: what is kept must be the image itself, not a smaller picture that its file carries along.
register_heif_opener(thumbnails=False)

MIME_TYPES = {
    "JPEG": "image/jpeg",
    # Several JPEGs in one file, as some phones and 3D cameras write; the first is the photograph.
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
}
"""Pillow's name of each format that is let in, and its media type."""

ALLOWED = "JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF and BMP images"

_DRAFT_FACTOR = 1.25
"""How much larger than needed a JPEG is decoded at least: the resizing that follows then still sees enough pixels.

Of 48 megapixels that is a quarter of each side. Against a Lanczos reduction of the whole, the preview has a peak
signal-to-noise ratio of 42 dB; with twice the pixels it would have 44 dB, and take half as long again.
"""

_DAMAGED = (
    "The image is damaged or incomplete: it cannot be decoded to its end. "
    "Please check the file, or export it again, and upload it anew."
)

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
_BOX_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})
"""Of AVIF and HEIF files, after `ftyp` (ISO/IEC 23008-12)."""

_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What Pillow and libheif raise, depending on where a damaged file trips them."""


class Decoded(NamedTuple):
    """The first frame of an image, in memory."""

    image: Image.Image
    format: str
    size: tuple[int, int]
    """Width and height in the file, in pixels, before EXIF orientation; `image` may already be smaller."""


def decode(body: bytes, max_pixels: int, edge: int) -> Decoded:
    """Decode the first frame of `body`; a JPEG only in the resolution that an image of `edge` pixels needs.

    Call it within `limited`. Raises `PermanentError`.
    """
    if not body:
        raise PermanentError("The file is empty. Please upload it again.")
    with _refusing(body, max_pixels):
        image = Image.open(io.BytesIO(body), formats=[name for name in MIME_TYPES if name != "MPO"])
        size = image.size
        scale = _DRAFT_FACTOR * edge / max(*size, edge)
        image.draft(None, (max(1, round(size[0] * scale)), max(1, round(size[1] * scale))))
        image.load()
    return Decoded(image, image.format or "", size)


@contextmanager
def limited(max_pixels: int) -> Generator[None]:
    """Have Pillow refuse images of more than `max_pixels`, and keep quiet about oddities that it copes with.

    It checks while it reads headers, before it takes memory for pixels. The limit is the process's.
    """
    Image.MAX_IMAGE_PIXELS = max_pixels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextmanager
def _refusing(body: bytes, max_pixels: int) -> Generator[None]:
    """Turn every way of failing to decode `body` into the sentence that its owner reads."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PermanentError(
            f"The image has more than {max_pixels / 1_000_000:g} megapixels, the most that is allowed. "
            "Please make it smaller and upload it again."
        ) from error
    except Image.UnidentifiedImageError as error:
        if _begins_as_image(body):
            raise PermanentError(_DAMAGED) from error
        raise PermanentError(
            f"The file is not an image of a kind that can be kept: {_looks_like(body)}. "
            f"Allowed are {ALLOWED}, whatever the file is called."
        ) from error
    except _DAMAGE as error:
        raise PermanentError(_DAMAGED) from error


def _begins_as_image(body: bytes) -> bool:
    """Whether it has the signature of an allowed format, so that it must be what follows that is broken."""
    return (
        body.startswith(_SIGNATURES)
        or (body[4:8] == b"ftyp" and body[8:12] in _BOX_BRANDS)
        or (body.startswith(b"RIFF") and body[8:12] == b"WEBP")
    )


def _looks_like(body: bytes) -> str:
    start = body[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return "it is an SVG drawing"
    if start.startswith(b"%pdf-"):
        return "it is a PDF document"
    if start[4:8] == b"ftyp":
        return "it is a video or a sound"
    if b"\0" not in start and _is_text(start):
        return "it holds text"
    return "its content is of no known kind"


def _is_text(start: bytes) -> bool:
    try:
        # Not to its end: the cut may have split the last character.
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True
