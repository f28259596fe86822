"""Outcomes are summed up over the right queries, and compared on the same ones."""

import pytest

from evaluation.collection import Answer
from evaluation.contenders import Contender, reciprocal_rank_fusion
from evaluation.dataset import Query
from evaluation.measuring import NDCG, TRUE_NEGATIVES, Outcome, ask_all, differences, summarise, worst

QUERIES = [
    Query(query="cat", type="exact", expected={"cat": 3}),
    Query(query="tea", type="paraphrase", expected={"bill": 3}),
    Query(query="dog", type="nothing", expected={}),
]


def answering(name: str, **answers: list[str]) -> Contender:
    def ask(query: str) -> Answer:
        return Answer(answers.get(query, []), None)

    return Contender(name, ask)


GOOD = answering("good", cat=["cat", "bill"], tea=["bill"])
POOR = answering("poor", cat=["bill", "cat"], dog=["cat"])


def asked() -> list[Outcome]:
    return ask_all(QUERIES, [GOOD, POOR], 1, lambda _: None)


def test_only_a_query_without_an_answer_can_be_a_true_negative() -> None:
    good, poor = summarise(asked(), [GOOD, POOR])

    assert (good.overall[TRUE_NEGATIVES].mean, poor.overall[TRUE_NEGATIVES].mean) == (1, 0)
    assert good.overall[TRUE_NEGATIVES].queries == 1
    assert (good.overall["recall@1"].queries, good.overall["recall@1"].mean) == (2, 1)
    assert (good.missed, poor.missed) == (0, 1)


def test_types_of_query_are_summed_up_apart() -> None:
    _, poor = summarise(asked(), [GOOD, POOR])

    assert list(poor.by_type) == ["exact", "paraphrase", "nothing"]
    assert poor.by_type["exact"]["MRR@10"].mean == pytest.approx(1 / 2)
    assert poor.by_type["paraphrase"]["MRR@10"].mean == 0
    assert list(poor.by_type["nothing"]) == [TRUE_NEGATIVES]


def test_contenders_are_compared_query_by_query() -> None:
    (found,) = differences(asked(), "good", "MRR@10")

    assert (found.than, found.estimate.queries) == ("poor", 2)
    assert found.estimate.mean == pytest.approx((1 / 2 + 1) / 2)


def test_the_worst_are_those_that_are_not_perfect_worst_first() -> None:
    assert [outcome.query.query for outcome in worst(asked(), "poor", NDCG, 9)] == ["tea", "cat"]
    assert worst(asked(), "good", NDCG, 9) == []


def test_fusing_ranks_prefers_what_both_lists_have() -> None:
    # 1/61 + 1/63 for b, 1/61 for a, 1/62 for c.
    assert reciprocal_rank_fusion([["a", "c", "b"], ["b"]]) == ["b", "a", "c"]
    assert reciprocal_rank_fusion([["x"], ["a"]]) == ["a", "x"]
