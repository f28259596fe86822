"""Forgets what the local stack has stored. Standard library only, so that it works before anything is installed.

python3 -m local.clean
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from local.lock import FolderLock, StackInUseError

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"
CACHES = (".pytest_cache", ".ruff_cache", ".hypothesis")


def main() -> int:
    """Run as a command; returns the exit code."""
    if STATE.exists():
        try:
            with FolderLock(STATE):  # Never under a running stack's feet.
                shutil.rmtree(STATE)
        except StackInUseError as error:
            print(f"\n  ✗ {error}", file=sys.stderr)
            return 1
    # As root, Postgres runs from a copy of its programs that another user can read.
    copies = Path(tempfile.gettempdir()).glob("collections-postgres-*")
    for folder in (*copies, *(ROOT / cache for cache in CACHES)):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
