"""A figure that differs from the baseline by more than its tolerance is told, in both directions."""

import json
from pathlib import Path

import pytest

from benchmarks import baseline

MODULES = "modules of a function"
STATEMENTS = "statements of an operation"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps({MODULES: {"api": 100, "sweeper": 200}, STATEMENTS: {"GET /items": 5}}))
    monkeypatch.setattr(baseline, "BASELINE", path)
    monkeypatch.delenv(baseline.RENEWING, raising=False)
    return path


def test_what_is_within_the_tolerance_passes() -> None:
    assert baseline.off(MODULES, {"api": 105, "sweeper": 190}) == []


@pytest.mark.parametrize("modules", [94, 106])
def test_what_is_beyond_it_is_told(modules: int) -> None:
    (told,) = baseline.off(MODULES, {"api": modules, "sweeper": 200})

    assert told == f"api: {modules}, the baseline has 100 (tolerance 5%)"


def test_one_statement_more_is_told() -> None:
    assert len(baseline.off(STATEMENTS, {"GET /items": 6})) == 1


def test_what_is_new_or_gone_is_told() -> None:
    assert baseline.off(MODULES, {"api": 100, "worker": 300}) == [
        "sweeper: not in the baseline any more",
        "worker: 300, which is not in the baseline",
    ]


def test_renewing_writes_what_is_measured_of_one_kind(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(baseline.RENEWING, "1")

    assert baseline.off(MODULES, {"api": 150}) == []

    assert json.loads(file.read_text()) == {MODULES: {"api": 150}, STATEMENTS: {"GET /items": 5}}
