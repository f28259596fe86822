"""Makes the virtual environments that a make target needs. Standard library only: it runs before anything is installed.

    python3 -m local.bootstrap stack     # what `make demo` and `make local` need
    python3 -m local.bootstrap tests     # that, and what `make test` and `make check` need
    python3 -m local.bootstrap tools     # only the package installer, which `make lock` needs

An environment whose requirement files did not change is left alone, so a second call takes no time. One that could not
be completed is removed, never left half-made.
"""

from __future__ import annotations  # so that an old Python gets to the sentence that says so

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venvs"
REQUIREMENTS = ROOT / "requirements"
STAMP = "installed.json"
"""In each environment: requirement group -> hash of the file it was installed from."""

MINIMUM_PYTHON = (3, 11)
NEEDED_BYTES = 3 * 1024**3
"""All environments with their download cache, rounded up (measured 2.3 GB)."""


class Environment(NamedTuple):
    """A virtual environment and the requirement groups it holds."""

    name: str
    groups: tuple[str, ...]
    purpose: str


TOOLS = Environment("tools", ("bootstrap",), "the package installer")
STACK = (
    Environment("dev", ("infra", "local", "cli"), "the Pulumi program and the local stack"),
    Environment("runtime", ("runtime", "lambda-base"), "the functions, as in their image"),
    Environment("emulator", ("emulator",), "the AWS emulator"),
)
TARGETS: Mapping[str, tuple[Environment, ...]] = {
    "tools": (),
    "stack": STACK,
    "tests": (Environment("dev", ("infra", "local", "cli", "runtime", "dev"), "development tools"), *STACK[1:]),
}


class SetupError(Exception):
    """The machine lacks something; the message says what to do about it."""


def ensure(target: str) -> None:
    """Make `target`'s environments complete and current.

    Raises `SetupError` when Python is too old or has no venv, the disk is full or packages cannot be fetched.
    """
    _check_python()
    pending = [environment for environment in (TOOLS, *TARGETS[target]) if not _is_current(environment)]
    if not pending:
        return
    _check_space()
    uv = _installer()
    for environment in pending:
        if environment is not TOOLS:
            with _step(f"install {environment.purpose}"):
                _install(uv, environment)


def python(environment: str) -> Path:
    """The interpreter of an environment."""
    return VENVS / environment / "bin" / "python"


def _hashes(groups: Sequence[str]) -> dict[str, str]:
    return {group: hashlib.sha256((REQUIREMENTS / f"{group}.txt").read_bytes()).hexdigest() for group in groups}


def _installed(name: str) -> dict[str, str]:
    stamp = VENVS / name / STAMP
    if not stamp.exists() or not python(name).exists():  # a link to an interpreter that is gone does not exist
        return {}
    return json.loads(stamp.read_text())


def _is_current(environment: Environment) -> bool:
    return _hashes(environment.groups).items() <= _installed(environment.name).items()


def _check_python() -> None:
    if sys.version_info < MINIMUM_PYTHON:
        raise SetupError(
            f"Python {sys.version.split()[0]} is too old: {'.'.join(map(str, MINIMUM_PYTHON))} or newer is needed. "
            "Name a newer one with `make PYTHON=python3.13 …`."
        )


def _check_space() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        raise SetupError(
            f"{free / 1024**3:.1f} GB of disk space are free in {ROOT}, {NEEDED_BYTES / 1024**3:.0f} GB are needed. "
            "Make room and try again."
        )


def _installer() -> Path:
    """uv, in an environment of its own that the standard library makes."""
    tools = VENVS / TOOLS.name
    uv = tools / "bin" / "uv"
    if _is_current(TOOLS):
        return uv
    with _step(f"install {TOOLS.purpose}"), _removed_on_failure(tools):
        made = _run([sys.executable, "-m", "venv", "--clear", str(tools)], {})
        if made.returncode:
            raise SetupError(
                "this Python cannot make virtual environments. Install its venv module "
                f"(Debian and Ubuntu: apt-get install python3-venv) and try again.\n{_last_lines(made)}"
            )
        pip = [str(tools / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
        _require(_run([*pip, "-r", str(REQUIREMENTS / "bootstrap.txt")], {}))
        _write_stamp(TOOLS.name, TOOLS.groups)
    return uv


def _install(uv: Path, environment: Environment) -> None:
    """Install the environment's groups, beside those that it has already."""
    folder = VENVS / environment.name
    groups = sorted({*environment.groups, *_installed(environment.name)})
    files = [str(REQUIREMENTS / f"{group}.txt") for group in groups if (REQUIREMENTS / f"{group}.txt").exists()]
    interpreter = str(python(environment.name))
    options = {"UV_PYTHON_DOWNLOADS": "never", "UV_COMPILE_BYTECODE": "1", "UV_NO_PROGRESS": "1"}
    with _removed_on_failure(folder):
        (folder / STAMP).unlink(missing_ok=True)
        if not python(environment.name).exists():
            _require(_run([str(uv), "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], options))
        _require(
            _run([str(uv), "pip", "sync", "--quiet", "--require-hashes", "--python", interpreter, *files], options)
        )
        _write_stamp(environment.name, groups)


def _write_stamp(name: str, groups: Sequence[str]) -> None:
    (VENVS / name / STAMP).write_text(json.dumps(_hashes(groups), indent=2))


def _run(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def _require(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        raise SetupError(
            "packages could not be installed. Check that this machine reaches a Python package index (behind a proxy: "
            f"set HTTPS_PROXY) and has space left, and try again.\n{_last_lines(done)}"
        )


def _last_lines(done: subprocess.CompletedProcess[str], count: int = 8) -> str:
    return "\n".join(f"    {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-count:])


@contextmanager
def _removed_on_failure(folder: Path) -> Generator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def _step(title: str) -> Generator[None]:
    """Say what is being done, and how long it took."""
    live = sys.stdout.isatty()
    start = time.monotonic()
    if live:
        print(f"  … {title}", end="\r", flush=True)
    yield
    print(f"  ✓ {title:<52} {time.monotonic() - start:6.1f} s", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run as a command; returns the exit code."""
    if len(arguments) != 1 or arguments[0] not in TARGETS:
        print(f"usage: python3 -m local.bootstrap {{{'|'.join(TARGETS)}}}", file=sys.stderr)
        return 2
    try:
        ensure(arguments[0])
    except SetupError as error:
        print(f"\n  ✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n  ✗ stopped; what was being installed has been removed", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
