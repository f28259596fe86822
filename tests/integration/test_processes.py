"""Child processes are waited for, reported when they die, and never outlive the stack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.ports import HOST, Ports
from local.processes import Process, ProcessError

SERVER = """
import http.server, signal, sys
print("hello from the log", flush=True)
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def make(tmp_path: Path, code: str, *arguments: str, ready_within: float = 10) -> Process:
    port = Ports.free().emulator
    return Process(
        "the server",
        [sys.executable, "-c", code, str(port), *arguments],
        health=f"http://{HOST}:{port}/",
        log=tmp_path / "logs" / "server.log",
        environment={"PATH": os.environ["PATH"]},
        folder=tmp_path,
        ready_within=ready_within,
    )


def test_it_is_ready_when_it_answers_and_gone_when_it_is_stopped(tmp_path: Path) -> None:
    process = make(tmp_path, SERVER)
    process.start()
    process.wait_until_ready()
    pid = process.pid

    assert process.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not process.died


def test_one_that_ends_instead_of_starting_is_reported_with_its_last_words(tmp_path: Path) -> None:
    process = make(tmp_path, "raise SystemExit('no such model')")
    process.start()

    with pytest.raises(ProcessError, match=r"the server ended by itself \(exit code 1\)\n  no such model"):
        process.wait_until_ready()


def test_one_that_never_answers_is_given_up_on(tmp_path: Path) -> None:
    process = make(tmp_path, "import time; print('thinking', flush=True); time.sleep(60)", ready_within=0.5)
    process.start()

    with pytest.raises(ProcessError, match=r"the server was not ready after 0\.5 s\n  thinking"):
        process.wait_until_ready()
    assert process.stop()


def test_one_that_does_not_want_to_stop_is_killed(tmp_path: Path) -> None:
    process = make(tmp_path, SERVER, "stubborn")
    process.start()
    process.wait_until_ready()

    assert not process.stop(within=0.3)

    with pytest.raises(ProcessError, match="is not started"):
        _ = process.pid


PARENT = """
import sys
from pathlib import Path
from local.processes import Process
process = Process("child", [sys.executable, "-c", "import time; time.sleep(600)"], health="http://127.0.0.1:1/",
                  log=Path(sys.argv[1]), environment={}, folder=Path.cwd(), ready_within=1)
process.start()
print(process.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to its parent's")
def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()

    deadline = time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    """A zombie that nobody has buried yet has ended, too."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
