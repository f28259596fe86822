"""How long a function takes that runs already: the API's operations and the steps of the pipeline, under AWS's runtime
client, beside a route of FastAPI that does nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.cold_world import USER, Event, Function, World, start
from benchmarks.report import shown, table
from benchmarks.timing import Spread, ratio
from local.runtime_api import RuntimeApi
from tests.gateway import JSON, gateway_event

ITEMS = 100
"""Of the user, searchable: as many as a page of a list has at most."""
BEFORE = 3
"""Invocations that do not count."""
BARE_ROUTE = "bare route"
_SECONDS = 60
_BARE_ROUTE = """\
from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()


@app.get("/")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


handler = Mangum(app, lifespan="off")
"""

_INTRODUCTION = f"""## Functions that run already

The same functions and surroundings, the processes kept: each figure is the median of many invocations, after some that
do not count. A route of FastAPI behind Mangum that does nothing is the *bare route*, and takes turns with the others;
the *bare client* is what the runtime client and its other side on this machine take of all. The user has {ITEMS}
searchable items, and a few more with each round. *Waited* is until the answer is there, with the database, the emulated
AWS and the stand-ins at work; *processor* is what the function itself computes meanwhile.

"""

_ARRANGED = """
What keeps answers short:

- **Routes are called where they are** (`runtime/api/routing.py`). FastAPI would give each to a thread, and the check of
  what it returned to another; a function has one request at a time, which would wait for both.
- **Links are signed in microseconds** (`runtime/aws/signing.py`): botocore looks up address and key anew for each, and
  a page of a hundred items has three hundred. They are the same, byte by byte, and need no call.
- **A transaction begins on one way to the database**: its beginning names the tenant, and tells whether the connection
  is alive. Clients and connections are made once.
- **A search is one round trip** (`runtime/search/query.py`) for who has searched in the same process before: what is
  known of a tenant's documents decides how they are searched, and both are asked at once. With filters, or when
  something was added meanwhile, it is two.
