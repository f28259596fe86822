"""What was measured of search, as a page, as JSON, and as a picture of how it grows."""

from collections.abc import Sequence
from importlib import import_module
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.paths import CHECKOUT
from benchmarks.report import machine, table
from benchmarks.results import keep

if TYPE_CHECKING:
    from benchmarks.search import Measured, Results
    from benchmarks.search_api import ApiTimes

DOCUMENT = CHECKOUT / "docs" / "benchmarks-search.md"
PLOT = CHECKOUT / "docs" / "images" / "search-growth.svg"

AT_MOST_MS = 20
AT_LEAST_FASTER = 8
AT_LEAST_RECALL = 0.95

_INTRODUCTION = """# How fast search is

`make bench` measures again and writes this page, and the same as [JSON](benchmarks.json). [Search](search.md)
explains the ways. Each query is asked both ways in turn. Milliseconds are the processor time of the database's process,
which other work on the machine hardly changes; *waited* is what the client waits, its driver included, under the load
that the last table names.

*Ours* is one hybrid search as the API makes it: a transaction with row-level security, the look-up that picks the way,
and one statement. *Usual* is two round trips without row-level security: documents with any of the words by `ts_rank`
over a GIN index, then the nearest vectors (by the same HNSW index as ours where there is one), fused by rank. Postgres
uses no parallel workers, for neither. *Recall* is the share of the ten best by comparing everything that are among our
ten.

The rows are made: words by Zipf's law over 50,000, a third of a document's of its topic; vectors of 1024 numbers with
64 dimensions of their own, around 200 topics. Queries have two to four words of a document, and a meaning near its own.
"""


_API = """## What the API adds

`POST /search` by words, of the smallest tenant above, through the function's handler: Mangum, routing, validation,
row-level security, the results' other facts, signed addresses, JSON, log and metrics. One process serves one request at
a time, so its requests per second are what one running function can do; API Gateway, Lambda and the network come on
top.
"""


def page(results: "Results") -> str:
    """The whole report in Markdown."""
    measured = results.sizes
    parts = [_INTRODUCTION, table(["aim", "", "measured", ""], [list(aim) for aim in _aims(measured)])]
    rows = [
        [
            _title(each),
            each.way.value,
            *(f"{_percentile(each.ours, percent):.1f}" for percent in (50, 95)),
            *(f"{_percentile(each.usual, percent):.1f}" for percent in (50, 95)),
            f"{each.faster:.1f} / {_percentile(each.usual, 95) / _percentile(each.ours, 95):.1f}",
            f"{_percentile(each.ours_wall, 50):.0f} / {_percentile(each.usual_wall, 50):.0f}",
            f"{each.recall:.3f}",
        ]
        for each in measured
    ]
    header = [
        "items of a tenant",
        "way",
        "ours p50, ms",
        "p95",
        "usual p50, ms",
        "p95",
        "times faster, p50 / p95",
        "waited, ms",
        "recall@10",
    ]
    parts += ["## By size of tenant\n", table(header, rows)]
    parts += ["![Milliseconds by number of items, ours and the usual way](images/search-growth.svg)\n"]
    parts += [
        _API,
        table(["", "p50, ms", "p95, ms", "requests a second"], _api_rows(results.api)),
        _mangum(results.api),
    ]
    parts += ["## Machine\n", table(["", ""], [[name, value] for name, value in _machine().items()])]
    return "\n".join(parts)


def write(results: "Results") -> bool:
    """Write page, figures and picture; whether all aims were met."""
    measured = results.sizes
    figures = {
        "machine": _machine(),
        "search": [_figures(each) for each in measured],
        "api_ms": {name: _of(values) for name, values in _api_times(results.api).items()},
    }
    DOCUMENT.write_text(page(results))
    keep("search", figures)
    _plot([each for each in measured if each.tenants == 1])
    return all(verdict == "met" for *_, verdict in _aims(measured))


