"""What is refused, and what its owner is told."""

import gzip
import random
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from runtime.failures import PermanentError
from runtime.imaging import process_image
from tests.unit.imaging.pictures import MEGAPIXELS_60, corners, encoded, png_chunk, quarters

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def written(text: str) -> PngInfo:
    """A note inside a PNG."""
    info = PngInfo()
    info.add_text("Comment", text)
    return info


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "is empty"),
        (b"Dear diary, this is not a photograph.", "it holds text"),
        ("写真ではありません。".encode() * 300, "it holds text"),
        (SVG, "it is an SVG drawing"),
        (SVG.partition(b"\n")[2], "it is an SVG drawing"),
        (b"\xef\xbb\xbf<!-- made by hand -->\n" + SVG.partition(b"\n")[2], "it is an SVG drawing"),
        (gzip.compress(SVG, mtime=0), "no known kind"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "it is a PDF document"),
        (b"\x7fELF" + bytes(200), "no known kind"),
        (b"\0\0\0\x18ftypmp42" + bytes(200), "it is a video"),
        (b"\x89PNG\r\n\x1a\n", "damaged or incomplete"),
    ],
)
def test_what_is_no_image_is_refused_by_its_content(body: bytes, told: str) -> None:
    with pytest.raises(PermanentError, match=told):
        process_image(body, MEGAPIXELS_60)


@pytest.mark.parametrize("file_format", ["ICO", "PPM", "TGA", "PDF", "EPS", "JPEG2000"])
def test_other_formats_are_refused_with_the_list_of_those_that_are_not(file_format: str) -> None:
    with pytest.raises(PermanentError, match="Allowed are JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF and BMP"):
        process_image(encoded(quarters((64, 64)), file_format), MEGAPIXELS_60)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP"])
def test_a_truncated_image_is_refused_instead_of_being_shown_half_grey(file_format: str) -> None:
    body = encoded(Image.effect_noise((800, 600), 80).convert("RGB"), file_format)

    with pytest.raises(PermanentError, match="damaged or incomplete"):
        process_image(body[: len(body) * 2 // 3], MEGAPIXELS_60)


def test_a_truncated_progressive_jpeg_is_refused() -> None:
    body = encoded(Image.effect_noise((4000, 3000), 80).convert("RGB"), "JPEG", progressive=True)

    with pytest.raises(PermanentError, match="damaged or incomplete"):
        process_image(body[: len(body) * 2 // 3], MEGAPIXELS_60)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP"])
@pytest.mark.parametrize("limit", [50_000, 99_000], ids=["far beyond the limit", "just beyond the limit"])
def test_more_pixels_than_allowed_are_refused(file_format: str, limit: int) -> None:
    with pytest.raises(PermanentError, match=rf"more than {limit / 1e6:g} megapixels"):
        process_image(encoded(Image.new("RGB", (500, 200)), file_format), limit)


def test_exactly_as_many_pixels_as_allowed_are_let_in() -> None:
    assert process_image(encoded(Image.new("RGB", (500, 200)), "PNG"), 100_000).facts.width == 500


def bomb(file_format: str) -> bytes:
    """A few bytes that claim 268 megapixels or more: decoding them would take a gigabyte or ten."""
    body = bytearray(encoded(quarters((64, 64)), file_format))
    match file_format:
        case "JPEG":
            start = body.index(b"\xff\xc0") + 5
            body[start : start + 4] = struct.pack(">HH", 65_000, 65_000)
        case "GIF":
            body[6:10] = struct.pack("<HH", 65_535, 65_535)
        case "BMP":
            body[18:26] = struct.pack("<ii", 60_000, 60_000)
        case "HEIF":
            start = body.index(b"ispe") + 8
            body[start : start + 8] = struct.pack(">II", 60_000, 60_000)
        case _:  # WebP's largest, as a canvas around a small picture
            edge = struct.pack("<I", 16_382)[:3]
            canvas = b"VP8X" + struct.pack("<II", 10, 0) + edge + edge
            body[4:12] = struct.pack("<I", len(body) - 8 + len(canvas)) + b"WEBP" + canvas
    return bytes(body)


@pytest.mark.parametrize("file_format", ["JPEG", "GIF", "BMP", "HEIF", "WEBP"])
def test_a_bomb_of_any_format_is_refused_by_its_header(file_format: str) -> None:
    with pytest.raises(PermanentError, match="more than 60 megapixels"):
        process_image(bomb(file_format), MEGAPIXELS_60)


def test_a_bomb_is_refused_before_it_takes_memory() -> None:
    """A few bytes that claim 3.6 gigapixels: decoding them would take 10 GB."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    claimed = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(1000)))

    with pytest.raises(PermanentError, match="more than 60 megapixels"):
        process_image(claimed, MEGAPIXELS_60)


def test_an_image_with_something_behind_it_is_that_image_and_nothing_else() -> None:
    archive = b"PK\x03\x04" + b"<script>alert(1)</script>" * 40

    processed = process_image(encoded(quarters(), "JPEG") + archive, MEGAPIXELS_60)

    assert processed.facts.mime_type == "image/jpeg"
    assert corners(processed.preview) == ["red", "green", "blue", "white"]
    assert b"script" not in processed.preview + processed.thumbnail


@pytest.mark.parametrize("start", [b"%PDF-1.7\n", b"<html><body>", b"PK\x03\x04", b"#!/bin/sh\nexit\n"])
def test_what_begins_as_something_else_is_no_image_although_one_follows(start: bytes) -> None:
    with pytest.raises(PermanentError, match="not an image of a kind that can be kept"):
        process_image(start + encoded(quarters(), "JPEG"), MEGAPIXELS_60)


@pytest.mark.parametrize(
    "body",
    [
        encoded(quarters(), "JPEG", comment=b"<script>alert(1)</script>"),
        encoded(quarters(), "GIF", comment=b"<script>alert(1)</script>"),
        encoded(quarters(), "PNG", pnginfo=written("<script>alert(1)</script>")),
        encoded(quarters(), "WEBP", xmp=b"<script>alert(1)</script>"),
    ],
    ids=["JPEG", "GIF", "PNG", "WebP"],
)
def test_what_an_image_carries_along_stays_behind(body: bytes) -> None:
    assert b"<script>" in body

    processed = process_image(body, MEGAPIXELS_60)

    assert corners(processed.preview) == ["red", "green", "blue", "white"]
    assert b"<script>" not in processed.preview + processed.thumbnail


def test_a_program_that_begins_like_a_gif_is_no_image() -> None:
    with pytest.raises(PermanentError, match="damaged or incomplete"):
        process_image(b"GIF89a/*" + bytes(40) + b"*/=1;alert(1)", MEGAPIXELS_60)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP"])
def test_damage_anywhere_ends_in_an_image_or_in_a_refusal(file_format: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (40.0, 1.0, 2.0)
    options = {} if file_format in {"GIF", "BMP"} else {"exif": exif}
    good = encoded(quarters((160, 120)), file_format, **options)
    dice = random.Random(file_format)
    refused = 0
    for _ in range(150):
        bad = bytearray(good)
        for _ in range(dice.randint(1, 12)):
            # Headers and metadata come first in most formats.
            reach = min(len(bad), dice.choice([64, 512, len(bad)]))
            bad[dice.randrange(reach)] = dice.randrange(256)
        try:
            process_image(bytes(bad), MEGAPIXELS_60)
        except PermanentError:
            refused += 1
    assert refused > 0
