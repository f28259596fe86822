"""The whole program, recorded for each stack as its file has it."""

import json
from collections.abc import Iterator, Set
from typing import Any, cast

import pytest

from local.recorder import Graph, Resource, reveal
from policy.permissions import WITHOUT_A_RESOURCE
from tests.components.provider import ECR_PASSWORD, PASSWORD
from tests.components.recording import SECRETS, STACKS, record, recorded

EXPORTS = {
    "apiUrl",
    "userPoolId",
    "userPoolClientId",
    "userPoolDomain",
    "imageBucket",
    "eventBus",
    "parameterPrefix",
    "databaseEndpoint",
    "checkpointTable",
    "dashboardUrl",
    "imageDigest",
    "functions",
}
ROLES = {"image_processor", "analyzer", "embedder", "sweeper", "batcher", "worker", "migrate", "api"}
DATABASE = {"DATABASE_URL_PARAMETER"}
POOL = {"DATABASE_POOL_SIZE"}
EVERYWHERE = {"STACK", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
LIMITS = {"MAX_UPLOAD_MB", "MAX_MEGAPIXELS"}
USER_LIMITS = {"MONTHLY_IMAGE_QUOTA", "MONTHLY_AI_BUDGET_USD"}
IMAGES = {"BUCKET_NAME_PARAMETER", "EVENT_BUS"}
VOYAGE = {
    "VOYAGE_API_KEY_PARAMETER",
    "VOYAGE_BASE_URL",
    "EMBEDDING_MODEL_PARAMETER",
    "EMBEDDING_DIMENSIONS_PARAMETER",
}
QUEUE = {"QUEUE_URL", "MAX_RECEIVES"}
DEAD_LETTERS = {"PROCESSING_DEAD_LETTERS", "ANALYSIS_DEAD_LETTERS", "EMBEDDING_DEAD_LETTERS"}
ENVIRONMENTS = {
    "image_processor": EVERYWHERE | DATABASE | QUEUE | LIMITS | IMAGES,
    "analyzer": EVERYWHERE
    | DATABASE
    | QUEUE
    | IMAGES
    | USER_LIMITS
    | {"ANTHROPIC_API_KEY_PARAMETER", "ANTHROPIC_BASE_URL", "ANALYSIS_MODEL"},
    "embedder": EVERYWHERE | DATABASE | QUEUE | VOYAGE | USER_LIMITS | {"EVENT_BUS"},
    "sweeper": EVERYWHERE | IMAGES | {"DATABASE_URL_PARAMETER"} | DEAD_LETTERS,
    "batcher": EVERYWHERE
    | DATABASE
    | IMAGES
    | {"SWEEPER_DATABASE_URL_PARAMETER", "ANTHROPIC_API_KEY_PARAMETER", "ANTHROPIC_BASE_URL"},
    "worker": EVERYWHERE | DATABASE | POOL | QUEUE | IMAGES | {"CHECKPOINT_TABLE", "COGNITO_USER_POOL_ID"},
    "migrate": EVERYWHERE
    | {"DATABASE_URL_PARAMETER", "FUNCTIONS_DATABASE_URL_PARAMETER", "SWEEPER_DATABASE_URL_PARAMETER"},
    "api": EVERYWHERE
    | DATABASE
    | POOL
    | LIMITS
    | USER_LIMITS
    | IMAGES
    | VOYAGE
    | {"ANALYSIS_MODEL", "QUERY_EMBEDDING_MODEL", "VECTOR_WEIGHT", "RERANK_MODEL"}
    | {"ANTHROPIC_API_KEY_PARAMETER", "ANTHROPIC_BASE_URL", "ANSWER_MODEL"}
    | {"CHECKPOINT_TABLE", "CHECKPOINT_TTL_HOURS_PARAMETER"}
    | {"COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "COGNITO_DOMAIN"}
    | {"GIT_SHA", "GIT_TAG", "COMMIT_TIME"},
}


def functions(graph: Graph) -> dict[str, Resource]:
    return {each.name: each for each in graph.of("aws:lambda/function:Function")}


def variables(function: Resource) -> dict[str, str]:
    return function.inputs["environment"]["variables"]


def shown(value: Any, secret_paths: Set[str], path: str = "") -> Iterator[str]:
    """All texts in a value that are not marked as secret."""
    if path in secret_paths:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from shown(item, secret_paths, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from shown(item, secret_paths, f"{path}[{index}]")


def statements(graph: Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    for policy in graph.of("aws:iam/rolePolicy:RolePolicy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            yield policy.name, statement


def before(graph: Graph, resource: Resource) -> set[str]:
    """Names of everything that has to be there before a resource is made."""
    found: set[str] = set()
    waiting = [resource]
    while waiting:
        for urn in waiting.pop().depends_on:
            if urn not in found:
                found.add(urn)
                waiting.append(graph.resources[urn])
    return {f"{graph.resources[urn].type} {graph.resources[urn].name}" for urn in found}


def test_a_stack_exports_what_its_users_need(graph: Graph):
    assert set(graph.exports) == EXPORTS
    assert set(graph.exports["functions"]) == ROLES
    assert graph.secret_exports == frozenset()


def test_no_role_has_a_wildcard_action_or_a_wildcard_resource_that_could_be_narrower(graph: Graph):
    for role, statement in statements(graph):
        assert not any("*" in action for action in statement["Action"]), role
        if "*" in statement["Resource"]:
            assert set(statement["Action"]) <= WITHOUT_A_RESOURCE.keys(), role


def resources_of(graph: Graph, action: str) -> dict[str, set[str]]:
    """By role of a function: the resources on which it may do `action`."""
    allowed: dict[str, set[str]] = {}
    for policy, statement in statements(graph):
        if action in statement["Action"]:
            allowed.setdefault(policy.removesuffix("-policy"), set()).update(statement["Resource"])
    return allowed


def test_a_role_reads_the_parameters_in_its_environment_and_no_others(graph: Graph):
    allowed = resources_of(graph, "ssm:GetParameter")
    for role, function in functions(graph).items():
        named = {value.rpartition(":")[0] for name, value in variables(function).items() if name.endswith("_PARAMETER")}
        assert {arn.partition(":parameter")[2] for arn in allowed[role]} == named
        assert all(name.startswith(f"{graph.exports['parameterPrefix']}/") for name in named)


def test_a_role_touches_only_the_objects_that_are_its_business(graph: Graph):
    touched: dict[str, dict[str, set[str]]] = {}
    for policy, statement in statements(graph):
        for action in statement["Action"]:
            if action.startswith("s3:"):
                paths = {arn.partition(":::images")[2] for arn in statement["Resource"]}
                touched.setdefault(policy.removesuffix("-policy"), {})[action] = paths

    originals, derived, exports, bucket = "/originals/*", "/derived/*", "/exports/*", ""
    assert touched == {
        "image_processor": {"s3:GetObject": {originals}, "s3:ListBucket": {bucket}, "s3:PutObject": {derived}},
        "analyzer": {"s3:GetObject": {derived}, "s3:ListBucket": {bucket}},
        "batcher": {"s3:GetObject": {derived}, "s3:ListBucket": {bucket}},
        "api": {"s3:GetObject": {originals, derived, exports}, "s3:PutObject": {originals}},
        "sweeper": {
            "s3:DeleteObject": {originals, derived},
            "s3:DeleteObjectVersion": {originals, derived},
            "s3:ListBucketVersions": {bucket},
        },
        "worker": {
            "s3:GetObject": {originals},
            "s3:ListBucket": {bucket},
            "s3:PutObject": {exports},
            "s3:DeleteObject": {originals, derived, exports},
            "s3:DeleteObjectVersion": {originals, derived, exports},
            "s3:ListBucketVersions": {bucket},
        },
    }


def test_each_function_is_told_what_it_needs_and_nothing_else(graph: Graph):
    assert {role: set(variables(function)) for role, function in functions(graph).items()} == ENVIRONMENTS


def test_no_environment_holds_the_value_of_a_parameter(graph: Graph):
    values = {
        each.inputs["value"]
        for each in graph.of("aws:ssm/parameter:Parameter")
        if each.inputs["type"] == "SecureString" or each.inputs["name"].endswith(("bucket_name", "embedding_model"))
    }
    for function in functions(graph).values():
        assert not values & set(variables(function).values())
        assert not any(path.startswith("environment") for path in function.secret_inputs)


def test_secrets_stay_secret_everywhere(graph: Graph):
    seen = [(urn, text) for urn, each in graph.resources.items() for text in shown(each.inputs, each.secret_inputs)]
    for urn, each in graph.resources.items():
        secrets: set[str] = set()
        seen += [(urn, text) for text in shown(reveal(each.state, "", secrets), secrets)]
    for urn, outputs in graph.outputs.items():
        seen += [(urn, text) for text in shown(outputs, graph.secret_outputs.get(urn, frozenset()))]
    seen += [("log", message) for _, message in graph.logs]

    plaintexts = (*SECRETS.values(), PASSWORD, ECR_PASSWORD)
    assert [where for where, text in seen if any(plaintext in text for plaintext in plaintexts)] == []
    assert len(seen) > 1000


def test_what_users_leave_is_encrypted_and_private(graph: Graph):
    bucket = graph.one("aws:s3/bucket:Bucket", "images")
    database = graph.one("aws:rds/instance:Instance", "database").inputs
    blocked = graph.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "images").inputs
    assert blocked["bucket"] == bucket.state["bucket"]
    assert all(blocked[key] is True for key in blocked if key != "bucket")
    (key,) = (each.state["arn"] for each in graph.of("aws:kms/key:Key"))
    (rule,) = graph.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "images"
    ).inputs["rules"]
    assert rule["bucketKeyEnabled"] is True  # Roles may use the key for the bucket, not object by object.
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
    assert database["kmsKeyId"] == key
    secrets = [each for each in graph.of("aws:ssm/parameter:Parameter") if each.inputs["type"] == "SecureString"]
    assert {each.inputs["keyId"] for each in secrets} == {key}
    assert {each.inputs["kmsMasterKeyId"] for each in graph.of("aws:sns/topic:Topic")} == {key}
    assert (database["storageEncrypted"], database["publiclyAccessible"]) == (True, False)
    assert all(each.inputs["sqsManagedSseEnabled"] is True for each in graph.of("aws:sqs/queue:Queue"))
    assert all(each.inputs["serverSideEncryption"]["enabled"] for each in graph.of("aws:dynamodb/table:Table"))


@pytest.mark.parametrize("stack", ["dev", "test", "prod"])
def test_outside_local_bucket_and_database_are_reached_over_tls_only(stack: str):
    graph = recorded(stack)

    (statement,) = json.loads(graph.one("aws:s3/bucketPolicy:BucketPolicy", "images").inputs["policy"])["Statement"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    for role in ("url", "admin_url", "sweeper_url"):
        url = graph.one("aws:ssm/parameter:Parameter", f"database-database/{role}").inputs["value"]
        assert url.endswith("/collections?sslmode=verify-full")


def test_every_queue_with_a_consumer_has_a_dead_letter_queue(graph: Graph):
    queues = {each.state["arn"]: each.inputs for each in graph.of("aws:sqs/queue:Queue")}
    for mapping in graph.of("aws:lambda/eventSourceMapping:EventSourceMapping"):
        redrive = json.loads(queues[mapping.inputs["eventSourceArn"]]["redrivePolicy"])
        assert redrive["deadLetterTargetArn"] in queues
        assert redrive["maxReceiveCount"] == 5


def test_every_rule_targets_a_queue_but_the_schedules_and_what_migrate_waits_for(graph: Graph):
    queues = {each.state["arn"] for each in graph.of("aws:sqs/queue:Queue")}
    targets = {each.name: each.inputs for each in graph.of("aws:cloudwatch/eventTarget:EventTarget")}
    rules = {each.name for each in graph.of("aws:cloudwatch/eventRule:EventRule")}

    assert set(targets) == rules
    assert {name for name, target in targets.items() if target["arn"] not in queues} == {
        "migrate-event",
        "sweeper-schedule",
        "batcher-schedule",
    }
    assert all(target["deadLetterConfig"]["arn"] in queues for target in targets.values())


def test_an_event_reaches_the_function_that_works_on_it(graph: Graph):
    patterns = {
        each.name: json.loads(each.inputs["eventPattern"])
        for each in graph.of("aws:cloudwatch/eventRule:EventRule")
        if "eventPattern" in each.inputs
    }
    assert {name: (*pattern["source"], *pattern["detail-type"]) for name, pattern in patterns.items()} == {
        "image_processor-uploaded": ("aws.s3", "Object Created"),
        "image_processor-requested": ("collections.api", "ProcessingRequested"),
        "analyzer-images": ("collections.imageprocessor", "ImageProcessed"),
        "analyzer-requests": ("collections.api", "AnalysisRequested"),
        "embedder-analyses": ("collections.analyzer", "AnalysisComplete"),
        "embedder-requests": ("collections.api", "EmbeddingRequested"),
        "worker-requests": ("collections.api", "ExportRequested", "AccountDeletionRequested"),
        "migrate-event": ("collections.sweeper", "IndexesWanted"),
    }


def test_stacks_keep_their_bus_which_was_the_pipelines(graph: Graph):
    bus = graph.one("aws:cloudwatch/eventBus:EventBus", "images")
    stack = bus.inputs["name"].removeprefix("collections-")

    (pipeline,) = graph.of("collections:index:ImagePipeline")
    before = f"urn:pulumi:{stack}::collections::{pipeline.type}$aws:cloudwatch/eventBus:EventBus::images"
    assert bus.aliases == {before}


def test_secrets_come_before_the_database_the_schema_before_functions_functions_before_routes(graph: Graph):
    migration = "aws:lambda/invocation:Invocation migrate-run"
    database = graph.one("aws:rds/instance:Instance", "database")
    run = graph.one("aws:lambda/invocation:Invocation", "migrate-run")

    assert "aws:ssm/parameter:Parameter vendors-anthropic/api_key" in before(graph, database)
    needed = before(graph, run)
    assert "aws:ssm/parameter:Parameter database-database/admin_url" in needed
    assert "aws:ec2/route:Route network-private-0" in needed
    for role, function in functions(graph).items():
        assert (migration in before(graph, function)) is (role != "migrate")
    for route in graph.of("aws:apigatewayv2/route:Route"):
        assert "aws:lambda/alias:Alias api-live" in before(graph, route)


def test_the_api_is_closed_but_for_the_contracts_public_routes(graph: Graph):
    routes = graph.of("aws:apigatewayv2/route:Route")

    assert {each.inputs["routeKey"] for each in routes if each.inputs["authorizationType"] == "NONE"} == {
        "GET /",
        "GET /health",
        "GET /version",
        "GET /config.json",
        "GET /openapi.json",
        "GET /docs",
        "GET /static/{proxy+}",
    }
    assert [each.inputs["routeKey"] for each in routes if each.inputs["authorizationType"] == "JWT"] == [
        "ANY /{proxy+}"
    ]


def test_all_functions_run_the_same_image_by_digest_on_arm64(graph: Graph):
    inputs = [function.inputs for function in functions(graph).values()]

    assert {each["imageUri"] for each in inputs} == {graph.exports["imageDigest"]}
    assert "@sha256:" in graph.exports["imageDigest"]
    assert all(each["architectures"] == ["arm64"] for each in inputs)
    assert {each["imageConfig"]["commands"][0] for each in inputs} == {f"runtime.handlers.{r}.handler" for r in ROLES}


def test_every_function_and_the_api_keep_their_logs_for_a_while(graph: Graph):
    groups = {
        each.inputs["name"]: each.inputs["retentionInDays"] for each in graph.of("aws:cloudwatch/logGroup:LogGroup")
    }

    assert all(days > 0 for days in groups.values())
    assert {each.inputs["loggingConfig"]["logGroup"] for each in functions(graph).values()} < set(groups)


def test_everything_that_takes_tags_says_whose_it_is(graph: Graph):
    tags = [each.inputs["tags"] for each in graph.resources.values() if "tags" in each.inputs]

    assert len(tags) > 50
    assert all(each["project"] == "collections" and each["stack"] in STACKS for each in tags)


@pytest.mark.parametrize(("stack", "protected"), [("local", False), ("dev", False), ("test", False), ("prod", True)])
def test_users_data_is_protected_where_the_settings_say_so(stack: str, protected: bool):
    graph = recorded(stack)

    precious = [
        graph.one("aws:s3/bucket:Bucket", "images"),
        graph.one("aws:rds/instance:Instance", "database"),
        graph.one("aws:dynamodb/table:Table", "checkpoints"),
        graph.one("aws:cognito/userPool:UserPool", "users"),
        graph.one("aws:kms/key:Key", "data"),
    ]
    assert [each.protect for each in precious] == [protected] * len(precious)


def test_a_preview_knows_nothing_yet_and_shows_the_same_resources():
    preview = record("dev", preview=True)

    assert set(preview.resources) == set(recorded("dev").resources)


def test_a_promoted_image_is_deployed_as_it_is():
    promoted = recorded("dev").exports["imageDigest"]

    graph = record("prod", {"imageDigest": promoted})

    assert graph.of("docker:index/image:Image") == []
    assert {each.inputs["imageUri"] for each in functions(graph).values()} == {promoted}
    assert graph.exports["imageDigest"] == promoted


def test_a_wrong_setting_stops_the_program_before_it_declares_anything():
    with pytest.raises(Exception, match="maxUploadMb = '0'") as raised:
        record("dev", {"maxUploadMb": "0", "natGateways": "many"})

    assert "natGateways = 'many'" in str(raised.value)
