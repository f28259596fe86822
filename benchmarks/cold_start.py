"""How long a function takes from the start of its process to its first answer, under AWS's runtime client."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from benchmarks import warm
from benchmarks.cold_libraries import LIBRARIES, libraries
from benchmarks.cold_world import Event, Function, World, cold_world, image_path, start
from benchmarks.imports import Cost, costs
from benchmarks.timing import Spread, ratio
from benchmarks.warm import Warm
from local.runtime_api import RuntimeApi
from tests.image import contents
from tests.image.contents import Contents
from tests.image.scratch import interpreter

ROUNDS = 15
IMPORT_ROUNDS = 5
WARM_ROUNDS, WARM_ITEMS = 4, 10
"""Invocations of a running function, and items that it knows, for each cold start."""
LISTED = ("sweeper", "image_processor", "embedder", "analyzer", "api", "batcher", "worker", "migrate")
"""Handlers whose imports are told."""
BARE = "bare client"
_SECONDS = 60
_BARE_HANDLER = """\
def handler(event, context):
    return {}
"""
AIMS = {
    "sweeper": 7,
    "image processor": 8,
    "embedder": 14,
    "analyzer": 36,
    "API, /health": 20,
    "API, first /search": 28,
}
"""The most that each function may take, as a multiple of the bare client."""


class Start(NamedTuple):
    """Milliseconds of one cold start."""

    init: float
    """From the start of the process until the runtime client asks for work."""
    first: float
    """The first invocation."""
    processor: float
    """What the process has computed meanwhile, which other work on the machine hardly changes."""

    @property
    def whole(self) -> float:
        return self.init + self.first


@dataclass(frozen=True)
class ColdStart:
    """All starts of one function."""

    name: str
    init: Spread
    first: Spread
    whole: Spread
    ratio: Spread
    """Of the whole to the bare client's, in the same rounds."""
    processor_ratio: Spread


@dataclass(frozen=True)
class ColdStarts:
    """All that was measured."""

    starts: list[ColdStart]
    libraries: list[ColdStart]
    """By themselves; see `benchmarks.cold_libraries`."""
    imports: dict[str, dict[str, Cost]]
    """By handler, what importing it took by package: the middle of some runs."""
    installed: Contents
    """What we add to AWS's base image."""
    warm: list[Warm]
    """The same functions once they run."""


def measure(rounds: int = ROUNDS) -> ColdStarts:
    """Start every function `rounds` times, in turns, after a round that does not count."""
    with cold_world() as world:
        installed = contents.measure(world.task)
        (world.task / "bare.py").write_text(_BARE_HANDLER)
        bare = Function(BARE, "bare.handler", {}, dict, lambda _: None)
        functions = (bare, *world.functions, *libraries(world.task))
        starts: Mapping[str, list[Start]] = {function.name: [] for function in functions}
        for number in range(rounds + 1):
            for function in functions:
                taken = _start_once(world, function, function.event())
                if number:
                    starts[function.name].append(taken)
        imports = {handler: _imports(world, handler, min(rounds, IMPORT_ROUNDS)) for handler in LISTED}
        running = warm.measure(world, bare, WARM_ROUNDS * rounds, min(warm.ITEMS, WARM_ITEMS * rounds))
    compared = _compared(starts)
    functions_only, alone = ([each for each in compared if (each.name in LIBRARIES) is of] for of in (False, True))
    return ColdStarts(functions_only, alone, imports, installed, running)


def _compared(starts: Mapping[str, list[Start]]) -> list[ColdStart]:
    return [
        ColdStart(
            name,
            Spread.of([each.init for each in taken]),
            Spread.of([each.first for each in taken]),
            Spread.of([each.whole for each in taken]),
            ratio([each.whole for each in taken], [each.whole for each in starts[BARE]]),
            ratio([each.processor for each in taken], [each.processor for each in starts[BARE]]),
        )
        for name, taken in starts.items()
    ]


def _imports(world: World, handler: str, rounds: int) -> dict[str, Cost]:
    runs = [costs(interpreter(), handler, image_path(world)) for _ in range(rounds)]
    return {
        name: Cost(cost.modules, round(median(run[name].microseconds for run in runs)))
        for name, cost in runs[0].items()
    }


def _start_once(world: World, function: Function, event: Event) -> Start:
    with RuntimeApi() as api:
        began = time.perf_counter()
        process = start(world, function.command, {"AWS_LAMBDA_RUNTIME_API": api.address, **function.variables})
        try:
            answer = api.invoke(event, _SECONDS)
            ended = time.perf_counter()
        finally:
            process.kill()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if answer.kind != "response" or api.asked_at is None:
        raise RuntimeError(f"{function.name} did not work: {answer.body}")
    function.check(answer.body)
    return Start((api.asked_at - began) * 1000, (ended - api.asked_at) * 1000, (used.ru_utime + used.ru_stime) * 1000)


if __name__ == "__main__":
    measured = measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
    for each in measured.starts + measured.libraries:
        aim = f"at most {AIMS[each.name]}" if each.name in AIMS else ""
        ratios = f"{each.ratio.median:6.1f}{each.processor_ratio.median:6.1f}"
        print(f"{each.name:58}{each.init.median:6.0f}{each.first.median:6.0f} ms {ratios}  {aim}")
