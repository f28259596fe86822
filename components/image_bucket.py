"""Where images are kept: private, encrypted, versioned, and telling EventBridge what arrives."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components.arguments import Arguments
from components.encryption import bucket_rule
from components.naming import children_of

ORIGINALS, DERIVED, EXPORTS = "originals/", "derived/", "exports/"

_EXPORT_DAYS = 1
_MULTIPART_DAYS = 1
# Time to undo a deletion by mistake; after it, what a user deleted is gone.
_NONCURRENT_DAYS = 7


class ImageBucketArgs(TypedDict):
    """How well the images are kept."""

    deletion_protection: NotRequired[bool]
    """Refuse deletion, and deletion of a bucket that holds objects. Default true."""
    require_tls: NotRequired[bool]
    """Refuse requests over plain HTTP. Default true."""
    key_arn: NotRequired[Input[str]]
    """Key that encrypts the objects. Default: S3's own."""


class ImageBucket(pulumi.ComponentResource):
    """A bucket that only signed requests can read or write.

    Exports expire after a day, versions that were replaced or deleted after a week.
    """

    bucket_name: Output[str]
    """Name of the bucket."""
    bucket_arn: Output[str]
    """ARN of the bucket."""

    def __init__(self, name: str, args: ImageBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        Arguments(self, name, ImageBucketArgs, args)
        super().__init__("collections:index:ImageBucket", name, props={}, opts=opts)
        child = children_of(self, opts)
        protected = args.get("deletion_protection", True)
        bucket = aws.s3.Bucket(name, force_destroy=not protected, opts=children_of(self, opts, protect=protected))
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
            name, bucket=bucket.bucket, rules=[bucket_rule(args.get("key_arn"))], opts=child
        )
        versioning = aws.s3.BucketVersioning(
            name, bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=child
        )
        if args.get("require_tls", True):
            aws.s3.BucketPolicy(
                name,
                bucket=bucket.bucket,
                policy=_refuse_plain_http(bucket.arn),
                # S3 refuses two changes of a bucket's policies at once.
                opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[private])),
            )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "exports",
                    "status": "Enabled",
                    "filter": {"prefix": EXPORTS},
                    "expiration": {"days": _EXPORT_DAYS},
                    "noncurrent_version_expiration": {"noncurrent_days": _EXPORT_DAYS},
                },
                {
                    "id": "leftovers",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": _MULTIPART_DAYS},
                    "noncurrent_version_expiration": {"noncurrent_days": _NONCURRENT_DAYS},
                },
            ],
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[versioning])),
        )
        aws.s3.BucketNotification(name, bucket=bucket.bucket, eventbridge=True, opts=child)
        self.bucket_name, self.bucket_arn = bucket.bucket, bucket.arn
        self.register_outputs({"bucket_name": self.bucket_name, "bucket_arn": self.bucket_arn})


def _refuse_plain_http(bucket_arn: Output[str]) -> Output[str]:
    return Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [bucket_arn, Output.concat(bucket_arn, "/*")],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
    )
