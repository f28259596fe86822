"""What was measured stays until it is measured again."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import results


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "benchmarks.json"
    monkeypatch.setattr(results, "RESULTS", path)
    return path


def test_a_part_replaces_what_was_measured_of_it_and_nothing_else(file: Path) -> None:
    results.keep("search", {"p95": 9})
    results.keep("starts", {"sweeper": 12, "api": 26})
    results.keep("starts", {"sweeper": 7})

    assert json.loads(file.read_text()) == {"search": {"p95": 9}, "starts": {"sweeper": 7}}


def test_what_cannot_be_written_leaves_the_file_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results.keep("search", {"p95": 9})

    def full(path: Path, text: str) -> int:
        path.write_bytes(text.encode()[:5])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="no space"):
        results.keep("starts", {"sweeper": 7})

    assert json.loads(file.read_text()) == {"search": {"p95": 9}}


def test_figures_that_are_no_json_leave_the_file_as_it_was(file: Path) -> None:
    results.keep("search", {"p95": 9})

    figures: dict[str, Any] = {"p95": object()}
    with pytest.raises(TypeError):
        results.keep("search", figures)

    assert json.loads(file.read_text()) == {"search": {"p95": 9}}


def test_the_checked_in_file_has_every_part() -> None:
    from benchmarks.__main__ import PARTS

    assert json.loads(results.RESULTS.read_text()).keys() == PARTS.keys()
