"""The project that a person deploys once per account: GitHub's workflows become exactly what they are meant to."""

import json
from functools import cache
from typing import Any

import pytest

from local.program import StackConfig, run_program
from local.recorder import Graph
from tests.components.provider import RecordedProvider
from tests.components.recording import ROOT, record, recorded

REPOSITORY = "example/collections"
ISSUER = "token.actions.githubusercontent.com"
ENVIRONMENTS = ("preview", "dev", "test", "prod")


def run(**settings: str) -> Graph:
    project = "collections-bootstrap"
    values = {"githubRepository": REPOSITORY, "stacks": '["dev", "test", "prod"]', "createProvider": "true", **settings}
    config = {"aws:region": "eu-west-1"} | {f"{project}:{key}": value for key, value in values.items()}
    return run_program(ROOT / "bootstrap", StackConfig(project, "account", config, frozenset()), RecordedProvider())


@cache
def bootstrap() -> Graph:
    return run()


def statements(role: str) -> list[dict[str, Any]]:
    return json.loads(bootstrap().one("aws:iam/rolePolicy:RolePolicy", role).inputs["policy"])["Statement"]


def allowing(role: str, action: str) -> list[dict[str, Any]]:
    return [each for each in statements(role) if each["Effect"] == "Allow" and action in each["Action"]]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_role_is_taken_on_from_one_environment_of_one_repository_only(environment: str):
    role = bootstrap().one("aws:iam/role:Role", environment).inputs

    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Principal"] == {"Federated": "arn:aws:iam::123456789012:oidc-provider/github"}
    assert trust["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": f"repo:{REPOSITORY}:environment:{environment}",
        }
    }


def test_a_preview_changes_nothing():
    actions = {action for each in statements("preview") for action in each["Action"]}

    assert actions == {
        "s3:ListBucket",
        "s3:GetObject",
        "kms:Decrypt",
        "ec2:DescribeAvailabilityZones",
        "ecr:GetAuthorizationToken",
        "ssm:GetParameter",
    }


@pytest.mark.parametrize("stack", ["dev", "test", "prod"])
def test_a_deployer_makes_roles_of_its_own_stack_within_the_boundary_only(stack: str):
    roles = [f"arn:aws:iam::123456789012:role/collections/{stack}/*"]

    for action in ("iam:CreateRole", "iam:PutRolePolicy"):
        (granted,) = allowing(stack, action)
        assert granted["Resource"] == roles
        assert granted["Condition"]["StringEquals"]["iam:PermissionsBoundary"].endswith(
            ":policy/collections-functions-boundary"
        )
    (passed,) = allowing(stack, "iam:PassRole")
    assert passed["Resource"] == roles
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    allowed = [each for each in statements(stack) if each["Effect"] == "Allow"]
    iam = {action for each in allowed for action in each["Action"] if action.startswith("iam:")}
    assert not {action for action in iam if "*" in action or "User" in action or "AccessKey" in action}
    assert not iam & {"iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary", "iam:AttachRolePolicy"}


@pytest.mark.parametrize("stack", ["dev", "test", "prod"])
def test_a_deployer_leaves_what_is_tagged_as_another_stacks_alone(stack: str):
    (denied,) = (each for each in statements(stack) if each["Effect"] == "Deny" and each["Action"] == ["*"])

    assert denied["Resource"] == ["*"]
    assert denied["Condition"] == {
        "StringNotEquals": {"aws:ResourceTag/stack": stack},
        "Null": {"aws:ResourceTag/stack": "false"},
    }


@pytest.mark.parametrize("stack", ["dev", "test", "prod"])
def test_a_deployer_cannot_do_away_with_the_state_or_its_key(stack: str):
    graph = bootstrap()
    bucket, key = graph.one("aws:s3/bucket:Bucket", "state"), graph.one("aws:kms/key:Key", "state")

    (denied,) = (each for each in statements(stack) if each["Effect"] == "Deny" and "s3:DeleteBucket" in each["Action"])
    assert {"s3:DeleteObjectVersion", "kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"} <= set(denied["Action"])
    assert denied["Resource"] == [bucket.state["arn"], f"{bucket.state['arn']}/*", key.state["arn"]]


def test_a_deployer_stays_in_its_region():
    (managed,) = (each for each in statements("dev") if "lambda:*" in each["Action"])

    assert managed["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}


def test_a_deployer_knows_every_service_that_a_stack_is_made_of():
    (managed,) = (each for each in statements("dev") if "lambda:*" in each["Action"])
    allowed = {action.removesuffix(":*") for action in managed["Action"]}
    names = {"apigatewayv2": "apigateway", "cognito": "cognito-idp", "vpc": "ec2"}
    types = {each.type.split(":")[1].split("/")[0] for each in recorded("prod").resources.values() if each.custom}

    # Roles have statements of their own; what is no service of AWS's is made on the deployer's machine.
    made = {names.get(service, service) for service in types} - {"iam", "index"}
    assert made <= allowed


def test_the_boundary_allows_what_functions_are_granted_and_no_more():
    boundary = json.loads(bootstrap().one("aws:iam/policy:Policy", "functions").inputs["policy"])
    allowed = {action for each in boundary["Statement"] for action in each["Action"]}
    granted = {
        action
        for policy in recorded("prod").of("aws:iam/rolePolicy:RolePolicy")
        for each in json.loads(policy.inputs["policy"])["Statement"]
        for action in each["Action"]
    }

    assert granted <= allowed
    assert not {action for action in allowed if "*" in action or action.startswith("iam:")}


def test_a_stacks_roles_are_where_its_deployer_may_make_them():
    boundary = "arn:aws:iam::123456789012:policy/collections-functions-boundary"

    roles = record("dev", {"permissionsBoundary": boundary}).of("aws:iam/role:Role")

    assert {each.inputs["path"] for each in roles} == {"/collections/dev/"}
    assert {each.inputs["permissionsBoundary"] for each in roles} == {boundary}


def test_state_is_private_encrypted_versioned_and_kept():
    graph = bootstrap()

    bucket, key = graph.one("aws:s3/bucket:Bucket", "state"), graph.one("aws:kms/key:Key", "state")
    assert (bucket.protect, key.protect) == (True, True)
    assert key.inputs["enableKeyRotation"] is True
    assert graph.one("aws:s3/bucketVersioning:BucketVersioning", "state").inputs["versioningConfiguration"] == {
        "status": "Enabled"
    }
    blocked = graph.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "state").inputs
    assert all(value is True for name, value in blocked.items() if name != "bucket")
    (statement,) = json.loads(graph.one("aws:s3/bucketPolicy:BucketPolicy", "state").inputs["policy"])["Statement"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_it_exports_what_a_stack_is_set_up_with():
    exports = bootstrap().exports

    assert exports["backend"] == "s3://state"
    assert exports["secretsProvider"] == "awskms://alias/collections-state?region=eu-west-1"
    assert set(exports["deployRoles"]) == {"dev", "test", "prod"}


def test_a_provider_that_is_there_already_is_used():
    graph = run(createProvider="false")

    assert graph.of("aws:iam/openIdConnectProvider:OpenIdConnectProvider") == []
    (trust,) = json.loads(graph.one("aws:iam/role:Role", "dev").inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"]["Federated"] == f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"


def test_what_is_no_repository_is_refused():
    with pytest.raises(Exception, match="must be owner/name"):
        run(githubRepository="https://github.com/example/collections")
