"""Where things are in the checkout."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLES = CHECKOUT / "samples"
DOCUMENT = CHECKOUT / "docs" / "benchmarks.md"
RESULTS = CHECKOUT / "docs" / "benchmarks.json"
