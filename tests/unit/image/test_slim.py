"""What is taken out of the image, and what has to stay."""

from pathlib import Path
from typing import get_args

import pytest

from runtime.clients import Service
from runtime.slim import SERVICES, normalise, slim


@pytest.fixture
def task(tmp_path: Path) -> Path:
    for file in (
        "botocore/data/s3/service.json",
        "botocore/data/quantum/service.json",
        "botocore/data/endpoints.json",
        "numpy/core.py",
        "numpy/core.pyi",
        "numpy/tests/test_core.py",
        "runtime/handlers/api.py",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("")
    return tmp_path


def test_only_what_functions_use_stays(task: Path) -> None:
    slim(task)

    assert sorted(path.relative_to(task).as_posix() for path in task.rglob("*") if path.is_file()) == [
        "botocore/data/endpoints.json",
        "botocore/data/s3/service.json",
        "numpy/core.py",
        "runtime/handlers/api.py",
    ]


def test_everybody_may_read_and_nothing_says_when(task: Path) -> None:
    (task / "numpy" / "core.py").chmod(0o600)

    normalise(task)

    everything = [task, *task.rglob("*")]
    assert {path.stat().st_mtime for path in everything} == {0}
    assert {path.stat().st_mode & 0o777 for path in everything} == {0o755, 0o644}


def test_every_service_that_a_function_calls_stays() -> None:
    assert {"s3", "sqs", "events"} <= set(get_args(Service)) <= SERVICES
