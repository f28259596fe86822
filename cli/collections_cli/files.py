"""Files that can be uploaded: where they are, and how they are read."""

from __future__ import annotations

import glob
import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from collections_cli.failures import FileChangedError, NoImagesError, NoSuchFileError, UnsupportedFileError

CONTENT_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".avif": "image/avif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".bmp": "image/bmp",
}
"""Files that can be uploaded, by their suffix in lower case."""

Sent = Callable[[int], None]
"""Is told of bytes that have been sent. What it raises ends the sending."""


def content_type_of(path: Path) -> str:
    """Raises `UnsupportedFileError`."""
    content_type = CONTENT_TYPES.get(path.suffix.lower())
    if content_type is None:
        raise UnsupportedFileError(f"{path}: not one of {', '.join(CONTENT_TYPES)}")
    return content_type


@dataclass(frozen=True)
class ImageFile:
    """A file as it was when it was read."""

    path: Path
    size: int
    """Bytes."""
    sha256: str


def measured(path: Path, file: io.BufferedReader) -> ImageFile:
    """Size and hash of an open file; leaves it at its beginning."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = file.tell()
    file.seek(0)
    return ImageFile(path, size, digest)


class WatchedFile(io.BufferedReader):
    """A file that tells how much of it has been read, and notices when it is not what was announced."""

    def __init__(self, path: Path, sent: Sent) -> None:
        super().__init__(io.FileIO(path))
        self._path, self._sent = path, sent
        self._left: int | None = None

    def watch(self, size: int) -> None:
        """From here on, `size` bytes are to come."""
        self._left = size

    def read(self, size: int | None = -1, /) -> bytes:
        """As always; raises `FileChangedError` when there is less or more than was announced."""
        content = super().read(size)
        if self._left is not None:
            self._left -= len(content)
            if self._left < 0 or (not content and self._left):
                raise FileChangedError(f"{self._path} changed while it was being sent, and was not kept. Run it again.")
            self._sent(len(content))
        return content


def find_images(named: Sequence[Path]) -> list[Path]:
    """The files named, those that patterns such as `*.png` match, and the images in folders, each once.

    Hidden files and folders inside a folder are left alone. Raises `NoSuchFileError`, `NoImagesError`, and
    `UnsupportedFileError` for a file named that is no image.
    """
    found: dict[Path, None] = {}
    for path in named:
        found |= dict.fromkeys(_images_of(path))
    if not found:
        looked = ", ".join(map(str, named))
        raise NoImagesError(f"There are no images in {looked}: files that end in {', '.join(CONTENT_TYPES)}.")
    return list(found)


def _images_of(path: Path) -> Iterator[Path]:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        yield from _matching(path)
        return
    if stat.S_ISDIR(mode):
        yield from _inside(path)
    else:
        content_type_of(path)
        yield path


def _inside(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        images = (name for name in sorted(names) if not name.startswith("."))
        yield from (Path(parent, name) for name in images if Path(name).suffix.lower() in CONTENT_TYPES)


def _matching(pattern: Path) -> Iterator[Path]:
    """What a pattern matches that no shell has expanded."""
    text = os.path.expanduser(str(pattern))  # noqa: PTH111 - a pattern is no path
    matches = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []  # noqa: PTH207
    if not matches:
        raise NoSuchFileError(f"{pattern} is not there: name images, folders, or patterns such as 'shots/*.png'.")
    for match in map(Path, matches):
        if match.is_dir():
            yield from _inside(match)
        elif match.suffix.lower() in CONTENT_TYPES:
            yield match
