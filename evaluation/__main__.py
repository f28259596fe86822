"""Measures how well search finds in a data set, and writes report.md, results.json and plot.svg.

Without a data set: the two of the repository, and the results are also written into docs/evaluation.md.
With VOYAGE_API_KEY or ANTHROPIC_API_KEY in the environment, that vendor is asked, and paid; else a stand-in answers.
Exit code 2: the data set is wrong.
"""

import argparse
import os
import sys
from pathlib import Path

from evaluation.environment import ENVIRONMENT

_OUT = Path(".local/evaluation")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    parser.add_argument("dataset", type=Path, nargs="?", help="its JSON file; docs/evaluation.md has the format")
    parser.add_argument("--out", type=Path, default=_OUT, help=f"folder for the results' own folder ({_OUT})")
    parser.add_argument("--k", type=int, default=5, help="places that precision and recall look at (5)")
    parser.add_argument("--no-baselines", action="store_true", help="measure search alone, in half the time")
    parser.add_argument("--agentic", action="store_true", help="ask the agentic search too; needs ANTHROPIC_API_KEY")
    options = parser.parse_args()
    keys = {name: key for name in ("ANTHROPIC_API_KEY", "VOYAGE_API_KEY") if (key := os.environ.get(name))}
    os.environ.update(ENVIRONMENT)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    # Only now, for the runtime reads its environment when it is imported.
    from evaluation import command
    from evaluation.dataset import DatasetError

    if options.agentic and "ANTHROPIC_API_KEY" not in keys:
        parser.error("--agentic needs ANTHROPIC_API_KEY in the environment")
    if options.k < 1:
        parser.error("--k must be at least 1")
    try:
        if options.dataset is None:
            command.document(keys, options.out)
        else:
            print(
                command.evaluate(
                    options.dataset,
                    keys,
                    options.out,
                    k=options.k,
                    agentic=options.agentic,
                    baselines=not options.no_baselines,
                )
            )
    except DatasetError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
