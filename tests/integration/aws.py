"""An AWS of one's own: the emulator on a free port, forgotten afterwards."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from local.emulator import Emulator
from local.ports import Ports

REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
CHECKOUT = Path(__file__).parents[2]


@contextmanager
def running_emulator(folder: Path) -> Generator[str]:
    """The address of an emulator that keeps its files in `folder`."""
    python = CHECKOUT / ".venvs" / "emulator" / "bin" / "python"
    emulator = Emulator(folder, Ports.free().emulator, python=python, region=REGION, log=folder / "emulator.log")
    emulator.start()
    try:
        emulator.wait_until_ready()
        yield emulator.url
    finally:
        emulator.stop()
