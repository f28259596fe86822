"""The files of a soak: many sorts of good images, some that no pipeline can take, all made from a seed."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from PIL import Image, ImageDraw, ImageFilter
from pillow_heif import register_heif_opener  # pyright: ignore[reportUnknownVariableType]

register_heif_opener()

BAD_SHARE = 0.05
COPY_SHARE = 0.03
DELETED_SHARE = 0.02
_REMEMBERED = 50
ORIENTATION_TAG = 0x0112
SIDES = (160, 1400)
"""Shortest and longest side, in pixels: small enough for thousands of them."""


class Fate(StrEnum):
    """What is to become of a file."""

    SEARCHABLE = "searchable"
    FAILED = "failed"
    DELETED = "deleted"
    """Its owner deletes it while it is being worked on."""


@dataclass(frozen=True)
class Picture:
    """A file, and what has to become of it."""

    name: str
    content_type: str
    body: bytes = field(repr=False)
    fate: Fate
    reason: str = ""
    """Of a bad one: words that its error has to contain."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


_FORMATS: dict[str, tuple[str, str, dict[str, int]]] = {
    "JPEG": ("jpg", "image/jpeg", {"quality": 82}),
    "PNG": ("png", "image/png", {"compress_level": 1}),
    "WEBP": ("webp", "image/webp", {"quality": 80, "method": 0}),
    "GIF": ("gif", "image/gif", {}),
    "HEIF": ("heic", "image/heic", {"quality": 60}),
    "AVIF": ("avif", "image/avif", {"quality": 60, "speed": 10}),
    "TIFF": ("tiff", "image/tiff", {}),
    "BMP": ("bmp", "image/bmp", {}),
}
_WEIGHTS = (30, 24, 12, 6, 8, 6, 7, 7)


def pictures(count: int, seed: int) -> Iterator[Picture]:
    """`count` files, the same for the same seed: 5 % bad, 3 % copies of an earlier one, 2 % to be deleted midway.

    There is at least one of each of these. Some copies are of an image that is deleted, and have to outlive it.
    """
    dice = Random(seed)
    earlier: deque[Picture] = deque(maxlen=_REMEMBERED)
    doomed: deque[Picture] = deque(maxlen=_REMEMBERED)
    bad = 0
    for index, fate in enumerate(_fates(count, dice)):
        name = f"{seed}-{index:05}"
        if fate == "copy" and earlier:
            first = doomed.pop() if doomed else dice.choice(earlier)
            suffix = first.name.rpartition(".")[2]
            yield Picture(f"{name}.{suffix}", first.content_type, first.body, Fate.SEARCHABLE)
        elif fate == "bad":
            yield BAD_SORTS[bad % len(BAD_SORTS)](name, dice)
            bad += 1
        else:
            picture = _good(name, dice, Fate.DELETED if fate == "deleted" else Fate.SEARCHABLE)
            (doomed if picture.fate is Fate.DELETED else earlier).append(picture)
            yield picture


def _fates(count: int, dice: Random) -> list[str]:
    shares = {"bad": BAD_SHARE, "copy": COPY_SHARE, "deleted": DELETED_SHARE}
    fates = [name for name, share in shares.items() for _ in range(round(share * count + 0.49))]
    fates += ["good"] * (count - len(fates))
    dice.shuffle(fates)
    return fates


def _good(name: str, dice: Random, fate: Fate) -> Picture:
    (chosen,) = dice.choices(list(_FORMATS), _WEIGHTS)
    suffix, content_type, options = _FORMATS[chosen]
    image = _drawing(dice)
    if chosen == "JPEG" and dice.random() < 0.3:
        exif = Image.Exif()
        exif[ORIENTATION_TAG] = dice.randint(1, 8)
        return Picture(f"{name}.{suffix}", content_type, _encoded(image, chosen, exif=exif, **options), fate)
    if chosen in {"PNG", "WEBP"} and dice.random() < 0.3:
        image.putalpha(dice.randint(90, 255))
    return Picture(f"{name}.{suffix}", content_type, _encoded(image, chosen, **options), fate)


def _drawing(dice: Random) -> Image.Image:
    """Something that looks like no other: colours run into each other, with shapes on top."""
    size = dice.randint(*SIDES), dice.randint(*SIDES)
    small = Image.frombytes("RGB", (4, 4), dice.randbytes(48))
    image = small.resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(dice.randint(1, 8)):
        left, top = dice.randrange(size[0]), dice.randrange(size[1])
        box = (left, top, left + dice.randint(10, size[0]), top + dice.randint(10, size[1]))
        colour: tuple[int, int, int] = (dice.randrange(256), dice.randrange(256), dice.randrange(256))
        dice.choice((draw.rectangle, draw.ellipse))(box, fill=colour)
    return image.filter(ImageFilter.BoxBlur(1)) if dice.random() < 0.3 else image


def _encoded(image: Image.Image, format_name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def _truncated(name: str, dice: Random) -> Picture:
    body = _encoded(_drawing(dice), "JPEG", quality=90)
    return Picture(f"{name}.jpg", "image/jpeg", body[: len(body) // 2], Fate.FAILED, "damaged or incomplete")


def _empty(name: str, dice: Random) -> Picture:
    del dice
    return Picture(f"{name}.png", "image/png", b"", Fate.FAILED, "empty")


def _text(name: str, dice: Random) -> Picture:
    letter = f"Dear reader, this is letter number {dice.randrange(10**9)}, and it is no image at all.\n".encode()
    return Picture(f"{name}.jpg", "image/jpeg", letter, Fate.FAILED, "holds text")


def _svg(name: str, dice: Random) -> Picture:
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg"><circle r="{dice.randrange(10**9)}"/></svg>'.encode()
    return Picture(f"{name}.png", "image/png", drawing, Fate.FAILED, "SVG")


def _bomb(name: str, dice: Random) -> Picture:
    """A PNG of a few hundred bytes whose header promises 2,500 megapixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    note = b"Comment\0" + str(dice.randrange(10**9)).encode()
    content = zlib.compress(b"\0" * 1000)
    body = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt", note) + chunk(b"IDAT", content)
    return Picture(f"{name}.png", "image/png", body + chunk(b"IEND", b""), Fate.FAILED, "megapixels")


BAD_SORTS: tuple[Callable[[str, Random], Picture], ...] = (_truncated, _empty, _text, _svg, _bomb)
"""One of each after the other."""
