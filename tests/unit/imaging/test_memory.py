"""What an image takes of a function's memory."""

from benchmarks.peak_memory import peak_megabytes
from tests.unit.imaging.pictures import encoded, quarters


def test_a_photograph_of_48_megapixels_is_never_in_memory_as_a_whole() -> None:
    photograph = encoded(quarters((8000, 6000)), "JPEG")

    # Decoded in full it has 144 MB, next to 90 MB of libraries; turning or copying it would double that.
    assert peak_megabytes("imaging", photograph) < 200
