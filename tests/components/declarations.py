"""What a piece of a program asked its provider for."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from pulumi.runtime.mocks import MockResourceArgs

from components.function import FunctionArgs, FunctionPlatform
from local.recorder import reveal
from tests.components.provider import ACCOUNT, DIGEST, REGION, RecordedProvider


@dataclass(frozen=True)
class Declared:
    """One resource that was asked for. Secrets are shown plainly; `secrets` holds their paths."""

    type: str
    name: str
    inputs: dict[str, Any]
    secrets: frozenset[str]


@dataclass
class Declarations(RecordedProvider):
    """What a component asked its provider for."""

    resources: list[Declared] = field(default_factory=list[Declared])

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.custom:
            secrets: set[str] = set()
            inputs = reveal(cast("dict[str, Any]", args.inputs), "", secrets)  # pyright: ignore[reportUnknownMemberType]
            self.resources.append(Declared(args.typ, args.name, inputs, frozenset(secrets)))
        return super().new_resource(args)

    def of(self, kind: str) -> list[Declared]:
        """Resources by the end of their type, such as `sqs/queue:Queue`, by name."""
        return sorted((each for each in self.resources if each.type.endswith(kind)), key=lambda each: each.name)

    def one(self, kind: str, name: str | None = None) -> Declared:
        """The only resource of a type, or the one of that name."""
        (found,) = (each for each in self.of(kind) if name in {None, each.name})
        return found

    def policy(self, name: str) -> list[dict[str, Any]]:
        """Statements of a role's policy."""
        return json.loads(self.one("iam/rolePolicy:RolePolicy", name).inputs["policy"])["Statement"]


Declare = Callable[[Callable[[], object]], Declarations]

PLATFORM: FunctionPlatform = {
    "image_uri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/functions@{DIGEST}",
    "log_retention_days": 7,
    "environment": {"STACK": "dev"},
}
FUNCTION: FunctionArgs = {
    "platform": PLATFORM,
    "command": "runtime.handlers.example.handler",
    "memory_mb": 512,
    "timeout_seconds": 30,
}
