"""Run while the image is built: takes out what no function uses, and makes what is left the same each time.

    python3 slim.py slim /var/task         # before files are compiled
    python3 slim.py normalise /var/task    # after

Packages bring what only their developers need. What is left has no times, and files that everybody can read: Lambda
runs functions as a user of its own.
"""

import gzip
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, cast

SERVICES = frozenset({"cognito-idp", "dynamodb", "events", "s3", "sqs", "ssm", "sts", "xray"})
"""Of AWS's services, those whose descriptions botocore keeps (of 400): what the functions call, and what the X-Ray SDK
makes a client of when it is imported."""

_TYPING = {".pyi", ".pxd", ".pyx", ".c", ".h", ".cpp", ".hpp"}
"""Suffixes of what compilers and type checkers read."""


def slim(root: Path) -> None:
    """Remove and normalise below `root`, where packages lie side by side with `runtime`."""
    data = root / "botocore" / "data"
    for description in data.iterdir():
        if description.is_dir() and description.name not in SERVICES:
            shutil.rmtree(description)
    _shorten(data)
    for folder, folders, files in os.walk(root, topdown=True):
        path = Path(folder)
        for name in [name for name in folders if name in {"tests", "__pycache__"}]:
            shutil.rmtree(path / name)
            folders.remove(name)
        for name in files:
            if Path(name).suffix in _TYPING:
                (path / name).unlink()


def _shorten(data: Path) -> None:
    """What botocore reads for a client: the addresses of our services alone, and operations without their manual."""
    endpoints = data / "endpoints.json"
    known = json.loads(endpoints.read_bytes())
    for partition in known["partitions"]:
        partition["services"] = {name: each for name, each in partition["services"].items() if name in SERVICES}
    endpoints.write_text(_compact(known))
    for packed in data.glob("*/*/service-2.json.gz"):
        described = json.loads(gzip.decompress(packed.read_bytes()))
        packed.with_suffix("").write_text(_compact(_without_manual(described)))
        packed.unlink()


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _without_manual(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_manual(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    # Emptied, not removed: some of it botocore reads. What is no text is a member of that name.
    named = cast("dict[str, Any]", value).items()
    return {
        name: "" if name == "documentation" and isinstance(each, str) else _without_manual(each) for name, each in named
    }


def normalise(root: Path) -> None:
    """Readable by everybody, writable by the owner, and from the beginning of time."""
    for folder, _, files in os.walk(root, topdown=False):
        for name in files:
            path = Path(folder, name)
            path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
            os.utime(path, (0, 0))
        Path(folder).chmod(0o755)
        os.utime(folder, (0, 0))


if __name__ == "__main__":
    target = Path(sys.argv[2])
    {"slim": slim, "normalise": normalise}[sys.argv[1]](target)
