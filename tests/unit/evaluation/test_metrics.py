"""The measures, against values computed by hand and against what has to hold of any list."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics import ndcg, precision, recall, reciprocal_rank

GRADES = {"a": 3, "b": 2, "c": 1, "d": 0}
MEASURES = (precision, recall, reciprocal_rank, ndcg)

items = st.integers(0, 12).map(str)
rankings = st.lists(items, unique=True, max_size=12)
gradings = st.dictionaries(items, st.integers(0, 3), min_size=1).filter(lambda grades: any(grades.values()))
depths = st.integers(1, 15)


def test_precision_counts_places_and_recall_relevant_items() -> None:
    ranked = ["a", "x", "c", "y", "b"]

    assert precision(ranked, GRADES, 3) == pytest.approx(2 / 3)
    assert recall(ranked, GRADES, 3) == pytest.approx(2 / 3)
    assert precision(ranked, GRADES, 5) == pytest.approx(3 / 5)
    assert recall(ranked, GRADES, 5) == 1


def test_an_item_of_grade_0_is_not_relevant() -> None:
    assert precision(["d"], GRADES, 1) == 0
    assert reciprocal_rank(["d", "c"], GRADES, 10) == pytest.approx(1 / 2)


def test_places_that_stay_empty_count_against_precision() -> None:
    assert precision(["a"], GRADES, 5) == pytest.approx(1 / 5)


def test_the_reciprocal_rank_looks_no_further_than_its_depth() -> None:
    assert reciprocal_rank(["x", "y", "a"], GRADES, 3) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x", "y", "a"], GRADES, 2) == 0


def test_ndcg_discounts_grades_by_the_logarithm_of_their_place() -> None:
    # Found 1, 3, nothing, 2; best would be 3, 2, 1.
    gained = 1 / log2(2) + 3 / log2(3) + 2 / log2(5)
    best = 3 / log2(2) + 2 / log2(3) + 1 / log2(4)

    assert ndcg(["c", "a", "x", "b"], GRADES, 10) == pytest.approx(gained / best)
    assert gained / best == pytest.approx(0.788377, abs=1e-6)


def test_ndcg_at_a_depth_compares_with_the_best_of_that_depth() -> None:
    assert ndcg(["a", "b"], GRADES, 2) == 1
    assert ndcg(["a"], GRADES, 2) == pytest.approx(3 / (3 + 2 / log2(3)))


@given(rankings, gradings, depths)
def test_every_measure_is_between_0_and_1(ranked: list[str], grades: dict[str, int], k: int) -> None:
    for measure in MEASURES:
        assert 0 <= measure(ranked, grades, k) <= 1 + 1e-12


@given(gradings, depths)
def test_the_best_order_has_an_ndcg_of_1_and_what_is_not_relevant_has_nothing(grades: dict[str, int], k: int) -> None:
    best = sorted(grades, key=lambda item: -grades[item])

    assert ndcg(best, grades, k) == pytest.approx(1)
    for measure in MEASURES:
        assert measure(["elsewhere"], grades, k) == 0


@given(rankings, gradings, depths)
def test_what_stands_beyond_the_depth_does_not_count(ranked: list[str], grades: dict[str, int], k: int) -> None:
    for measure in MEASURES:
        assert measure(ranked, grades, k) == measure(ranked[:k], grades, k)


@given(rankings, gradings, depths, st.data())
def test_moving_the_better_of_two_neighbours_up_never_harms(
    ranked: list[str], grades: dict[str, int], k: int, data: st.DataObject
) -> None:
    if len(ranked) < 2:
        return
    place = data.draw(st.integers(0, len(ranked) - 2))
    first, second = ranked[place : place + 2]
    if grades.get(second, 0) < grades.get(first, 0):
        return

    swapped = [*ranked[:place], second, first, *ranked[place + 2 :]]

    for measure in MEASURES:
        assert measure(swapped, grades, k) >= measure(ranked, grades, k) - 1e-12
