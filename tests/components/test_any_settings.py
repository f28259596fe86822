"""Whatever the settings, a stack deploys and keeps to the policies, or is refused with what is allowed."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.settings import StackSettings
from components.settings_errors import SettingsError
from local.program import load_config
from local.recorder import Graph
from tests.components.crossguard import violations
from tests.components.recording import ROOT, SECRETS, STACKS, record
from tests.components.settings_values import ANY, GOOD, SETTINGS
from tests.components.test_settings import KEYS, load

MORE_CASES = os.environ.get("SETTINGS_CASES")
PROGRAMS = int(MORE_CASES or 8)
"""Runs of the whole program; each takes a second or two. `make settings CASES=300` runs more, other ones each time."""

# The same cases each time, but for a search on purpose. No file is left behind.
quick = settings(max_examples=max(300, PROGRAMS), deadline=None, derandomize=MORE_CASES is None, database=None)
whole_program = settings(
    quick, max_examples=PROGRAMS, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
some_programs = settings(whole_program, max_examples=max(PROGRAMS // 4, 1))
unhurried = pytest.mark.timeout(0 if MORE_CASES else 300)


def keys(problem: SettingsError) -> set[str]:
    """The settings that a refusal names."""
    return {line.split(" = ")[0].split(" is ")[0].strip() for line in problem.problems}


def refusal(values: dict[str, str], stack: str) -> SettingsError | None:
    """Why settings are refused, if they are."""
    try:
        load(values, stack)
    except SettingsError as error:
        return error
    return None


def fit_together(drawn: tuple[str, dict[str, str]]) -> bool:
    """Whether settings that are right by themselves are so beside each other and those in the stack's file."""
    stack, values = drawn
    config = load_config(ROOT, stack, SECRETS).replaced(values)
    own = {key.removeprefix("collections:"): value for key, value in config.config.items() if "collections:" in key}
    return refusal({key: value for key, value in own.items() if key not in SECRETS}, stack) is None


STACK_AND_SETTINGS = st.tuples(st.sampled_from(STACKS), GOOD).filter(fit_together)


def unprotected(stack: str, values: dict[str, str]) -> bool:
    """Whether the stack is production and its settings give up what protects it, which only a policy refuses."""
    days = int(values.get("backupRetentionDays", "30"))
    return stack == "prod" and (values.get("deletionProtection") == "false" or days < 7)


def test_there_are_values_for_every_setting():
    fields = {field.alias for name, field in StackSettings.model_fields.items() if name != "stack"}
    secrets = {StackSettings.model_fields[name].alias for name in StackSettings.secret_fields()}

    assert SETTINGS.keys() == fields - secrets


@given(stack=st.sampled_from(STACKS), values=ANY)
@quick
def test_settings_are_taken_or_refused_by_name_and_nothing_else_happens(stack: str, values: dict[str, str]):
    refused = refusal(values, stack)

    if refused is not None:
        # What does not fit together may be blamed on a default.
        assert keys(refused) <= SETTINGS.keys(), str(refused)
        assert not any(secret in str(refused) for secret in KEYS.values())


@pytest.mark.parametrize("key", SETTINGS)
@given(data=st.data())
@settings(max_examples=10, deadline=None, derandomize=True, database=None)
def test_a_bad_value_is_refused_by_the_name_of_its_setting(key: str, data: st.DataObject):
    value = data.draw(SETTINGS[key].bad)

    refused = refusal({key: value}, "prod")

    assert refused is not None
    assert key in keys(refused)


@unhurried
@given(drawn=STACK_AND_SETTINGS)
@whole_program
def test_any_settings_that_fit_deploy_and_keep_to_the_policies(drawn: tuple[str, dict[str, str]]):
    stack, values = drawn

    found = violations(record(stack, values))

    # What protects production may be given up on purpose; then it is the policy that refuses.
    expected = {"production-is-protected"} if unprotected(stack, values) else set[str]()
    assert {each.policy for each in found} == expected


@unhurried
@given(drawn=STACK_AND_SETTINGS)
@some_programs
def test_any_settings_that_fit_can_be_previewed(drawn: tuple[str, dict[str, str]]):
    stack, values = drawn

    preview, deployed = record(stack, values, preview=True), record(stack, values)

    assert set(preview.resources) == set(deployed.resources)
    assert {each.policy for each in violations(preview)} <= {each.policy for each in violations(deployed)}


@unhurried
@given(drawn=STACK_AND_SETTINGS)
@some_programs
def test_the_same_settings_give_the_same_graph(drawn: tuple[str, dict[str, str]]):
    stack, values = drawn

    assert shape(record(stack, values)) == shape(record(stack, values))


def shape(graph: Graph) -> object:
    """All that Pulumi would compare: inputs, secrets, order, parents, protection and exports."""
    return graph.exports, {
        urn: (each.inputs, each.secret_inputs, each.depends_on, each.parent, each.protect)
        for urn, each in graph.resources.items()
    }
