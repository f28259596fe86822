"""The policy pack: every stack keeps to it, and each policy notices what it is there for."""

import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from local.recorder import Graph, Resource, reveal
from policy.facts import takes_tags
from policy.pack import POLICIES
from tests.components.crossguard import violations
from tests.components.recording import ROOT, record, recorded

Change = dict[str, Any]
QUEUE = "aws:sqs/queue:Queue"
PUBLIC_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ALLOW_ALL = '{"Statement": {"Effect": "Allow", "Action": "%s", "Resource": "%s"}}'
FOR_EVERYBODY = '{"Statement": [{"Effect": "Allow", "Principal": %s, "Action": "%s", "Resource": "arn:x"}, %s]}'
PLAIN_HTTP = (
    '{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": %s, '
    '"Condition": {"Bool": {"aws:SecureTransport": "false"}}}'
)
FROM_RULES = (
    '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", '
    '"Resource": "arn:x", "Condition": {"ArnEquals": {"aws:SourceArn": %s}}}]}'
)
A_RULE = "arn:aws:events:eu-west-1:123456789012:rule/mine"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"


def test_every_stack_keeps_to_every_policy(graph: Graph):
    assert violations(graph) == []


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_preview_keeps_to_what_is_known_already(stack: str):
    assert violations(record(stack, preview=True)) == []


def changed(graph: Graph, type_: str, name: str, change: Change) -> Graph:
    """The graph with other properties of one resource."""
    resource = graph.one(type_, name)
    other = replace(resource, inputs={**resource.inputs, **change}, state={**resource.state, **change})
    return Graph({**graph.resources, resource.urn: other})


def without(graph: Graph, type_: str, name: str) -> Graph:
    """The graph without one resource."""
    return Graph({urn: each for urn, each in graph.resources.items() if (each.type, each.name) != (type_, name)})


