"""With which key the stack encrypts what it keeps.

Everything that names a key takes it from here. Images, parameters, database and alarms have a key of the stack's own.
Queues are encrypted by SQS itself: EventBridge may not use AWS's KMS key for queues, and a key of our own would have to
let in whoever can make it send. The table, the repository and the logs have AWS's keys.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components.arguments import Arguments
from components.naming import children_of, physical_name

PARAMETER_KEY = "alias/aws/ssm"

TABLE = aws.dynamodb.TableServerSideEncryptionArgs(enabled=True)

REPOSITORY = aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="AES256")

# The longest that KMS allows: time to notice that a last snapshot cannot be read without the key.
_DELETION_DAYS = 30


class EncryptionKeyArgs(TypedDict):
    """How well the key is kept."""

    deletion_protection: NotRequired[bool]
    """Refuse deletion: what it has encrypted would be lost, backups included. Default true."""


class EncryptionKey(pulumi.ComponentResource):
    """A key that rotates each year, for whom the account's policies allow to use it, and for alarms.

    A role needs a statement that lets it use the key for its parameters or its bucket (see `components/grants.py`);
    RDS takes what it needs from whoever deploys.
    """

    key_arn: Output[str]
    """ARN of the key."""

    def __init__(self, name: str, args: EncryptionKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        Arguments(self, name, EncryptionKeyArgs, args)
        super().__init__("collections:index:EncryptionKey", name, props={}, opts=opts)
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self)).account_id
        key = aws.kms.Key(
            name,
            description=f"Images, parameters and database of {physical_name('stack')}",
            enable_key_rotation=True,
            deletion_window_in_days=_DELETION_DAYS,
            policy=_policy(account),
            opts=children_of(self, opts, protect=args.get("deletion_protection", True)),
        )
        aws.kms.Alias(
            name, name=f"alias/{physical_name('data')}", target_key_id=key.key_id, opts=children_of(self, opts)
        )
        self.key_arn = key.arn
        self.register_outputs({"key_arn": self.key_arn})


def bucket_rule(key_arn: Input[str] | None) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgs:
    """Encrypt objects with this key, or with S3's own. A bucket key saves a call of KMS for each object."""
    default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
        sse_algorithm="AES256" if key_arn is None else "aws:kms", kms_master_key_id=key_arn
    )
    return aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=default, bucket_key_enabled=key_arn is not None
    )


def _policy(account: Output[str]) -> Output[str]:
    return Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                # Without it nobody could change the key, and no policy of a role would count.
                {
                    "Sid": "PoliciesOfTheAccountDecide",
                    "Effect": "Allow",
                    "Principal": {"AWS": Output.concat("arn:aws:iam::", account, ":root")},
                    "Action": "kms:*",
                    "Resource": "*",
                },
                # CloudWatch announces alarms on an encrypted topic (SNS Developer Guide, "Key management").
                {
                    "Sid": "AlarmsAreAnnounced",
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudwatch.amazonaws.com"},
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                    "Resource": "*",
                    "Condition": {"StringEquals": {"aws:SourceAccount": account}},
                },
            ],
        }
    )
