"""Results as a page for people and as JSON for machines."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.dataset import Dataset
from evaluation.intervals import RESAMPLES, Estimate
from evaluation.measuring import NDCG, TRUE_NEGATIVES, Difference, Outcome, Summary, worst

_SHOWN_FAILURES = 12
_SHOWN_RESULTS = 3


@dataclass(frozen=True)
class Results:
    """All that was measured of one data set."""

    dataset: Dataset
    embedding: str
    """What made the vectors."""
    looking: str | None
    """What looked at the images, if there were any."""
    measures: tuple[str, ...]
    summaries: list[Summary]
    differences: list[Difference]
    """Of hybrid search to each other contender."""
    outcomes: list[Outcome]


def markdown(results: Results, plot: str) -> str:
    """The report. `plot` is the address of the plot."""
    dataset = results.dataset
    unanswerable = sum(not query.answerable for query in dataset.queries)
    looked = f", images looked at by {results.looking}" if results.looking else ""
    parts = [
        f"## Results: {dataset.name}\n",
        f"{dataset.description}\n",
        f"{len(dataset.documents)} documents, {len(dataset.images)} images, {len(dataset.queries)} queries, "
        f"{unanswerable} of them with nothing to be found. Vectors by {results.embedding}{looked}. In brackets: 95 % "
        f"bootstrap intervals ({RESAMPLES} resamples of the queries). *Nothing* counts the queries that gave nothing "
        "though there was something.\n",
        _overall(results),
        f"![{NDCG} by type of query]({plot})\n",
        f"### {dataset.name}: {NDCG} by type of query\n",
        _by_type(results),
        f"### {dataset.name}: what hybrid search is worth\n",
        f"Difference in {NDCG} on the same queries; an interval without 0 is a difference for sure.\n",
        table(
            ["hybrid over", "difference"],
            [[each.than, _shown(each.estimate, signed=True)] for each in results.differences],
        ),
        f"### {dataset.name}: what hybrid search does worst\n",
        _failures(results.outcomes),
    ]
    return "\n".join(parts)


def as_json(results: Results) -> str:
    """The same figures, and every answer."""
    document: dict[str, Any] = {
        "dataset": results.dataset.name,
        "documents": len(results.dataset.documents),
        "images": len(results.dataset.images),
        "embedding": results.embedding,
        "looking": results.looking,
        "contenders": {
            summary.contender: {
                "baseline": summary.baseline,
                "missed": summary.missed,
                "overall": _estimates(summary.overall),
                "by_type": {kind: _estimates(found) for kind, found in summary.by_type.items()},
            }
            for summary in results.summaries
        },
        "differences": [
            {"better": each.better, "than": each.than, "measure": each.measure, **each.estimate._asdict()}
            for each in results.differences
        ],
        "outcomes": [
            {
                "query": outcome.query.query,
                "type": outcome.query.type,
                "contender": outcome.contender,
                "ranked": outcome.ranked,
                "confidence": outcome.confidence,
                "scores": outcome.scores,
            }
            for outcome in results.outcomes
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown, with columns that are even as text too."""
    widths = [max(3, *(len(line[column]) for line in (header, *rows))) for column in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "".join(f"| {' | '.join(map(str.ljust, line, widths))} |\n" for line in lines)


def _overall(results: Results) -> str:
    measured = [name for name in results.measures if any(name in summary.overall for summary in results.summaries)]
    rows = [
        [_named(summary), *(_shown(summary.overall[name]) for name in measured), str(summary.missed)]
        for summary in results.summaries
    ]
    return table(["", *measured, "nothing"], rows)


def _by_type(results: Results) -> str:
    """A column per contender; queries with nothing to be found have no NDCG, and are shown with what they have."""
    kinds = results.summaries[0].by_type
    rows: list[list[str]] = []
    for kind, measured in kinds.items():
        for name in (NDCG, TRUE_NEGATIVES):
            if name in measured:
                label = kind if name == NDCG else f"{kind} ({name})"
                values = [f"{summary.by_type[kind][name].mean:.2f}" for summary in results.summaries]
                rows.append([label, str(measured[name].queries), *values])
    return table(["", "queries", *map(_named, results.summaries)], rows)


def _failures(outcomes: Sequence[Outcome]) -> str:
    found = worst(outcomes, "hybrid", NDCG, _SHOWN_FAILURES)
    if not found:
        return "Nothing: every answer is the best there is.\n"
    rows = [
        [
            outcome.query.query.replace("|", "\\|"),
            outcome.query.type,
            f"{outcome.scores[NDCG]:.2f}",
            ", ".join(name for name, grade in outcome.query.expected.items() if grade == _best_grade(outcome)),
            ", ".join(outcome.ranked[:_SHOWN_RESULTS]) or "nothing",
        ]
        for outcome in found
    ]
    return table(["query", "type", NDCG, "best answers", "found first"], rows)


def _best_grade(outcome: Outcome) -> int:
    """The best grade that an answer to the query can have."""
    return max(outcome.query.expected.values())


def _named(summary: Summary) -> str:
    return summary.contender if summary.baseline else f"**{summary.contender}**"


def _shown(estimate: Estimate, *, signed: bool = False) -> str:
    # Without z, what is rounded to nothing could be shown as -0.00.
    form = "+z.2f" if signed else ".2f"
    return f"{estimate.mean:{form}} ({estimate.low:{form}} to {estimate.high:{form}})"


def _estimates(found: Mapping[str, Estimate]) -> dict[str, dict[str, float]]:
    return {name: estimate._asdict() for name, estimate in found.items()}
