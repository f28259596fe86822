"""What is left of an answer when its citations have been checked."""

from uuid import uuid4

import pytest

from runtime.answers.cited import CitedAnswer, Support, check
from runtime.claude import NoAnswerError

KNOWN, OTHER, FOREIGN = uuid4(), uuid4(), uuid4()
CONFIDENCE = {KNOWN: 0.8, OTHER: 0.5}


def given(*citations: object, support: Support = Support.STATED) -> CitedAnswer:
    return CitedAnswer(citations=[str(each) for each in citations], support=support, answer="Monday")


def test_citations_of_what_was_not_shown_are_dropped() -> None:
    answer = check(given(FOREIGN, OTHER, "1", OTHER, KNOWN, "'; drop table item"), CONFIDENCE)

    assert answer.citations == [OTHER, KNOWN]


@pytest.mark.parametrize(("support", "confidence"), [(Support.STATED, 0.8), (Support.INFERRED, 0.48)])
def test_the_surest_cited_item_bounds_the_confidence(support: Support, confidence: float) -> None:
    assert check(given(OTHER, KNOWN, support=support), CONFIDENCE).confidence == confidence


def test_an_answer_that_rests_on_nothing_that_exists_is_not_passed_on() -> None:
    with pytest.raises(NoAnswerError, match="traced"):
        check(given(FOREIGN), CONFIDENCE)


def test_not_finding_it_needs_no_citation_and_has_no_confidence() -> None:
    answer = check(given(KNOWN, support=Support.NOT_FOUND), CONFIDENCE)

    assert (answer.text, answer.confidence, answer.citations) == ("Monday", 0, [])
