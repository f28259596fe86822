"""Bootstrap intervals hold the mean, narrow with the number of queries, and are the same each time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.intervals import estimate

values = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_of_nothing_there_is_no_estimate() -> None:
    assert estimate([]) is None


@given(values)
def test_an_interval_holds_within_the_values_and_repeats_itself(measured: list[float]) -> None:
    found = estimate(measured)

    assert found is not None
    assert found.mean == pytest.approx(sum(measured) / len(measured))
    assert min(measured) - 1e-9 <= found.low <= found.high <= max(measured) + 1e-9
    assert found == estimate(measured)


def test_equal_values_leave_no_doubt() -> None:
    assert estimate([0.5] * 9) == (0.5, 0.5, 0.5, 9)


def test_the_interval_is_as_wide_as_the_spread_of_the_mean() -> None:
    # 100 queries, half of them right: the standard error is .05, and 95 % is 1.96 of them to either side.
    found = estimate([0.0, 1.0] * 50)

    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.402, 0.598), abs=0.015)


def test_more_queries_make_it_narrower() -> None:
    few, many = estimate([0.0, 1.0] * 5), estimate([0.0, 1.0] * 200)

    assert few is not None
    assert many is not None
    assert many.high - many.low < (few.high - few.low) / 3
