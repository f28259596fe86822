"""Child processes: started in the background, waited for until ready, stopped in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LAUNCHER = Path(__file__).with_name("child_launch.py")
_POLL_SECONDS = 0.02
_LAST_LINES = 15


def tied_to_us(command: Sequence[str], *, ending: signal.Signals = signal.SIGTERM, user: str = "-") -> list[str]:
    """`command`, to be run as a child that is sent `ending` when the *thread* that started it ends, as we then have.

    `user` is whom it runs as; `-` for the same as we.
    """
    return [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), ending.name, user, *command]


class ProcessError(Exception):
    """A process did not start, or ended by itself; the message has the last lines of its log."""


def last_lines(log: Path) -> str:
    """The end of a log, a line break before each line."""
    return "".join(f"\n  {line}" for line in log.read_text(errors="replace").splitlines()[-_LAST_LINES:])


class Process:
    """A program that answers HTTP, is ours, and does not outlive us.

    It runs in a session of its own: Ctrl-C in the terminal is for us, and we then stop it in order.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        health: str,
        log: Path,
        environment: Mapping[str, str],
        folder: Path,
        ready_within: float,
    ) -> None:
        """`health` is a URL that answers 200 once the program is ready, `ready_within` is in seconds."""
        self.name = name
        self.log = log
        self._command = tied_to_us(command)
        self._health = health
        self._environment = dict(environment)
        self._folder = folder
        self._ready_within = ready_within
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ProcessError(f"{self.name} is not started")
        return self._process.pid

    @property
    def died(self) -> bool:
        """Whether it was started, and has ended without being stopped."""
        return self._process is not None and self._process.poll() is not None

    def obituary(self) -> ProcessError:
        """Says that it ended, and with which last lines."""
        code = self._process.returncode if self._process else None
        return ProcessError(f"{self.name} ended by itself (exit code {code}){last_lines(self.log)}")

    def start(self) -> None:
        """Returns at once; `wait_until_ready` tells whether that went well.

        The kernel ties a child's life to the *thread* that started it, hence a thread that lives as long as it.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        started = threading.Event()

        def run() -> None:
            with self.log.open("wb") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self._folder,
                    env=self._environment,
                    start_new_session=True,
                )
            started.set()
            self._process.wait()

        threading.Thread(target=run, name=self.name, daemon=True).start()
        started.wait()

    def wait_until_ready(self) -> None:
        """Raises ProcessError if the process ends, or is not ready in time."""
        deadline = time.monotonic() + self._ready_within
        while not self._answers():
            if self.died:
                raise self.obituary()
            if time.monotonic() > deadline:
                raise ProcessError(f"{self.name} was not ready after {self._ready_within:g} s{last_lines(self.log)}")
            time.sleep(_POLL_SECONDS)

    def stop(self, within: float = 20) -> bool:
        """Asks the process to end, and kills it if it has not after `within` seconds.

        False if it had to be killed or was not running.
        """
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return False
        process.terminate()
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return False
        return True

    def _answers(self) -> bool:
        try:
            # Loopback: whatever proxy the environment names has no business with it.
            return httpx.get(self._health, timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False
