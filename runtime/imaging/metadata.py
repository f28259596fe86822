"""What a camera wrote into an image, as EXIF (JEITA CP-3451)."""

import math
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, SupportsFloat, cast

from PIL import ExifTags, Image

EARLIEST_YEAR = 1826
"""Of the oldest photograph that survives; cameras without a clock write earlier dates."""
CAMERA_LENGTH = 120

_DATES = (
    (ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
    (ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
)


class Capture(NamedTuple):
    """How, when, where and with what an image was taken, as far as it says."""

    orientation: int
    """EXIF orientation, 1 (upright) to 8."""
    taken_at: datetime | None
    """In UTC. A camera that did not write its offset is taken to be on UTC."""
    camera: str | None
    """Make and model."""
    latitude: float | None
    """Degrees, WGS 84."""
    longitude: float | None


def read_capture(image: Image.Image) -> Capture:
    """Read a loaded image's EXIF. What is malformed counts as not said: no image is refused for its metadata."""
    try:
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, AttributeError, OverflowError, struct.error):
        # Pillow remembers nothing of a block that it could not parse, so neither can we.
        return Capture(orientation=1, taken_at=None, camera=None, latitude=None, longitude=None)
    orientation: object = exif.get(ExifTags.Base.Orientation)
    latitude = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S", 90)
    longitude = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W", 180)
    known = latitude is not None and longitude is not None
    return Capture(
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1,
        taken_at=_taken_at(details),
        camera=_camera(_text(exif.get(ExifTags.Base.Make)), _text(exif.get(ExifTags.Base.Model))),
        latitude=latitude if known else None,
        longitude=longitude if known else None,
    )


def _text(value: object) -> str:
    """EXIF text ends at its first NUL, which Postgres would refuse."""
    return value.split("\0")[0].strip() if isinstance(value, str) else ""


def _camera(make: str, model: str) -> str | None:
    """Most models repeat the make ("Canon", "Canon EOS R5")."""
    name = model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()
    return name[:CAMERA_LENGTH] or None


def _taken_at(details: Mapping[int, Any]) -> datetime | None:
    for date_tag, offset_tag in _DATES:
        date = _text(details.get(date_tag))
        moment = _moment(date, _text(details.get(offset_tag))) or _moment(date, "+00:00")
        if moment is not None:
            return moment
    return None


def _moment(date: str, offset: str) -> datetime | None:
    try:
        moment = datetime.strptime(date + offset, "%Y:%m:%d %H:%M:%S%z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= EARLIEST_YEAR else None


def _degrees(value: object, reference: object, negative: str, limit: float) -> float | None:
    """Degrees, minutes, seconds as EXIF's three rationals, to signed degrees."""
    if not isinstance(value, tuple):
        return None
    try:
        degrees, minutes, seconds = map(float, cast("tuple[SupportsFloat, ...]", value))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    total = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(total) or not 0 <= total <= limit:
        return None
    return -total if _text(reference).upper() == negative else total
