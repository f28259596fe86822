"""What is taken out of the image, and what has to stay."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from runtime.slim import normalise, slim

ENDPOINTS: dict[str, Any] = {"partitions": [{"partition": "aws", "services": {"s3": {"endpoints": {}}, "quantum": {}}}]}
DESCRIBED = {
    "documentation": "All about it",
    "operations": {
        "GetObject": {"name": "GetObject", "documentation": "How to get one", "output": {"shape": "Object"}},
        "TurnToGold": {"name": "TurnToGold", "output": {"shape": "Gold"}},
    },
    "shapes": {
        "Object": {"type": "structure", "members": {"shape": {"shape": "Form", "documentation": "What it looks like"}}},
        "Form": {"type": "structure", "members": {"documentation": {"shape": "Text"}}},
        "Text": {"type": "string"},
        "Gold": {"type": "string"},
        "NoSuchThing": {"type": "structure", "exception": True, "members": {"code": {"shape": "Code"}}},
        "Code": {"type": "integer"},
    },
}


@pytest.fixture
def task(tmp_path: Path) -> Path:
    for file in (
        "botocore/data/quantum/service.json",
        "numpy/core.py",
        "numpy/core.pyi",
        "numpy/tests/test_core.py",
        "pydantic/main.py",
        "pydantic/v1/main.py",
        "runtime/handlers/api.py",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("")
    data = tmp_path / "botocore" / "data"
    (data / "endpoints.json").write_text(json.dumps(ENDPOINTS))
    (data / "s3" / "2006").mkdir(parents=True)
    for name in ("service-2.json.gz", "examples-1.json.gz"):
        (data / "s3" / "2006" / name).write_bytes(gzip.compress(json.dumps(DESCRIBED).encode()))
    return tmp_path


def test_only_what_functions_use_stays(task: Path) -> None:
    slim(task)

    assert sorted(path.relative_to(task).as_posix() for path in task.rglob("*") if path.is_file()) == [
        "botocore/data/endpoints.json",
        "botocore/data/s3/2006/service-2.json",
        "numpy/core.py",
        "pydantic/main.py",
        "runtime/handlers/api.py",
    ]


def test_of_aws_stays_what_calls_need(task: Path) -> None:
    slim(task)

    data = task / "botocore" / "data"
    (partition,) = json.loads((data / "endpoints.json").read_text())["partitions"]
    assert partition == {"partition": "aws", "services": {"s3": {"endpoints": {}}}}
    assert json.loads((data / "s3" / "2006" / "service-2.json").read_text()) == {
        "documentation": "",
        "operations": {"GetObject": {"name": "GetObject", "documentation": "", "output": {"shape": "Object"}}},
        "shapes": {
            "Object": {"type": "structure", "members": {"shape": {"shape": "Form", "documentation": ""}}},
            "Form": {"type": "structure", "members": {"documentation": {"shape": "Text"}}},
            "Text": {"type": "string"},
            "NoSuchThing": {"type": "structure", "exception": True, "members": {"code": {"shape": "Code"}}},
            "Code": {"type": "integer"},
        },
    }


def test_everybody_may_read_and_nothing_says_when(task: Path) -> None:
    (task / "numpy" / "core.py").chmod(0o600)

    normalise(task)

    everything = [task, *task.rglob("*")]
    assert {path.stat().st_mtime for path in everything} == {0}
    assert {path.stat().st_mode & 0o777 for path in everything} == {0o755, 0o644}
