"""How good a ranked list is. All measures are from 0 to 1, higher is better.

Grades are 0-3; whatever is above 0 is relevant to the measures that know no grades. A list is of distinct items, best
first; `grades` has every relevant item, found or not, and at least one.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import log2

Grades = Mapping[str, int]


def precision(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """Share of the first `k` places that hold a relevant item; an empty place holds none.

    Manning, Raghavan & Schütze 2008, Introduction to Information Retrieval, 8.4.
    """
    return _found(ranked, grades, k) / k


def recall(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """Share of all relevant items that are among the first `k`. Manning, Raghavan & Schütze 2008, 8.3."""
    return _found(ranked, grades, k) / len(_relevant(grades))


def reciprocal_rank(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """1 / place of the first relevant item, 0 if there is none among the first `k`; its mean over queries is MRR.

    Voorhees 1999, The TREC-8 Question Answering Track Report.
    """
    relevant = _relevant(grades)
    return next((1 / place for place, item in enumerate(ranked[:k], start=1) if item in relevant), 0.0)


def ndcg(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """Normalised discounted cumulative gain of the first `k`: what they gain, over what the best order would.

    Järvelin & Kekäläinen 2002, Cumulated Gain-Based Evaluation of IR Techniques, with the grade itself as gain, and the
    discount log2(1 + place) of Burges et al. 2005 (Learning to Rank Using Gradient Descent), which discounts the second
    place too: trec_eval's `ndcg_cut`.
    """
    gains = (grades.get(item, 0) for item in ranked[:k])
    ideal = sorted(grades.values(), reverse=True)[:k]
    return _discounted(gains) / _discounted(ideal)


def _discounted(gains: Iterable[int]) -> float:
    return sum(gain / log2(1 + place) for place, gain in enumerate(gains, start=1))


def _found(ranked: Sequence[str], grades: Grades, k: int) -> int:
    return len(_relevant(grades).intersection(ranked[:k]))


def _relevant(grades: Grades) -> set[str]:
    return {item for item, grade in grades.items() if grade > 0}
