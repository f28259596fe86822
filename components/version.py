"""Which commit is being deployed."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DeployedVersion:
    """The commit as people name it: full hash, tag or empty, time in ISO 8601."""

    git_sha: str
    git_tag: str
    commit_time: str

    @classmethod
    def of(cls, root: Path, environment: Mapping[str, str] = os.environ) -> "DeployedVersion":
        """From `GIT_SHA`, `GIT_TAG` and `COMMIT_TIME`, or else from the checkout's HEAD.

        Raises `RuntimeError` where there is neither.
        """
        if "GIT_SHA" in environment and "COMMIT_TIME" in environment:
            return cls(environment["GIT_SHA"], environment.get("GIT_TAG", ""), environment["COMMIT_TIME"])
        sha, time = _git(root, "log", "-1", "--format=%H %cI").split()
        tags = _git(root, "tag", "--points-at", "HEAD").split()
        return cls(sha, tags[0] if tags else "", time)


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise RuntimeError(
            "The commit to deploy is not known: set GIT_SHA and COMMIT_TIME, or run in a git checkout."
        ) from error
