"""Images as they come: every format that is let in, in all its colour spaces and shapes."""

import hashlib
import struct
import subprocess
import sys
import zlib
from typing import Literal

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from runtime.imaging import PREVIEW_EDGE, THUMBNAIL_EDGE, process_image
from tests.unit.imaging.pictures import MEGAPIXELS_60, corners, encoded, opened, pixel, png_chunk, quarters

UPRIGHT = ["red", "green", "blue", "white"]


@pytest.mark.parametrize(
    ("file_format", "mime_type"),
    [
        ("JPEG", "image/jpeg"),
        ("MPO", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("HEIF", "image/heic"),
        ("AVIF", "image/avif"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
    ],
)
def test_each_allowed_format_is_recognised_by_its_content(file_format: str, mime_type: str) -> None:
    more = {"save_all": True, "append_images": [quarters()]} if file_format == "MPO" else {}
    processed = process_image(encoded(quarters(), file_format, **more), MEGAPIXELS_60)

    assert processed.facts.mime_type == mime_type
    assert (processed.facts.width, processed.facts.height) == (640, 480)
    assert corners(processed.preview) == corners(processed.thumbnail) == UPRIGHT


_LOADED = f"""
import sys
from runtime.imaging import process_image
process_image(sys.stdin.buffer.read(), {MEGAPIXELS_60})
print(*sorted(name for name in sys.modules if name.endswith("ImagePlugin")))
"""


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "AVIF", "TIFF", "HEIF"])
def test_of_pillows_formats_only_those_that_are_let_in_are_loaded(file_format: str) -> None:
    body = encoded(quarters((64, 64)), file_format)

    loaded = subprocess.run(
        [sys.executable, "-c", _LOADED], input=body, capture_output=True, check=True
    ).stdout.decode()

    # Pillow itself brings PPM with those that it knows from its start.
    formats = ("Avif", "Bmp", "Gif", "Jpeg", "Png", "Ppm", "Tiff", "WebP")
    assert loaded.split() == [f"PIL.{name}ImagePlugin" for name in formats]


@pytest.mark.parametrize(
    ("size", "thumbnail", "preview"),
    [
        ((4000, 3000), (400, 300), (1568, 1176)),
        ((3000, 4000), (300, 400), (1176, 1568)),
        ((300, 200), (300, 200), (300, 200)),
        ((20_000, 100), (400, 2), (1568, 8)),
        ((1, 1), (1, 1), (1, 1)),
        ((1, 5000), (1, 400), (1, 1568)),
    ],
)
def test_derived_images_keep_the_shape_and_are_never_enlarged(
    size: tuple[int, int], thumbnail: tuple[int, int], preview: tuple[int, int]
) -> None:
    processed = process_image(encoded(quarters(size), "PNG"), MEGAPIXELS_60)

    assert (processed.facts.width, processed.facts.height) == size
    assert opened(processed.thumbnail).size == thumbnail
    assert opened(processed.preview).size == preview
    assert max(thumbnail) <= THUMBNAIL_EDGE
    assert max(preview) <= PREVIEW_EDGE


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP"])
@pytest.mark.parametrize(
    ("size", "preview"), [((1, 1), (1, 1)), ((16_000, 100), (1568, 10)), ((100, 16_000), (10, 1568))], ids=str
)
def test_extreme_shapes_come_through_in_every_format(
    file_format: str, size: tuple[int, int], preview: tuple[int, int]
) -> None:
    processed = process_image(encoded(quarters(size), file_format), MEGAPIXELS_60)

    assert (processed.facts.width, processed.facts.height) == size
    assert opened(processed.preview).size == preview


def test_a_reduced_jpeg_keeps_its_detail() -> None:
    """It is decoded at a fraction of its size: the preview must be what reducing the whole would give."""
    image = Image.effect_mandelbrot((4000, 3000), (-2, -1.2, 1, 1.2), 60).convert("RGB")
    whole = image.resize((1568, 1176), Image.Resampling.LANCZOS)

    preview = opened(process_image(encoded(image, "JPEG", quality=95), MEGAPIXELS_60).preview).convert("RGB")

    (error,) = ImageStat.Stat(ImageChops.difference(preview, whole).convert("L")).rms
    assert error < 3


def test_a_large_jpeg_is_the_same_picture_as_its_large_png() -> None:
    image = quarters((6000, 4500))

    jpeg = process_image(encoded(image, "JPEG", quality=95), MEGAPIXELS_60)
    png = process_image(encoded(image, "PNG", compress_level=1), MEGAPIXELS_60)

    assert opened(jpeg.preview).size == opened(png.preview).size
    assert corners(jpeg.preview) == corners(png.preview) == UPRIGHT
    assert (jpeg.facts.width, jpeg.facts.height) == (6000, 4500)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P"])
def test_what_is_transparent_becomes_white(mode: str) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 32, 32))
    body = encoded(image.convert(mode), "TIFF" if mode == "PA" else "PNG")

    assert corners(process_image(body, MEGAPIXELS_60).preview) == ["black", "white", "white", "white"]


