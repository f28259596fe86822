"""How soon `collections` answers, and how fast it uploads where nothing holds it up."""

from __future__ import annotations

import json
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from benchmarks.imaging import Aim
from benchmarks.paths import CHECKOUT
from benchmarks.report import shown, table
from benchmarks.timing import Spread, ratio
from collections_cli.client import Client
from collections_cli.uploading import WORKERS, Outcome, Result, Uploading
from components.settings import StackSettings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

ROUNDS = 25
QUICK_ROUNDS = 3
AT_MOST, MOST_BUSY = 4.0, 0.5
S3_RATE = 3500
"""Objects that S3 takes in a second under one prefix (Amazon S3 User Guide, "Best practices design patterns")."""
FILES, FILE_BYTES = 500, 20_000
QUICK_FILES = 20

BARE, HELP = "bare Python", "collections --help"
COMMANDS = {
    BARE: ("-c", "pass"),
    HELP: ("-m", "collections_cli", "--help"),
    "import typer": ("-c", "import typer"),
    "collections upload --help": ("-m", "collections_cli", "upload", "--help"),
}


class Starts(NamedTuple):
    """Milliseconds of wall time, and what they are of bare Python's of the same rounds."""

    wall: Spread
    times_bare: Spread


class Upload(NamedTuple):
    """What the client can do where API and store answer at once."""

    files: int
    files_per_second: float
    processor_ms: float
    """For each file, of all threads."""


def start_up(rounds: int) -> Mapping[str, Starts]:
    """How long each takes from its start to its end, in turns."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(CHECKOUT / "cli")}
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(rounds + 1):
        for name, arguments in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
            if number:
                taken[name].append((time.perf_counter() - started) * 1000)
    return {name: Starts(Spread.of(each), ratio(each, taken[BARE])) for name, each in taken.items()}


def upload_rate(count: int) -> Upload:
    """Upload `count` small files to a service in another process that answers at once. Raises `RuntimeError` when it
    did not get them all."""
    with _service() as url, tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.png" for number in range(count)]
        for path in paths:
            path.write_bytes(secrets.token_bytes(FILE_BYTES))
        with Client(url, lambda: "token") as client:
            run = Uploading(client, Nobody())
            before, started = _processor_seconds(), time.perf_counter()
            run.run(paths)
            wall, processor = time.perf_counter() - started, _processor_seconds() - before
    if [result.outcome for result in run.results] != [Outcome.UPLOADED] * count:
        raise RuntimeError("not every file was uploaded")
    return Upload(count, count / wall, processor / count * 1000)


@dataclass(frozen=True)
class CommandLine:
    """What was measured."""

    name: ClassVar[str] = "command_line"

    starts: Mapping[str, Starts]
    upload: Upload
    let_in: int
    """Requests that the API lets in each second, by its default settings: so many uploads it takes at most."""

    def aims(self) -> list[Aim]:
        """Those that there are, reached or not."""
        busy = self.let_in * self.upload.processor_ms / 1000
        return [
            Aim("`collections --help`, times bare Python", AT_MOST, self.starts[HELP].times_bare.median),
            Aim("processors that the client needs for as many uploads as the API lets in", MOST_BUSY, busy),
        ]

    def section(self) -> str:
        """In Markdown."""
        rows = [[name, shown(each.wall, 0), shown(each.times_bare, 1)] for name, each in self.starts.items()]
        upload = [
            ["the client, to a service that answers at once", f"{self.upload.files_per_second:.0f}"],
            ["the client, by its processor time alone", f"{1000 / self.upload.processor_ms:.0f}"],
            ["the API, by the requests that it lets in", f"{self.let_in}"],
            ["S3, by its documentation, to one prefix", f"{S3_RATE}"],
        ]
        sized = f"{self.upload.files} files of {FILE_BYTES // 1000} kB, {WORKERS} at a time: files in a second."
        return "\n".join(
            [
                "## The command line\n",
                "Help needs no framework. A command does: typer, with pydantic, is most of its start.\n",
                table(["", "wall, ms", "times bare Python"], rows),
                f"{sized}\n",
                table(["", "files/s"], upload),
            ]
        )

    def values(self) -> dict[str, Any]:
        """For machines."""
        starts = {
            name: {"wall_ms": each.wall._asdict(), "times_bare": each.times_bare._asdict()}
            for name, each in self.starts.items()
        }
        return {"starts": starts, "upload": self.upload._asdict(), "api_requests_per_second": self.let_in}


def measure(*, quick: bool) -> CommandLine:
    """Everything."""
    let_in: int = StackSettings.model_fields["requests_per_second"].default
    rounds, files = (QUICK_ROUNDS, QUICK_FILES) if quick else (ROUNDS, FILES)
    return CommandLine(start_up(rounds), upload_rate(files), let_in)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def _service() -> Generator[str]:
    """Its address."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(parent: Connection) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _AtOnce) as server:
        parent.send(server.server_port)
        server.serve_forever()


class _AtOnce(BaseHTTPRequestHandler):
    """Announces, and takes, whatever comes."""

    protocol_version = "HTTP/1.1"
    # Or the answer waits for an acknowledgement that the client delays.
    wbufsize = -1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        store = self.path == "/store"
        ticket = {"item_id": "1", "url": f"http://{self.headers['host']}/store", "fields": {"key": "k", "policy": "p"}}
        body = b"" if store else json.dumps(ticket).encode()
        self.send_response(204 if store else 201)
        if not store:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class Nobody:
    """Watches nothing."""

    def started(self, path: Path) -> None:
        """Not interested."""

    def sent(self, path: Path, count: int) -> None:
        """Not interested."""

    def again(self, path: Path) -> None:
        """Not interested."""

    def finished(self, result: Result) -> None:
        """Not interested."""
