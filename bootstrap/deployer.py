"""The roles that GitHub's workflows take on, by OpenID Connect: no key of AWS is kept at GitHub."""

from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from state import StateGrants

_SESSION_SECONDS = 3600

# What a stack is made of. A deployer manages all of a stack's resources of these services, in its own region; what it
# could use to get more than that is IAM, and has statements of its own below.
_SERVICES = (
    "apigateway",
    "cloudwatch",
    "cognito-idp",
    "dynamodb",
    "ec2",
    "ecr",
    "events",
    "kms",
    "lambda",
    "logs",
    "rds",
    "s3",
    "sns",
    "sqs",
    "ssm",
)
# What functions do with their roles (components/grants.py), and no more than that, whatever a deployment grants them.
_OF_FUNCTIONS = (
    "cognito-idp:AdminDeleteUser",
    "cognito-idp:AdminDisableUser",
    "cognito-idp:AdminUserGlobalSignOut",
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "events:PutEvents",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutObject",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "ssm:GetParameter",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
_ROLES_READ = (
    "GetRole",
    "GetRolePolicy",
    "ListAttachedRolePolicies",
    "ListInstanceProfilesForRole",
    "ListRolePolicies",
)
_ROLES_CHANGE = ("DeleteRole", "DeleteRolePolicy", "TagRole", "UntagRole", "UpdateAssumeRolePolicy", "UpdateRole")
_ROLES_GRANT = ("CreateRole", "PutRolePolicy")


class PreviewerArgs(TypedDict):
    """Which workflows, and which state."""

    provider: Input[str]
    """ARN of the account's OIDC provider for GitHub."""
    issuer: str
    """Its address, without the scheme."""
    repository: str
    """`owner/name`."""
    state: StateGrants
    """Statements for the state."""


class DeployerArgs(PreviewerArgs):
    """The same for a stack."""

    account: Output[str]
    """Id of the account."""
    region: Output[str]
    """Of the stack."""
    boundary: Input[str]
    """ARN of the policy that limits every role that a deployment makes."""


class Previewer(pulumi.ComponentResource):
    """Previews: reads state, and what the program asks AWS for. It changes nothing, but it can read secrets."""

    role_arn: Output[str]

    def __init__(self, name: str, args: PreviewerArgs) -> None:
        super().__init__("collections-bootstrap:index:Previewer", name)
        lookups: list[Any] = [
            {
                "Effect": "Allow",
                "Action": ["ec2:DescribeAvailabilityZones", "ecr:GetAuthorizationToken"],
                "Resource": ["*"],
            },
            {"Effect": "Allow", "Action": ["ssm:GetParameter"], "Resource": ["arn:aws:ssm:*::parameter/aws/service/*"]},
        ]
        self.role_arn = _role(self, name, args, [*args["state"]["read"], *lookups])
        self.register_outputs({"role_arn": self.role_arn})


class Deployer(pulumi.ComponentResource):
    """Deploys one stack, from the repository's environment of that name."""

    role_arn: Output[str]

    def __init__(self, name: str, args: DeployerArgs) -> None:
        super().__init__("collections-bootstrap:index:Deployer", name)
        roles = Output.concat("arn:aws:iam::", args["account"], f":role/collections/{name}/*")
        limited = {"StringEquals": {"iam:PermissionsBoundary": args["boundary"]}}
        passed = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
        statements: list[Any] = [
            *args["state"]["write"],
            {
                "Effect": "Allow",
                "Action": [f"{service}:*" for service in _SERVICES],
                "Resource": ["*"],
                "Condition": {"StringEquals": {"aws:RequestedRegion": args["region"]}},
            },
            {"Effect": "Allow", "Action": _iam(*_ROLES_READ, *_ROLES_CHANGE), "Resource": [roles]},
            {"Effect": "Allow", "Action": _iam(*_ROLES_GRANT), "Resource": [roles], "Condition": limited},
            {"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": [roles], "Condition": passed},
            # Where stacks share an account: what is tagged as another's is left alone.
            {
                "Effect": "Deny",
                "Action": ["*"],
                "Resource": ["*"],
                "Condition": {
                    "StringNotEquals": {"aws:ResourceTag/stack": name},
                    "Null": {"aws:ResourceTag/stack": "false"},
                },
            },
            # RDS and API Gateway make theirs at the first use in an account.
            {
                "Effect": "Allow",
                "Action": ["iam:CreateServiceLinkedRole"],
                "Resource": [Output.concat("arn:aws:iam::", args["account"], ":role/aws-service-role/*")],
            },
        ]
        self.role_arn = _role(self, name, args, statements)
        self.register_outputs({"role_arn": self.role_arn})


def boundary(region: Output[str]) -> aws.iam.Policy:
    """The most that a function's role can allow, whoever writes it: a deployer cannot make itself an administrator."""
    statement = {
        "Effect": "Allow",
        "Action": list(_OF_FUNCTIONS),
        "Resource": ["*"],
        "Condition": {"StringEquals": {"aws:RequestedRegion": region}},
    }
    return aws.iam.Policy(
        "functions",
        name="collections-functions-boundary",
        description="The most that functions of Collections may do",
        policy=_document([statement]),
    )


def _role(owner: pulumi.ComponentResource, name: str, args: PreviewerArgs, statements: list[Any]) -> Output[str]:
    child = pulumi.ResourceOptions(parent=owner)
    issuer = args["issuer"]
    trust: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": args["provider"]},
        # Exactly this repository's environment: a branch, a fork or another repository is refused.
        "Condition": {
            "StringEquals": {
                f"{issuer}:aud": "sts.amazonaws.com",
                f"{issuer}:sub": f"repo:{args['repository']}:environment:{name}",
            }
        },
    }
    role = aws.iam.Role(
        name,
        name=f"collections-github-{name}",
        assume_role_policy=_document([trust]),
        max_session_duration=_SESSION_SECONDS,
        opts=child,
    )
    aws.iam.RolePolicy(name, role=role.name, policy=_document(statements), opts=child)
    return role.arn


def _document(statements: list[Any]) -> Output[str]:
    return Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


def _iam(*actions: str) -> list[str]:
    return [f"iam:{action}" for action in actions]
