"""The components as a Pulumi package, and the image's recipe."""

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pulumi
import pytest
from pulumi.provider.experimental.analyzer import Analyzer

from components.package import COMPONENTS
from local.provisioner.images import BuildContext
from tests.components.recording import ROOT


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


def test_other_languages_see_every_argument_explained():
    schema = Analyzer("collections").analyze(components())

    inputs = {
        f"{owner}.{name}": each.description
        for definitions in (schema["component_definitions"], schema["type_definitions"])
        for owner, definition in definitions.items()
        for name, each in getattr(definition, "inputs", getattr(definition, "properties", {})).items()
    }
    assert len(inputs) > 50
    assert [name for name, description in inputs.items() if not description] == []
    assert all(each.description for each in schema["component_definitions"].values())


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
