"""What docs/components.md shows is run: in Python under the recorder, in other languages through the plugin."""

import json
from typing import Any

import pulumi
import pytest

from components.package import COMPONENTS, CollectionsProvider
from tests.components.crossguard import violations
from tests.components.declarations import Declare
from tests.components.examples import (
    CONFIG,
    LANGUAGES,
    SECRET_CONFIG,
    Example,
    construct,
    examples,
    run_typescript,
    run_yaml,
)
from tests.components.plugin import Plugin

EXAMPLES = examples()
RUN = {"typescript": run_typescript, "yaml": run_yaml}
SCHEMA: dict[str, Any] = json.loads(CollectionsProvider().schema or "")

THE_PROGRAMS_TO_KEEP = {"everything-is-tagged", "queues-are-watched"}

Declared = dict[tuple[str, str], dict[str, Any]]
"""Inputs by a resource's type and name."""


def declared_by_python(declare: Declare, program: str) -> Declared:
    config = {f"collections:{key}": value for key, value in {**CONFIG, **SECRET_CONFIG}.items()}

    def run() -> None:
        pulumi.runtime.set_all_config(config, [f"collections:{key}" for key in SECRET_CONFIG])
        exec(compile(program, "docs/components.md", "exec"), {"__name__": "example"})

    try:
        return {(each.type, each.name): each.inputs for each in declare(run).resources}
    finally:
        pulumi.runtime.set_all_config({})


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
@pytest.mark.parametrize("language", RUN)
def test_an_example_makes_the_same_in_each_language(declare: Declare, plugin: Plugin, example: Example, language: str):
    expected = declared_by_python(declare, example.programs["python"])

    construct(plugin, RUN[language](example.programs[language]))

    made = {(each.type, each.name): each.inputs for each in plugin.graph.resources.values() if each.custom}
    assert expected
    assert made.keys() == expected.keys()
    assert [key for key in made if made[key] != expected[key]] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_a_component_gives_every_output_that_it_promises(plugin: Plugin, example: Example):
    components = run_yaml(example.programs["yaml"])

    made = construct(plugin, components)

    for component, constructed in zip(components, made, strict=True):
        promised = SCHEMA["resources"][f"collections:index:{component.component}"]["required"]
        assert sorted(constructed.outputs) == promised


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_a_preview_names_all_resources_before_any_is_known(plugin: Plugin, example: Example):
    components = run_yaml(example.programs["yaml"])
    construct(plugin, components)
    deployed = set(plugin.graph.resources)
    plugin.forget()

    construct(plugin, components, preview=True)

    assert set(plugin.graph.resources) == deployed


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_components_alone_are_as_safe_as_in_the_stack(plugin: Plugin, example: Example):
    construct(plugin, run_yaml(example.programs["yaml"]))

    assert [each for each in violations(plugin.graph) if each.policy not in THE_PROGRAMS_TO_KEEP] == []


def test_there_is_an_example_of_each_component_in_each_language():
    shown = {language: " ".join(each.programs[language] for each in EXAMPLES) for language in LANGUAGES}
    written = {"python": "{}(", "typescript": "new collections.{}(", "yaml": "type: collections:{}\n"}

    missing = [
        (each.__name__, language)
        for each in COMPONENTS
        for language in LANGUAGES
        if written[language].format(each.__name__) not in shown[language]
    ]
    assert missing == []


def test_secrets_of_an_example_stay_secret(plugin: Plugin):
    (example,) = (each for each in EXAMPLES if "Parameters" in each.title)

    construct(plugin, run_typescript(example.programs["typescript"]))

    parameter = plugin.graph.one("aws:ssm/parameter:Parameter", "vendors-maps/api_key")
    assert parameter.inputs["value"] == SECRET_CONFIG["mapsApiKey"]
    assert "value" in parameter.secret_inputs
