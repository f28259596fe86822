"""Soak the local stack: `python -m tests.soak --images 500 --seed 1`. Exit code 1 if anything was lost or doubled."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from local.console import PhaseDisplay
from local.ports import Ports
from tests.soak.soaking import Soak
from tests.soak.verdict import table

WIDTH = 150
"""Columns where the output is no terminal."""


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the stack's data and logs; by default they are removed")
    options = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops everything in order, as Ctrl-C does
    with tempfile.TemporaryDirectory(prefix="collections-soak-") as temporary:
        folder: Path = options.keep or Path(temporary)
        lines = Soak(options.images, options.seed, folder, Ports.free(), console, PhaseDisplay(console)).run()
    console.print()
    console.print(table(lines))
    return 0 if all(line.met for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
