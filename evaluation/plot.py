"""The plot: NDCG of each contender, over all queries and by type of query."""

from pathlib import Path
from typing import Any, cast

import matplotlib as mpl

from evaluation.measuring import NDCG, Summary
from evaluation.report import Results

mpl.use("Agg")
# The same file for the same figures; text stays text.
mpl.rcParams.update({"svg.hashsalt": "collections", "svg.fonttype": "none", "font.family": "sans-serif"})

_OURS = ("#0b4f6c", "#01a7c2", "#f26419", "#7b2d8b")
_BASELINES = ("#f7b491", "#8d99ae", "#b8bfcc", "#d3d7df", "#6c757d")
_INK, _RULE = "#444444", "#e3e3e3"
_BAR_INCHES = 0.1
_WIDTH_INCHES = 8


def draw(results: Results, file: Path) -> None:
    """Write the plot as SVG, on white, so that it can be read on a dark page too."""
    from matplotlib.figure import Figure

    summaries = results.summaries
    kinds = [kind for kind, measured in summaries[0].by_type.items() if NDCG in measured]
    groups = ["all", *kinds]
    step = len(summaries) + 1.5
    height = 1 + len(groups) * step * _BAR_INCHES
    figure = cast("Any", Figure(figsize=(_WIDTH_INCHES, height), layout="constrained"))
    axes = figure.subplots()
    for index, (summary, colour) in enumerate(zip(summaries, _colours(summaries), strict=True)):
        places = [group * step + index for group in range(len(groups))]
        values = [_of(summary, group) for group in groups]
        means = [value[0] for value in values]
        axes.barh(places, means, height=0.85, color=colour, label=summary.contender)
        axes.errorbar(
            means,
            places,
            xerr=[[mean - low for mean, low, _ in values], [high - mean for mean, _, high in values]],
            fmt="none",
            ecolor=_INK,
            elinewidth=0.7,
            capsize=1.5,
        )
    axes.set_yticks([group * step + (len(summaries) - 1) / 2 for group in range(len(groups))], groups)
    axes.margins(y=0.01)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.02)
    axes.set_xlabel(f"{NDCG}, with 95 % intervals")
    axes.xaxis.grid(visible=True, color=_RULE)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize="small")
    figure.savefig(file, format="svg", metadata={"Date": None})


def _colours(summaries: list[Summary]) -> list[str]:
    ours, baselines = iter(_OURS), iter(_BASELINES)
    return [next(baselines if summary.baseline else ours) for summary in summaries]


def _of(summary: Summary, group: str) -> tuple[float, float, float]:
    """Mean, low and high of all queries, or of those of one type."""
    estimate = (summary.overall if group == "all" else summary.by_type[group])[NDCG]
    return estimate.mean, estimate.low, estimate.high
