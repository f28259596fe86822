"""A Pulumi project small enough to change in a test, deployed for real."""

from __future__ import annotations

import textwrap
from pathlib import Path

from local.program import StackConfig, load_config

_PROJECT = """
    name: tiny
    runtime: python
"""
_STACK = """
    config:
      aws:region: eu-west-1
"""
_PROGRAM = """
    import json
    import pulumi
    import pulumi_aws as aws
    import pulumi_docker as docker
    import pulumi_random as random

    config = pulumi.Config()
    bucket = aws.s3.Bucket("files", force_destroy=True)
    aws.s3.BucketVersioning("files", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    password = random.RandomPassword("password", length=16)
    image = docker.Image("image", image_name="registry.example/tiny:latest", build={"context": "."})
    role = aws.iam.Role("role", assume_role_policy=json.dumps({"Statement": []}))
    function = aws.lambda_.Function(
        "greeter", role=role.arn, package_type="Image", image_uri=image.repo_digest, publish=True, timeout=20,
        image_config={"commands": ["runtime.greeter.handler"]},
        environment={"variables": {"GREETING": config.get("greeting") or "hello"}},
    )
    live = aws.lambda_.Alias("live", name="live", function_name=function.name, function_version=function.version)
    users = aws.cognito.UserPool("users")
    client = aws.cognito.UserPoolClient(
        "client", user_pool_id=users.id, explicit_auth_flows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    pulumi.export("bucket", bucket.bucket)
    pulumi.export("function", live.arn)
    pulumi.export("password", password.result)
    pulumi.export("userPoolId", users.id)
    pulumi.export("userPoolClientId", client.id)
"""
QUEUE = """
    queue = aws.sqs.Queue("mail", visibility_timeout_seconds=30)
    aws.sqs.QueuePolicy("mail", queue_url=queue.url, policy=json.dumps({"Statement": [{"Sid": "mine"}]}))
    pulumi.export("queue", queue.url)
"""
_HANDLER = """
    import os

    def handler(event, context):
        if event == "fail":
            raise ValueError("asked to fail")
        return {"text": f"{os.environ['GREETING']} world", "environment": sorted(os.environ)}
"""


class TinyProject:
    """The project's folder, and how to change what is in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "runtime").mkdir()
        self._write("Pulumi.yaml", _PROJECT)
        self._write("Pulumi.local.yaml", _STACK)
        self._write(".dockerignore", "*\n!runtime/\n**/__pycache__\n")
        self.handler(_HANDLER)
        self.program()

    def program(self, *more: str) -> None:
        """The basic program, followed by more."""
        self._write("__main__.py", "\n".join(textwrap.dedent(part) for part in (_PROGRAM, *more)))

    def handler(self, text: str) -> None:
        """The function's code."""
        self._write("runtime/greeter.py", text)

    def greet_with(self, word: str) -> None:
        """The same code with another word in it."""
        self.handler(_HANDLER.replace(" world", f" {word}"))

    def config(self, **values: str) -> StackConfig:
        return load_config(self.root, "local", {}).replaced(values)

    def _write(self, name: str, text: str) -> None:
        (self.root / name).write_text(textwrap.dedent(text))
