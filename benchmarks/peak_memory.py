"""The most memory that a process of its own takes for one image."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.contenders import CONTENDERS
from benchmarks.paths import CHECKOUT


def peak_megabytes(contender: str, body: bytes) -> float:
    """Resident, with interpreter and libraries; Linux only."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.peak_memory", contender, file.name]
        said = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    return float(said)


def _high_water_mark() -> float:
    # `getrusage` would not do: a child begins with the peak of the process that started it.
    match = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    if match is None:
        raise RuntimeError("this system does not tell how much memory a process took")
    return int(match[1]) / 1024


if __name__ == "__main__":
    CONTENDERS[sys.argv[1]](Path(sys.argv[2]).read_bytes())
    print(_high_water_mark())
