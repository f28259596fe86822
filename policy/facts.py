"""What the policies know of resources and of AWS."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

import pulumi_aws as aws
from pulumi_policy import PolicyResource

Properties = Mapping[str, Any]
"""A resource's properties, in the provider's camelCase."""


def stack_of(urn: str) -> str:
    """The stack in `urn:pulumi:{stack}::{project}::{type}::{name}`."""
    return urn.split(":")[2]


def of_type(resources: Iterable[PolicyResource], type_: str) -> list[PolicyResource]:
    """Those resources of a type, such as `aws:sqs/queue:Queue`."""
    return [each for each in resources if each.resource_type == type_]


def section(properties: Properties, name: str) -> Properties:
    """Properties below one property; none where that is absent."""
    return cast("Properties", properties.get(name) or {})


def takes_tags(type_: str) -> bool:
    """Whether a type of AWS's provider has tags, as its SDK says. `aws:sqs/queue:Queue` is `pulumi_aws.sqs.Queue`."""
    package, module, name = type_.split(":") if type_.count(":") == 2 else ("", "", "")
    if package != "aws":
        return False
    service = module.split("/")[0]
    return hasattr(getattr(getattr(aws, {"lambda": "lambda_"}.get(service, service)), name), "tags")


def statements(document: str) -> list[Properties]:
    """Statements of a policy document; a single one need not stand in a list."""
    found = json.loads(document)["Statement"]
    return cast("list[Properties]", found if isinstance(found, list) else [found])


def several(value: object) -> list[str]:
    """One text, or a list of them, as IAM writes actions, resources and values."""
    return [value] if isinstance(value, str) else list(cast("Iterable[str]", value))


def allows_everybody(statement: Properties) -> bool:
    """Whether a statement of a resource's policy allows something to whoever asks."""
    principal: object = statement.get("Principal") or {}
    named = principal if isinstance(principal, str) else cast("Properties", principal).get("AWS", [])
    return statement["Effect"] == "Allow" and "*" in several(named)
