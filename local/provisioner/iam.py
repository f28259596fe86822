"""Roles and their policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.provisioner.kind import Created, Kind, put, tag_list

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties

_APART = {"inlinePolicies": "aws.iam.RolePolicy", "managedPolicyArns": "aws.iam.RolePolicyAttachment"}


def _create_role(cloud: Cloud, name: str, inputs: Properties) -> Created:
    for key, resource in _APART.items():
        if inputs.get(key):
            raise ValueError(f"{key} is not known to the local stack: use {resource}")
    role = cloud.call(
        "iam.create_role",
        RoleName=name,
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        Description=inputs.get("description"),
        MaxSessionDuration=inputs.get("maxSessionDuration"),
        Path=inputs.get("path"),
        PermissionsBoundary=inputs.get("permissionsBoundary"),
        Tags=tag_list(inputs),
    )["Role"]
    return Created(name, {"arn": role["Arn"], "uniqueId": role["RoleId"]})


def _update_role(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    cloud.call("iam.update_assume_role_policy", RoleName=record.id, PolicyDocument=inputs["assumeRolePolicy"])
    return {}


def _put_policy(cloud: Cloud, name: str, inputs: Properties) -> Created:
    document = _with_parameter_versions(str(inputs["policy"]))
    cloud.call("iam.put_role_policy", RoleName=inputs["role"], PolicyName=name, PolicyDocument=document)
    return Created(f"{inputs['role']}:{name}", {})


def _with_parameter_versions(policy: str) -> str:
    """The emulator takes the version that a reader of a parameter asks for (`name:3`) as part of the parameter's ARN,
    which AWS does not: whoever may read the parameter may read its versions.
    """
    document = json.loads(policy)
    for statement in document["Statement"]:
        resources = statement.get("Resource", [])
        listed: list[str] = [resources] if isinstance(resources, str) else resources
        versions = [f"{arn}:*" for arn in listed if arn.startswith("arn:aws:ssm:") and not arn.endswith("*")]
        if versions:
            statement["Resource"] = [*listed, *versions]
    return json.dumps(document)


def _delete_policy(cloud: Cloud, record: Record) -> None:
    cloud.forget("iam.delete_role_policy", RoleName=record.inputs["role"], PolicyName=record.name)


def _attach(cloud: Cloud, name: str, inputs: Properties) -> Created:
    cloud.call("iam.attach_role_policy", RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return Created(f"{inputs['role']}-{name}", {})


def _detach(cloud: Cloud, record: Record) -> None:
    cloud.forget("iam.detach_role_policy", RoleName=record.inputs["role"], PolicyArn=record.inputs["policyArn"])


KINDS = {
    "aws:iam/role:Role": Kind(
        _create_role,
        update=_update_role,
        delete=lambda cloud, record: cloud.forget("iam.delete_role", RoleName=record.id),
        fixed=frozenset({"path", "permissionsBoundary"}),
        named_by="name",
    ),
    "aws:iam/rolePolicy:RolePolicy": put(
        _put_policy, _delete_policy, fixed=frozenset({"role"}), named_by="name", longest_name=128
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Kind(_attach, delete=_detach),
}
