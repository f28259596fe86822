"""Really looks at an image: reads its text (OCR), and what it looks like."""

from __future__ import annotations

import hashlib
import io
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from local.models.appearance import Appearance, Kind, appearance_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LONGEST_EDGE = 1568
"""Pixels; larger images are scaled down to it before they are looked at, as Anthropic's API does."""
_REFUSED_EDGE = 8000
"""Pixels; Anthropic's API refuses an image with a longer one."""
_DETECTOR_EDGE = 1216
"""Pixels; text is located in an image of at most this size (and read at full size). Of a dense page of
13-pixel text, scaled down from 1920 x 1080, it finds 99.7 % of the words (at 1024: 98.4 %, at 1568: all, with half as
much time again for locating and 150 MB more memory)."""
_LEAST_CONFIDENCE = 0.75
"""Below it, what is read is mostly texture mistaken for letters."""
_REMEMBERED_IMAGES = 256


class UnreadableImageError(ValueError):
    """The bytes are no image that can be looked at; the message says why."""


@dataclass(frozen=True, slots=True)
class TextRow:
    """Text that stands on one line, left to right."""

    text: str
    height: float
    """Of its letters, as a share of the image's height."""
    top: float
    """Distance from the image's top, as a share of the image's height."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one look at an image has found."""

    width: int
    height: int
    """Pixels, after scaling down to `LONGEST_EDGE`."""
    rows: tuple[TextRow, ...]
    """In reading order."""
    appearance: Appearance

    @property
    def kind(self) -> Kind:
        """The sort of picture."""
        return self.appearance.kind(len(self.rows))

    @property
    def orientation(self) -> str:
        """`portrait`, `landscape` or `square`."""
        if abs(self.width - self.height) <= 0.03 * max(self.width, self.height):
            return "square"
        return "portrait" if self.height > self.width else "landscape"


class _OcrResult(Protocol):
    boxes: NDArray[np.float32] | None
    txts: tuple[str, ...] | None
    scores: tuple[float, ...] | None


class _Ocr(Protocol):
    def __call__(self, img_content: NDArray[np.uint8], /) -> _OcrResult: ...


class Looker(Protocol):
    """Whoever can look at an image."""

    def look(self, data: bytes) -> Findings:
        """Findings of an encoded image. Raises `UnreadableImageError`."""
        ...


class Glance:
    """Sees size, colours and sort of picture, and reads nothing: an answer within milliseconds, the same each time, for
    tests that need thousands of them."""

    def look(self, data: bytes) -> Findings:
        """Findings without text. Raises `UnreadableImageError`."""
        image = _decode(data)
        return Findings(image.width, image.height, (), appearance_of(image))


class Eye:
    """Looks at images. Loads its models when made (up to 600 MB in memory while it looks); not thread-safe.

    The findings of the last 256 images are remembered by the SHA-256 of their bytes.
    """

    def __init__(self) -> None:
        self._ocr = _load_ocr()
        self._remembered: OrderedDict[bytes, Findings] = OrderedDict()
        first = Image.new("RGB", (320, 120), "white")
        ImageDraw.Draw(first).text((20, 40), "The first text loads the models", fill="black", font_size=18)
        self._read(first)

    def look(self, data: bytes) -> Findings:
        """Findings of an encoded image. Raises `UnreadableImageError`."""
        digest = hashlib.sha256(data).digest()
        if digest in self._remembered:
            self._remembered.move_to_end(digest)
            return self._remembered[digest]
        image = _decode(data)
        findings = Findings(image.width, image.height, self._read(image), appearance_of(image))
        self._remembered[digest] = findings
        if len(self._remembered) > _REMEMBERED_IMAGES:
            self._remembered.popitem(last=False)
        return findings

    def _read(self, image: Image.Image) -> tuple[TextRow, ...]:
        bgr = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
        result = self._ocr(bgr)
        if result.boxes is None or result.txts is None or result.scores is None:
            return ()
        words = [
            _Word.at(box, text.strip())
            for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True)
            if score >= _LEAST_CONFIDENCE and text.strip()
        ]
        return _rows(words, image.height)


def _load_ocr() -> _Ocr:
    import cv2  # slow to import, so only where they are used
    import rapidocr

    cv2.setNumThreads(1)
    engine = rapidocr.RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,  # upside-down lines do not occur in images that stand upright
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECTOR_EDGE,
            "Rec.rec_batch_num": 1,  # a batch is padded to its longest line: one by one is a fifth quicker
            # One thread: more of them wait for each other by spinning, which on a machine of two cores that also runs
            # the rest of the stack makes an image take up to five times as long.
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    return cast("_Ocr", engine)


def _decode(data: bytes) -> Image.Image:
    """The first frame, upright, RGB on white, at most `LONGEST_EDGE` long."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if max(opened.size) > _REFUSED_EDGE:
                raise UnreadableImageError(f"image dimensions exceed max allowed size: {_REFUSED_EDGE} pixels")
            image = ImageOps.exif_transpose(opened)
            if image.has_transparency_data:
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image)
            image = image.convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:  # Pillow raises all three for broken files
        raise UnreadableImageError("Could not process image") from error
    image.thumbnail((LONGEST_EDGE, LONGEST_EDGE), Image.Resampling.LANCZOS)
    return image


@dataclass(frozen=True, slots=True)
class _Word:
    """A box that the detector has found, and what it reads; usually several words."""

    text: str
    left: float
    middle: float
    height: float
    width: float
    slope: float

    @classmethod
    def at(cls, box: NDArray[np.float32], text: str) -> _Word:
        """Of a quadrilateral: top left, top right, bottom right, bottom left."""
        across, down = box[1] - box[0], box[3] - box[0]
        centre = box.mean(axis=0)
        return cls(
            text=text,
            left=float(box[:, 0].min()),
            middle=float(centre[1]),
            height=float(min(np.linalg.norm(across), np.linalg.norm(down))),
            width=float(np.linalg.norm(across)),
            slope=float(across[1] / across[0]) if across[0] > 0 else 0.0,
        )

    def level(self, slope: float) -> float:
        """Where its middle would be if the page were not tilted by `slope`."""
        return self.middle - slope * (self.left + self.width / 2)


def _rows(words: Sequence[_Word], image_height: int) -> tuple[TextRow, ...]:
    """Put what stands on one line into one row, so that an article keeps its price; a tilted page is levelled first."""
    if not words:
        return ()
    long = [word.slope for word in words if word.width > 4 * word.height]
    slope = float(np.median(long)) if long else 0.0
    rows: list[list[_Word]] = []
    for word in sorted(words, key=lambda word: word.level(slope)):
        last = rows[-1] if rows else None
        if last and word.level(slope) - last[0].level(slope) < 0.5 * min(word.height, last[0].height):
            last.append(word)
        else:
            rows.append([word])
    return tuple(
        TextRow(
            text=" ".join(word.text for word in sorted(row, key=lambda word: word.left)),
            height=sum(word.height * word.width for word in row) / sum(word.width for word in row) / image_height,
            top=min(word.middle for word in row) / image_height,
        )
        for row in rows
    )
