"""Measures, shows the tables, and writes docs/benchmarks.md, docs/benchmarks-search.md, docs/performance.md and the
table in docs/scaling.md. All figures go into docs/benchmarks.json too: a part that is measured alone replaces what that
has of it. Exit code 1: an aim was missed.

With `--quick` it shows only that everything can be measured: two rounds, without the largest image, nothing written.
"""

import argparse
import sys
from collections.abc import Callable, Mapping

from benchmarks import (
    cold_report,
    cold_start,
    gallery,
    results,
    search,
    search_report,
    throughput,
    throughput_report,
    upload,
)
from benchmarks.command_line import measure
from benchmarks.imaging import CASES, HANDLER_ROUNDS, QUICK_ROUNDS, Comparison, aims, compare, handler_overhead
from benchmarks.paths import DOCUMENT
from benchmarks.report import Section, figures, page
from benchmarks.stack import local_stack


def _everyday(*, quick: bool) -> bool:
    """Images, the command line, the gallery."""
    comparisons: list[Comparison] = []
    for case in CASES[1:] if quick else CASES:
        _say(case.title)
        comparisons.append(compare(case, QUICK_ROUNDS if quick else case.rounds))
    _say("the handler")
    handler = handler_overhead(QUICK_ROUNDS if quick else HANDLER_ROUNDS)
    _say("the command line")
    command_line = measure(quick=quick)
    _say("uploads, and the gallery")
    with local_stack() as stack:
        uploads, scrolled = upload.measure(stack, quick=quick), gallery.measure(stack, quick=quick)
    measured: list[Section] = [command_line, uploads, *([scrolled] if scrolled else [])]
    reached = [*aims(comparisons), *(aim for each in measured for aim in each.aims())]
    document = page(comparisons, handler, reached, [each.section() for each in measured])
    print(document)
    if not quick:
        DOCUMENT.write_text(document)
        others = {each.name: each.values() for each in measured}
        results.keep("everyday", figures(comparisons, handler, reached, others))
    return all(aim.met for aim in reached)


def _search(*, quick: bool) -> bool:
    _say("search")
    searched = search.run(quick=quick)
    print(search_report.page(searched))
    return quick or search_report.write(searched)


def _starts(*, quick: bool) -> bool:
    _say("functions that start, and functions that run")
    started = cold_start.measure(QUICK_ROUNDS if quick else cold_start.ROUNDS)
    print(cold_report.page(started))
    return quick or cold_report.write(started)


def _pipeline(*, quick: bool) -> bool:
    runs = throughput.measure(quick=quick)
    print(throughput_report.section(runs))
    if not quick:
        throughput_report.write(runs)
    return True


PARTS: Mapping[str, Callable[..., bool]] = {
    "everyday": _everyday,
    "search": _search,
    "starts": _starts,
    "pipeline": _pipeline,
}


def _say(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr)


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", choices=[*PARTS, []], help=f"{', '.join(PARTS)}; by default all"
    )
    parser.add_argument("--quick", action="store_true", help="two rounds each; nothing is written")
    options = parser.parse_args()
    met = [PARTS[part](quick=options.quick) for part in options.parts or PARTS]
    return 0 if options.quick or all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
