"""Run while the image is built: takes out what no function uses, and makes what is left the same each time.

    python3 slim.py slim /var/task         # before files are compiled
    python3 slim.py normalise /var/task    # after

Packages bring what only their developers need. What is left has no times, and files that everybody can read: Lambda
runs functions as a user of its own.
"""

import os
import shutil
import sys
from pathlib import Path

SERVICES = frozenset({"cognito-idp", "dynamodb", "events", "s3", "sqs", "ssm", "sts", "xray"})
"""Of AWS's services, those whose descriptions botocore keeps (of 400): what the functions call, and what the X-Ray SDK
makes a client of when it is imported."""

_TYPING = {".pyi", ".pxd", ".pyx", ".c", ".h", ".cpp", ".hpp"}
"""Suffixes of what compilers and type checkers read."""


def slim(root: Path) -> None:
    """Remove and normalise below `root`, where packages lie side by side with `runtime`."""
    for description in (root / "botocore" / "data").iterdir():
        if description.is_dir() and description.name not in SERVICES:
            shutil.rmtree(description)
    for folder, folders, files in os.walk(root, topdown=True):
        path = Path(folder)
        for name in [name for name in folders if name in {"tests", "__pycache__"}]:
            shutil.rmtree(path / name)
            folders.remove(name)
        for name in files:
            if Path(name).suffix in _TYPING:
                (path / name).unlink()


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
