"""What packages import later in the image: nobody misses anything."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime import late_imports
from runtime.late_imports import DECLARATIONS, DEFERRED, FIXED, HANDED_ON, VERSIONS, CannotDeferError, defer

SITE = Path(importlib.util.find_spec("psycopg").origin or "").parents[1]  # pyright: ignore[reportOptionalMemberAccess]
LISTED = sorted({*DEFERRED, *VERSIONS, *FIXED, *DECLARATIONS})
MODULES = [file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in LISTED]
LATE = {
    "asyncio",
    "importlib.metadata",
    "aws_lambda_powertools.utilities.jmespath_utils",
    "psycopg.connection_async",
    "aws_lambda_powertools.utilities.parser",
    "aws_lambda_powertools.utilities.data_classes.alb_event",
}
"""What the functions' packages would import."""
_VERSION = {"__doc__", "metadata"}
_TYPES = {"DynamoDBStreamRecordModel", "KafkaRecordModel", "KinesisDataStreamRecordModel", "SqsRecordModel"}
GONE = {
    "psycopg.version": _VERSION,
    "psycopg_binary.version": _VERSION,
    # As where pydantic is not installed.
    "aws_lambda_powertools.utilities.batch.types": {"has_pydantic", "BatchTypeModels", "BatchSqsTypeModel", *_TYPES},
    "aws_lambda_powertools.utilities.batch.base": {"BatchTypeModels", "BatchEventTypes"},
    "aws_lambda_powertools.utilities.batch": {"BatchTypeModels"},
}
"""By module, names that are something else, or missing."""

LOADED = """
import json, sys
import pydantic, aws_xray_sdk.core, urllib3, psycopg, aws_lambda_powertools.utilities.batch.types
from aws_lambda_powertools.utilities.batch import BatchProcessor, process_partial_response
print(json.dumps([*sys.modules]))
"""
NAMES = """
import json, sys
from importlib import import_module

import pydantic

def told(value):
    if isinstance(value, (str, bool)):
        return [value]
    return [type(value).__name__, getattr(value, "__module__", ""), getattr(value, "__qualname__", "")]

import psycopg
modules = [import_module(name) for name in sys.argv[1:]]
for module in modules:
    for name in dir(module):
        getattr(module, name)
names = {
    module.__name__: {name: told(getattr(module, name)) for name in {*dir(module)} - {"__file__", "__cached__"}}
    for module in modules
}
print(json.dumps(names))
"""
CALLS = """
import asyncio, json, psycopg, wrapt

address = "host=localhost hostaddr=127.0.0.1 port=1"
failures = []
try:
    psycopg.connect(address)
except psycopg.OperationalError as error:
    failures.append(str(error))
try:
    asyncio.run(psycopg.AsyncConnection.connect("host=localhost port=1"))
except psycopg.OperationalError as error:
    failures.append(str(error))

@wrapt.synchronized
async def answer():
    return "answered"

# Imported with the package, if not by its name.
hook = wrapt.importer.when_imported.__name__
print(json.dumps([all("refused" in each for each in failures), len(failures), asyncio.run(answer()), hook]))
"""


@pytest.fixture(scope="module", name="task")
def _task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that are written anew, before all others."""
    task = tmp_path_factory.mktemp("task")
    packages = [SITE / name for name in {file.partition("/")[0] for file in LISTED}]
    for package in (*packages, *SITE.glob("*.libs"), *SITE.glob("psycopg*.dist-info")):
        shutil.copytree(package, task / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    defer(task)
    return task


def _said(script: str, *arguments: str, path: Path = SITE) -> Any:
    environment = {
        **os.environ,
        "PYTHONPATH": str(path),
        "AWS_XRAY_SDK_ENABLED": "false",
        "PYDANTIC_DISABLE_PLUGINS": "1",
    }
    command = [sys.executable, "-c", script, *arguments]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def test_a_start_does_not_import_what_it_does_not_need(task: Path) -> None:
    loaded = {*_said(LOADED, path=task)}

    assert loaded & LATE == set()
    assert {*_said(LOADED)} >= LATE


def test_each_name_is_what_it_was(task: Path) -> None:
    whole, ours = _said(NAMES, *MODULES), _said(NAMES, *MODULES, path=task)

    for module, names in whole.items():
        kept = {name: told for name, told in names.items() if name not in GONE.get(module, set())}
        assert {name: told for name, told in ours[module].items() if name in kept} == kept, module


def test_what_is_imported_later_works(task: Path) -> None:
    assert _said(CALLS, path=task) == _said(CALLS) == [True, 2, "answered", "when_imported"]


SMALL = "small.py"
CONDITIONAL = "import asyncio\nif True:\n    Lock = asyncio.Lock"
REFUSED: list[tuple[str, Any, str, str]] = [
    ("DEFERRED", {"other.py": ["asyncio"]}, "import asyncio", "other.py is not there"),
    ("DEFERRED", {SMALL: ["asyncio"]}, "import json", "small.py does not import all of asyncio"),
    (
        "DEFERRED",
        {SMALL: [HANDED_ON]},
        "from json import loads\nloads('1')",
        "small.py does not import all of handed on",
    ),
    ("DEFERRED", {SMALL: ["asyncio"]}, "import asyncio\nasyncio.run(None)", "small.py, line 2,"),
    ("DEFERRED", {SMALL: ["asyncio"]}, CONDITIONAL, "small.py, line 3,"),
    ("DEFERRED", {SMALL: ["asyncio"]}, "import asyncio\nLock = asyncio.Lock\nlock = Lock()", "small.py, line 2,"),
    ("DEFERRED", {SMALL: ["asyncio"]}, "import asyncio\ndef lock(of=asyncio.Lock): ...", "small.py, line 2,"),
    ("DEFERRED", {SMALL: ["time"]}, "from time import sleep\ndef wait(sleep):\n    sleep()", "small.py, line 2,"),
    ("VERSIONS", {SMALL: "psycopg"}, "__version__ = '1'", "small.py does not look up the version of psycopg"),
    ("FIXED", {SMALL: ("has_pydantic", False)}, "has_numpy = True", "small.py has no has_pydantic"),
    ("DECLARATIONS", (SMALL,), "class Row: ...", "small.py has no TypedDict"),
]
"""A table, what it lists, the file, and what is said of it."""


@pytest.mark.parametrize(("table", "listed", "text", "why"), REFUSED)
def test_a_file_that_is_not_as_expected_is_refused_by_its_name(
    table: str, listed: Any, text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DEFERRED", "VERSIONS", "FIXED", "DECLARATIONS"):
        monkeypatch.setattr(late_imports, name, listed if name == table else {})
    (tmp_path / SMALL).write_text(text)

    with pytest.raises(CannotDeferError, match=f"^{why}"):
        defer(tmp_path)
