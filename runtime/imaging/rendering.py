"""Any decoded image to an upright sRGB picture of bounded size."""

import io
from typing import Literal, cast

from PIL import Image, ImageCms

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to what undoes it (JEITA CP-3451, tag 0x0112)."""

TRANSPOSED = frozenset({5, 6, 7, 8})
"""Orientations that exchange width and height."""

_PROFILE_SPACES = {"L": b"GRAY", "RGB": b"RGB ", "CMYK": b"CMYK"}
"""Pillow's modes and the colour space that an ICC profile for them has."""

_ICC_SPACE = slice(16, 20)
"""Where an ICC profile's header names its colour space (ICC.1:2022, 7.2.6)."""

_SIXTEEN_BIT = 65535


def render(image: Image.Image, edge: int, orientation: int) -> Image.Image:
    """An RGB image of at most `edge` pixels a side, never enlarged; alpha is laid onto white.

    Shrunk first and turned afterwards: turning a photograph in full size takes ten times the memory.
    """
    icc_profile: object = image.info.get("icc_profile")
    sixteen_bit = image.mode.startswith("I;16")
    small = _resizable(image)
    small.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
    opaque = _on_white(_eight_bit(small, sixteen_bit=sixteen_bit))
    upright = _to_srgb(opaque, icc_profile if isinstance(icc_profile, bytes) else None)
    if orientation in _UPRIGHT:
        upright = upright.transpose(_UPRIGHT[orientation])
    # Metadata rides in `info`, and some encoders write what they find there.
    upright.info.clear()
    return upright


def _resizable(image: Image.Image) -> Image.Image:
    """In a mode that can be resized with a good filter: palettes and bitmaps cannot, nor can 16-bit grey."""
    if image.mode.startswith("I;16"):
        return image.convert("I")
    if image.mode == "PA" or (image.has_transparency_data and image.mode not in ("RGBA", "LA")):
        return image.convert("RGBA")
    if image.mode == "P":
        return image.convert("RGB")
    if image.mode == "1":
        return image.convert("L")
    return image


def _eight_bit(image: Image.Image, *, sixteen_bit: bool) -> Image.Image:
    if image.mode not in ("I", "F"):
        return image
    low, high = (0.0, float(_SIXTEEN_BIT)) if sixteen_bit else _extrema(image)
    # 32-bit pixels have no agreed white: the darkest becomes black and the brightest white.
    scale = 255 / (high - low) if high > low else 0
    return image.convert("F").point(lambda value: value * scale - low * scale).convert("L")


def _extrema(image: Image.Image) -> tuple[float, float]:
    low, high = image.getextrema()
    return float(low), float(high)  # pyright: ignore[reportArgumentType]


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode not in ("RGBA", "LA"):
        return image
    opaque = image.convert(image.mode.removesuffix("A"))
    canvas = Image.new(opaque.mode, image.size, "white")
    canvas.paste(opaque, mask=image.getchannel("A"))
    return canvas


def _to_srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    if image.mode == "LAB":
        return _transform(image, _built_in("LAB"))
    if icc_profile is None:
        return image.convert("RGB")
    try:
        if icc_profile[_ICC_SPACE] == _PROFILE_SPACES.get(image.mode):
            return _transform(image, ImageCms.ImageCmsProfile(io.BytesIO(icc_profile)))
    except (ImageCms.PyCMSError, OSError):
        # A broken profile describes no colours: like browsers, take the pixels for sRGB.
        pass
    return image.convert("RGB")


def _transform(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    # Only a transform in place returns nothing.
    return cast("Image.Image", ImageCms.profileToProfile(image, profile, _built_in("sRGB"), outputMode="RGB"))


def _built_in(space: Literal["LAB", "sRGB"]) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(
        ImageCms.createProfile(space)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    )