- **An operation has as many statements for fifty items as for one**, and an image as many in a batch as alone
  ([what must not grow unseen](develop.md#what-must-not-grow-unseen)).
"""


@dataclass(frozen=True)
class Warm:
    """One operation."""

    name: str
    waited: Spread
    """Milliseconds, as the next one."""
    processor: Spread
    waited_ratio: Spread
    """To the bare route in the same rounds, as the next one."""
    processor_ratio: Spread


class _Taken(NamedTuple):
    """Milliseconds of one invocation."""

    waited: float
    processor: float


@dataclass(frozen=True)
class _Operation:
    name: str
    function: str
    """Whose process it is."""
    event: Callable[[], Event]
    check: Callable[[Any], None]
    """Raises `ValueError` when the answer says that it has not worked."""


@dataclass(frozen=True)
class _Running:
    """A function's process."""

    api: RuntimeApi
    pid: int

    def ask(self, operation: _Operation) -> tuple[Any, _Taken]:
        event = operation.event()
        computed, began = self._processor_ns(), time.perf_counter()
        answer = self.api.invoke(event, _SECONDS)
        waited = (time.perf_counter() - began) * 1000
        taken = _Taken(waited, (self._processor_ns() - computed) / 1e6)
        if answer.kind != "response":
            raise RuntimeError(f"{operation.name} did not work: {answer.body}")
        operation.check(answer.body)
        return answer.body, taken

    def _processor_ns(self) -> int:
        """Of the process's first thread, which does all the work."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0])


def measure(world: World, bare: Function, rounds: int, items: int) -> list[Warm]:
    """Invoke everything `rounds` times, in turns, once there are so many searchable items; `bare` imports nothing."""
    (world.task / "bare_route.py").write_text(_BARE_ROUTE)
    by_name = {function.name: function for function in world.functions}
    with ExitStack() as stack:

        def run(command: str, **variables: str) -> _Running:
            return stack.enter_context(_running(world, command, variables))

        steps = {name: by_name[name] for name in ("image processor", "analyzer", "embedder")}
        running = {name: run(step.command, **step.variables) for name, step in steps.items()}
        running["API"] = run("runtime.handlers.api.handler")
        running[bare.name], running[BARE_ROUTE] = run(bare.command), run("bare_route.handler")
        for _ in range(items):
            running["embedder"].ask(_of_step(steps["embedder"]))
        operations = [
            _of_step(bare),
            _Operation(BARE_ROUTE, BARE_ROUTE, lambda: _request("GET", "/"), _has_answered),
            *_of_api(running["API"], items),
            *map(_of_step, steps.values()),
        ]
        taken: dict[str, list[_Taken]] = {operation.name: [] for operation in operations}
        for number in range(BEFORE + rounds):
            for operation in operations:
                _, each = running[operation.function].ask(operation)
                if number >= BEFORE:
                    taken[operation.name].append(each)
    return [_beside(name, times, taken[BARE_ROUTE]) for name, times in taken.items()]


def section(warm: list[Warm]) -> str:
    """In Markdown."""
    rows = [
        [
            each.name,
            f"{each.waited_ratio.median:.1f}",
            shown(each.waited, 1),
            f"{each.processor_ratio.median:.1f}",
            shown(each.processor, 1),
        ]
        for each in warm
    ]
    header = ["", "waited, times the bare route", "ms", "processor, times", "ms"]
    return _INTRODUCTION + table(header, rows) + _ARRANGED


def figures(warm: list[Warm]) -> dict[str, Any]:
    """For machines."""
    return {
        each.name: {
            "waited_ms": each.waited._asdict(),
            "waited_times_bare_route": each.waited_ratio._asdict(),
            "processor_ms": each.processor._asdict(),
            "processor_times_bare_route": each.processor_ratio._asdict(),
        }
        for each in warm
    }


def _beside(name: str, taken: list[_Taken], bare: list[_Taken]) -> Warm:
    waited, processor = ([getattr(each, kind) for each in taken] for kind in _Taken._fields)
    bare_waited, bare_processor = ([getattr(each, kind) for each in bare] for kind in _Taken._fields)
    return Warm(
        name, Spread.of(waited), Spread.of(processor), ratio(waited, bare_waited), ratio(processor, bare_processor)
    )


@contextmanager
def _running(world: World, command: str, variables: dict[str, str]) -> Generator[_Running]:
    with RuntimeApi() as api:
        process = start(world, command, {"AWS_LAMBDA_RUNTIME_API": api.address, **variables})
        try:
            yield _Running(api, process.pid)
        finally:
            process.kill()
            process.wait()


def _of_step(step: Function) -> _Operation:
    return _Operation(step.name, step.name, step.event, step.check)


def _of_api(api: _Running, items: int) -> list[_Operation]:
    """What people ask for most."""

    def operation(name: str, event: Callable[[], Event]) -> _Operation:
        return _Operation(name, "API", event, _has_answered)

    # Not what the uploads of each round announce, of which there is little to show.
    page: dict[str, str | int] = {"status": "searchable", "limit": ITEMS}
    listing = operation(f"GET /items, {ITEMS} of them", lambda: _request("GET", "/items", query=page))
    answer, _ = api.ask(listing)
    listed = json.loads(answer["body"])["items"]
    if len(listed) < items:
        raise RuntimeError(f"{items} items were to be listed, not {len(listed)}")
    query = {"query": "coffee receipt"}
    upload = {"filename": "a.png", "content_type": "image/png", "size": 1000}
    return [
        operation("GET /version", lambda: _request("GET", "/version")),
        operation("POST /uploads", lambda: _request("POST", "/uploads", upload)),
        operation("GET /items/{item_id}", lambda: _request("GET", f"/items/{listed[0]['id']}")),
        listing,
        operation("POST /search, bm25", lambda: _request("POST", "/search", {**query, "search_type": "bm25"})),
        operation("POST /search", lambda: _request("POST", "/search", query)),
        operation("POST /search, answered", lambda: _request("POST", "/search", {**query, "include_answer": True})),
    ]


def _request(method: str, path: str, body: object = None, query: dict[str, str | int] | None = None) -> Event:
    content = b"" if body is None else json.dumps(body).encode()
    return gateway_event(method, path, USER, query or {}, content, JSON if content else None, {})


def _has_answered(answer: Any) -> None:
    if answer["statusCode"] not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        raise ValueError(f"the API: {answer}")
