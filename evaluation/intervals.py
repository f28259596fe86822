"""How sure a mean over few queries is: bootstrap intervals, the same ones each time."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RESAMPLES = 2000
SEED = 20020422
_CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A mean, and the 95 % interval that it is known within."""

    mean: float
    low: float
    high: float
    queries: int
    """How many it is the mean of."""


def estimate(values: Sequence[float]) -> Estimate | None:
    """The mean of one value per query, with its percentile bootstrap interval (Efron & Tibshirani 1993, An Introduction
    to the Bootstrap, 13.3): queries are drawn again, with replacement, `RESAMPLES` times. None of no values.

    Of differences between two contenders on the same queries it is the paired bootstrap: they differ for sure where
    the interval leaves out 0.
    """
    if not values:
        return None
    measured = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(SEED).integers(len(measured), size=(RESAMPLES, len(measured)))
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(measured[drawn].mean(axis=1), [tail, 1 - tail])
    return Estimate(float(measured.mean()), float(low), float(high), len(measured))
