"""Parameters, tables and image repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from local.provisioner.kind import Created, Kind, tag_list

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties


def _put_parameter(cloud: Cloud, name: str, inputs: Properties, *, overwrite: bool) -> Properties:
    reply = cloud.call(
        "ssm.put_parameter",
        Name=name,
        Type=inputs["type"],
        Value=inputs.get("value", inputs.get("insecureValue")),
        Description=inputs.get("description"),
        KeyId=inputs.get("keyId"),
        Tier=inputs.get("tier"),
        Overwrite=overwrite,
    )
    return {"version": reply["Version"], "arn": cloud.arn("ssm", f"parameter/{name.lstrip('/')}")}


def _create_parameter(cloud: Cloud, name: str, inputs: Properties) -> Created:
    return Created(name, _put_parameter(cloud, name, inputs, overwrite=False))


def _update_parameter(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    return _put_parameter(cloud, record.name, inputs, overwrite=True)


def _create_table(cloud: Cloud, name: str, inputs: Properties) -> Created:
    indexes = [
        {
            "IndexName": index["name"],
            "KeySchema": _key_schema(index),
            "Projection": {
                "ProjectionType": index["projectionType"],
                **({"NonKeyAttributes": index["nonKeyAttributes"]} if index.get("nonKeyAttributes") else {}),
            },
        }
        for index in cast("list[Properties]", inputs.get("globalSecondaryIndexes") or [])
    ]
    attributes = cast("list[Properties]", inputs["attributes"])
    table = cloud.call(
        "dynamodb.create_table",
        TableName=name,
        AttributeDefinitions=[{"AttributeName": each["name"], "AttributeType": each["type"]} for each in attributes],
        KeySchema=_key_schema(inputs),
        BillingMode=inputs.get("billingMode", "PROVISIONED"),
        GlobalSecondaryIndexes=indexes or None,
        DeletionProtectionEnabled=inputs.get("deletionProtectionEnabled"),
        Tags=tag_list(inputs),
    )["TableDescription"]
    return Created(name, {"arn": table["TableArn"]})


def _key_schema(source: Properties) -> list[dict[str, object]]:
    if source.get("keySchemas"):
        return [
            {"AttributeName": key["attributeName"], "KeyType": key["keyType"]}
            for key in cast("list[Properties]", source["keySchemas"])
        ]
    keys = (("hashKey", "HASH"), ("rangeKey", "RANGE"))
    return [{"AttributeName": source[name], "KeyType": type_} for name, type_ in keys if source.get(name)]


def _configure_table(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    expiry = cast("Properties", inputs.get("ttl") or {})
    if expiry.get("enabled") and (record.inputs is inputs or record.inputs.get("ttl") != inputs["ttl"]):
        cloud.call(
            "dynamodb.update_time_to_live",
            TableName=record.id,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": expiry["attributeName"]},
        )
    recovery = cast("Properties", inputs.get("pointInTimeRecovery") or {})
    cloud.call(
        "dynamodb.update_continuous_backups",
        TableName=record.id,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": bool(recovery.get("enabled"))},
    )
    return {}


def _create_repository(cloud: Cloud, name: str, inputs: Properties) -> Created:
    repository = cloud.call(
        "ecr.create_repository",
        repositoryName=name,
        imageTagMutability=inputs.get("imageTagMutability"),
        imageScanningConfiguration=inputs.get("imageScanningConfiguration"),
        tags=tag_list(inputs),
    )["repository"]
    outputs = {
        "arn": repository["repositoryArn"],
        "registryId": repository["registryId"],
        "repositoryUrl": repository["repositoryUri"],
    }
    return Created(name, outputs)


def _delete_repository(cloud: Cloud, record: Record) -> None:
    cloud.forget("ecr.delete_repository", repositoryName=record.id, force=bool(record.inputs.get("forceDelete")))


KINDS = {
    "aws:ssm/parameter:Parameter": Kind(
        _create_parameter,
        update=_update_parameter,
        delete=lambda cloud, record: cloud.forget("ssm.delete_parameter", Name=record.name),
        fixed=frozenset({"type", "tier"}),
        named_by="name",
        longest_name=1011,
    ),
    "aws:dynamodb/table:Table": Kind(
        _create_table,
        configure=_configure_table,
        delete=lambda cloud, record: cloud.forget("dynamodb.delete_table", TableName=record.id),
        # AWS could change some of these in place; here a table holds nothing that is worth it.
        fixed=frozenset({"attributes", "billingMode", "globalSecondaryIndexes", "hashKey", "rangeKey"}),
        named_by="name",
        longest_name=255,
    ),
    "aws:ecr/repository:Repository": Kind(
        _create_repository, delete=_delete_repository, named_by="name", longest_name=256
    ),
}
