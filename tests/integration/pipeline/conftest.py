import json
import os
import sys
from collections.abc import Iterator

import boto3
import httpx
import pytest

from local.ports import HOST, Ports
from local.processes import Process
from runtime import clients
from runtime.handlers import analyzer, batcher, embedder, image_processor, sweeper
from runtime.migrations.upgrade import FUNCTIONS_ROLE, SWEEPER_ROLE
from runtime.storage import ImageStore
from tests.integration.aws import CHECKOUT, CREDENTIALS, REGION, running_emulator
from tests.integration.conftest import Database
from tests.integration.pipeline.queues import make_queue
from tests.integration.pipeline.stage import MAX_RECEIVES, Stage

BUCKET = "collections-test-images"
BUS = "collections-test"
DEAD_LETTERS = ("processing", "analysis", "embedding")
"""Stages whose messages may be given up."""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the vendors' stand-ins."""
    port = Ports.free().models
    process = Process(
        "the model stand-ins",
        [sys.executable, "-m", "local.models", "--port", str(port)],
        health=f"http://{HOST}:{port}/health",
        log=tmp_path_factory.mktemp("models") / "models.log",
        environment={"PATH": os.environ["PATH"]},
        folder=CHECKOUT,
        ready_within=60,
    )
    process.start()
    try:
        process.wait_until_ready()
        yield f"http://{HOST}:{port}"
    finally:
        process.stop()


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_emulator(tmp_path_factory.mktemp("pipeline-emulator")) as url:
        yield url


@pytest.fixture
def stage(database: Database, models: str, aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """An empty stack, and the functions with the environment that it gives them."""
    httpx.post(f"{aws}/_ministack/reset", timeout=60, trust_env=False).raise_for_status()
    httpx.delete(f"{models}/faults", trust_env=False).raise_for_status()
    httpx.delete(f"{models}/calls", trust_env=False).raise_for_status()
    environment = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": aws,
        "AWS_DEFAULT_REGION": REGION,
        "STACK": "test",
        "BUCKET_NAME": BUCKET,
        "EVENT_BUS": BUS,
        "MAX_RECEIVES": str(MAX_RECEIVES),
        "DATABASE_URL": database.url(FUNCTIONS_ROLE),
        "SWEEPER_DATABASE_URL": database.url(SWEEPER_ROLE),
        "MAX_UPLOAD_MB": "2",
        "MAX_MEGAPIXELS": "60",
        "ANTHROPIC_API_KEY": "test",
        "ANTHROPIC_BASE_URL": models,
        "ANALYSIS_MODEL": "claude-sonnet-5-5",
        "MONTHLY_IMAGE_QUOTA": "0",
        "MONTHLY_AI_BUDGET_USD": "0",
        "VOYAGE_API_KEY": "test",
        "VOYAGE_BASE_URL": f"{models}/v1",
        "EMBEDDING_MODEL": "voyage-4-large",
        "EMBEDDING_DIMENSIONS": "1024",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _forget()
    monkeypatch.setenv("QUEUE_URL", make_queue("work", MAX_RECEIVES))
    sqs, copies = boto3.client("sqs"), _make_stack()
    dead_letters = {each: sqs.create_queue(QueueName=f"{each}-dead-letters")["QueueUrl"] for each in DEAD_LETTERS}
    for each, queue in dead_letters.items():
        monkeypatch.setenv(f"{each.upper()}_DEAD_LETTERS", queue)
    yield Stage(database, ImageStore(BUCKET), sqs, copies, models, dead_letters)
    _forget()


def _make_stack() -> str:
    """The bucket, the bus, and a queue for a copy of every event; the queue's URL."""
    s3, events, sqs = boto3.client("s3"), boto3.client("events"), boto3.client("sqs")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
    queue = sqs.create_queue(QueueName="copies")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.create_event_bus(Name=BUS)
    uploads = {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "originals/"}]}}}
    for bus, pattern in (("default", uploads), (BUS, {"source": [{"prefix": "collections."}]})):
        events.put_rule(Name=f"copy-{bus}", EventBusName=bus, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=f"copy-{bus}", EventBusName=bus, Targets=[{"Id": "copies", "Arn": arn}])
    return queue


def _forget() -> None:
    """What a process keeps, it keeps for its life; each test is a life of its own."""
    clients.s3.cache_clear()
    if analyzer.start.cache_info().currsize:
        analyzer.start().vision.close()
    for start in (image_processor.start, analyzer.start, embedder.start):
        if start.cache_info().currsize:
            start().step.database.close()
        start.cache_clear()
    if sweeper.start.cache_info().currsize:
        sweeper.start()[1].close()
    sweeper.start.cache_clear()
    if batcher.start.cache_info().currsize:
        made = batcher.start()
        made.database.close()
        made.tenants.close()
        made.vision.close()
    batcher.start.cache_clear()
