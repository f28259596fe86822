"""Taking turns: what is compared is measured alternately, so that whatever else the machine does befalls all alike."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """The middle of many measurements, and where the middle half of them lies."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)


class Times(NamedTuple):
    """Milliseconds, one of each round."""

    processor: list[float]
    """Of all threads together: what a function with one processor needs."""
    wall: list[float]


def take_turns(work: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """How long each took, by name, after a round that does not count."""
    times = {name: Times([], []) for name in work}
    for number in range(rounds + 1):
        for name, call in work.items():
            gc.collect()
            processor, wall = time.process_time(), time.perf_counter()
            call()
            if number:
                times[name].processor.append((time.process_time() - processor) * 1000)
                times[name].wall.append((time.perf_counter() - wall) * 1000)
    return times


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Of what was measured in the same rounds."""
    return Spread.of([one / other for one, other in zip(ours, theirs, strict=True)])
