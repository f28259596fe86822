"""Which stack an operator means, and how to reach it.

A stack on AWS is known by what Pulumi exports, and reached with the operator's own credentials. The stack on this
machine describes itself in a file while it runs.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import boto3
from botocore.config import Config

from collections_cli.failures import ExpectedError

LOCAL = "local"
LOCAL_FILE = Path(".local") / "stack.json"
"""Written by the local stack: `{"outputs": {…}, "aws": {endpoint_url, region_name, …}}`."""

NEEDED_BY_TESTS = {
    "API_BASE_URL": "apiUrl",
    "COGNITO_USER_POOL_ID": "userPoolId",
    "COGNITO_CLIENT_ID": "userPoolClientId",
}
"""Variables of a test's environment, and the exports that they are."""


class StackError(ExpectedError):
    """The stack is not there, or Pulumi is not; the message says what to do."""


@dataclass(frozen=True)
class Stack:
    """A deployed stack."""

    name: str
    outputs: dict[str, Any]
    """What the program exports."""
    _aws: dict[str, Any] = field(repr=False)

    @classmethod
    def load(cls, name: str) -> Stack:
        """The stack of that name, of the checkout that is the current folder. Raises `StackError`."""
        if name == LOCAL:
            return cls(name, *_read(LOCAL_FILE))
        outputs = cast("dict[str, Any]", json.loads(pulumi("stack", "output", "--json", "--stack", name)))
        if "userPoolId" not in outputs:
            raise StackError(f"stack {name} exports no userPoolId: has it been deployed? Run: pulumi up --stack {name}")
        # Pools are named after their region, and Pulumi may be told of a stack by organization and project.
        return cls(name.rpartition("/")[2], outputs, {"region_name": str(outputs["userPoolId"]).partition("_")[0]})

    def client(self, service: str) -> Any:
        """A boto3 client for the stack's account and region."""
        return boto3.client(service, **self._aws)  # pyright: ignore[reportCallIssue, reportArgumentType]

    def environment(self) -> dict[str, str]:
        """What a test against this stack needs to be told."""
        return {variable: str(self.outputs[export]) for variable, export in NEEDED_BY_TESTS.items()}


def pulumi(*arguments: str, stdin: str | None = None) -> str:
    """Run Pulumi in the current folder; what it prints. `stdin` is seen by nobody else, unlike arguments.

    Raises `StackError` with Pulumi's own words when it fails, or says how to get it when it is not there.
    """
    command = ["pulumi", *arguments, "--non-interactive"]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise StackError(
            "pulumi is not on the PATH. Install it (https://www.pulumi.com/docs/install), and run this in the checkout."
        ) from None
    if done.returncode:
        raise StackError(f"{' '.join(command[:3])} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        described = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StackError(
            f"the local stack does not run in this folder ({file} is not there). Start it: make local"
        ) from None
    # What runs on this machine is reached without a proxy.
    return described["outputs"], {**described["aws"], "config": Config(proxies={})}
