"""Hybrid search at tenants of all sizes, beside two statements as one usually writes them, and what the API adds.

The usual way asks Postgres twice, for documents that have any of the words in the order of `ts_rank`, and for the
nearest vectors, and fuses the ranks. It does without row-level security, and has the same index over the tenant's
vectors as we do, so that what is compared is how words are ranked, and what two round trips cost.
"""

import statistics
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from benchmarks import search_api
from benchmarks.search_api import ApiTimes
from benchmarks.search_world import Documents, SearchWorld, search_world, tenant_name, word
from runtime.search import sizes
from runtime.search.document import vector_literal
from runtime.search.query import Found, SearchType, search
from runtime.search.way import Way

SIZES = (1_000, 10_000, 100_000)
MANY = 1_000
ITEMS_OF_MANY = 30
QUERIES = 100
EXACT_QUERIES = 40
QUICK_SIZES = (300, 1_200)
QUICK_THRESHOLD = 1_000
"""From which size on tenants are large, so that the small ones of a quick run have indexes too."""
API_ROUNDS = 200
QUICK_ROUNDS = 2
TOP = 10
STOP_WORDS = 20

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True)
class Question:
    """What somebody looks for."""

    words: str
    vector: list[float]


@dataclass(frozen=True)
class Measured:
    """One size of tenant; milliseconds, one of each query."""

    items: int
    tenants: int
    """Of this size."""
    way: Way
    ours: list[float]
    """The database's processor time."""
    usual: list[float]
    ours_wall: list[float]
    """What the client waits, its driver and all the machine's other work included."""
    usual_wall: list[float]
    recall: float
    """Share of the ten best by comparing everything that are among our ten."""

    @property
    def faster(self) -> float:
        """How often ours goes into the usual way's time for the same query, in the middle of all queries."""
        return statistics.median(theirs / mine for theirs, mine in zip(self.usual, self.ours, strict=True))


@dataclass(frozen=True)
class Results:
    """All that was measured of search."""

    sizes: list[Measured]
    api: ApiTimes


@dataclass
class _Stopwatch:
    """What one connection costs, query by query."""

    backend: int
    """Process id of the server's side."""
    processor: list[float] = field(default_factory=list[float])
    wall: list[float] = field(default_factory=list[float])

    def time(self, call: Callable[[], AnswerT]) -> AnswerT:
        processor, started = self._processor_ns(), time.perf_counter()
        answer = call()
        self.wall.append((time.perf_counter() - started) * 1000)
        self.processor.append((self._processor_ns() - processor) / 1e6)
        return answer

    def _processor_ns(self) -> int:
        """Nanoseconds on a processor, by Linux's scheduler. No other process works for the query: Postgres is told to
        use no parallel workers, for ours as for the usual way."""
        return int(Path(f"/proc/{self.backend}/schedstat").read_text().split()[0])


def questions(world: SearchWorld, documents: Documents, count: int, seed: int) -> Iterator[Question]:
    """Two to four words that a document has, and a meaning near its own."""
    rng = np.random.default_rng((31, seed))
    for number in range(count):
        target = int(rng.integers(0, len(documents.ids)))
        # As often as people write them. The first twenty are what a language's stop words are, and not searched for.
        own = documents.words_of(target)
        chosen = np.unique(rng.choice(own[own >= STOP_WORDS], size=int(rng.integers(2, 5))))
        shifted = documents.meaning[target] + 0.4 * rng.standard_normal(len(documents.meaning[target]))
        meaning: NDArray[np.float32] = shifted.astype(np.float32)[None, :]
        vector = world.vectors(meaning, seed * 10_000 + number)[0]
        yield Question(" ".join(word(int(each)) for each in chosen), [float(x) for x in vector])


def ours(world: SearchWorld, user_id: str, question: Question) -> Found:
    """As the API does it."""
    with world.functions.tenant(user_id) as connection:
        return search(
            connection,
            query=question.words,
            vector=question.vector,
            search_type=SearchType.HYBRID,
            top_k=TOP,
            vector_weight=0.6,
            min_confidence=0,
        )


