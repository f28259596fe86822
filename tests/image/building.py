"""Builds the image as its Dockerfile says, with buildah: no Docker engine, and no registry of images.

AWS's base image is stood in for by Debian with the same Python and AWS's own runtime client, at the same places. It
shows that the Dockerfile builds, twice the same, and what our layers hold; it says nothing of AWS's base.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.bootstrap import REQUIREMENTS, ROOT, VENVS

BASE, UV = "public.ecr.aws/lambda/python:3.13", "ghcr.io/astral-sh/uv:0.13.9"
RELEASE = "trixie"
PYTHON = "3.13"
"""Of AWS's base image, and of that release of Debian."""
TOOLS = ("buildah", "debootstrap")
ENTRYPOINT = """#!/bin/sh
exec /var/lang/bin/python3 -m awslambdaric "$@"
"""
CERTIFICATES = Path("/etc/ssl/certs")


class CannotBuildError(Exception):
    """This machine lacks what it takes; the message says what."""


def require_tools() -> None:
    """Raises `CannotBuildError`."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise CannotBuildError(f"{' and '.join(missing)} not installed: apt-get install {' '.join(missing)}")
    if os.geteuid() != 0:
        raise CannotBuildError("only root can make a base image: sudo make image")
    container = _try("from", "scratch").strip()
    try:
        _try("mount", container)
    finally:
        _try("rm", container)


def make_base(folder: Path) -> None:
    """Make what the Dockerfile starts from, unless it is there. Raises `CannotBuildError`."""
    if all(_exists(name) for name in (BASE, UV)):
        return
    root = folder / "base"
    packages = "--include=python3,ca-certificates"
    done = subprocess.run(
        ["debootstrap", "--variant=minbase", packages, RELEASE, root], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotBuildError(f"debootstrap failed: {(done.stdout + done.stderr).strip()[-500:]}")
    for place in ("lang/bin", "task", "runtime"):
        (root / "var" / place).mkdir(parents=True)
    (root / "var/lang/bin/python3").symlink_to("/usr/bin/python3")
    (root / "lambda-entrypoint.sh").write_text(ENTRYPOINT)
    (root / "lambda-entrypoint.sh").chmod(0o755)
    install(REQUIREMENTS / "lambda-base.txt", root / "var/runtime")
    settings = [
        *("--env", "LAMBDA_TASK_ROOT=/var/task"),
        *("--env", "PATH=/var/lang/bin:/usr/bin:/bin"),
        *("--env", "PYTHONPATH=/var/runtime"),
        *("--workingdir", "/var/task"),
        *("--entrypoint", '["/lambda-entrypoint.sh"]'),
    ]
    _commit(BASE, root, "/", settings)
    _commit(UV, (VENVS / "tools" / "bin" / "uv").resolve(), "/uv", [])


def install(requirements: Path, target: Path, python: str = PYTHON) -> None:
    """Packages for a version of Python, on this machine's processor."""
    uv = VENVS / "tools" / "bin" / "uv"
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--python-version", python]
    # Copied, as in the Dockerfile: what is linked is the cache's own file, and that of each environment.
    options += ["--link-mode", "copy", "--python-platform", f"{os.uname().machine}-manylinux_2_34"]
    command = [uv, "pip", "install", *options, "--target", target, "-r", requirements]
    subprocess.run(command, check=True)


def build(name: str) -> str:
    """Build the image anew under a name; its digest."""
    certificates = []
    if os.environ.get("SSL_CERT_FILE"):
        bundle = CERTIFICATES / "ca-certificates.crt"
        certificates = ["--build-arg", f"SSL_CERT_FILE={bundle}", "--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
    fixed = ["--isolation", "chroot", "--pull-never", "--no-cache", "--timestamp", "0"]
    _buildah("bud", *fixed, *certificates, "-f", str(ROOT / "runtime" / "Dockerfile"), "-t", name, str(ROOT))
    return _image(name)["FromImageDigest"]


@contextmanager
def container_of(name: str) -> Generator[tuple[str, Path]]:
    """A container of the image, and where its files are."""
    container = _buildah("from", "--pull-never", name).strip()
    try:
        yield container, Path(_buildah("mount", container).strip())
    finally:
        _buildah("rm", container)


def start(container: str, name: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """The image's own entry point and command, as its own user."""
    config = _image(name)["OCIv1"]["config"]
    variables = [f"--env={key}={value}" for key, value in environment.items()]
    command = [*config["Entrypoint"], *config["Cmd"]]
    arguments = ["run", "--isolation", "chroot", "--user", config["User"], *variables, container, "--", *command]
    # What goes wrong is told to the runtime API.
    return subprocess.Popen(["buildah", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _image(name: str) -> dict[str, Any]:
    return json.loads(_buildah("inspect", "--type", "image", name))


def _exists(name: str) -> bool:
    inspected = subprocess.run(["buildah", "inspect", "--type", "image", name], capture_output=True, check=False)
    return inspected.returncode == 0


def _commit(name: str, source: Path, place: str, settings: Sequence[str]) -> None:
    container = _buildah("from", "scratch").strip()
    _buildah("copy", "--quiet", container, str(source), place)
    if settings:
        _buildah("config", *settings, container)
    _buildah("commit", "--quiet", "--timestamp", "0", container, name)
    _buildah("rm", container)


def _buildah(*arguments: str) -> str:
    done = subprocess.run(["buildah", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"buildah {arguments[0]} failed:\n{(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout


def _try(*arguments: str) -> str:
    try:
        return _buildah(*arguments)
    except RuntimeError as error:
        raise CannotBuildError(f"buildah does not work here: {error}") from error
