import json

from components.browser_uploads import BrowserUploads
from components.image_bucket import ImageBucket
from components.image_pipeline import ImagePipeline, ImagePipelineArgs, PipelineBus
from tests.components.declarations import FUNCTION, Declare

PIPELINE: ImagePipelineArgs = {
    "image_processor": FUNCTION,
    "maximum_concurrency": 2,
    "parameter_prefix": "/collections/dev",
}


def test_only_originals_start_the_pipeline(declare: Declare):
    rule = declare(lambda: ImagePipeline("images", PIPELINE)).one("eventRule:EventRule", "image_processor-uploaded")

    pattern = json.loads(rule.inputs["eventPattern"])
    assert pattern["detail"] == {"bucket": {"name": ["images"]}, "object": {"key": [{"prefix": "originals/"}]}}


def test_the_image_processor_reads_originals_and_writes_what_it_derives(declare: Declare):
    statements = declare(lambda: ImagePipeline("images", PIPELINE)).policy("image_processor-policy")

    objects = {each["Action"][0]: each["Resource"] for each in statements if each["Action"][0].startswith("s3:")}
    assert objects == {
        "s3:GetObject": ["arn:aws:s3:::images/originals/*"],
        "s3:ListBucket": ["arn:aws:s3:::images"],
        "s3:PutObject": ["arn:aws:s3:::images/derived/*"],
    }


def test_functions_learn_the_buckets_name_from_parameter_store(declare: Declare):
    declared = declare(lambda: ImagePipeline("images", PIPELINE))

    parameter = declared.one("ssm/parameter:Parameter").inputs
    variables = declared.one("lambda/function:Function").inputs["environment"]["variables"]
    assert (parameter["name"], parameter["value"]) == ("/collections/dev/s3/bucket_name", "images")
    assert variables["BUCKET_NAME_PARAMETER"] == "/collections/dev/s3/bucket_name:1"


def test_nobody_reaches_the_bucket_without_a_signature_and_tls(declare: Declare):
    declared = declare(lambda: ImageBucket("images", {}))

    blocked = declared.one("bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    (statement,) = json.loads(declared.one("bucketPolicy:BucketPolicy").inputs["policy"])["Statement"]
    assert all(value is True for key, value in blocked.items() if key != "bucket")
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == ["arn:aws:s3:::images", "arn:aws:s3:::images/*"]


def test_what_was_deleted_by_mistake_is_still_there_for_a_while(declare: Declare):
    declared = declare(lambda: ImageBucket("images", {}))

    versioning = declared.one("bucketVersioning:BucketVersioning").inputs
    assert versioning == {"bucket": "images", "versioningConfiguration": {"status": "Enabled"}}


def test_exports_and_leftovers_go_away_by_themselves(declare: Declare):
    lifecycle = declare(lambda: ImageBucket("images", {})).one(
        "bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    )

    exports, leftovers = lifecycle.inputs["rules"]
    assert (exports["filter"], exports["expiration"]) == ({"prefix": "exports/"}, {"days": 1})
    assert leftovers["noncurrentVersionExpiration"]["noncurrentDays"] <= 30
    assert "expiration" not in leftovers


def test_a_protected_bucket_is_not_emptied_to_be_deleted(declare: Declare):
    protected = declare(lambda: ImageBucket("images", {})).one("s3/bucket:Bucket")
    disposable = declare(lambda: ImageBucket("images", {"deletion_protection": False})).one("s3/bucket:Bucket")

    assert protected.inputs["forceDestroy"] is False
    assert disposable.inputs["forceDestroy"] is True


def test_pages_of_named_origins_may_post_and_no_others(declare: Declare):
    declared = declare(
        lambda: BrowserUploads("uploads", {"bucket_name": "images", "allowed_origins": ["https://photos.example.org"]})
    )

    (rule,) = declared.one("bucketCorsConfiguration:BucketCorsConfiguration").inputs["corsRules"]
    assert rule["allowedOrigins"] == ["https://photos.example.org"]
    assert "POST" in rule["allowedMethods"]
    assert "DELETE" not in rule["allowedMethods"]


def test_with_nothing_but_a_processor_it_keeps_to_its_own_stack(declare: Declare):
    declared = declare(
        lambda: ImagePipeline(
            "images", {"image_processor": {"platform": {"image_uri": "them@sha256:ab"}, "command": "main.handler"}}
        )
    )

    function = declared.one("lambda/function:Function").inputs
    mapping = declared.one("eventSourceMapping:EventSourceMapping").inputs
    assert declared.one("ssm/parameter:Parameter").inputs["name"] == "/collections/dev/s3/bucket_name"
    assert (function["memorySize"], function["timeout"]) == (1024, 30)
    assert declared.one("sqs/queue:Queue", "image_processor-queue").inputs["visibilityTimeoutSeconds"] == 180
    assert (mapping["scalingConfig"], mapping["batchSize"]) == ({"maximumConcurrency": 10}, 1)


def test_a_bus_that_exists_already_is_used_in_place_of_one_of_its_own(declare: Declare):
    bus: PipelineBus = {"name": "shop", "arn": "arn:aws:events:eu-west-1:123456789012:event-bus/shop"}
    declared = declare(lambda: ImagePipeline("images", {**PIPELINE, "event_bus": bus}))

    assert declared.of("eventBus:EventBus") == []
    assert declared.one("eventRule:EventRule", "image_processor-requested").inputs["eventBusName"] == "shop"
    assert declared.one("lambda/function:Function").inputs["environment"]["variables"]["EVENT_BUS"] == "shop"
    statements = declared.policy("image_processor-policy")
    assert [each["Resource"] for each in statements if each["Action"] == ["events:PutEvents"]] == [[bus["arn"]]]
