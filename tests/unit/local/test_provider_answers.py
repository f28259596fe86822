"""What the local stack makes up itself instead of asking the emulator."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any, cast

import pytest

from collections_cli.admin.users import make_password
from local.provisioner.cloud import Cloud, Place
from local.provisioner.function_package import UnknownImageError, deployment_package, image_folder
from local.provisioner.iam import KINDS as IAM
from local.provisioner.kind import Kind
from local.provisioner.lookups import LOOKUPS
from local.provisioner.random_values import KINDS as RANDOM
from local.provisioner.s3 import KINDS as S3

DIGEST = "sha256:" + "ab" * 32


class SpyCloud(Cloud):
    """Remembers calls instead of making them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, object]]] = []

    def call(self, operation: str, /, **parameters: object) -> dict[str, Any]:
        self.calls.append((operation, parameters))
        return {}


def random_password(**inputs: object) -> str:
    return RANDOM["random:index/randomPassword:RandomPassword"].create(SpyCloud(), "p", inputs).outputs["result"]


def test_a_random_password_has_the_length_and_the_classes_asked_for() -> None:
    passwords = {random_password(length=24, special=False, minNumeric=3, minUpper=2) for _ in range(50)}

    assert len(passwords) == 50
    for password in passwords:
        assert len(password) == 24
        assert password.isalnum()
        assert sum(character.isdigit() for character in password) >= 3
        assert sum(character.isupper() for character in password) >= 2


def test_a_users_password_satisfies_the_pools_policy() -> None:
    for password in (make_password() for _ in range(50)):
        assert len(password) >= 12
        assert any(character.islower() for character in password)
        assert any(character.isupper() for character in password)
        assert any(character.isdigit() for character in password)
        assert not password.isalnum()


def test_a_policy_document_is_what_the_provider_would_compute() -> None:
    inputs = {
        "statements": [
            {
                "sid": "Send",
                "actions": ["sqs:SendMessage"],
                "resources": ["arn:q"],
                "principals": [{"type": "Service", "identifiers": ["events.amazonaws.com"]}],
                "conditions": [{"test": "ArnEquals", "variable": "aws:SourceArn", "values": ["arn:r"]}],
            }
        ]
    }

    answer = LOOKUPS["aws:iam/getPolicyDocument:getPolicyDocument"](SpyCloud(), inputs)

    assert json.loads(answer["json"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Sid": "Send",
                "Action": ["sqs:SendMessage"],
                "Resource": ["arn:q"],
                "Principal": {"Service": ["events.amazonaws.com"]},
                "Condition": {"ArnEquals": {"aws:SourceArn": ["arn:r"]}},
            }
        ],
    }


def put_policy(kind: Kind, parameter: str, statements: object, **inputs: str) -> list[dict[str, object]]:
    cloud = SpyCloud()
    kind.create(cloud, "policy", {**inputs, "policy": json.dumps({"Statement": statements})})
    document = json.loads(cast("str", cloud.calls[0][1][parameter]))
    return document["Statement"]


def test_whoever_may_read_a_parameter_may_read_its_versions() -> None:
    arn = "arn:aws:ssm:eu-west-1:000000000000:parameter/collections/local/key"
    statements = [{"Action": "ssm:GetParameter", "Resource": arn}, {"Action": "s3:GetObject", "Resource": "arn:aws:s3"}]

    put = put_policy(IAM["aws:iam/rolePolicy:RolePolicy"], "PolicyDocument", statements, role="r")

    assert put[0]["Resource"] == [arn, f"{arn}:*"]
    assert put[1] == statements[1]


def test_a_bucket_keeps_its_policy_but_for_the_rule_about_tls() -> None:
    tls = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    other = {"Effect": "Deny", "Action": "s3:DeleteBucket"}

    put = put_policy(S3["aws:s3/bucketPolicy:BucketPolicy"], "Policy", [tls, other], bucket="b")

    assert put == [other]


class NoDatabase:
    host = "127.0.0.1"
    port = 1

    def create(self, *, username: str, password: str, database: str) -> None:
        raise AssertionError


def place(folder: Path) -> Place:
    return Place("http://127.0.0.1:1", folder, Path("/a venv/bin/python"), NoDatabase(), "eu-west-1")


def test_a_package_starts_the_runtime_client_in_the_images_copy(tmp_path: Path) -> None:
    here = place(tmp_path)
    image_folder(here, DIGEST).mkdir(parents=True)

    package = deployment_package(here, f"repo.example/app@{DIGEST}", ["B", "A"])

    bootstrap = zipfile.ZipFile(io.BytesIO(package)).getinfo("bootstrap")
    script = zipfile.ZipFile(io.BytesIO(package)).read(bootstrap).decode()
    assert bootstrap.external_attr >> 16 & 0o111
    assert f"cd {image_folder(here, DIGEST)} || exit 1" in script
    assert "exec env -i" in script
    assert '${A+"A=$A"}' in script
    assert script.rstrip().endswith("'/a venv/bin/python' -m awslambdaric \"$_HANDLER\"")
    assert package == deployment_package(here, f"repo.example/app@{DIGEST}", ["A", "B"])


@pytest.mark.parametrize("uri", ["repo.example/app:latest", f"repo.example/app@{DIGEST}"])
def test_an_image_that_is_not_here_is_an_error(tmp_path: Path, uri: str) -> None:
    with pytest.raises(UnknownImageError, match=re.escape(uri)):
        deployment_package(place(tmp_path), uri, [])
