"""The evaluation can be run, and search finds in the repository's data set at least this well.

The floors are loose: they tell search that works from search that does not, not one good way from another.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evaluation.command import SHIPPED
from local.stack import CHECKOUT

pytestmark = pytest.mark.timeout(600)

OURS = ("bm25", "vector", "hybrid")
FLOORS = {"NDCG@10": 0.88, "recall@5": 0.9, "MRR@10": 0.88}
"""Of hybrid search, with the stand-in's vectors."""
TRUE_NEGATIVES = 0.45
"""Of the queries with nothing to be found, the share that has to give nothing."""
MISSED = 6
"""Of the eighty others, how many may give nothing."""
MARGIN = 0.03
"""What hybrid search may lose to the better of its legs, which differ by chance on so few queries."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results for the data set of documents, by the command itself."""
    out = tmp_path_factory.mktemp("evaluation")
    command = [sys.executable, "-m", "evaluation", str(SHIPPED[0]), "--out", str(out), "--no-baselines"]
    run = subprocess.run(command, cwd=CHECKOUT, env=environment(), capture_output=True, text=True, timeout=560)
    assert run.returncode == 0, run.stderr
    return out / SHIPPED[0].stem


@pytest.fixture(scope="module")
def results(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text())


def environment() -> dict[str, str]:
    """A shell's, whatever earlier tests left in this process's own, and without keys of the vendors."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}


def overall(results: dict[str, Any], contender: str, measure: str) -> float:
    return results["contenders"][contender]["overall"][measure]["mean"]


def test_every_query_is_asked_of_every_search_and_written_down(folder: Path, results: dict[str, Any]) -> None:
    queries = json.loads(SHIPPED[0].read_text())["queries"]

    for contender in OURS:
        asked = [outcome["query"] for outcome in results["outcomes"] if outcome["contender"] == contender]
        assert asked == [query["query"] for query in queries]
        assert f"| **{contender}** " in (folder / "report.md").read_text()
    assert "NDCG@10" in (folder / "plot.svg").read_text()


def test_baselines_are_asked_of_the_same_collection(tmp_path: Path) -> None:
    whole: dict[str, Any] = json.loads(SHIPPED[0].read_text())
    queries: list[dict[str, Any]] = [
        {"query": "Rye loaf", "type": "exact", "expected": {whole["documents"][0]["id"]: 3}},
        {"query": "サッカーの試合", "type": "nothing", "expected": {}},
    ]
    few = whole | {"name": "few", "documents": whole["documents"][:3], "queries": queries}
    (tmp_path / "few.json").write_text(json.dumps(few))
    command = [sys.executable, "-m", "evaluation", str(tmp_path / "few.json"), "--out", str(tmp_path)]

    run = subprocess.run(command, cwd=CHECKOUT, env=environment(), capture_output=True, text=True, timeout=560)

    assert run.returncode == 0, run.stderr
    measured = json.loads((tmp_path / "few" / "results.json").read_text())
    baselines = {name for name, found in measured["contenders"].items() if found["baseline"]}
    assert baselines >= {"OR + ts_rank", "cosine", "RRF of bm25 and vector", "hybrid without floor"}
    for name in baselines:
        assert overall(measured, name, "NDCG@10") == 1
    # None of those that rank by meaning can tell that nothing matches.
    assert overall(measured, "cosine", "true negatives") == 0


@pytest.mark.parametrize("measure", FLOORS)
def test_hybrid_search_finds_well(results: dict[str, Any], measure: str) -> None:
    assert overall(results, "hybrid", measure) >= FLOORS[measure]


def test_hybrid_search_is_no_worse_than_the_better_of_its_legs(results: dict[str, Any]) -> None:
    better = max(overall(results, leg, "NDCG@10") for leg in ("bm25", "vector"))

    assert overall(results, "hybrid", "NDCG@10") >= better - MARGIN


def test_hybrid_search_says_when_nothing_matches_and_hides_little_that_does(results: dict[str, Any]) -> None:
    assert overall(results, "hybrid", "true negatives") >= TRUE_NEGATIVES
    assert results["contenders"]["hybrid"]["missed"] <= MISSED


def test_a_file_that_is_no_data_set_is_refused_with_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text('{"name": "own", "description": "", "queries": []}')

    run = subprocess.run(
        [sys.executable, "-m", "evaluation", str(file)], cwd=CHECKOUT, env=environment(), capture_output=True, text=True
    )

    assert run.returncode == 2
    assert "queries: " in run.stderr
    assert "Traceback" not in run.stderr
