"""Near-duplicates are near each other."""

from PIL import Image, ImageEnhance, ImageOps

from runtime.imaging import process_image
from runtime.imaging.perceptual import difference_hash
from tests.unit.imaging.pictures import MEGAPIXELS_60, encoded, opened, quarters

MASK = (1 << 64) - 1


def scene() -> Image.Image:
    """Clouds of grey, different everywhere."""
    return Image.effect_mandelbrot((640, 480), (-2, -1.2, 1, 1.2), 60).convert("RGB")


def distance(one: Image.Image, other: Image.Image) -> int:
    return ((difference_hash(one) ^ difference_hash(other)) & MASK).bit_count()


def test_scaling_recompressing_and_brightening_hardly_change_the_hash() -> None:
    smaller = scene().resize((200, 150))
    worse = opened(encoded(scene(), "JPEG", quality=20))
    brighter = ImageEnhance.Brightness(scene()).enhance(1.2)

    assert max(distance(scene(), copy) for copy in (smaller, worse, brighter)) <= 6


def test_another_picture_has_another_hash() -> None:
    assert distance(scene(), ImageOps.mirror(scene())) >= 20


def test_each_bit_says_whether_it_gets_brighter_to_the_right() -> None:
    rising = Image.linear_gradient("L").rotate(90)
    blank = Image.new("L", (90, 80), 128)

    assert difference_hash(rising) & MASK == MASK
    assert difference_hash(ImageOps.mirror(rising)) == 0
    assert difference_hash(blank) == 0


def test_the_hash_fits_a_signed_64_bit_column() -> None:
    brightest_first = Image.linear_gradient("L").rotate(90)

    assert difference_hash(brightest_first) == -1
    for image in (scene(), quarters()):
        assert -(1 << 63) <= difference_hash(image) < 1 << 63


def test_the_same_picture_in_two_formats_is_a_near_duplicate() -> None:
    hashes = [process_image(encoded(scene(), name), MEGAPIXELS_60).facts.perceptual_hash for name in ("PNG", "JPEG")]

    assert ((hashes[0] ^ hashes[1]) & MASK).bit_count() <= 3
