"""Images made for a test, as the files that a camera or a program would write."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw
from pillow_heif import register_heif_opener  # pyright: ignore[reportUnknownVariableType]

register_heif_opener()

RED, GREEN, BLUE, WHITE = (220, 30, 30), (20, 200, 40), (30, 40, 220), (255, 255, 255)

MEGAPIXELS_60 = 60_000_000


def quarters(size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Four quarters: red and green above, blue and white below; each corner shows which way is up."""
    width, height = size
    image = Image.new("RGB", size, RED)
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height // 2), fill=GREEN)
    draw.rectangle((0, height // 2, width // 2, height), fill=BLUE)
    draw.rectangle((width // 2, height // 2, width, height), fill=WHITE)
    return image


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    """`image` as a file."""
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def opened(body: bytes) -> Image.Image:
    """A file as an image in memory."""
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


def corners(body: bytes) -> list[str]:
    """The names of the colours of the file's corners: top left, top right, bottom left, bottom right."""
    image = opened(body).convert("RGB")
    right, bottom = image.width - 1 - image.width // 8, image.height - 1 - image.height // 8
    left, top = image.width // 8, image.height // 8
    return [_name(pixel(image, at)) for at in ((left, top), (right, top), (left, bottom), (right, bottom))]


def pixel(image: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    """The channels of one pixel of an RGB image."""
    x, y = at
    return tuple(image.crop((x, y, x + 1, y + 1)).tobytes())


def _name(colour: tuple[int, ...]) -> str:
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE, "black": (0, 0, 0)}
    return min(names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], colour, strict=True)))
