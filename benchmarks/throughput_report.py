"""What was measured of the whole pipeline, in docs/scaling.md, as JSON, and as a picture of the queues."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from benchmarks import results
from benchmarks.paths import CHECKOUT
from benchmarks.report import machine, put_between, table
from benchmarks.throughput import STAGES

if TYPE_CHECKING:
    from benchmarks.throughput import Throughput

DOCUMENT = CHECKOUT / "docs" / "scaling.md"
PLOT = CHECKOUT / "docs" / "images" / "throughput.svg"
MARKS = "<!-- measured: make bench -->", "<!-- end of what was measured -->"

_COLOURS = {"image_processor": "#2a6fb5", "analyzer": "#b5532a", "embedder": "#3a8a4d"}


def section(runs: Sequence["Throughput"]) -> str:
    """In Markdown."""
    header = ["images", "images/s", "sent in, s", "half searchable, s", "all, s", "peak memory, MB", "longest queue"]
    rows = [
        [
            f"{run.images:,}",
            f"{run.per_second:.2f}",
            f"{run.sending_seconds:.0f}",
            f"{run.searchable_at(0.5):.0f}",
            f"{run.seconds:.0f}",
            f"{run.peak_megabytes:,.0f}",
            ", ".join(f"{_name(stage)} {count:,}" for stage, count in run.most_queued.items()),
        ]
        for run in runs
    ]
    largest = max(runs, key=lambda run: run.images)
    total = sum(largest.processor_seconds.values())
    parts = [
        [part, f"{seconds / largest.images * 1000:.0f}", f"{seconds / total:.0%}"]
        for part, seconds in sorted(largest.processor_seconds.items(), key=lambda each: -each[1])
    ]
    return "\n".join(
        [
            table(header, rows),
            f"![Messages in each queue, and images that are searchable, over time](images/{PLOT.name})\n",
            f"Where the processors' time goes, with {largest.images:,} images. They are what holds up all of it here: "
            f"{total / largest.seconds:.1f} of {machine()['processor'].partition(' x')[0]} were at work.\n",
            table(["", "ms an image", "share"], parts),
            f"Measured on {machine()['processor']}, load {machine()['load']}.",
        ]
    )


def write(runs: Sequence["Throughput"]) -> None:
    """Put it into the document, and write figures and picture."""
    put_between(DOCUMENT, MARKS, section(runs))
    results.keep("pipeline", {"machine": machine(), "runs": [_figures(run) for run in runs]})
    _plot(max(runs, key=lambda run: run.images))


def _figures(run: "Throughput") -> dict[str, Any]:
    return {
        "images": run.images,
        "images_per_second": round(run.per_second, 2),
        "seconds": round(run.seconds, 1),
        "sending_seconds": round(run.sending_seconds, 1),
        "half_searchable_seconds": round(run.searchable_at(0.5), 1),
        "peak_megabytes": round(run.peak_megabytes),
        "most_queued": run.most_queued,
        "processor_seconds": {part: round(seconds, 1) for part, seconds in run.processor_seconds.items()},
    }


def _name(stage: str) -> str:
    return stage.replace("_", " ")


def _plot(run: "Throughput") -> None:
    # Has types for hardly anything.
    mpl: Any = import_module("matplotlib")
    mpl.use("svg")
    pyplot: Any = import_module("matplotlib.pyplot")
    mpl.rcParams["svg.hashsalt"] = "throughput"  # the same figures make the same file
    figure, axes = pyplot.subplots(figsize=(7, 4))
    seconds = [sample.seconds for sample in run.samples]
    axes.plot(seconds, [sample.sent for sample in run.samples], color="#888888", linestyle="--", label="sent")
    axes.plot(seconds, [sample.searchable for sample in run.samples], color="#222222", label="searchable")
    for stage in STAGES:
        queued = [sample.queued[stage] for sample in run.samples]
        axes.plot(seconds, queued, color=_COLOURS[stage], label=f"waiting for the {_name(stage)}")
    axes.set(xlabel="seconds", ylabel="images", title=f"{run.images:,} images")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(PLOT, metadata={"Date": None})
    pyplot.close(figure)
