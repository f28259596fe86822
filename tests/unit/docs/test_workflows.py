"""GitHub's workflows ask for no more than they need, and keep no secrets."""

from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOWS = Path(__file__).parents[3] / ".github" / "workflows"
FILES = sorted(path.name for path in WORKFLOWS.glob("*.yml"))


def workflow(name: str) -> dict[str, Any]:
    loaded: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text())
    # YAML 1.1 reads the key `on` as true.
    return {"on" if key is True else str(key): value for key, value in loaded.items()}


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in workflow(name)["jobs"].values() for step in job.get("steps", [])]


@pytest.mark.parametrize("name", FILES)
def test_no_workflow_holds_a_key_or_leaves_a_token_behind(name: str) -> None:
    text = (WORKFLOWS / name).read_text()

    assert "secrets." not in text
    assert "aws-access-key-id" not in text
    for step in steps(name):
        if str(step.get("uses", "")).startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", FILES)
def test_a_token_for_aws_is_had_only_in_an_environment(name: str) -> None:
    found = workflow(name)

    assert "id-token" not in found["permissions"]
    for job in found["jobs"].values():
        if "id-token" in job.get("permissions", {}):
            assert "environment" in job or str(job["uses"]).endswith("deploy-stack.yml")


@pytest.mark.parametrize("name", FILES)
def test_what_comes_from_outside_is_no_part_of_a_script(name: str) -> None:
    assert not [step["run"] for step in steps(name) if "${{" in step.get("run", "")]


def test_a_pull_request_is_checked_and_previewed_and_main_is_deployed() -> None:
    assert {"pull_request", "push"} <= workflow("check.yml")["on"].keys()
    assert list(workflow("preview.yml")["on"]) == ["pull_request"]
    assert workflow("deploy.yml")["on"] == {"push": {"branches": ["main"]}}
    assert "head.repo.full_name == github.repository" in workflow("preview.yml")["jobs"]["preview"]["if"]


def test_the_image_that_was_tried_goes_on_to_the_next_stack() -> None:
    jobs = workflow("deploy.yml")["jobs"]

    assert [(name, job.get("needs"), job["with"].get("image")) for name, job in jobs.items()] == [
        ("dev", None, None),
        ("test", "dev", "${{ needs.dev.outputs.image }}"),
        ("prod", "test", "${{ needs.test.outputs.image }}"),
    ]
    assert workflow("deploy.yml")["concurrency"]["cancel-in-progress"] is False


def test_what_is_deployed_keeps_to_the_policies_and_is_tried() -> None:
    runs = [step.get("run", "") for step in steps("deploy-stack.yml")]

    assert any("pulumi up" in run and "--policy-pack policy" in run for run in runs)
    assert any("make smoke" in run for run in runs)