def usual(connection: psycopg.Connection[Any], user_id: str, question: Question) -> list[object]:
    """Two statements, fused by reciprocal rank."""
    user = sql.Literal(user_id)
    by_words = connection.execute(
        sql.SQL("""
            select item_id from search_document,
                   (select replace(plainto_tsquery('collections', %s)::text, '&', '|')::tsquery as wanted) as asked
             where user_id = {} and tsv @@ wanted order by ts_rank(tsv, wanted) desc limit 100
        """).format(user),
        [question.words],
    ).fetchall()
    by_meaning = connection.execute(
        sql.SQL("select item_id from embedding where user_id = {} order by embedding <=> %s limit 100").format(user),
        [vector_literal(question.vector)],
    ).fetchall()
    scores: dict[object, float] = {}
    for rows in (by_words, by_meaning):
        for rank, (item_id,) in enumerate(rows):
            scores[item_id] = scores.get(item_id, 0) + 1 / (60 + rank)
    return sorted(scores, key=lambda item_id: -scores[item_id])[:TOP]


def measure(world: SearchWorld, users: list[str], queries: int, exact_queries: int, seed: int) -> Measured:
    """Ask each question both ways in turns, after a tenth of them that do not count; then compare everything."""
    asked = [
        (user_id, question)
        for place, user_id in enumerate(users)
        for question in questions(world, world.tenants[user_id], -(-queries // len(users)), seed + place)
    ][:queries]
    found: list[Found] = []
    with psycopg.connect(world.superuser, autocommit=True) as connection:
        connection.execute("set hnsw.ef_search = 100")
        for user_id, question in asked[: max(len(asked) // 10, 10)]:
            ours(world, user_id, question)
            usual(connection, user_id, question)
        mine, theirs = _Stopwatch(world.backend()), _Stopwatch(connection.info.backend_pid)
        for user_id, question in asked:
            found.append(mine.time(partial(ours, world, user_id, question)))
            theirs.time(partial(usual, connection, user_id, question))
    with threshold(10**9):
        exact = [ours(world, user_id, question) for user_id, question in asked[:exact_queries]]
    shares = [
        len({hit.item_id for hit in near.hits} & {hit.item_id for hit in all_.hits}) / max(len(all_.hits), 1)
        for near, all_ in zip(found, exact, strict=False)
    ]
    ways = {each.way for each in found}
    if len(ways) != 1:
        raise RuntimeError(f"tenants of one size were searched in several ways: {ways}")
    items = len(world.tenants[users[0]].ids)
    recall = statistics.mean(shares)
    times = (mine.processor, theirs.processor, mine.wall, theirs.wall)
    return Measured(items, len(users), ways.pop(), *times, recall)


def run(*, quick: bool) -> Results:
    """All sizes, then many small tenants, then the API."""
    with threshold(QUICK_THRESHOLD if quick else sizes.EXACT_ITEMS):
        return _run(quick=quick)


def _run(*, quick: bool) -> Results:
    sizes = QUICK_SIZES if quick else SIZES
    many = 20 if quick else MANY
    tenants = {tenant_name(size): size for size in sizes}
    crowd = [tenant_name(number, "crowd") for number in range(many)]
    queries, exact_queries = (3, 3) if quick else (QUERIES, EXACT_QUERIES)
    with search_world(tenants | dict.fromkeys(crowd, ITEMS_OF_MANY)) as world:
        measured: list[Measured] = []
        for user_id, size in tenants.items():
            print(f"measuring: search among {size:,} items", file=sys.stderr)
            measured.append(measure(world, [user_id], queries, exact_queries, size))
        print(f"measuring: search at {many:,} tenants", file=sys.stderr)
        of_crowd = measure(world, crowd[:queries], queries, exact_queries, 1)
        measured.append(replace(of_crowd, tenants=many))
        print("measuring: the API", file=sys.stderr)
        smallest = next(iter(tenants))
        (question,) = questions(world, world.tenants[smallest], 1, 0)
        api = search_api.measure(world, smallest, question.words, QUICK_ROUNDS if quick else API_ROUNDS)
    return Results(measured, api)


@contextmanager
def threshold(items: int) -> Generator[None]:
    """Have tenants count as large from another size on."""
    before = sizes.EXACT_ITEMS
    sizes.EXACT_ITEMS = items
    try:
        yield
    finally:
        sizes.EXACT_ITEMS = before
