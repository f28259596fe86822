"""What the processes that this one started use, and have used."""

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 0.5


class Usage(NamedTuple):
    """Of this process and all that it started, themselves or through others."""

    processor_seconds: dict[str, float]
    """By part, since the watch began; of processes that have ended too."""
    megabytes: float
    """Now, without this process. Pages that processes share count once (PSS)."""


@contextmanager
def watch_processes() -> Generator[Callable[[], Usage]]:
    """Looks at all processes twice a second: what one uses in the half second before its end is not seen."""
    used: dict[tuple[int, str], tuple[str, float]] = {}
    lock, ended = threading.Lock(), threading.Event()

    def look() -> None:
        found = list(_descendants(os.getpid()))
        with lock:
            for process, started, part, seconds in found:
                used[process, started] = (part, seconds)

    def keep_looking() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            look()

    def usage() -> Usage:
        look()
        seconds: defaultdict[str, float] = defaultdict(float)
        with lock:
            for part, spent in used.values():
                seconds[part] += spent
        return Usage(dict(seconds), _megabytes())

    watch = threading.Thread(target=keep_looking, name="watch", daemon=True)
    watch.start()
    try:
        yield usage
    finally:
        ended.set()
        watch.join()


def _descendants(of: int) -> Generator[tuple[int, str, str, float]]:
    """Each process: its id, when it started, which part it belongs to, and seconds of processor time."""
    waiting = [of]
    while waiting:
        process = waiting.pop()
        with suppress(FileNotFoundError, ProcessLookupError):
            folder = Path(f"/proc/{process}")
            # After the name, which may have anything in it: state is field 3, utime 14, stime 15, starttime 22.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            part = "client" if process == of else part_of(command)
            yield process, fields[19], part, (int(fields[11]) + int(fields[12])) / _TICKS
            for thread in (folder / "task").iterdir():
                with suppress(FileNotFoundError, ProcessLookupError):
                    waiting.extend(map(int, (thread / "children").read_text().split()))


def part_of(command: str) -> str:
    """The part of the stack that a process with this command line is."""
    if "postgres" in command.partition(" ")[0]:
        return "database"
    if "local.models" in command:
        return "model stand-ins"
    handler = command.partition("runtime.handlers.")[2]
    return handler.partition(".")[0] or "emulator"


def _megabytes() -> float:
    own = os.getpid()
    kilobytes = 0
    for process, *_ in _descendants(own):
        if process != own:
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
                kilobytes += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return kilobytes / 1024
