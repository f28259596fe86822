"""What an image looks like, by plain statistics: colours by name, brightness, and whether it is a photograph at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMED_COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (18, 18, 20),
    "grey": (128, 128, 128),
    "white": (248, 248, 248),
    "cream": (240, 228, 200),
    "beige": (200, 175, 140),
    "brown": (112, 66, 36),
    "red": (200, 40, 35),
    "maroon": (105, 25, 25),
    "orange": (240, 140, 40),
    "yellow": (245, 215, 70),
    "olive": (110, 110, 50),
    "green": (60, 150, 70),
    "dark green": (30, 75, 40),
    "light green": (190, 220, 170),
    "teal": (20, 100, 115),
    "light blue": (170, 210, 235),
    "blue": (50, 105, 215),
    "navy": (25, 35, 75),
    "purple": (110, 65, 140),
    "pink": (230, 140, 170),
}
_WARM = frozenset({"cream", "beige", "brown", "red", "maroon", "orange", "yellow", "pink"})
_COOL = frozenset({"teal", "light blue", "blue", "navy", "purple", "green", "dark green", "light green"})
_NOTABLE_SHARE = 0.08
_DARK, _BRIGHT = 70, 185
_FLAT_STEP = 2
_DRAWN_FLATNESS = 0.86
_PAPER_LIGHTNESS, _PAPER_SATURATION = 170, 45
_PAPER_SHARE, _SCAN_PAPER_SHARE = 0.45, 0.95
_PAPER_FORMATS = (1.25, 1.55)
"""Long edge to short edge: US Letter is 1.29, A4 is 1.41; screens are 1.33 and from 1.6 up."""


class Kind(StrEnum):
    """What sort of picture it is."""

    PHOTO = "photograph"
    SCREENSHOT = "screenshot"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Appearance:
    """What can be said of an image without understanding it."""

    colours: tuple[str, ...]
    """Names of the colours that cover at least 8 % each, the largest first; at most three."""
    vibes: tuple[str, ...]
    flatness: float
    """Share of neighbouring pixels that are equal, 0 to 1: high where a computer drew, low where a lens did."""
    paper: float
    """Share of pixels that are light and colourless, 0 to 1."""

    portrait_ratio: float
    """Height by width."""

    def kind(self, text_rows: int) -> Kind:
        """Judge the sort of picture; `text_rows` is how many rows of text it holds.

        What a lens saw is a document if it is mostly paper with text on it; a scan is cleaner than that, but has the
        shape of a sheet of paper.
        """
        drawn = self.flatness >= _DRAWN_FLATNESS
        sheet = _PAPER_FORMATS[0] <= self.portrait_ratio <= _PAPER_FORMATS[1] and self.paper >= _SCAN_PAPER_SHARE
        if text_rows >= 5 and (sheet or (not drawn and self.paper >= _PAPER_SHARE)):
            return Kind.DOCUMENT
        return Kind.SCREENSHOT if drawn else Kind.PHOTO


def appearance_of(image: Image.Image) -> Appearance:
    """Look at an RGB image."""
    small = image.resize((96, 96), Image.Resampling.BOX)
    pixels = np.asarray(small, dtype=np.float32)
    lightness, saturation = pixels.max(axis=2), pixels.max(axis=2) - pixels.min(axis=2)
    colours = _colours(small)
    return Appearance(
        colours=colours,
        vibes=_vibes(float(lightness.mean()), float(saturation.mean()), colours),
        flatness=_flatness(image),
        paper=float(((lightness > _PAPER_LIGHTNESS) & (saturation < _PAPER_SATURATION)).mean()),
        portrait_ratio=image.height / image.width,
    )


def _colours(small: Image.Image) -> tuple[str, ...]:
    """Names by nearest neighbour in CIE L*a*b*, where distance is about what the eye sees."""
    names = list(NAMED_COLOURS)
    palette = _to_lab(np.array(list(NAMED_COLOURS.values())))
    pixels = _to_lab(np.asarray(small).reshape(-1, 3))
    nearest = np.linalg.norm(pixels[:, None, :] - palette[None, :, :], axis=2).argmin(axis=1)
    counts: list[int] = np.bincount(nearest, minlength=len(names)).tolist()
    largest = sorted(zip(counts, names, strict=True), key=lambda pair: -pair[0])[:3]
    return tuple(name for count, name in largest if count >= _NOTABLE_SHARE * len(pixels))


def _to_lab(rgb: NDArray[np.integer]) -> NDArray[np.float32]:
    """CIE 1976 L*a*b* of sRGB bytes, white point D65; matrix and curve are IEC 61966-2-1's. Shape (pixels, 3)."""
    share = rgb.astype(np.float64) / 255
    linear: NDArray[np.float64] = np.where(share <= 0.04045, share / 12.92, np.power((share + 0.055) / 1.055, 2.4))
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz: NDArray[np.float64] = linear @ to_xyz.T / to_xyz.sum(axis=1)
    root = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    to_lab = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]])
    return (root @ to_lab.T - [16, 0, 0]).astype(np.float32)


def _vibes(lightness: float, saturation: float, colours: tuple[str, ...]) -> tuple[str, ...]:
    vibes: list[str] = []
    if lightness < _DARK:
        vibes.append("dark")
    elif lightness > _BRIGHT:
        vibes.append("bright")
    if saturation < 12:
        vibes.append("monochrome")
    elif _WARM.issuperset(colours):
        vibes.append("warm colours")
    elif _COOL.issuperset(colours):
        vibes.append("cool colours")
    return tuple(vibes)


def _flatness(image: Image.Image) -> float:
    grey = np.asarray(image.convert("L"), dtype=np.int16)
    if grey.shape[1] < 2:
        return 1.0
    return float((np.abs(np.diff(grey, axis=1)) <= _FLAT_STEP).mean())
