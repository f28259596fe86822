"""What imaging takes for one image, beside others who make the same two files of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.contenders import CONTENDERS
from benchmarks.handler import handler_at_work
from benchmarks.peak_memory import peak_megabytes
from benchmarks.pictures import photograph, screenshot
from benchmarks.timing import Spread, Times, ratio, take_turns

OURS = "imaging"
MOST_MEGABYTES = 300


@dataclass(frozen=True)
class Case:
    """An image, and who is compared on it."""

    title: str
    picture: Callable[[], bytes]
    contenders: Sequence[str]
    rounds: int
    compared_with: str
    at_most: float | None = None
    """Aim for the ratio of processor times, ours to `compared_with`'s."""


CASES = (
    Case(
        "48 MP photograph (8000 x 6000, JPEG)", partial(photograph, 8000, 6000), (OURS, "libvips"), 21, "libvips", 1.3
    ),
    Case("12 MP photograph (4000 x 3000, JPEG)", partial(photograph, 4000, 3000), (OURS, "libvips"), 21, "libvips"),
    Case(
        "Screenshot (600 x 1300, PNG)",
        screenshot,
        (OURS, "plain Pillow", "plain Pillow, thumbnail only", "libvips"),
        61,
        "plain Pillow",
        1.2,
    ),
)
HANDLER_ROUNDS = 41
QUICK_ROUNDS = 2


@dataclass(frozen=True)
class Row:
    """One contender on one image; milliseconds and megabytes."""

    contender: str
    processor: Spread
    wall: Spread
    megabytes: float


@dataclass(frozen=True)
class Comparison:
    """What came of a case."""

    case: Case
    size: int
    """Of the file, in bytes."""
    rows: list[Row]
    processor: Spread
    """Ratio, ours to the one that it is compared with."""
    wall: Spread


@dataclass(frozen=True)
class Aim:
    """What was to be reached, and what was."""

    what: str
    at_most: float
    measured: float

    @property
    def met(self) -> bool:
        return self.measured <= self.at_most


def compare(case: Case, rounds: int) -> Comparison:
    """Measure everybody's time in turns, and the memory of each in a process of its own."""
    body = case.picture()
    times = take_turns({name: partial(CONTENDERS[name], body) for name in case.contenders}, rounds)
    rows = [
        Row(name, Spread.of(took.processor), Spread.of(took.wall), peak_megabytes(name, body))
        for name, took in times.items()
    ]
    ours, theirs = times[OURS], times[case.compared_with]
    return Comparison(case, len(body), rows, ratio(ours.processor, theirs.processor), ratio(ours.wall, theirs.wall))


def aims(comparisons: Sequence[Comparison]) -> list[Aim]:
    """All of them, the memory of the largest image included."""
    ratios = [
        Aim(f"{each.case.title}: times {each.case.compared_with}", each.case.at_most, each.processor.median)
        for each in comparisons
        if each.case.at_most is not None
    ]
    largest = max(comparisons, key=lambda each: each.size)
    (ours,) = (row for row in largest.rows if row.contender == OURS)
    return [*ratios, Aim(f"{largest.case.title}: peak megabytes", MOST_MEGABYTES, ours.megabytes)]


def handler_overhead(rounds: int) -> dict[str, Times]:
    """The handler's time for a screenshot beside imaging's alone, and the difference."""
    body = screenshot()
    with handler_at_work() as at_work:
        messages = iter([at_work.upload(body) for _ in range(rounds + 1)])
        times = take_turns(
            {
                "handler": lambda: at_work.handle(next(messages)),
                OURS: partial(CONTENDERS[OURS], body),
            },
            rounds,
        )
    differences = (
        [whole - part for whole, part in zip(times["handler"][kind], times[OURS][kind], strict=True)] for kind in (0, 1)
    )
    return {**times, "overhead": Times(*differences)}
