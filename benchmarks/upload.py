"""How fast `collections upload` sends many small files to the local stack, beside the same requests in a bare loop."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import httpx

from benchmarks.imaging import Aim
from benchmarks.paths import CHECKOUT
from benchmarks.report import machine, shown, table
from benchmarks.stack import wake
from benchmarks.timing import Spread, ratio
from collections_cli.client import UPLOAD_TIMEOUT_SECONDS, http_client
from collections_cli.uploading import WORKERS
from local.stack import LocalStack
from local.users import Credentials

FILES, FILE_BYTES, ROUNDS = 500, 20_000, 3
QUICK_FILES, QUICK_ROUNDS = 20, 2
AT_MOST = 1.25


@dataclass(frozen=True)
class Uploads:
    """Files in a second, one figure of each round."""

    name: ClassVar[str] = "uploads"

    files: int
    ours: list[float]
    bare: list[float]
    load: str

    @property
    def times_bare(self) -> Spread:
        """How much longer the command takes."""
        return ratio(self.bare, self.ours)

    def aims(self) -> list[Aim]:
        """What was to be reached."""
        return [Aim("`collections upload`, times the same requests in a bare loop", AT_MOST, self.times_bare.median)]

    def section(self) -> str:
        """In Markdown."""
        rows = [
            [name, shown(Spread.of(each))] for name, each in (("the command", self.ours), ("a bare loop", self.bare))
        ]
        low, high = self.times_bare.low, self.times_bare.high
        return "\n".join(
            [
                "### To the stack on this machine\n",
                f"{self.files} files of {FILE_BYTES // 1000} kB, {WORKERS} at a time, to the local stack's API and S3, "
                "while its pipeline rests. The loop makes the same two requests for each file, and nothing else; the "
                "command includes its own start.\n",
                table(["", "files/s"], rows),
                f"The command takes {self.times_bare.median:.2f} ({low:.2f}-{high:.2f}) times as long as the loop. "
                f"Load meanwhile: {self.load}.\n",
            ]
        )

    def values(self) -> dict[str, Any]:
        """For machines."""
        rates = {name: Spread.of(each)._asdict() for name, each in (("command", self.ours), ("bare", self.bare))}
        return {
            "files": self.files,
            "files_per_second": rates,
            "times_bare": self.times_bare._asdict(),
            "load": self.load,
        }


def measure(stack: LocalStack, *, quick: bool) -> Uploads:
    """In turns, after a round that does not count; each time other files. Raises `RuntimeError` when some were not
    taken."""
    files, rounds = (QUICK_FILES, QUICK_ROUNDS) if quick else (FILES, ROUNDS)
    user = stack.create_user("uploads@example.org")
    token = stack.token(user.email, user.password)
    wake(stack, WORKERS)
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    with tempfile.TemporaryDirectory() as home:
        _run(home, user, "login", "--api", stack.api_url, "--email", user.email)
        ways: dict[str, Callable[[list[Path]], None]] = {
            "ours": lambda paths: _run(home, user, "upload", str(paths[0].parent)),
            "bare": lambda paths: _bare_loop(stack.api_url, token, paths),
        }
        for number in range(rounds + 1):
            for name, send in ways.items():
                count = files if number else QUICK_FILES
                with tempfile.TemporaryDirectory() as folder:
                    paths = _files(Path(folder), count)
                    started = time.perf_counter()
                    send(paths)
                    seconds = time.perf_counter() - started
                if number:
                    rates[name].append(count / seconds)
    _require_stored(stack, (files * rounds + QUICK_FILES) * len(ways))
    return Uploads(files, rates["ours"], rates["bare"], machine()["load"])


def _files(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"{number:03}.png" for number in range(count)]
    for path in paths:
        path.write_bytes(secrets.token_bytes(FILE_BYTES))
    return paths


def _run(home: str, user: Credentials, *arguments: str) -> None:
    """The command, as a person has it."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "XDG_CONFIG_HOME": home,
        "PYTHONPATH": str(CHECKOUT / "cli"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "COLLECTIONS_PASSWORD": user.password,
    }
    command = [sys.executable, "-m", "collections_cli", *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"collections {arguments[0]}: {run.stderr}")


def _bare_loop(api_url: str, token: str, paths: list[Path]) -> None:
    with http_client() as http, ThreadPoolExecutor(WORKERS) as pool:
        http.timeout = UPLOAD_TIMEOUT_SECONDS

        def send(path: Path) -> None:
            content = path.read_bytes()
            announced = {
                "filename": path.name,
                "content_type": "image/png",
                "size": len(content),
                "sha256": sha256(content).hexdigest(),
            }
            headers = {"Authorization": f"Bearer {token}"}
            ticket = _taken(http.post(f"{api_url}/uploads", json=announced, headers=headers)).json()
            _taken(http.post(ticket["url"], data=ticket["fields"], files={"file": (path.name, content)}))

        for _ in pool.map(send, paths):
            pass


def _taken(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise RuntimeError(f"{answer.request.url}: {answer.status_code} {answer.text}")
    return answer


def _require_stored(stack: LocalStack, count: int) -> None:
    pages = stack.client("s3").get_paginator("list_objects_v2")
    bucket = stack.outputs["imageBucket"]
    stored = sum(page.get("KeyCount", 0) for page in pages.paginate(Bucket=bucket, Prefix="originals/"))
    if stored != count:
        raise RuntimeError(f"{stored} of {count} files are stored")