def test_a_colour_that_a_png_declares_transparent_becomes_white() -> None:
    image = Image.new("RGB", (64, 64), (0, 0, 0))
    image.paste((20, 200, 40), (0, 0, 32, 32))

    processed = process_image(encoded(image, "PNG", transparency=(0, 0, 0)), MEGAPIXELS_60)

    assert corners(processed.preview) == ["green", "white", "white", "white"]


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_brightness(file_format: str) -> None:
    image = Image.new("I;16", (64, 64), 32_768)

    preview = opened(process_image(encoded(image, file_format), MEGAPIXELS_60).preview)

    assert pixel(preview, (32, 32)) == pytest.approx((127, 127, 127), abs=2)


@pytest.mark.parametrize(("colour_type", "channels"), [(2, 3), (6, 4)], ids=["RGB", "RGBA"])
def test_sixteen_bit_colour_keeps_its_colours(colour_type: int, channels: int) -> None:
    pixels = quarters((64, 64)).convert("RGBA").tobytes()
    row = b"".join(bytes((value, value)) for value in pixels)
    rows = b"".join(
        b"\0" + b"".join(row[8 * at : 8 * at + 2 * channels] for at in range(64 * line, 64 * line + 64))
        for line in range(64)
    )
    header = struct.pack(">IIBBBBB", 64, 64, 16, colour_type, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows))

    assert corners(process_image(body + png_chunk(b"IEND", b""), MEGAPIXELS_60).preview) == UPRIGHT


def test_floating_point_pixels_are_spread_from_black_to_white() -> None:
    image = Image.new("F", (64, 64), 0.25)
    image.paste(0.75, (32, 0, 64, 64))

    processed = process_image(encoded(image, "TIFF"), MEGAPIXELS_60)

    assert corners(processed.preview) == ["black", "white", "black", "white"]


@pytest.mark.parametrize(("mode", "file_format"), [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("LAB", "TIFF")])
def test_colour_spaces_of_print_become_rgb(mode: str, file_format: str) -> None:
    image = quarters()
    if mode == "LAB":
        converted = ImageCms.profileToProfile(image, _profile("sRGB"), _profile("LAB"), outputMode="LAB")
        assert converted is not None
    else:
        converted = image.convert(mode)

    processed = process_image(encoded(converted, file_format), MEGAPIXELS_60)

    assert opened(processed.preview).mode == "RGB"
    assert corners(processed.preview) == UPRIGHT


@pytest.mark.parametrize("mode", ["1", "L"])
def test_black_and_white_stay_so(mode: str) -> None:
    image = Image.new("L", (64, 64), 255)
    image.paste(0, (0, 0, 32, 64))

    processed = process_image(encoded(image.convert(mode), "PNG"), MEGAPIXELS_60)

    assert corners(processed.preview) == ["black", "white", "black", "white"]


def test_colours_of_an_icc_profile_are_converted_to_srgb() -> None:
    body = encoded(Image.new("RGB", (64, 64), (200, 100, 50)), "PNG", icc_profile=_swapped_profile())

    preview = opened(process_image(body, MEGAPIXELS_60).preview)

    red, green, blue = pixel(preview, (32, 32))
    assert blue > green > red, "the profile says that the channels mean blue, green, red"
    assert "icc_profile" not in preview.info


@pytest.mark.parametrize("profile", [b"no profile at all", b"\0" * 200])
def test_a_broken_icc_profile_is_taken_for_srgb(profile: bytes) -> None:
    processed = process_image(encoded(quarters(), "PNG", icc_profile=profile), MEGAPIXELS_60)

    assert corners(processed.preview) == UPRIGHT


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_represented_by_its_first_frame(file_format: str) -> None:
    body = encoded(
        quarters(),
        file_format,
        save_all=True,
        append_images=[Image.new("RGB", (640, 480), shade) for shade in ("black", "gray")],
        duration=100,
    )

    assert corners(process_image(body, MEGAPIXELS_60).preview) == UPRIGHT


def test_derived_images_carry_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Sample Optics"
    body = encoded(quarters(), "JPEG", exif=exif, icc_profile=_profile("sRGB").tobytes(), comment=b"secret")

    processed = process_image(body, MEGAPIXELS_60)

    for derived in (processed.thumbnail, processed.preview):
        assert derived[8:12] == b"WEBP"
        assert not {"exif", "icc_profile", "xmp", "comment"} & opened(derived).info.keys()
        assert b"Sample Optics" not in derived


def test_size_and_hash_are_those_of_the_original_bytes() -> None:
    body = encoded(quarters(), "PNG")

    facts = process_image(body, MEGAPIXELS_60).facts

    assert facts.file_size == len(body)
    assert facts.sha256 == hashlib.sha256(body).hexdigest()


def _profile(space: Literal["LAB", "sRGB"]) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(
        ImageCms.createProfile(space)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    )


def _swapped_profile() -> bytes:
    """sRGB with the primaries of red and blue exchanged."""
    body = bytearray(_profile("sRGB").tobytes())
    tags = int.from_bytes(body[128:132], "big")
    entries = {bytes(body[132 + 12 * n : 136 + 12 * n]): 132 + 12 * n for n in range(tags)}
    red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
    body[red : red + 4], body[blue : blue + 4] = body[blue : blue + 4], body[red : red + 4]
    return bytes(body)
