"""Asks every query of every contender, and sums up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from evaluation import metrics
from evaluation.contenders import Contender
from evaluation.dataset import Query
from evaluation.intervals import Estimate, estimate

DEPTH = 10
"""Places that MRR and NDCG look at: what a person looks at."""


@dataclass(frozen=True)
class Outcome:
    """One query, asked of one contender."""

    query: Query
    contender: str
    ranked: list[str]
    confidence: float | None
    scores: dict[str, float]
    """By measure. A query with something to be found has precision, recall, MRR and NDCG; one without has the true
    negative rate."""


@dataclass(frozen=True)
class Summary:
    """Estimates of each measure, over the queries that have it."""

    contender: str
    baseline: bool
    overall: dict[str, Estimate]
    by_type: dict[str, dict[str, Estimate]]
    """By type of query, then by measure."""
    missed: int
    """Queries with something to be found that gave nothing at all."""


@dataclass(frozen=True)
class Difference:
    """How much better one contender is than another at a measure, on the same queries."""

    better: str
    than: str
    measure: str
    estimate: Estimate


def measures(k: int) -> tuple[str, ...]:
    """The names of all measures, in the order in which they are shown."""
    return (f"precision@{k}", f"recall@{k}", f"MRR@{DEPTH}", f"NDCG@{DEPTH}", TRUE_NEGATIVES)


TRUE_NEGATIVES = "true negatives"
"""Share of the queries with nothing to be found that gave nothing."""
NDCG = f"NDCG@{DEPTH}"


def score(query: Query, ranked: Sequence[str], k: int) -> dict[str, float]:
    """What this answer to `query` is worth, by measure."""
    if not query.answerable:
        return {TRUE_NEGATIVES: float(not ranked)}
    grades = query.expected
    return {
        f"precision@{k}": metrics.precision(ranked, grades, k),
        f"recall@{k}": metrics.recall(ranked, grades, k),
        f"MRR@{DEPTH}": metrics.reciprocal_rank(ranked, grades, DEPTH),
        NDCG: metrics.ndcg(ranked, grades, DEPTH),
    }


def ask_all(
    queries: Sequence[Query], contenders: Sequence[Contender], k: int, progress: Callable[[str], None]
) -> list[Outcome]:
    """Every query, asked of every contender. `progress` is told what is begun."""
    outcomes: list[Outcome] = []
    for contender in contenders:
        progress(f"asking {len(queries)} queries: {contender.name}")
        for query in queries:
            ranked, confidence = contender.ask(query.query)
            outcomes.append(Outcome(query, contender.name, ranked, confidence, score(query, ranked, k)))
    return outcomes


def summarise(outcomes: Sequence[Outcome], contenders: Sequence[Contender]) -> list[Summary]:
    """The contenders' outcomes, over all queries and by type of query."""
    types = list(dict.fromkeys(outcome.query.type for outcome in outcomes))
    summaries: list[Summary] = []
    for contender in contenders:
        own = [outcome for outcome in outcomes if outcome.contender == contender.name]
        of_type = {kind: [outcome for outcome in own if outcome.query.type == kind] for kind in types}
        summaries.append(
            Summary(
                contender=contender.name,
                baseline=contender.baseline,
                overall=_estimates(own),
                by_type={kind: _estimates(those) for kind, those in of_type.items()},
                missed=sum(outcome.query.answerable and not outcome.ranked for outcome in own),
            )
        )
    return summaries


def differences(outcomes: Sequence[Outcome], better: str, measure: str) -> list[Difference]:
    """By how much `better` surpasses each other contender at `measure`."""
    values = {
        name: [
            outcome.scores[measure] for outcome in outcomes if outcome.contender == name and measure in outcome.scores
        ]
        for name in dict.fromkeys(outcome.contender for outcome in outcomes)
    }
    own = values.get(better, [])
    found: list[Difference] = []
    for name, theirs in values.items():
        apart = estimate([ours - other for ours, other in zip(own, theirs, strict=True)]) if name != better else None
        if apart is not None:
            found.append(Difference(better, name, measure, apart))
    return found


def worst(outcomes: Iterable[Outcome], contender: str, measure: str, count: int) -> list[Outcome]:
    """The contender's `count` worst outcomes by `measure`, among those that are not perfect, worst first."""
    own = [outcome for outcome in outcomes if outcome.contender == contender and outcome.scores.get(measure, 1) < 1]
    return sorted(own, key=lambda outcome: (outcome.scores[measure], outcome.query.query))[:count]


def _estimates(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.scores)
    values = {name: [outcome.scores[name] for outcome in outcomes if name in outcome.scores] for name in names}
    found = {name: estimate(those) for name, those in values.items()}
    return {name: value for name, value in found.items() if value is not None}
