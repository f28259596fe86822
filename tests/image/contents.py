"""How large the image's layers are, and what is in them."""

from __future__ import annotations

import gzip
import os
import tarfile
from pathlib import Path
from typing import NamedTuple

MEGABYTE = 1_000_000
UNPACKED_LIMIT = 160 * MEGABYTE
COMPRESSED_LIMIT = 60 * MEGABYTE
"""Of our layers: AWS's base is cached where functions run."""


class Contents(NamedTuple):
    """What we add to the base image, in bytes."""

    unpacked: int
    compressed: int
    parts: dict[str, int]
    """By package or folder, largest first."""

    @property
    def within_limits(self) -> bool:
        return self.unpacked <= UNPACKED_LIMIT and self.compressed <= COMPRESSED_LIMIT


BUILD_TOOLS = ("pip", "setuptools", "wheel", "uv")
"""Their users make images; they are of no use in one."""


def faults(task_root: Path) -> list[str]:
    """What is not as it should be in the image, a sentence each. Functions run as a user that nobody knows beforehand,
    and cannot write."""
    found = [f"{tool} is a build tool" for tool in BUILD_TOOLS if (task_root / tool).exists()]
    for path in (task_root, *task_root.rglob("*")):
        mode, name = path.lstat().st_mode, path.relative_to(task_root)
        if not mode & 0o004:
            found.append(f"{name} cannot be read by everybody")
        if mode & 0o022 and not path.is_symlink():
            found.append(f"{name} can be written by others than its owner")
        if path.suffix == ".py" and not any((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")):
            found.append(f"{name} would be compiled at each cold start")
    return found


def measure(task_root: Path) -> Contents:
    """Sizes of the files, and of a tar of them as registries keep it (gzip, its usual level)."""
    parts: dict[str, int] = {}
    for folder, _, files in os.walk(task_root):
        part = Path(folder).relative_to(task_root).parts
        # pillow.libs belongs to pillow.
        name = part[0].removesuffix(".libs") if part else "single modules"
        parts[name] = parts.get(name, 0) + sum(os.lstat(os.path.join(folder, file)).st_size for file in files)  # noqa: PTH118
    ordered = dict(sorted(parts.items(), key=lambda item: -item[1]))
    return Contents(sum(parts.values()), _compressed(task_root), ordered)


class _Counter:
    """A file that only counts what is written to it."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept."""


def _compressed(folder: Path) -> int:
    counter = _Counter()
    zipped = gzip.GzipFile(fileobj=counter, mode="wb", compresslevel=6, mtime=0)  # pyright: ignore[reportArgumentType]
    with zipped, tarfile.open(fileobj=zipped, mode="w|") as tar:
        tar.add(folder, arcname=".")
    return counter.size
