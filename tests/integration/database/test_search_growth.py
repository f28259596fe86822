"""How many rows a search reads, as Postgres counts them, grows no faster than it is meant to."""

import json
import re
from collections.abc import Iterator, Mapping
from statistics import mean
from typing import Any

import psycopg
import pytest

from benchmarks.baseline import off
from benchmarks.search import ours, questions, threshold
from benchmarks.search_world import DATABASE, SearchWorld, search_world
from runtime.migrations.upgrade import FUNCTIONS_ROLE
from runtime.search.way import Way

SMALL, LARGE = "small", "large"
ITEMS = {SMALL: 1_000, LARGE: 4_000}
QUESTIONS = 5
LINEAR = 4 * 1.1
"""Times the rows for four times the items, with what is read whatever their number and by how the words fall."""


@pytest.fixture(scope="module")
def world() -> Iterator[SearchWorld]:
    """Both tenants have indexes of their own, which are used where the test says so."""
    with threshold(min(ITEMS.values()) // 2), search_world(ITEMS) as world:
        with psycopg.connect(world.superuser, autocommit=True) as connection:
            for setting in (
                "session_preload_libraries = auto_explain",
                "auto_explain.log_min_duration = 0",
                "auto_explain.log_nested_statements = on",
                "auto_explain.log_analyze = on",
                "auto_explain.log_timing = off",
                "auto_explain.log_buffers = off",
                "auto_explain.log_format = json",
            ):
                connection.execute(f"alter role {FUNCTIONS_ROLE} in database {DATABASE} set {setting}".encode())
        yield world


def rows_read(world: SearchWorld, user_id: str, way: Way) -> float:
    """By a search, in the mean of a few."""
    counts: list[float] = []
    for question in questions(world, world.tenants[user_id], QUESTIONS, 0):
        before = len(world.log.read_bytes())
        assert ours(world, user_id, question).way is way
        written = world.log.read_bytes()[before:].decode()
        plans = re.findall(r"plan:\n((?:\t.*\n)+)", written)
        counts.append(sum(_rows(json.loads(plan)["Plan"]) for plan in plans))
    return mean(counts)


def _rows(node: Mapping[str, Any]) -> float:
    """Of the plan's leaves: what was handed on, and what was read and left."""
    if below := node.get("Plans"):
        return sum(map(_rows, below))
    left = sum(rows for name, rows in node.items() if name.startswith("Rows Removed by"))
    return (node["Actual Rows"] + left) * node["Actual Loops"]


@pytest.mark.baseline
def test_rows_grow_with_the_items_as_is_written_down(world: SearchWorld) -> None:
    with threshold(max(ITEMS.values())):
        exact = rows_read(world, LARGE, Way.EXACT) / rows_read(world, SMALL, Way.EXACT)
    indexed = rows_read(world, LARGE, Way.INDEXED) / rows_read(world, SMALL, Way.INDEXED)

    assert off("growth with four times the items", {"comparing everything": exact, "by indexes": indexed}) == []
    assert exact < LINEAR
    assert indexed < LINEAR / 2, "indexes nominate about as many, however many there are"
