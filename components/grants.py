"""What a function may do, as policy statements on exactly the resources that it uses."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input, Output

BY_ACTIVITY = "by_activity"
"""The index of chat sessions' headers by user and last activity."""


class PolicyStatement(TypedDict):
    """One `Allow` of an IAM policy."""

    actions: Sequence[Input[str]]
    """Actions, each named in full."""
    resources: Sequence[Input[str]]
    """ARNs."""
    conditions: NotRequired[Mapping[str, Mapping[str, Sequence[Input[str]]]]]
    """Operator, then condition key, then values."""


# AWS has nothing narrower than "*" for these. X-Ray has no resources to name.
TRACE = PolicyStatement(actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"])
# Lambda checks these against the function's role before an interface, and so its ARN, exists (Lambda Developer Guide,
# "Giving Lambda functions access to resources in an Amazon VPC").
JOIN_NETWORK = PolicyStatement(
    actions=[
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ],
    resources=["*"],
)


def read_parameters(*arns: Input[str]) -> PolicyStatement:
    """Read these parameters and no others. Those encrypted with a key of the stack's own need `decrypt_parameters`
    besides; AWS's own key for Parameter Store admits whoever may read the parameter."""
    return {"actions": ["ssm:GetParameter"], "resources": arns}


def decrypt_parameters(key_arn: Input[str], *arns: Input[str]) -> PolicyStatement:
    """Decrypt these parameters and nothing else. Parameter Store names the parameter when it asks KMS (Systems Manager
    User Guide, "AWS KMS encryption for Parameter Store SecureString parameters")."""
    return {
        "actions": ["kms:Decrypt"],
        "resources": [key_arn],
        "conditions": {"StringEquals": {"kms:EncryptionContext:PARAMETER_ARN": arns}},
    }


def decrypt_objects(key_arn: Input[str], bucket_arn: Input[str]) -> PolicyStatement:
    """Decrypt this bucket's objects and nothing else. With a bucket key, S3 names the bucket when it asks KMS (S3 User
    Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys")."""
    return {"actions": ["kms:Decrypt"], "resources": [key_arn], "conditions": _for_bucket(bucket_arn)}


def encrypt_objects(key_arn: Input[str], bucket_arn: Input[str]) -> PolicyStatement:
    """Encrypt new objects of this bucket and nothing else."""
    return {"actions": ["kms:GenerateDataKey"], "resources": [key_arn], "conditions": _for_bucket(bucket_arn)}


def publish_events(bus_arn: Input[str]) -> PolicyStatement:
    """Put events on one bus."""
    return {"actions": ["events:PutEvents"], "resources": [bus_arn]}


def read_objects(bucket_arn: Input[str], *prefixes: str) -> PolicyStatement:
    """Read the objects below these prefixes, or sign a URL that does."""
    return {"actions": ["s3:GetObject"], "resources": _objects(bucket_arn, prefixes)}


def write_objects(bucket_arn: Input[str], *prefixes: str) -> PolicyStatement:
    """Write objects below these prefixes, or sign a form that does."""
    return {"actions": ["s3:PutObject"], "resources": _objects(bucket_arn, prefixes)}


def notice_missing_objects(bucket_arn: Input[str]) -> PolicyStatement:
    """Be told that an object does not exist. S3 answers whoever may not list the bucket that access is denied."""
    return {"actions": ["s3:ListBucket"], "resources": [bucket_arn]}


def delete_versions(bucket_arn: Input[str], *prefixes: str) -> PolicyStatement:
    """Delete versions of the objects below these prefixes for good. S3 asks for both actions (API reference,
    "DeleteObjects")."""
    return {"actions": ["s3:DeleteObject", "s3:DeleteObjectVersion"], "resources": _objects(bucket_arn, prefixes)}


def list_versions(bucket_arn: Input[str], *prefixes: str) -> PolicyStatement:
    """List the versions of the objects below these prefixes."""
    return {
        "actions": ["s3:ListBucketVersions"],
        "resources": [bucket_arn],
        "conditions": {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
    }


def read_sessions(table_arn: Input[str]) -> PolicyStatement:
    """Find a user's chat sessions, and read them."""
    by_activity = pulumi.Output.concat(table_arn, "/index/", BY_ACTIVITY)
    return {"actions": ["dynamodb:Query"], "resources": [table_arn, by_activity]}


def delete_sessions(table_arn: Input[str]) -> PolicyStatement:
    """Delete what chat sessions are made of."""
    return {"actions": ["dynamodb:DeleteItem"], "resources": [table_arn]}


def remove_users(pool_arn: Input[str]) -> PolicyStatement:
    """Keep users of one pool from signing in, and remove them."""
    actions = ["AdminDeleteUser", "AdminDisableUser", "AdminUserGlobalSignOut"]
    return {"actions": [f"cognito-idp:{action}" for action in actions], "resources": [pool_arn]}


def consume(queue_arn: Input[str]) -> PolicyStatement:
    """Receive a queue's messages, and put off those that have to wait."""
    actions = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"]
    return {"actions": [f"sqs:{action}" for action in actions], "resources": [queue_arn]}


def look_through(*queue_arns: Input[str]) -> PolicyStatement:
    """Receive queues' messages, and give them back."""
    return {"actions": ["sqs:ChangeMessageVisibility", "sqs:ReceiveMessage"], "resources": queue_arns}


def send(queue_arn: Input[str]) -> PolicyStatement:
    """Send messages to a queue."""
    return {"actions": ["sqs:SendMessage"], "resources": [queue_arn]}


def write_logs(log_group_arn: Input[str]) -> PolicyStatement:
    """Write to one log group, which exists already."""
    return {
        "actions": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "resources": [pulumi.Output.concat(log_group_arn, ":*")],
    }


def keep_sessions(table_arn: Input[str]) -> PolicyStatement:
    """Read, write and remove chat sessions. Their keys begin with the user, but the role is the same for all of them:
    `dynamodb:LeadingKeys` could only repeat what every key is allowed to be."""
    actions = ["BatchWriteItem", "GetItem", "PutItem", "Query"]
    return {"actions": [f"dynamodb:{action}" for action in actions], "resources": [table_arn]}


def list_sessions(table_arn: Input[str]) -> PolicyStatement:
    """List chat sessions by the index that shows one of each, and by no other."""
    return {"actions": ["dynamodb:Query"], "resources": [pulumi.Output.concat(table_arn, "/index/", BY_ACTIVITY)]}


def policy(statements: Sequence[PolicyStatement]) -> Output[str]:
    """The policy document that allows `statements`, as JSON."""
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": statement["actions"],
                    "Resource": statement["resources"],
                    **({"Condition": statement["conditions"]} if "conditions" in statement else {}),
                }
                for statement in statements
            ],
        }
    )


def assume_role(service: str) -> str:
    """The trust policy of a role that an AWS service takes on."""
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
        f'"Principal": {{"Service": "{service}"}}}}]}}'
    )


def _for_bucket(bucket_arn: Input[str]) -> dict[str, dict[str, list[Input[str]]]]:
    return {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": [bucket_arn]}}


def _objects(bucket_arn: Input[str], prefixes: Sequence[str]) -> list[Input[str]]:
    return [pulumi.Output.concat(bucket_arn, "/", prefix, "*") for prefix in prefixes]
