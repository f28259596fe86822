"""docs/benchmarks.json: all that was measured, a key for each part of the benchmarks."""

import json
from typing import Any

from benchmarks.paths import RESULTS


def keep(part: str, figures: dict[str, Any]) -> None:
    """Have `figures` take the place of what the file has of `part`; the other parts stay. A run that is cut off leaves
    the file as it was."""
    everything: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    unfinished = RESULTS.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({**everything, part: figures}, indent=2) + "\n")
    unfinished.replace(RESULTS)