BREACHES: list[tuple[str, str, str, Change]] = [
    ("data-is-encrypted", "aws:rds/instance:Instance", "database", {"storageEncrypted": False}),
    ("data-is-encrypted", QUEUE, "analyzer-queue", {"sqsManagedSseEnabled": False}),
    ("data-is-encrypted", "aws:sns/topic:Topic", "observability-alarms", {"kmsMasterKeyId": None}),
    ("data-is-encrypted", "aws:dynamodb/table:Table", "checkpoints", {"serverSideEncryption": None}),
    ("data-is-encrypted", "aws:ecr/repository:Repository", "functions-repository", {"encryptionConfigurations": []}),
    ("data-is-encrypted", "aws:ssm/parameter:Parameter", "vendors-voyage/api_key", {"type": "String"}),
    ("data-is-encrypted", "aws:kms/key:Key", "data", {"enableKeyRotation": False}),
    ("nothing-is-public", "aws:rds/instance:Instance", "database", {"publiclyAccessible": True}),
    ("nothing-is-public", PUBLIC_RULE, "network-database-from-functions", {"cidrIpv4": "0.0.0.0/0"}),
    ("nothing-is-public", PUBLIC_RULE, "network-database-from-functions", {"cidrIpv6": "::/0"}),
    ("nothing-is-public", PUBLIC_RULE, "network-database-from-functions", {"cidrIpv4": "0.0.0.0/1"}),
    ("nothing-is-public", PUBLIC_RULE, "network-database-from-functions", {"cidrIpv4": "8.8.8.0/24"}),
    ("nothing-is-public", "aws:ec2/securityGroup:SecurityGroup", "network-database", {"ingress": [{"fromPort": 22}]}),
    (
        "nothing-is-public",
        BUCKET_POLICY,
        "images",
        {
            "policy": FOR_EVERYBODY
            % ('"*"', "s3:GetObject", PLAIN_HTTP % '["arn:aws:s3:::images", "arn:aws:s3:::images/*"]')
        },
    ),
    (
        "nothing-is-public",
        "aws:kms/key:Key",
        "data",
        {"policy": FOR_EVERYBODY % ('{"AWS": ["*"]}', "kms:Decrypt", PLAIN_HTTP % '"arn:x"')},
    ),
    ("nothing-is-public", "aws:apigatewayv2/route:Route", "api-everything", {"authorizationType": "NONE"}),
    (
        "nothing-is-public",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "images",
        {"blockPublicAcls": False},
    ),
    ("permissions-are-named", "aws:iam/rolePolicy:RolePolicy", "api-policy", {"policy": ALLOW_ALL % ("s3:*", "arn:x")}),
    (
        "permissions-are-named",
        "aws:iam/rolePolicy:RolePolicy",
        "api-policy",
        {"policy": ALLOW_ALL % ("s3:GetObject", "*")},
    ),
    (
        "permissions-are-named",
        "aws:iam/rolePolicy:RolePolicy",
        "api-policy",
        {"policy": '{"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:x"}]}'},
    ),
    *(
        ("permissions-are-named", ROLE_POLICY, "api-policy", {"policy": ALLOW_ALL % ("s3:GetObject", arn)})
        for arn in (
            "arn:aws:s3:::*",
            "arn:aws:s3:::images/*",
            "arn:aws:ssm:eu-west-1:123456789012:parameter/*",
            "arn:aws:sqs:*:123456789012:mine",
        )
    ),
    ("permissions-are-named", "aws:iam/role:Role", "api-role", {"managedPolicyArns": ["arn:aws:iam::aws:policy/x"]}),
    ("permissions-are-named", "aws:iam/role:Role", "api-role", {"inlinePolicies": [{"policy": "{}"}]}),
    ("callers-are-named", "aws:lambda/permission:Permission", "api", {"sourceArn": None}),
    (
        "callers-are-named",
        "aws:lambda/permission:Permission",
        "api",
        {"sourceArn": "arn:aws:execute-api:eu-west-1:*:mine/*/*"},
    ),
    *(
        ("callers-are-named", QUEUE_POLICY, "analyzer-queue", {"policy": FROM_RULES % sources})
        for sources in ('"*"', f'["{A_RULE}", "arn:aws:events:eu-west-1:123456789012:rule/*"]', "[]")
    ),
    (
        "callers-are-named",
        "aws:sqs/queuePolicy:QueuePolicy",
        "analyzer-queue",
        {"policy": ALLOW_ALL % ("sqs:SendMessage", "arn:x")},
    ),
    ("logs-end", "aws:cloudwatch/logGroup:LogGroup", "api-logs", {"retentionInDays": None}),
    ("logs-end", "aws:lambda/function:Function", "api", {"loggingConfig": None}),
    ("everything-is-tagged", "aws:s3/bucket:Bucket", "images", {"tags": {"project": "collections"}}),
    ("functions-are-pinned", "aws:lambda/function:Function", "api", {"imageUri": "repository:latest"}),
    ("functions-are-pinned", "aws:lambda/function:Function", "api", {"tracingConfig": None}),
    ("no-event-is-lost", "aws:cloudwatch/eventTarget:EventTarget", "analyzer-images", {"deadLetterConfig": None}),
    (
        "no-event-is-lost",
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        "analyzer-messages",
        {"functionResponseTypes": []},
    ),
    ("production-is-protected", "aws:rds/instance:Instance", "database", {"deletionProtection": False}),
    ("production-is-protected", "aws:rds/instance:Instance", "database", {"backupRetentionPeriod": 1}),
    ("production-is-protected", "aws:dynamodb/table:Table", "checkpoints", {"pointInTimeRecovery": None}),
    ("production-is-protected", "aws:cognito/userPool:UserPool", "users", {"deletionProtection": "INACTIVE"}),
    ("production-is-protected", "aws:s3/bucket:Bucket", "images", {"forceDestroy": True}),
    ("production-is-protected", "aws:kms/key:Key", "data", {"deletionWindowInDays": 7}),
    ("buckets-are-closed", BUCKET_POLICY, "images", {"policy": ALLOW_ALL % ("s3:*", "*")}),
    *(
        ("buckets-are-closed", BUCKET_POLICY, "images", {"policy": '{"Statement": %s}' % (PLAIN_HTTP % resources)})
        for resources in ('"arn:aws:s3:::images"', '"arn:aws:s3:::images/*"', '["arn:x", "arn:x/*"]')
    ),
    ("queues-are-watched", QUEUE, "analyzer-queue", {"redrivePolicy": None}),
    (
        "queues-are-watched",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "observability-analyzer-waiting",
        {"alarmActions": []},
    ),
]


