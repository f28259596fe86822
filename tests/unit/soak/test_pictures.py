"""The files of a soak are what they are said to be."""

from collections.abc import Callable
from random import Random

import pytest

from runtime.failures import PermanentError
from runtime.imaging import process_image
from tests.soak.pictures import BAD_SORTS, Fate, Picture, pictures

MAX_PIXELS = 60_000_000


def made(count: int, seed: int = 3) -> list[Picture]:
    return list(pictures(count, seed))


def test_the_same_seed_makes_the_same_files_and_another_seed_others() -> None:
    assert made(10) == made(10)
    assert made(10)[0].body != made(10, seed=4)[0].body


def test_a_small_soak_has_some_of_everything() -> None:
    files = made(25)

    fates = [file.fate for file in files]
    assert len(files) == 25
    assert fates.count(Fate.FAILED) == 2
    assert fates.count(Fate.DELETED) == 1
    assert len({file.sha256 for file in files}) < len(files), "there are no copies"


def test_what_is_called_good_is_taken_for_what_it_is() -> None:
    for file in made(25):
        if file.fate is not Fate.FAILED:
            assert process_image(file.body, MAX_PIXELS).facts.mime_type == file.content_type, file.name


@pytest.mark.parametrize("sort", BAD_SORTS)
def test_what_is_called_bad_is_refused_for_that_reason(sort: Callable[[str, Random], Picture]) -> None:
    file = sort("bad", Random(1))

    with pytest.raises(PermanentError, match=file.reason):
        process_image(file.body, MAX_PIXELS)