def _api_times(api: "ApiTimes") -> dict[str, list[float]]:
    return {
        "search through the handler": api.handler,
        "the same search, called directly": api.search,
        "version through the handler": api.version,
        "version through the application alone": api.app,
    }


_LEAST_MS = 0.05
"""Less is rounded to nothing, and may come out negative."""


def _api_rows(api: "ApiTimes") -> list[list[str]]:
    return [
        [name, *(f"{_percentile(values, percent):.1f}" for percent in (50, 95)), f"{1000 / median(values):.0f}"]
        for name, values in _api_times(api).items()
    ]


def _mangum(api: "ApiTimes") -> str:
    added = median(whole - part for whole, part in zip(api.version, api.app, strict=True))
    told = f"{added:.1f} ms" if added >= _LEAST_MS else "nothing that can be measured"
    return f"Mangum, tracing and metrics add {told} to a request.\n"


def _aims(measured: Sequence["Measured"]) -> list[tuple[str, str, str, str]]:
    largest = max(measured, key=lambda each: each.items)
    slowest, recall = _percentile(largest.ours, 95), min(each.recall for each in measured)
    faster = _percentile(largest.usual, 95) / slowest
    return [
        (f"p95 at {largest.items:,} items, ms", f"at most {AT_MOST_MS}", f"{slowest:.1f}", _met(slowest <= AT_MOST_MS)),
        (
            f"p95 at {largest.items:,} items, times faster",
            f"at least {AT_LEAST_FASTER}",
            f"{faster:.1f}",
            _met(faster >= AT_LEAST_FASTER),
        ),
        ("recall@10 at every size", f"at least {AT_LEAST_RECALL}", f"{recall:.3f}", _met(recall >= AT_LEAST_RECALL)),
    ]


def _met(met: bool) -> str:
    return "met" if met else "MISSED"


def _title(each: "Measured") -> str:
    return f"{each.items:,}" if each.tenants == 1 else f"{each.items:,}, of {each.tenants:,} tenants"


def _figures(each: "Measured") -> dict[str, Any]:
    return {
        "items": each.items,
        "tenants": each.tenants,
        "way": each.way.value,
        "ours_ms": _of(each.ours),
        "usual_ms": _of(each.usual),
        "ours_waited_ms": _of(each.ours_wall),
        "usual_waited_ms": _of(each.usual_wall),
        "times_faster": each.faster,
        "recall_at_10": each.recall,
    }


def _of(milliseconds: Sequence[float]) -> dict[str, float]:
    return {f"p{percent}": _percentile(milliseconds, percent) for percent in (50, 95)}


def _machine() -> dict[str, str]:
    return {name: value for name, value in machine().items() if name not in {"Pillow", "libvips"}}


def _percentile(values: Sequence[float], percent: int) -> float:
    return float(np.percentile(values, percent))


def _plot(measured: Sequence["Measured"]) -> None:
    # Has types for hardly anything.
    mpl: Any = import_module("matplotlib")
    mpl.use("svg")
    pyplot: Any = import_module("matplotlib.pyplot")
    mpl.rcParams["svg.hashsalt"] = "search"  # the same figures make the same file
    figure, axes = pyplot.subplots(figsize=(7, 4))
    sizes = [each.items for each in measured]
    for name, colour in (("usual", "#b5532a"), ("ours", "#2a6fb5")):
        values = [getattr(each, name) for each in measured]
        axes.plot(sizes, [_percentile(each, 50) for each in values], color=colour, marker="o", label=f"{name}, p50")
        axes.plot(sizes, [_percentile(each, 95) for each in values], color=colour, linestyle="--", label="p95")
    for each in measured:
        axes.annotate(each.way.value, (each.items, _percentile(each.ours, 50)), (0, -14), textcoords="offset points")
    axes.set(
        xscale="log", yscale="log", xlabel="items of the tenant", ylabel="milliseconds of the database's processor"
    )
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(PLOT, metadata={"Date": None})
    pyplot.close(figure)
