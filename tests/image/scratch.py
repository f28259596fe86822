"""Executes the Dockerfile's steps in a folder, where no image can be built, with the image's Python if there is one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from local.bootstrap import REQUIREMENTS, ROOT
from local.provisioner.images import BuildContext
from tests.image.building import PYTHON, install


@cache
def interpreter() -> str:
    """Path of a Python of the image's version, where this machine has one; otherwise of the one that runs this."""
    found = shutil.which(f"python{PYTHON}")
    if found is None:
        return sys.executable
    # It may be a shim of pyenv's, which has to be told the version and takes long: what it leads to is asked for, once.
    return _ask(found, "sys.executable") or sys.executable


def version(python: str) -> str:
    """All three numbers of it."""
    return _ask(python, "'.'.join(map(str, sys.version_info[:3]))")


def build(folder: Path) -> Path:
    """The image's `/var/task` below `folder`: packages, `runtime/`, slimmed and compiled."""
    task = folder / "task"
    python = interpreter()
    minor = version(python).rpartition(".")[0]
    install(REQUIREMENTS / "runtime.txt", task, minor)
    install(REQUIREMENTS / "lambda-base.txt", folder / "base", minor)
    for name in ("bin", ".lock"):
        path = task / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for path in BuildContext.at(ROOT).files():
        if path.parts[0] == "runtime":
            (task / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, task / path)
    environment = {**os.environ, "LAMBDA_TASK_ROOT": str(task), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    for step in _python_steps():
        command = [python, *(word.replace("${LAMBDA_TASK_ROOT}", str(task)) for word in step)]
        subprocess.run(command, check=True, env=environment)
    return task


def start(task: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """AWS's runtime client on the image's command, with nothing but what is in the folder."""
    (command,) = re.findall(r'^CMD \["(.+)"\]$', (ROOT / "runtime" / "Dockerfile").read_text(), re.MULTILINE)
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{task}:{task.parent / 'base'}"}
    # Neither this environment's packages nor the checkout.
    python = [interpreter(), "-S", "-P", "-m", "awslambdaric"]
    return subprocess.Popen(
        [*python, command], cwd=task.parent, env={**variables, **environment}, stdout=subprocess.DEVNULL
    )


def _ask(python: str, what: str) -> str:
    """Empty where it does not start."""
    command = [python, "-S", "-c", f"import sys; print({what})"]
    environment = {**os.environ, "PYENV_VERSION": PYTHON}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout.strip()


def _python_steps() -> list[list[str]]:
    """Arguments of each `python3` that the Dockerfile runs."""
    text = (ROOT / "runtime" / "Dockerfile").read_text().replace("\\\n", " ")
    runs = re.findall(r"^RUN (python3 .+)$", text, re.MULTILINE)
    return [[word.strip('"') for word in step.split()[1:]] for run in runs for step in run.split("&&")]
