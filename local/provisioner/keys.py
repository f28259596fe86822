"""Keys, and the names that people know them by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.provisioner.kind import Created, Kind, tag_list

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties


def _create_key(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del name
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tag_list(inputs)]
    key = cloud.call("kms.create_key", Description=inputs.get("description"), Policy=inputs.get("policy"), Tags=tags)[
        "KeyMetadata"
    ]
    return Created(key["KeyId"], {"arn": key["Arn"], "keyId": key["KeyId"]})


def _configure_key(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    if inputs.get("enableKeyRotation"):
        cloud.call("kms.enable_key_rotation", KeyId=record.id)
    if record.inputs.get("policy") != inputs.get("policy"):
        cloud.call("kms.put_key_policy", KeyId=record.id, PolicyName="default", Policy=inputs["policy"])
    return {}


def _delete_key(cloud: Cloud, record: Record) -> None:
    cloud.forget("kms.schedule_key_deletion", KeyId=record.id, PendingWindowInDays=7)


def _create_alias(cloud: Cloud, name: str, inputs: Properties) -> Created:
    cloud.call("kms.create_alias", AliasName=name, TargetKeyId=inputs["targetKeyId"])
    return Created(name, {"arn": cloud.arn("kms", name)})


KINDS = {
    "aws:kms/key:Key": Kind(_create_key, configure=_configure_key, delete=_delete_key),
    "aws:kms/alias:Alias": Kind(
        _create_alias,
        delete=lambda cloud, record: cloud.forget("kms.delete_alias", AliasName=record.id),
        named_by="name",
        longest_name=256,
    ),
}
