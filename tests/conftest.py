"""What every function's environment says. It is read when `runtime` is imported."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

SHELL = dict(os.environ)
"""The environment that the tests were started in: for processes that are to be as a person's."""

os.environ.setdefault("STACK", "test")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Collections")
# Pulumi's gRPC would otherwise act, and write, in every process that a test forks after it was used: in terminals too.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

ALONE = {
    "test_soak.py",
    "test_stack_survival.py",
    "test_benchmarks.py",
    "test_evaluation.py",
    "test_provisioner.py",
    "test_any_settings.py",
    "test_deploy_order.py",
}
"""Files that start all they need themselves, so that nothing is saved by running them beside their neighbours."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of a folder share a database or a stack, so one process runs them, the longest first."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item.path)))
    items.sort(key=lambda item: _LONGEST_FIRST.get(_group(item.path), len(_LONGEST_FIRST)))


def _group(path: Path) -> str:
    return path.name if path.name in ALONE else str(path.parent)


def _longest() -> Iterator[str]:
    folder = Path(__file__).parent / "integration"
    yield "test_soak.py"
    yield from (str(folder / name) for name in ("stack", "pipeline", "permissions", "api"))


_LONGEST_FIRST = {group: rank for rank, group in enumerate(_longest())}
