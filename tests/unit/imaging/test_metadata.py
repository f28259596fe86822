"""What a camera wrote into an image."""

from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import ExifTags, Image

from runtime.imaging import process_image
from runtime.items import ImageFacts
from tests.unit.imaging.pictures import MEGAPIXELS_60, corners, encoded, quarters

UPRIGHT = ["red", "green", "blue", "white"]

UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera's sensor saw the upright scene, by the orientation that the camera notes."""


def facts_of(
    *, main: dict[int, Any] | None = None, details: dict[int, Any] | None = None, gps: dict[int, Any] | None = None
) -> ImageFacts:
    exif = Image.Exif()
    exif.update(main or {})
    exif.get_ifd(ExifTags.IFD.Exif).update(details or {})
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps or {})
    return process_image(encoded(quarters(), "JPEG", exif=exif), MEGAPIXELS_60).facts


def taken(date: str, offset: str | None = None) -> datetime | None:
    details: dict[int, Any] = {ExifTags.Base.DateTimeOriginal: date}
    if offset is not None:
        details[ExifTags.Base.OffsetTimeOriginal] = offset
    return facts_of(details=details).taken_at


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_a_turned_image_is_set_upright(file_format: str, orientation: int) -> None:
    seen = quarters()
    if orientation in UNDO:
        seen = seen.transpose(UNDO[orientation])
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation

    processed = process_image(encoded(seen, file_format, exif=exif.tobytes()), MEGAPIXELS_60)

    assert corners(processed.preview) == corners(processed.thumbnail) == UPRIGHT
    assert (processed.facts.width, processed.facts.height) == (640, 480)


@pytest.mark.parametrize("orientation", [0, 9, 4711])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation

    assert corners(process_image(encoded(quarters(), "JPEG", exif=exif), MEGAPIXELS_60).preview) == UPRIGHT


def test_the_moment_is_read_with_its_offset() -> None:
    assert taken("2026:03:14 15:09:26", "+09:00") == datetime(2026, 3, 14, 6, 9, 26, tzinfo=UTC)


@pytest.mark.parametrize("offset", [None, "", "   :  ", "nonsense"])
def test_a_camera_without_an_offset_is_taken_to_be_on_utc(offset: str | None) -> None:
    assert taken("2026:03:14 15:09:26", offset) == datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    "date",
    ["0000:00:00 00:00:00", "    :  :     :  :  ", "", "yesterday", "2026:13:40 25:61:61", "0001:01:01 00:00:00"],
)
def test_a_moment_that_cannot_be_is_unknown(date: str) -> None:
    assert taken(date) is None


def test_a_scan_is_as_old_as_its_digitisation() -> None:
    facts = facts_of(details={ExifTags.Base.DateTimeDigitized: "2020:02:02 10:00:00"})

    assert facts.taken_at == datetime(2020, 2, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Sample Optics", "SO Phone 7", "Sample Optics SO Phone 7"),
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("Kamera\0hidden", "  X1 \0\0", "Kamera X1"),
        ("", "Scanner", "Scanner"),
        ("", "", None),
    ],
)
def test_the_camera_is_named_by_make_and_model(make: str, model: str, camera: str | None) -> None:
    assert facts_of(main={ExifTags.Base.Make: make, ExifTags.Base.Model: model}).camera == camera


def test_a_position_in_the_south_west_is_negative() -> None:
    facts = facts_of(gps={1: "S", 2: (33.0, 51.0, 24.0), 3: "W", 4: (70.0, 40.0, 30.0)})

    assert facts.latitude == pytest.approx(-33.856667)
    assert facts.longitude == pytest.approx(-70.675)


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)},
        {1: "N", 2: (45.0, 0.0, 0.0)},
        {1: "N", 2: (45.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)},
    ],
    ids=["beyond the pole", "half of it", "too few numbers"],
)
def test_a_position_that_cannot_be_is_unknown(gps: dict[int, Any]) -> None:
    facts = facts_of(gps=gps)

    assert (facts.latitude, facts.longitude) == (None, None)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"]
)
def test_malformed_metadata_costs_nobody_the_image(exif: bytes) -> None:
    processed = process_image(encoded(quarters(), "JPEG", exif=exif), MEGAPIXELS_60)

    assert corners(processed.preview) == UPRIGHT
    assert processed.facts.camera is None
