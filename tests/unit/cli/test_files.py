"""Which files an upload means."""

from pathlib import Path

import pytest

from collections_cli.failures import NoImagesError, NoSuchFileError, UnsupportedFileError
from collections_cli.files import find_images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.PNG", "a.jpg", "notes.txt", ".hidden.png", "trip/c.webp", ".git/d.png", "trip/deep/e.heic"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
    return tmp_path


def names(found: list[Path], folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in found]


def test_a_folder_means_the_images_in_it_at_any_depth_and_nothing_hidden(folder: Path) -> None:
    assert names(find_images([folder]), folder) == ["a.jpg", "b.PNG", "trip/c.webp", "trip/deep/e.heic"]


def test_a_pattern_that_no_shell_expanded_is_expanded(folder: Path) -> None:
    assert names(find_images([folder / "*.jpg", folder / "**" / "*.heic"]), folder) == ["a.jpg", "trip/deep/e.heic"]


def test_what_is_named_twice_is_meant_once(folder: Path) -> None:
    assert names(find_images([folder / "a.jpg", folder, folder / "a.jpg"]), folder)[:2] == ["a.jpg", "b.PNG"]
    assert len(find_images([folder, folder])) == 4


def test_a_folder_without_images_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()

    with pytest.raises(NoImagesError, match=r"There are no images in .*\.jpg"):
        find_images([tmp_path])


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoSuchFileError, match=r"gone\.png is not there"):
        find_images([tmp_path / "gone.png"])
    with pytest.raises(NoSuchFileError, match=r"\*\.png is not there"):
        find_images([tmp_path / "*.png"])


def test_a_file_named_that_is_no_image_is_told(folder: Path) -> None:
    with pytest.raises(UnsupportedFileError, match=r"notes\.txt: not one of"):
        find_images([folder / "notes.txt"])
