"""Measures, shows the tables, and writes docs/benchmarks.md, docs/benchmarks-search.md and docs/performance.md, and the
same as JSON.
Exit code 1: an aim was missed.

With `--quick` it shows only that everything can be measured: two rounds, without the largest image, nothing written.
"""

import argparse
import sys

from benchmarks import cold_report, cold_start, gallery, search, search_report, upload
from benchmarks.command_line import measure
from benchmarks.imaging import CASES, HANDLER_ROUNDS, QUICK_ROUNDS, Comparison, aims, compare, handler_overhead
from benchmarks.paths import DOCUMENT, RESULTS
from benchmarks.report import Section, as_json, page
from benchmarks.stack import local_stack


def main(*, quick: bool) -> int:
    comparisons: list[Comparison] = []
    for case in CASES[1:] if quick else CASES:
        print(f"measuring: {case.title}", file=sys.stderr)
        comparisons.append(compare(case, QUICK_ROUNDS if quick else case.rounds))
    print("measuring: the handler", file=sys.stderr)
    handler = handler_overhead(QUICK_ROUNDS if quick else HANDLER_ROUNDS)
    print("measuring: the command line", file=sys.stderr)
    command_line = measure(quick=quick)
    print("measuring: uploads, and the gallery", file=sys.stderr)
    with local_stack() as stack:
        uploads, scrolled = upload.measure(stack, quick=quick), gallery.measure(stack, quick=quick)
    measured: list[Section] = [command_line, uploads, *([scrolled] if scrolled else [])]
    reached = [*aims(comparisons), *(aim for each in measured for aim in each.aims())]
    document = page(comparisons, handler, reached, [each.section() for each in measured])
    print(document)
    print("measuring: search", file=sys.stderr)
    searched = search.run(quick=quick)
    print(search_report.page(searched))
    print("measuring: cold starts", file=sys.stderr)
    started = cold_start.measure(QUICK_ROUNDS if quick else cold_start.ROUNDS)
    print(cold_report.page(started.starts, started.imports))
    if quick:
        return 0
    all_in_time = cold_report.write(started.starts, started.imports)
    all_found = search_report.write(searched)
    DOCUMENT.write_text(document)
    RESULTS.write_text(as_json(comparisons, handler, reached, {each.name: each.values() for each in measured}))
    return 0 if all_found and all_in_time and all(aim.met for aim in reached) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds each; nothing is written")
    sys.exit(main(quick=parser.parse_args().quick))
