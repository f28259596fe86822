"""The way of an image from a bucket into the application."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components import grants
from components.analysis_function import AnalysisFunction, AnalysisFunctionArgs
from components.arguments import Arguments
from components.function import FunctionArgs
from components.grants import PolicyStatement
from components.image_bucket import DERIVED, ORIGINALS, ImageBucket, ImageBucketArgs
from components.naming import children_of
from components.parameters import Parameters

BUCKET_PARAMETER = "s3/bucket_name"


class PipelineBus(TypedDict):
    """A bus that exists already."""

    name: Input[str]
    """Name of the bus."""
    arn: Input[str]
    """ARN of the bus."""


class ImagePipelineArgs(TypedDict):
    """What processes images, and how well they are kept."""

    image_processor: FunctionArgs
    """Processes the objects that events name. Its variable `EVENT_BUS` names the bus, `BUCKET_NAME_PARAMETER` the
    parameter that holds the bucket's name; it may read `originals/`, write `derived/` and publish to the bus."""
    maximum_concurrency: NotRequired[Input[int]]
    """Most image processors at once, 2-1000. Default 10."""
    parameter_prefix: NotRequired[str]
    """The bucket's name is kept as `s3/bucket_name` below this. Default: `/project/stack`."""
    deletion_protection: NotRequired[bool]
    """Refuse deletion of the bucket. Default true."""
    require_tls: NotRequired[bool]
    """The bucket refuses requests over plain HTTP. Default true."""
    key_arn: NotRequired[Input[str]]
    """Key that encrypts the images. Default: S3's own."""
    event_bus: NotRequired[PipelineBus]
    """Bus for the events, where something before the pipeline needs it too. Default: one named `project-stack`."""


class ImagePipeline(pulumi.ComponentResource):
    """A bucket for images, a bus for events about them, and the function that turns the one into the other.

    Each new object below `originals/`, and each `ProcessingRequested` event on the bus, reaches the image processor
    through a queue. It writes below `derived/`, which starts nothing, and publishes to the bus. A stack has one.
    """

    bucket_name: Output[str]
    """Name of the bucket."""
    bucket_arn: Output[str]
    """ARN of the bucket."""
    bucket_parameter: Output[str]
    """`name:version` of the parameter that holds the bucket's name."""
    bucket_parameter_arn: Output[str]
    """ARN of that parameter."""
    event_bus_name: Output[str]
    """Name of the bus."""
    event_bus_arn: Output[str]
    """ARN of the bus."""
    function_name: Output[str]
    """Name of the function in AWS."""
    queue_name: Output[str]
    """Name of the queue."""
    dead_letter_arn: Output[str]
    """ARN of the dead-letter queue, where messages end up that could not be delivered or handled."""
    dead_letter_url: Output[str]
    """Where dead letters are received from."""
    dead_letter_name: Output[str]
    """Name of the dead-letter queue, which an alarm should watch."""

    def __init__(self, name: str, args: ImagePipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        Arguments(self, name, ImagePipelineArgs, args)
        super().__init__("collections:index:ImagePipeline", name, props={}, opts=opts)
        child = children_of(self, opts)
        # What keeps data waits for nothing; only the function waits for what the pipeline depends on.
        at_once = pulumi.ResourceOptions(parent=self)
        kept: ImageBucketArgs = {
            "deletion_protection": args.get("deletion_protection", True),
            "require_tls": args.get("require_tls", True),
        }
        key = args.get("key_arn")
        if key is not None:
            kept["key_arn"] = key
        bucket = ImageBucket(name, kept, at_once)
        bus = args["event_bus"] if "event_bus" in args else _make_bus(name, at_once)
        prefix = args.get("parameter_prefix", f"/{pulumi.get_project()}/{pulumi.get_stack()}")
        parameters = Parameters(
            name,
            {"prefix": prefix, "values": {BUCKET_PARAMETER: bucket.bucket_name}},
            at_once,
        )
        work = args["image_processor"]
        processor: FunctionArgs = {
            **work,
            "environment": {
                **work.get("environment", {}),
                "BUCKET_NAME_PARAMETER": parameters.reference(BUCKET_PARAMETER),
                "EVENT_BUS": bus["name"],
            },
            "statements": [
                *work.get("statements", []),
                grants.read_parameters(parameters.arn(BUCKET_PARAMETER)),
                grants.read_objects(bucket.bucket_arn, ORIGINALS),
                grants.notice_missing_objects(bucket.bucket_arn),
                grants.write_objects(bucket.bucket_arn, DERIVED),
                grants.publish_events(bus["arn"]),
                *([] if key is None else _use_key(key, bucket.bucket_arn)),
            ],
        }
        fed: AnalysisFunctionArgs = {
            "subscriptions": {
                "uploaded": {"pattern": _new_originals(bucket.bucket_name)},
                "requested": {"pattern": _PROCESSING_REQUESTED, "event_bus": bus["name"]},
            },
            "function": processor,
            # An image takes seconds and much memory: one at a time.
            "batch_size": 1,
        }
        if "maximum_concurrency" in args:
            fed["maximum_concurrency"] = args["maximum_concurrency"]
        function = AnalysisFunction("image_processor", fed, child)
        self.bucket_name, self.bucket_arn = bucket.bucket_name, bucket.bucket_arn
        self.bucket_parameter = parameters.reference(BUCKET_PARAMETER)
        self.bucket_parameter_arn = parameters.arn(BUCKET_PARAMETER)
        self.event_bus_name, self.event_bus_arn = Output.from_input(bus["name"]), Output.from_input(bus["arn"])
        self.function_name = function.function_name
        self.queue_name, self.dead_letter_name = function.queue_name, function.dead_letter_name
        self.dead_letter_arn, self.dead_letter_url = function.dead_letter_arn, function.dead_letter_url
        self.register_outputs(
            {
                "bucket_name": self.bucket_name,
                "bucket_arn": self.bucket_arn,
                "bucket_parameter": self.bucket_parameter,
                "bucket_parameter_arn": self.bucket_parameter_arn,
                "event_bus_name": self.event_bus_name,
                "event_bus_arn": self.event_bus_arn,
                "function_name": self.function_name,
                "queue_name": self.queue_name,
                "dead_letter_arn": self.dead_letter_arn,
                "dead_letter_url": self.dead_letter_url,
                "dead_letter_name": self.dead_letter_name,
            }
        )


_PROCESSING_REQUESTED = '{"source": ["collections.api"], "detail-type": ["ProcessingRequested"]}'


def _make_bus(name: str, opts: pulumi.ResourceOptions) -> PipelineBus:
    bus = aws.cloudwatch.EventBus(name, name=f"{pulumi.get_project()}-{pulumi.get_stack()}", opts=opts)
    return {"name": bus.name, "arn": bus.arn}


def _use_key(key_arn: Input[str], bucket_arn: Output[str]) -> list[PolicyStatement]:
    return [grants.decrypt_objects(key_arn, bucket_arn), grants.encrypt_objects(key_arn, bucket_arn)]


def _new_originals(bucket_name: Output[str]) -> Output[str]:
    return Output.json_dumps(
        {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [bucket_name]}, "object": {"key": [{"prefix": ORIGINALS}]}},
        }
    )
