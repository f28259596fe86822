"""The benchmarks can be run; what they measure is no test's business, for it depends on the machine."""

import subprocess
import sys

import pytest

from local.stack import CHECKOUT
from tests.conftest import SHELL

UPLOADED = ("the command", "a bare loop")
SEARCHED = ("300", "1,200", "30, of 20 tenants", "search through the handler")
PIPED = ("4", "image_processor", "model stand-ins")
STARTED = ("bare client", "sweeper", "image processor", "embedder", "analyzer", "API, /health", "API, first /search")


@pytest.mark.timeout(620)
def test_everything_that_is_compared_can_be_measured() -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick"]

    run = subprocess.run(command, cwd=CHECKOUT, env=SHELL, capture_output=True, text=True, timeout=600)

    assert run.returncode == 0, run.stderr
    compared = ("imaging", "libvips", "plain Pillow", "handler", "overhead", "import typer")
    for measured in (*compared, *UPLOADED, *SEARCHED, *STARTED, *PIPED):
        assert f"| {measured} " in run.stdout