@pytest.mark.parametrize(
    ("policy", "type_", "name", "change"),
    BREACHES,
    ids=[f"{each[0]}-{each[2]}-{next(iter(each[3]))}" for each in BREACHES],
)
def test_a_policy_notices_what_breaks_it_and_says_what_to_write(policy: str, type_: str, name: str, change: Change):
    (violation,) = violations(changed(recorded("prod"), type_, name, change))

    assert violation.policy == policy
    # Of an alarm that is missing, it is the queue that is named.
    assert violation.message.split()[0] in {name, "analyzer-queue"}
    assert ":" in violation.message or "needs" in violation.message


@pytest.mark.parametrize(
    ("policy", "type_", "name"),
    [
        ("buckets-are-closed", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "images"),
        (
            "buckets-are-closed",
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "images",
        ),
        ("buckets-are-closed", "aws:s3/bucketPolicy:BucketPolicy", "images"),
        ("queues-are-watched", "aws:cloudwatch/metricAlarm:MetricAlarm", "observability-analyzer-dead-letters"),
    ],
)
def test_a_policy_notices_what_is_missing(policy: str, type_: str, name: str):
    assert {each.policy for each in violations(without(recorded("prod"), type_, name))} == {policy}


def test_the_volume_of_the_nat_instance_is_looked_at():
    nat = recorded("dev")

    assert nat.of("aws:ec2/instance:Instance")
    (violation,) = violations(changed(nat, "aws:ec2/instance:Instance", "network-nat", {"rootBlockDevice": {}}))
    assert violation.policy == "data-is-encrypted"


def test_each_policy_has_a_test_that_breaks_it():
    assert {each.name for each in POLICIES} == {breach[0] for breach in BREACHES}


def test_what_takes_tags_is_known_of_every_type_in_a_stack(graph: Graph):
    types = {each.type for each in graph.resources.values() if each.custom}

    tagged = {each.type for each in graph.resources.values() if "tags" in each.inputs}
    assert {type_ for type_ in types if takes_tags(type_)} == tagged


@pytest.fixture
def pack() -> Generator[Any]:
    """The pack in a process of its own, as Pulumi starts it."""
    process = subprocess.Popen([sys.executable, ROOT / "policy"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
        yield analyzer_pb2_grpc.AnalyzerStub(channel)
        process.terminate()


def as_request(resource: Resource) -> analyzer_pb2.AnalyzeRequest:
    properties = json_format.ParseDict(resource.inputs, struct_pb2.Struct())
    options = analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect)
    return analyzer_pb2.AnalyzeRequest(
        type=resource.type, properties=properties, urn=resource.urn, name=resource.name, options=options
    )


def test_pulumi_is_told_of_what_breaks_a_policy_and_that_it_is_mandatory(pack: Any):
    graph = recorded("prod")
    database = "aws:rds/instance:Instance"

    good = pack.Analyze(as_request(graph.one(database, "database")))
    bad = pack.Analyze(
        as_request(changed(graph, database, "database", {"storageEncrypted": False}).one(database, "database"))
    )

    assert list(good.diagnostics) == []
    (diagnostic,) = bad.diagnostics
    assert diagnostic.policyName == "data-is-encrypted"
    assert "set storage_encrypted=True" in diagnostic.message
    assert diagnostic.enforcementLevel == analyzer_pb2.EnforcementLevel.MANDATORY


def test_pulumi_hands_over_the_stack_as_a_whole(pack: Any):
    graph = without(recorded("prod"), "aws:cloudwatch/metricAlarm:MetricAlarm", "observability-analyzer-waiting")
    resources = [
        analyzer_pb2.AnalyzerResource(
            type=each.type,
            urn=each.urn,
            name=each.name,
            properties=json_format.ParseDict({**each.inputs, **reveal(each.state)}, struct_pb2.Struct()),
        )
        for each in graph.resources.values()
        if each.custom
    ]

    answer = pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources))

    (diagnostic,) = answer.diagnostics
    assert "analyzer-queue needs an alarm on ApproximateAgeOfOldestMessage" in diagnostic.message
