"""The benchmarks can be run; what they measure is no test's business, for it depends on the machine."""

import re
import subprocess
import sys

import pytest

from benchmarks.baseline import off
from local.stack import CHECKOUT
from tests.conftest import SHELL

UPLOADED = ("the command", "a bare loop")
SEARCHED = ("300", "1,200", "30, of 20 tenants", "search through the handler")
PIPED = ("4", "image_processor", "model stand-ins")
RUNNING = ("bare route", "GET /items, 100 of them", "POST /search, answered", "POST /uploads")
STARTED = ("bare client", "sweeper", "image processor", "embedder", "analyzer", "API, /health", "API, first /search")


@pytest.fixture(scope="module")
def told() -> str:
    """What a quick run shows."""
    command = [sys.executable, "-m", "benchmarks", "--quick"]
    run = subprocess.run(command, cwd=CHECKOUT, env=SHELL, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.timeout(620)
def test_everything_that_is_compared_can_be_measured(told: str) -> None:
    compared = ("imaging", "libvips", "plain Pillow", "handler", "overhead", "import typer")
    for measured in (*compared, *UPLOADED, *SEARCHED, *STARTED, *RUNNING, *PIPED):
        assert f"| {measured} " in told


@pytest.mark.baseline
@pytest.mark.timeout(620)
def test_the_image_is_as_large_as_is_written_down(told: str) -> None:
    """Its steps are executed to measure how functions start, so they need not be again."""
    megabytes = {
        name: float(size) for name, size in re.findall(r"^\| (unpacked|compressed) +\| ([\d.]+)", told, re.MULTILINE)
    }

    assert off("megabytes of the image", megabytes) == []
