"""A fingerprint that survives scaling, recompression and slight retouching."""

from PIL import Image

_COLUMNS = 9
_ROWS = 8


def difference_hash(image: Image.Image) -> int:
    """The 64-bit difference hash of an RGB or grey image, as a signed integer that fits Postgres's bigint.

    dHash (N. Krawetz, "Kind of Like That", 2013, hackerfactor.com): reduced to 9 x 8 grey pixels, each bit says
    whether a pixel is darker than its right-hand neighbour, row by row, the first in the highest bit. Images whose
    hashes differ in at most about 10 bits look alike; a blank image has hash 0.
    """
    grey = image.convert("L").resize((_COLUMNS, _ROWS), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(_ROWS):
        for column in range(_COLUMNS - 1):
            left = row * _COLUMNS + column
            bits = bits << 1 | (grey[left] < grey[left + 1])
    return bits - (1 << 64) if bits >> 63 else bits
