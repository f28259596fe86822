"""What each function imports, and what that costs: modules counted in a process of its own, and the time of each import
as Python tells it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from typing import NamedTuple

from benchmarks.paths import CHECKOUT
from tests.api_environment import ENVIRONMENT

HANDLERS = tuple(sorted(path.stem for path in (CHECKOUT / "runtime" / "handlers").glob("[!_]*.py")))
OURS, PYTHON = "runtime", "Python's own"
FAMILIES = {
    "annotated_types": "pydantic",
    "pydantic_core": "pydantic",
    "typing_extensions": "pydantic",
    "typing_inspection": "pydantic",
    "psycopg_binary": "psycopg",
    "dateutil": "botocore",
    "jmespath": "botocore",
    "six": "botocore",
    "wrapt": "aws_xray_sdk",
}
"""Packages that are imported for the sake of another."""

REASONS = {
    PYTHON: "asyncio, which psycopg brings, ssl, email, json and a hundred more",
    OURS: "the function itself",
    "urllib3": "connections to AWS's services and to Voyage",
    "psycopg": "PostgreSQL, with libpq",
    "msgspec": "settings, events and rows are checked at the edge",
    "pydantic": "what FastAPI and the Anthropic SDK take and give",
    "aws_lambda_powertools": "logs, metrics and traces",
    "aws_xray_sdk": "a segment of the trace for each event, and for each call of AWS",
    "PIL": "reads and makes images",
    "pillow_heif": "HEIC images, as phones make them",
    "anthropic": "Claude. The vendor's own SDK: it has a module for each type of its API",
    "alembic": "migrations",
    "sqlalchemy": "what Alembic makes migrations by",
    "botocore": "large objects in parts, the chats' table, and the users' pool",
    "boto3": "the chats of an account, by DynamoDB's own types",
    "fastapi": "routes, validation and the API's document",
    "starlette": "what FastAPI is made of",
    "mangum": "API Gateway's events to FastAPI and back",
    "anyio": "threads, in which FastAPI runs its routes",
    "httpx2": "the Anthropic SDK's connections",
    "opentelemetry": "FastAPI and the Anthropic SDK import its interface, which does nothing without an exporter",
}
"""Why a function imports a package, for people."""

_MODULES = "told = sorted(sys.modules)"
_VALIDATORS = """\
from pydantic import BaseModel
def heirs(model):
    for heir in model.__subclasses__():
        yield heir
        yield from heirs(heir)
told = sorted({f"{model.__module__}.{model.__qualname__}" for model in heirs(BaseModel) if model.__pydantic_complete__})
"""
_TELL = """\
import json, sys, runtime.handlers.{handler}
{what}
json.dump(told, sys.stdout)
"""
_TIMED = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \| +(\S+)$", re.MULTILINE)
_VARIABLES = {**ENVIRONMENT, "PATH": "/usr/bin:/bin", "POWERTOOLS_METRICS_NAMESPACE": "Collections"}


class Cost(NamedTuple):
    """A package's part in a function's start."""

    modules: int
    microseconds: int
    """Of its own modules, without those that they import."""


@cache
def packages(handler: str) -> Counter[str]:
    """Modules that are loaded when the function has started, by package. Python's own, which differ from release to
    release, and what the image does not have are left out."""
    counted = Counter(name.partition(".")[0] for name in _ask(handler, _MODULES))
    return Counter({name: counted[name] for name in _of_image() & counted.keys()})


def validators(handler: str) -> list[str]:
    """Our models whose validators are made when the function has started."""
    return [name for name in _ask(handler, _VALIDATORS) if name.startswith(f"{OURS}.")]


def costs(python: str, handler: str, environment: Mapping[str, str]) -> dict[str, Cost]:
    """What importing the function took `python`, by family of packages, in an image's folder that `environment`
    names."""
    command = [python, "-S", "-P", "-X", "importtime", "-c", f"import runtime.handlers.{handler}"]
    run = subprocess.run(command, env={**_VARIABLES, **environment}, capture_output=True, text=True, check=True)
    found: dict[str, Cost] = {}
    for microseconds, module in _TIMED.findall(run.stderr):
        name = family(module.partition(".")[0])
        before = found.get(name, Cost(0, 0))
        found[name] = Cost(before.modules + 1, before.microseconds + int(microseconds))
    return found


def family(package: str) -> str:
    """Whom it is imported for."""
    if package in sys.stdlib_module_names or package.startswith("_"):
        return PYTHON
    return FAMILIES.get(package, package)


def _ask(handler: str, what: str) -> list[str]:
    """What a process that has started the function says of itself."""
    command = [sys.executable, "-c", _TELL.format(handler=handler, what=what)]
    # As on Lambda, where X-Ray's SDK asks for nothing more than it needs there.
    environment = {**_VARIABLES, "PYTHONPATH": str(CHECKOUT), "LAMBDA_TASK_ROOT": str(CHECKOUT)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"{handler} cannot be imported: {run.stderr}")
    return json.loads(run.stdout)


@cache
def _of_image() -> set[str]:
    """The packages of the functions' image, ours included, as they are imported."""
    pinned = re.findall(
        r"^([\w.-]+)(?:\[[\w,]+\])?==", (CHECKOUT / "requirements" / "runtime.txt").read_text(), re.MULTILINE
    )
    wanted = {_normal(name) for name in pinned}
    return {OURS} | {name for name, of in packages_distributions().items() if wanted & set(map(_normal, of))}


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
