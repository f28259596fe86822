"""Where Pulumi keeps the stacks' state, and the key of the secrets in it."""

import json
from typing import TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Output

# Time to go back to a state before a mistake.
_NONCURRENT_DAYS = 90


# What would do away with state, its history or its key, or open them to others.
_NEVER = (
    "kms:CreateGrant",
    "kms:DisableKey",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:DeleteObjectVersion",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
)


class Statement(TypedDict):
    """One statement of a policy."""

    Effect: str
    Action: list[str]
    Resource: list[Output[str]]


class StateGrants(TypedDict):
    """What a role needs to work with the state."""

    read: list[Statement]
    """Preview: read state, decrypt secrets."""
    write: list[Statement]
    """Besides: change state, encrypt secrets. Nobody who deploys may do away with it."""


class State(pulumi.ComponentResource):
    """A private, versioned bucket, and a key that rotates. Neither can be deleted by mistake."""

    def __init__(self, name: str) -> None:
        super().__init__("collections-bootstrap:index:State", name)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=True)
        key = aws.kms.Key(
            name,
            description="Secrets in the stacks' state",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=kept,
        )
        alias = aws.kms.Alias(name, name="alias/collections-state", target_key_id=key.key_id, opts=child)
        bucket = aws.s3.Bucket(name, opts=kept)
        private = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=child,
        )
        versioning = aws.s3.BucketVersioning(
            name, bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=child
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "old-states",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": _NONCURRENT_DAYS},
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        objects = Output.concat(bucket.arn, "/*")
        aws.s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=Output.all(bucket.arn, objects).apply(_refuse_plain_http),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[private]),
        )
        self.bucket_name, self.key_alias = bucket.bucket, alias.name
        read: list[Statement] = [
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [bucket.arn]},
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [objects]},
            {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key.arn]},
        ]
        change: list[Statement] = [
            {"Effect": "Allow", "Action": ["s3:DeleteObject", "s3:PutObject"], "Resource": [objects]},
            {"Effect": "Allow", "Action": ["kms:Encrypt", "kms:GenerateDataKey"], "Resource": [key.arn]},
        ]
        kept_from_all: Statement = {
            "Effect": "Deny",
            "Action": list(_NEVER),
            "Resource": [bucket.arn, objects, key.arn],
        }
        self.grants: StateGrants = {"read": read, "write": [*read, *change, kept_from_all]}
        self.register_outputs({"bucket_name": self.bucket_name, "key_alias": self.key_alias})


def _refuse_plain_http(arns: list[str]) -> str:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": arns,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
