"""The components as a Pulumi package, and the image's recipe."""

import inspect
import json
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.package import COMPONENTS, CollectionsProvider
from components.schema import FILE, as_file
from local.provisioner.images import BuildContext
from tests.components.recording import ROOT

SCHEMA = CollectionsProvider().schema or ""
RESOURCES: dict[str, Any] = json.loads(SCHEMA)["resources"]
TYPES: dict[str, Any] = json.loads(SCHEMA)["types"]


def inputs_and_outputs() -> list[tuple[str, str, dict[str, Any]]]:
    """All that a program can give and read: owner, name, definition."""
    return [
        (owner, name, each)
        for owner, definition in [*RESOURCES.items(), *TYPES.items()]
        for kind in ("inputProperties", "properties")
        for name, each in definition.get(kind, {}).items()
    ]


def components() -> list[type[pulumi.ComponentResource]]:
    modules = [import_module(f"components.{path.stem}") for path in sorted((ROOT / "components").glob("[a-z]*.py"))]
    return [
        each
        for module in modules
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, pulumi.ComponentResource) and each.__module__ == module.__name__
    ]


def test_every_component_is_served_by_the_plugin():
    assert sorted(COMPONENTS, key=lambda each: each.__name__) == sorted(components(), key=lambda each: each.__name__)


def test_the_schema_is_the_one_in_the_repository():
    assert as_file(SCHEMA) == FILE.read_text(), "run 'make schema', and look at what other programs will see"


def test_the_package_has_the_projects_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert json.loads(SCHEMA)["version"] == project["version"]


def test_other_languages_see_everything_explained():
    unexplained = [
        f"{owner}.{name}" for owner, name, each in inputs_and_outputs() if not each.get("description", "").endswith(".")
    ]

    assert unexplained == []
    assert all(each["description"] for each in [*RESOURCES.values(), *TYPES.values()])


def test_explanations_name_things_as_other_languages_do():
    explanations = [each["description"] for _, _, each in inputs_and_outputs()]

    assert "Give either this or `existingFunction`." in " ".join(explanations)
    assert [each for each in explanations if "\n " in each] == []


def test_nothing_is_of_a_type_that_other_languages_cannot_fill():
    kinds = {"string", "integer", "number", "boolean", "array", "object"}

    assert [name for name, each in TYPES.items() if not each.get("properties")] == []
    assert [
        f"{owner}.{name}"
        for owner, name, each in inputs_and_outputs()
        if not (
            "$ref" in each or "items" in each or "additionalProperties" in each or each["type"] in kinds - {"object"}
        )
    ] == []


@pytest.mark.parametrize(
    ("component", "required"),
    [
        ("ImagePipeline", ["imageProcessor"]),
        ("AnalysisFunction", ["function", "subscriptions"]),
        ("SecureApi", []),
        ("EventQueue", ["subscriptions", "visibilityTimeoutSeconds"]),
        ("FunctionImage", ["context", "tag"]),
        ("Function", ["command", "platform"]),
        ("Sweeper", ["function", "schedule"]),
        ("Migration", ["function"]),
        ("ImageBucket", []),
    ],
)
def test_only_what_nobody_else_can_know_is_required(component: str, required: list[str]):
    assert RESOURCES[f"collections:index:{component}"]["requiredInputs"] == required


def test_every_output_is_always_there():
    assert [name for name, each in RESOURCES.items() if each["required"] != sorted(each["properties"])] == []


def test_what_the_plugin_needs_is_installed_with_it():
    requirements = (ROOT / "components" / "requirements.txt").read_text().splitlines()

    assert [line for line in requirements if not line.startswith("#")] == ["-r ../requirements/infra.txt"]
    assert (ROOT / "requirements" / "infra.txt").is_file()


def test_a_builder_sees_only_what_the_functions_run(tmp_path: Path):
    (tmp_path / ".dockerignore").write_text((ROOT / ".dockerignore").read_text())
    for path in (
        "runtime/handlers/api.py",
        "runtime/handlers/__pycache__/api.pyc",
        "runtime/Dockerfile",
        "requirements/runtime.txt",
        "requirements/dev.txt",
        "components/function.py",
        ".env",
        "Pulumi.prod.yaml",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()

    seen = [path.as_posix() for path in BuildContext.at(tmp_path).files()]

    assert sorted(seen) == ["requirements/runtime.txt", "runtime/handlers/api.py"]


def test_the_images_recipe_is_sound():
    hadolint = Path(sys.executable).parent / "hadolint"

    checked = subprocess.run([hadolint, ROOT / "runtime" / "Dockerfile"], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("fact", ["GIT_SHA", "COMMIT_TIME", "BUILD_DATE"])
def test_the_image_does_not_know_when_it_was_built(fact: str):
    assert fact not in (ROOT / "runtime" / "Dockerfile").read_text()
