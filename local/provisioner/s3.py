"""Buckets and what is configured beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from local.provisioner.kind import Created, Kind, pascal, put, tag_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties

_BUCKET = frozenset({"bucket"})
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _create_bucket(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del inputs
    cloud.call("s3.create_bucket", Bucket=name, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    outputs = {
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{cloud.region}.amazonaws.com",
        "region": cloud.region,
        "bucketRegion": cloud.region,
    }
    return Created(name, outputs)


def _tag_bucket(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    cloud.call("s3.put_bucket_tagging", Bucket=record.id, Tagging={"TagSet": tag_list(inputs)})
    return {}


def _delete_bucket(cloud: Cloud, record: Record) -> None:
    if record.inputs.get("forceDestroy"):
        for page in cloud.client("s3").get_paginator("list_object_versions").paginate(Bucket=record.id):
            versions = cast("list[dict[str, str]]", page.get("Versions", []) + page.get("DeleteMarkers", []))
            for version in versions:
                cloud.call("s3.delete_object", Bucket=record.id, Key=version["Key"], VersionId=version["VersionId"])
    cloud.forget("s3.delete_bucket", Bucket=record.id)


def _beside(operation: str, parameters: Callable[[Properties], Properties], deletion: str = "") -> Kind:
    """A setting of a bucket, which the provider makes a resource of its own."""

    def apply(cloud: Cloud, name: str, inputs: Properties) -> Created:
        del name
        cloud.call(operation, Bucket=inputs["bucket"], **parameters(inputs))
        return Created(str(inputs["bucket"]), {})

    def delete(cloud: Cloud, record: Record) -> None:
        cloud.forget(deletion, Bucket=record.id)

    return put(apply, delete if deletion else None, fixed=_BUCKET)


def _encryption(inputs: Properties) -> Properties:
    rules: list[Properties] = []
    for rule in cast("list[Properties]", inputs["rules"]):
        default = cast("Properties", rule.get("applyServerSideEncryptionByDefault") or {})
        key = {"KMSMasterKeyID": default["kmsMasterKeyId"]} if default.get("kmsMasterKeyId") else {}
        rules.append(
            {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": default["sseAlgorithm"], **key},
                "BucketKeyEnabled": rule.get("bucketKeyEnabled", False),
            }
        )
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _without_transport_rule(policy: str) -> str:
    """The emulator speaks no TLS: a statement that denies all but TLS would deny everything."""
    document = json.loads(policy)
    document["Statement"] = [
        statement for statement in document["Statement"] if "aws:SecureTransport" not in json.dumps(statement)
    ]
    return json.dumps(document)


def _with_id(rules: object) -> list[Properties]:
    """Rules in PascalCase, but for the key that the API writes in capitals."""
    converted = cast("list[Properties]", pascal(rules))
    return [{("ID" if key == "Id" else key): value for key, value in rule.items()} for rule in converted]


def _notification(inputs: Properties) -> Properties:
    if unknown := set(inputs) - {"bucket", "eventbridge", "region"}:
        raise ValueError(f"only notifications through EventBridge are known to the local stack, not {unknown}")
    configuration: Properties = {"EventBridgeConfiguration": {}} if inputs.get("eventbridge") else {}
    return {"NotificationConfiguration": configuration}


KINDS = {
    "aws:s3/bucket:Bucket": Kind(
        _create_bucket, configure=_tag_bucket, delete=_delete_bucket, named_by="bucket", longest_name=63
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _beside(
        "s3.put_public_access_block",
        lambda inputs: {"PublicAccessBlockConfiguration": pascal({key: inputs.get(key, False) for key in _BLOCKS})},
        "s3.delete_public_access_block",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _beside(
        "s3.put_bucket_encryption", _encryption, "s3.delete_bucket_encryption"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _beside(
        "s3.put_bucket_versioning",
        lambda inputs: {"VersioningConfiguration": pascal(inputs["versioningConfiguration"])},
    ),
    "aws:s3/bucketNotification:BucketNotification": _beside("s3.put_bucket_notification_configuration", _notification),
    "aws:s3/bucketPolicy:BucketPolicy": _beside(
        "s3.put_bucket_policy",
        lambda inputs: {"Policy": _without_transport_rule(str(inputs["policy"]))},
        "s3.delete_bucket_policy",
    ),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _beside(
        "s3.put_bucket_cors",
        lambda inputs: {"CORSConfiguration": {"CORSRules": _with_id(inputs["corsRules"])}},
        "s3.delete_bucket_cors",
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _beside(
        "s3.put_bucket_lifecycle_configuration",
        lambda inputs: {"LifecycleConfiguration": {"Rules": _with_id(inputs["rules"])}},
        "s3.delete_bucket_lifecycle",
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _beside(
        "s3.put_bucket_ownership_controls",
        lambda inputs: {"OwnershipControls": {"Rules": [pascal(inputs["rule"])]}},
        "s3.delete_bucket_ownership_controls",
    ),
}
