"""What the functions take whatever the machine: benchmarks/baseline.json has it, and tests compare with that.

make baseline    # write it anew, after a change on purpose: the tests that measure run, and write what they find
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from benchmarks.paths import CHECKOUT

BASELINE = CHECKOUT / "benchmarks" / "baseline.json"
RENEWING = "RENEW_BASELINE"
"""A variable of the environment that has figures written, not compared."""

TOLERANCES = {
    "modules of a function": 0.05,
    "statements of an operation": 0.0,
    "statements of an image": 0.0,
    "tokens of an image": 0.05,
    "dollars of 1,000 images": 0.05,
    "megabytes of the image": 0.05,
    "growth with four times the items": 0.1,
}
"""How far a figure may be from what is written down, as a share of that, by kind. What a release of a dependency may
move a little has some; what only we move has none."""


def off(kind: str, measured: Mapping[str, float]) -> list[str]:
    """What differs by more than the kind's tolerance, a sentence each; what is less than written down is to be written
    down too, or the next change may take it back unseen. `measured` has all that there is of its kind."""
    if os.environ.get(RENEWING):
        _write(kind, measured)
    known, tolerance = _read().get(kind, {}), TOLERANCES[kind]
    found = [f"{name}: not in the baseline any more" for name in known.keys() - measured.keys()]
    for name, figure in measured.items():
        if name not in known:
            found.append(f"{name}: {figure:g}, which is not in the baseline")
        elif abs(figure - known[name]) > tolerance * known[name]:
            found.append(f"{name}: {figure:g}, the baseline has {known[name]:g} (tolerance {tolerance:.0%})")
    return sorted(found)


def _read() -> dict[str, dict[str, float]]:
    return json.loads(BASELINE.read_text())


def _write(kind: str, measured: Mapping[str, float]) -> None:
    written = {**_read(), kind: {name: round(figure, 2) for name, figure in sorted(measured.items())}}
    ordered = {kind: written[kind] for kind in TOLERANCES if kind in written}
    BASELINE.write_text(json.dumps(ordered, indent=2) + "\n")
