"""Uploading many files at once, so that an interruption loses nothing: whatever is not there yet is what the next run
sends. The state is the service's own, by each file's hash; nothing is kept here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from collections_cli.failures import (
    ApiError,
    ExpectedError,
    FileChangedError,
    NotSignedInError,
    UnreachableError,
    UnsupportedFileError,
    sentence,
)

if TYPE_CHECKING:
    from collections_cli.client import Client

WORKERS = 8
"""Files at a time."""
ATTEMPTS = 5
"""For what may go by itself: a dropped connection, a throttle, a service that restarts."""
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 20.0

ResultT = TypeVar("ResultT")


class Outcome(StrEnum):
    """What became of a file."""

    UPLOADED = "uploaded"
    EXISTED = "existed"
    FAILED = "failed"


@dataclass(frozen=True)
class Result:
    """What became of one file, and why."""

    path: Path
    outcome: Outcome
    item_id: str | None = None
    reason: str | None = None


class Watcher(Protocol):
    """Is told what happens, from several threads."""

    def started(self, path: Path) -> None:
        """Work on a file begins."""
        ...

    def sent(self, path: Path, count: int) -> None:
        """So many more bytes of it are on their way."""
        ...

    def again(self, path: Path) -> None:
        """It is sent from its beginning."""
        ...

    def finished(self, result: Result) -> None:
        """It is over."""
        ...


class StoppedError(Exception):
    """Somebody has stopped the uploading."""


@dataclass
class Uploading:
    """One run. `stop` may be called from anywhere."""

    client: Client
    watcher: Watcher
    workers: int = WORKERS
    results: list[Result] = field(default_factory=list[Result])
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, paths: Sequence[Path]) -> None:
        """Upload the files; `results` has each that was dealt with.

        Raises what concerns all files alike, such as `UnreachableError` and `NotSignedInError`, once what is on its way
        has ended; and `KeyboardInterrupt`.
        """
        with ThreadPoolExecutor(self.workers, thread_name_prefix="upload") as pool:
            tasks = {pool.submit(self._one, path) for path in paths}
            try:
                while tasks:
                    done, _ = wait(tasks, return_when=FIRST_COMPLETED)
                    for task in done:
                        self._take(task)
                        tasks.discard(task)
            except BaseException:
                self.stop()
                pool.shutdown(wait=True, cancel_futures=True)
                self._keep_finished(tasks)
                raise

    def stop(self) -> None:
        """End what is on its way at the next piece, and begin nothing more."""
        self._stopped.set()

    def _take(self, task: Future[Result]) -> None:
        result = task.result()
        self.results.append(result)
        self.watcher.finished(result)

    def _keep_finished(self, tasks: set[Future[Result]]) -> None:
        """What came to its end while the rest was being stopped."""
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception() is None:
                self._take(task)

    def _one(self, path: Path) -> Result:
        """Upload one file. What is the file's own fault is its result; what concerns all is raised."""
        self._require_going()
        self.watcher.started(path)

        def sent(count: int) -> None:
            self._require_going()
            self.watcher.sent(path, count)

        def attempt() -> Result:
            self.watcher.again(path)
            upload = self.client.upload(path, sent)
            return Result(path, Outcome.EXISTED if upload.existed else Outcome.UPLOADED, upload.item_id)

        try:
            return persistent(attempt, self._stopped)
        except (NotSignedInError, UnreachableError):
            raise
        except FileNotFoundError:
            return Result(path, Outcome.FAILED, reason="It vanished before it was sent.")
        except (ApiError, FileChangedError, UnsupportedFileError, OSError) as error:
            if isinstance(error, ApiError) and error.status == 401:
                raise
            return Result(path, Outcome.FAILED, reason=sentence(error))

    def _require_going(self) -> None:
        if self._stopped.is_set():
            raise StoppedError


def persistent(attempt: Callable[[], ResultT], stopped: threading.Event) -> ResultT:
    """The result of `attempt`, which is made again when something failed that may go by itself. Raises the last
    failure, and `StoppedError`."""
    pause = FIRST_PAUSE_SECONDS
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except (ApiError, UnreachableError) as error:
            wanted = _pause_after(error)
            if wanted is None:
                raise
            if stopped.wait(max(pause, wanted)):
                raise StoppedError from error
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
    return attempt()


def _pause_after(error: ExpectedError) -> float | None:
    """Seconds to wait at least, or None when waiting does not help."""
    if isinstance(error, ApiError):
        if not error.passing:
            return None
        return min(error.retry_after or 0.0, LONGEST_PAUSE_SECONDS)
    return 0.0
