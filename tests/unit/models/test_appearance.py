"""What plain statistics say of an image."""

import numpy as np
import pytest
from PIL import Image

from local.models.appearance import NAMED_COLOURS, Appearance, Kind, appearance_of


def noise(base: int, width: int = 300, height: int = 400) -> Image.Image:
    """Every pixel differs from its neighbours, as in what a lens saw."""
    grain = np.random.default_rng(1).integers(-25, 25, (height, width, 3))
    return Image.fromarray((base + grain).astype(np.uint8))


def drawing(background: str, portrait_ratio: float = 2.0) -> Image.Image:
    image = Image.new("RGB", (200, round(200 * portrait_ratio)), background)
    image.paste("navy", (40, 40, 160, 80))
    return image


@pytest.mark.parametrize(("name", "rgb"), NAMED_COLOURS.items())
def test_a_plain_colour_has_its_own_name(name: str, rgb: tuple[int, int, int]) -> None:
    assert appearance_of(Image.new("RGB", (50, 50), rgb)).colours == (name,)


def test_the_larger_colour_comes_first_and_a_speck_is_not_named() -> None:
    image = Image.new("RGB", (100, 100), NAMED_COLOURS["green"])
    image.paste(NAMED_COLOURS["orange"], (0, 0, 100, 30))
    image.paste(NAMED_COLOURS["black"], (0, 95, 20, 100))

    assert appearance_of(image).colours == ("green", "orange")


@pytest.mark.parametrize(
    ("image", "rows", "kind"),
    [
        (noise(90), 0, Kind.PHOTO),
        (noise(90), 9, Kind.PHOTO),
        (noise(220), 9, Kind.DOCUMENT),
        (noise(220), 0, Kind.PHOTO),
        (drawing("white", portrait_ratio=2.1), 9, Kind.SCREENSHOT),
        (drawing("black", portrait_ratio=0.6), 9, Kind.SCREENSHOT),
    ],
    ids=["photo", "photo of a sign", "photo of a page", "photo of snow", "phone", "terminal"],
)
def test_the_sort_of_picture_is_told_apart(image: Image.Image, rows: int, kind: Kind) -> None:
    assert appearance_of(image).kind(rows) is kind


def test_a_clean_scan_has_the_shape_of_a_sheet_of_paper() -> None:
    clean = Appearance(colours=("white",), vibes=(), flatness=0.95, paper=0.99, portrait_ratio=1.41)

    assert clean.kind(text_rows=20) is Kind.DOCUMENT


def test_a_dark_and_colourless_image_is_said_to_be_so() -> None:
    assert appearance_of(Image.new("RGB", (50, 50), (20, 20, 20))).vibes == ("dark", "monochrome")
