import subprocess
from pathlib import Path

import pytest

from components.version import DeployedVersion


def test_the_environment_says_which_commit_it_is(tmp_path: Path):
    environment = {"GIT_SHA": "4f5e6d7", "GIT_TAG": "v1.2.0", "COMMIT_TIME": "2030-01-02T03:04:05Z"}

    assert DeployedVersion.of(tmp_path, environment) == DeployedVersion("4f5e6d7", "v1.2.0", "2030-01-02T03:04:05Z")


def test_else_the_checkout_says_it(tmp_path: Path):
    person = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], [*person, "commit", "-q", "--allow-empty", "-m", "first"], ["tag", "v1"]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)

    version = DeployedVersion.of(tmp_path, {})

    assert len(version.git_sha) == 40
    assert version.git_tag == "v1"
    assert version.commit_time[:2] == "20"


def test_without_either_it_says_what_to_do(tmp_path: Path):
    with pytest.raises(RuntimeError, match="set GIT_SHA and COMMIT_TIME"):
        DeployedVersion.of(tmp_path, {})
