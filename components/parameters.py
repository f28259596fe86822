"""The stack's tree in Parameter Store."""

import re
from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components.arguments import Arguments
from components.encryption import PARAMETER_KEY
from components.naming import children_of

_PREFIX = re.compile(r"(/[A-Za-z0-9_.-]+)+")


class ParametersArgs(TypedDict):
    """What to keep, by path below the prefix."""

    prefix: str
    """Start of every name, such as `/photos/dev`."""
    secrets: NotRequired[Mapping[str, Input[str]]]
    """Values to encrypt, by path: `anthropic/api_key`."""
    key_arn: NotRequired[Input[str]]
    """Key that encrypts them. Default: AWS's own for Parameter Store."""
    values: NotRequired[Mapping[str, Input[str]]]
    """Values that anyone may see who can list the account's parameters, by path: `database/name`."""


class Parameters(pulumi.ComponentResource):
    """Keeps secrets and values where functions read them by name and version, one permission each."""

    references: Output[Mapping[str, str]]
    """`name:version` by path: changes with each new value, so a function that holds it is updated."""
    arns: Output[Mapping[str, str]]
    """ARN by path, for a policy that allows to read it."""

    def __init__(self, name: str, args: ParametersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(self, name, ParametersArgs, args)
        super().__init__("collections:index:Parameters", name, props={}, opts=opts)
        child = children_of(self, opts)
        prefix = args["prefix"]
        if not _PREFIX.fullmatch(prefix):
            raise given.refuse("prefix", f"is {prefix!r}; it has to look like /photos/dev, with no slash at the end.")
        self._parameters: dict[str, aws.ssm.Parameter] = {}
        for path, value in args.get("secrets", {}).items():
            self._parameters[path] = aws.ssm.Parameter(
                f"{name}-{path}",
                name=f"{prefix}/{path}",
                type=aws.ssm.ParameterType.SECURE_STRING,
                key_id=args.get("key_arn", PARAMETER_KEY),
                value=Output.secret(value),
                opts=child,
            )
        for path, value in args.get("values", {}).items():
            self._parameters[path] = aws.ssm.Parameter(
                f"{name}-{path}", name=f"{prefix}/{path}", type=aws.ssm.ParameterType.STRING, value=value, opts=child
            )
        self.references = Output.all(**{path: self.reference(path) for path in self._parameters})
        self.arns = Output.all(**{path: self.arn(path) for path in self._parameters})
        self.register_outputs({"references": self.references, "arns": self.arns})

    def reference(self, path: str) -> Output[str]:
        """`name:version` of the parameter at `path`; KeyError if there is none."""
        parameter = self._parameters[path]
        return Output.concat(parameter.name, ":", parameter.version.apply(str))

    def arn(self, path: str) -> Output[str]:
        """ARN of the parameter at `path`; KeyError if there is none."""
        return self._parameters[path].arn
