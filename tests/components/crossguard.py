"""Runs the policy pack over a recorded graph, as Pulumi would over the real one."""

from typing import Any, NamedTuple

from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
)
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from local.recorder import Graph, Resource, reveal
from policy.pack import POLICIES


class Violation(NamedTuple):
    """What a policy found."""

    policy: str
    message: str


def violations(graph: Graph) -> list[Violation]:
    """All that the policies have against a graph. Policies on single resources see inputs, those on the stack what the
    provider answered. A policy that needs what a preview does not know yet is not run, as in Pulumi."""
    resources = [each for each in graph.resources.values() if each.custom]
    found: list[Violation] = []
    for policy in POLICIES:

        def report(message: str, urn: str | None = None, name: str = policy.name) -> None:
            found.append(Violation(name, message))

        if isinstance(policy, ResourceValidationPolicy):
            for each in resources:
                _run(policy, _resource_args(each), report)
        else:
            _run(policy, StackValidationArgs([_stack_resource(each) for each in resources]), report)
    return found


def _run(policy: Any, args: ResourceValidationArgs | StackValidationArgs, report: Any) -> None:
    try:
        policy.validate(args, report)
    except UnknownValueError:
        return


def _options(resource: Resource) -> PolicyResourceOptions:
    timeouts = PolicyCustomTimeouts(0, 0, 0)
    return PolicyResourceOptions(resource.protect, [], None, [], timeouts, [], resource.parent)


def _resource_args(resource: Resource) -> ResourceValidationArgs:
    return ResourceValidationArgs(
        resource.type, _known(resource.inputs), resource.urn, resource.name, _options(resource), None
    )


def _stack_resource(resource: Resource) -> PolicyResource:
    state = _known({**resource.inputs, **reveal(resource.state)})
    return PolicyResource(resource.type, state, resource.urn, resource.name, _options(resource), None, None, [], {})


def _known(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties that raise when a policy looks at one that is not known yet."""
    return unknown_checking_proxy(properties)
