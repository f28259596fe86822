"""One function: its role, its log, its published version."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components import grants
from components.arguments import Arguments
from components.grants import PolicyStatement
from components.naming import children_of, physical_name
from components.settings_rules import RETENTION_DAYS

ALIAS = "live"

_MEMORY_MB = 1024
_TIMEOUT_SECONDS = 30
_LOG_DAYS = 30


class FunctionNetwork(TypedDict):
    """Where in a VPC a function runs."""

    subnet_ids: Input[Sequence[Input[str]]]
    """Private subnets with a way to AWS's services."""
    security_group_ids: Input[Sequence[Input[str]]]
    """What it may reach."""


class FunctionPlatform(TypedDict):
    """What all functions of a stack have in common."""

    image_uri: Input[str]
    """Image by digest, for arm64, in a repository of ECR: `repository@sha256:…`."""
    log_retention_days: NotRequired[Input[int]]
    """Days that logs are kept: 1, 3, 5, 7, 14, 30, 60, 90 or more as CloudWatch has it. Default 30."""
    network: NotRequired[FunctionNetwork]
    """Run in a VPC. Default: in none."""
    environment: NotRequired[Mapping[str, Input[str]]]
    """Variables for all functions."""
    permissions_boundary: NotRequired[str | None]
    """ARN of a policy beyond which no role may go. Default: there is none."""


class FunctionArgs(TypedDict):
    """What one function runs, needs and may do."""

    platform: FunctionPlatform
    """What it shares with the stack's other functions."""
    command: Input[str]
    """Command of the image; for Lambda's Python images the handler, such as `photos.resize.handler`."""
    memory_mb: NotRequired[Input[int]]
    """Memory, and in proportion to it processor time: 128-10240. Default 1024."""
    timeout_seconds: NotRequired[Input[int]]
    """Longest run: 1-900. Default 30."""
    environment: NotRequired[Mapping[str, Input[str]]]
    """Variables of its own. Secrets go into Parameter Store; here stands where."""
    statements: NotRequired[Sequence[PolicyStatement]]
    """What it may do besides logging, tracing and joining its network."""
    reserved_concurrency: NotRequired[int | None]
    """Concurrency kept for it, which it never exceeds. Default: the account's."""


class Function(pulumi.ComponentResource):
    """Runs a command of an image on arm64, with exactly the permissions given.

    The component's name is the function's role in the stack, such as `analyzer`: it ends the physical name and is the
    service in logs, metrics and traces.
    """

    function_name: Output[str]
    """Name of the function in AWS."""
    alias_name: Output[str]
    """Alias of the version published last: what events, routes and schedules call."""
    alias_arn: Output[str]
    """ARN of the function's alias, which calls the version published last."""
    invoke_arn: Output[str]
    """The alias, as API Gateway calls it."""
    role_arn: Output[str]
    """ARN of the role that the function runs as."""

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(self, name, FunctionArgs, args)
        super().__init__("collections:index:Function", name, props={}, opts=opts)
        child = children_of(self, opts)
        platform = args["platform"]
        function_name = physical_name(name)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/lambda/{function_name}",
            retention_in_days=log_retention(given, "platform.log_retention_days", platform.get("log_retention_days")),
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-role",
            # A deployer may be limited to the roles of one stack.
            path=f"/{pulumi.get_project()}/{pulumi.get_stack()}/",
            permissions_boundary=platform.get("permissions_boundary"),
            assume_role_policy=grants.assume_role("lambda.amazonaws.com"),
            opts=child,
        )
        network = platform.get("network")
        statements = [
            grants.write_logs(logs.arn),
            grants.TRACE,
            *([grants.JOIN_NETWORK] if network else []),
            *args.get("statements", []),
        ]
        policy = aws.iam.RolePolicy(f"{name}-policy", role=role.name, policy=grants.policy(statements), opts=child)
        function = aws.lambda_.Function(
            name,
            name=function_name,
            package_type="Image",
            architectures=["arm64"],
            image_uri=given.matching(
                "platform.image_uri",
                platform["image_uri"],
                _names_digest,
                "repository@sha256:…, for Lambda keeps what a tag named",
            ),
            image_config={"commands": [args["command"]]},
            role=role.arn,
            memory_size=given.between("memory_mb", args.get("memory_mb", _MEMORY_MB), 128, 10_240),
            timeout=given.between("timeout_seconds", timeout_of(args), 1, 900),
            reserved_concurrent_executions=args.get("reserved_concurrency"),
            environment={
                "variables": {
                    "POWERTOOLS_SERVICE_NAME": name,
                    **platform.get("environment", {}),
                    **args.get("environment", {}),
                }
            },
            logging_config={"log_format": "Text", "log_group": logs.name},
            tracing_config={"mode": "Active"},
            vpc_config={
                "subnet_ids": network["subnet_ids"],
                "security_group_ids": network["security_group_ids"],
            }
            if network
            else None,
            publish=True,
            # Without its permissions it could neither log nor join the network.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[policy])),
        )
        alias = aws.lambda_.Alias(
            f"{name}-{ALIAS}",
            name=ALIAS,
            function_name=function.name,
            function_version=function.version,
            opts=child,
        )
        self.function_name = function.name
        self.alias_name = alias.name
        self.alias_arn = alias.arn
        self.invoke_arn = alias.invoke_arn
        self.role_arn = role.arn
        self.register_outputs(
            {
                "function_name": self.function_name,
                "alias_name": self.alias_name,
                "alias_arn": self.alias_arn,
                "invoke_arn": self.invoke_arn,
                "role_arn": self.role_arn,
            }
        )


def timeout_of(args: FunctionArgs) -> Input[int]:
    """Longest run of a function with these arguments, in seconds."""
    return args.get("timeout_seconds", _TIMEOUT_SECONDS)


def log_retention(given: Arguments, path: str, days: Input[int] | None) -> Input[int]:
    """Days that a log is kept, the default if there are none given. `path` names them in errors."""
    return given.one_of(path, _LOG_DAYS if days is None else days, RETENTION_DAYS)


def _names_digest(image_uri: str) -> bool:
    return "@sha256:" in image_uri
