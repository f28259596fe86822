"""Permissions that the emulator gives to everybody: here the whole program's record has to show that they fit."""

import json

import pytest

from local.recorder import Graph, Resource
from tests.not_enforced import NOT_ENFORCED

Granted = dict[str, dict[str, set[str]]]
"""By action, then by role: the ARNs."""


@pytest.fixture
def granted(graph: Graph) -> Granted:
    found: Granted = {}
    for policy in graph.of("aws:iam/rolePolicy:RolePolicy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            for action in statement["Action"]:
                role = policy.name.removesuffix("-policy")
                found.setdefault(action, {}).setdefault(role, set()).update(statement["Resource"])
    return found


def functions(graph: Graph) -> dict[str, Resource]:
    return {each.name: each for each in graph.of("aws:lambda/function:Function")}


def only(actions: str) -> list[str]:
    """The actions that are not enforced whose names begin like this."""
    return [action for action in NOT_ENFORCED if action.startswith(actions)]


def test_each_function_writes_to_its_own_log_and_no_other(graph: Graph, granted: Granted):
    arns = {each.inputs["name"]: each.state["arn"] for each in graph.of("aws:cloudwatch/logGroup:LogGroup")}
    logs = {role: {f"{arns[each.inputs['loggingConfig']['logGroup']]}:*"} for role, each in functions(graph).items()}

    assert [granted[action] for action in only("logs:")] == [logs, logs]


def test_who_is_traced_may_say_so(graph: Graph, granted: Granted):
    traced = {
        role: {"*"} for role, each in functions(graph).items() if each.inputs["tracingConfig"]["mode"] == "Active"
    }

    assert [granted[action] for action in only("xray:")] == [traced, traced]


def test_who_runs_in_the_network_may_join_it(graph: Graph, granted: Granted):
    joining = {role: {"*"} for role, each in functions(graph).items() if each.inputs.get("vpcConfig")}

    assert len(only("ec2:")) == 6
    assert all(granted[action] == joining for action in only("ec2:"))


def test_each_consumer_takes_messages_from_its_own_queue_and_no_other(graph: Graph, granted: Granted):
    aliases = {each.state["arn"]: each.inputs["functionName"] for each in graph.of("aws:lambda/alias:Alias")}
    roles = {each.inputs["name"]: role for role, each in functions(graph).items()}
    queues = {
        roles[aliases[each.inputs["functionName"]]]: {each.inputs["eventSourceArn"]}
        for each in graph.of("aws:lambda/eventSourceMapping:EventSourceMapping")
    }

    assert queues.keys() == {"image_processor", "analyzer", "embedder", "worker"}
    # Lambda polls with the function's role, and needs these three (Lambda Developer Guide, "Using Lambda with SQS").
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        # The sweeper looks through what was given up.
        assert {role: arns for role, arns in granted[action].items() if role != "sweeper"} == queues


def test_the_sweeper_looks_through_the_dead_letters_of_every_stage_and_no_other_queue(graph: Graph, granted: Granted):
    given_up = {
        json.loads(each.inputs["redrivePolicy"])["deadLetterTargetArn"]
        for each in graph.of("aws:sqs/queue:Queue")
        # A request about an account says itself how far it has come.
        if each.inputs.get("redrivePolicy") and each.name != "worker-queue"
    }

    assert len(given_up) == 3
    assert granted["sqs:ReceiveMessage"]["sweeper"] == given_up
    assert granted["sqs:ChangeMessageVisibility"]["sweeper"] == given_up
    assert "sweeper" not in granted["sqs:DeleteMessage"]


def test_failed_runs_can_be_written_down_each_in_its_own_queue(graph: Graph, granted: Granted):
    roles = {each.inputs["name"]: role for role, each in functions(graph).items()}
    failures = {
        roles[each.inputs["functionName"]]: {each.inputs["destinationConfig"]["onFailure"]["destination"]}
        for each in graph.of("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    }

    assert failures.keys() == {"sweeper", "batcher", "migrate"}
    assert granted["sqs:SendMessage"] == failures


def test_who_deletes_objects_deletes_their_versions_and_who_reads_them_notices_when_they_are_gone(granted: Granted):
    assert granted["s3:DeleteObjectVersion"] == granted["s3:DeleteObject"]
    # The API only signs addresses: whoever follows one may as well be told that access is denied.
    reading = granted["s3:GetObject"].keys() - {"api"}
    assert granted["s3:ListBucket"].keys() == reading
    for role in reading:
        (bucket,) = granted["s3:ListBucket"][role]
        assert all(arn.startswith(f"{bucket}/") for arn in granted["s3:GetObject"][role])


def contexts(graph: Graph, action: str) -> dict[str, dict[str, set[str]]]:
    """By role, then by key of the encryption context: what a role may do `action` on."""
    (key,) = graph.of("aws:kms/key:Key")
    found: dict[str, dict[str, set[str]]] = {}
    for policy in graph.of("aws:iam/rolePolicy:RolePolicy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            if action in statement["Action"]:
                assert statement["Resource"] == [key.state["arn"]]
                ((name, values),) = statement["Condition"]["StringEquals"].items()
                role = policy.name.removesuffix("-policy")
                found.setdefault(role, {}).setdefault(name.removeprefix("kms:EncryptionContext:"), set()).update(values)
    return found


def test_who_reads_a_secret_decrypts_that_parameter_and_no_other(graph: Graph, granted: Granted):
    secret = {
        each.state["arn"] for each in graph.of("aws:ssm/parameter:Parameter") if each.inputs["type"] == "SecureString"
    }

    read = {role: arns & secret for role, arns in granted["ssm:GetParameter"].items()}
    assert {role: of.get("PARAMETER_ARN") for role, of in contexts(graph, "kms:Decrypt").items()} == read


def test_who_reads_or_writes_objects_uses_the_key_for_that_bucket_and_no_other(graph: Graph, granted: Granted):
    bucket = {graph.one("aws:s3/bucket:Bucket", "images").state["arn"]}
    for action, needed_by in (("kms:Decrypt", "s3:GetObject"), ("kms:GenerateDataKey", "s3:PutObject")):
        found = {role: of["aws:s3:arn"] for role, of in contexts(graph, action).items() if "aws:s3:arn" in of}
        assert found == dict.fromkeys(granted[needed_by], bucket)


def test_roles_are_taken_on_by_lambda_only(graph: Graph):
    roles = {each.state["arn"]: each.inputs["assumeRolePolicy"] for each in graph.of("aws:iam/role:Role")}
    for function in functions(graph).values():
        (statement,) = json.loads(roles[function.inputs["role"]])["Statement"]
        assert (statement["Action"], statement["Principal"]) == ("sts:AssumeRole", {"Service": "lambda.amazonaws.com"})


def test_functions_are_invoked_by_the_api_the_schedules_and_one_event_only(graph: Graph):
    permissions = {each.name: each.inputs for each in graph.of("aws:lambda/permission:Permission")}

    assert {name: each["principal"] for name, each in permissions.items()} == {
        "api": "apigateway.amazonaws.com",
        "sweeper-schedule": "events.amazonaws.com",
        "migrate-event": "events.amazonaws.com",
        "batcher-schedule": "events.amazonaws.com",
    }
    assert all(each["sourceArn"] and each["qualifier"] for each in permissions.values())


def test_queues_are_filled_by_their_rules_only(graph: Graph):
    rules = {each.state["arn"] for each in graph.of("aws:cloudwatch/eventRule:EventRule")}
    for policy in graph.of("aws:sqs/queuePolicy:QueuePolicy"):
        (statement,) = json.loads(policy.inputs["policy"])["Statement"]
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert set(statement["Condition"]["ArnEquals"]["aws:SourceArn"]) <= rules
