"""What functions find when they start cold: a database with an item at each stage, an emulated AWS, the models'
stand-ins, and the image's own files."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import boto3

from benchmarks.paths import CHECKOUT
from benchmarks.pictures import icon
from local.bootstrap import VENVS
from local.emulator import Emulator
from local.ports import HOST, Ports
from local.postgres import Postgres
from local.processes import Process
from runtime import analyses, items
from runtime.account.requests import request_export
from runtime.analysis import Category, ImageAnalysis, ImageDetails, MediaMetadata
from runtime.database import connect
from runtime.imaging import process_image
from runtime.items import ImageFacts
from runtime.keys import derived_key, original_key
from runtime.migrations.upgrade import FUNCTIONS_ROLE, SWEEPER_ROLE, create_login, upgrade
from runtime.postgres import Connection, Database
from runtime.records import ItemRecord
from tests.api_environment import ENVIRONMENT
from tests.gateway import gateway_event
from tests.image import scratch
from tests.sessions_table import create_sessions_table

REGION = "eu-central-1"
BUCKET, BUS, QUEUE = "collections-bench-images", "collections-bench", "collections-bench"
EMPTY_BUCKET = "collections-bench-nothing"
USER = "bench"
_OWNER = "collections_owner"
_READY_SECONDS = 60
_MAX_PIXELS = 60_000_000

Event = dict[str, Any]


@dataclass(frozen=True)
class Function:
    """A function of the image, and an event that it can handle at once."""

    name: str
    command: str
    variables: Mapping[str, str]
    event: Callable[[], Event]
    """A new one each time: work that is done is no work."""
    check: Callable[[Any], None]
    """Raises `ValueError` when the answer says that it has not worked."""


@dataclass(frozen=True)
class World:
    """What the functions are started in."""

    task: Path
    """The image's `/var/task`."""
    environment: Mapping[str, str]
    functions: tuple[Function, ...]


@contextmanager
def cold_world() -> Generator[World]:
    """Starts all of it, and stops that afterwards."""
    with tempfile.TemporaryDirectory(prefix="collections-cold-") as name:
        folder, ports = Path(name), Ports.free()
        task = scratch.build(folder / "image")
        emulator_python = VENVS / "emulator" / "bin" / "python"
        emulator = Emulator(
            folder / "aws", ports.emulator, python=emulator_python, region=REGION, log=folder / "emulator.log"
        )
        models = Process(
            "the models' stand-ins",
            [sys.executable, "-m", "local.models", "--instant", "--port", str(ports.models)],
            health=f"http://{HOST}:{ports.models}/health",
            log=folder / "models.log",
            environment={"PATH": "/usr/bin:/bin"},
            folder=CHECKOUT,
            ready_within=_READY_SECONDS,
        )
        with Postgres(folder / "postgres", durable=False) as server:
            emulator.start()
            models.start()
            try:
                emulator.wait_until_ready()
                models.wait_until_ready()
                yield _furnish(task, server, emulator.url, f"http://{HOST}:{ports.models}")
            finally:
                models.stop()
                emulator.stop()


def start(world: World, command: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """AWS's runtime client on a handler of the image."""
    variables = {"PATH": "/usr/bin:/bin", "TZ": ":UTC", **image_path(world)}
    python = [scratch.interpreter(), "-S", "-P", "-m", "awslambdaric", command]
    output = subprocess.DEVNULL
    everything = {**variables, **world.environment, **environment}
    return subprocess.Popen(python, cwd=world.task, env=everything, stdout=output, stderr=output)


def image_path(world: World) -> dict[str, str]:
    """Where a function finds the image's files and AWS's client, and nothing else."""
    return {
        "PYTHONPATH": f"{world.task}:{world.task.parent / 'base'}",
        # Where it is missing, X-Ray's SDK prepares itself for a server.
        "LAMBDA_TASK_ROOT": str(world.task),
    }


def _furnish(task: Path, server: Postgres, aws: str, models: str) -> World:
    server.create(username=_OWNER, password=_OWNER, database="collections")
    owner = connect(_url(server, _OWNER), pool_size=2)
    for role in (FUNCTIONS_ROLE, SWEEPER_ROLE):
        create_login(owner, _url(server, role), role)
    upgrade(owner)
    owner.dispose()
    session = boto3.Session("bench", "bench", region_name=REGION)
    s3 = session.client("s3", endpoint_url=aws)
    for bucket in (BUCKET, EMPTY_BUCKET):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    session.client("events", endpoint_url=aws).create_event_bus(Name=BUS)
    queue = session.client("sqs", endpoint_url=aws).create_queue(QueueName=QUEUE)["QueueUrl"]
    create_sessions_table(session.client("dynamodb", endpoint_url=aws), ENVIRONMENT["CHECKPOINT_TABLE"])
    picture = icon()
    preview = process_image(picture, _MAX_PIXELS).preview
    database = Database(_url(server, FUNCTIONS_ROLE))

    def to_process() -> Event:
        # Other bytes each time, behind the image's end: the same ones would be a duplicate, and no work.
        item = _item(len(picture) + 16)
        with database.tenant(USER) as connection:
            items.create(connection, item)
        s3.put_object(Bucket=BUCKET, Key=item.original_key, Body=picture + item.id.bytes)
        return _message("collections.api", "ProcessingRequested", item.id)

    def processed(connection: Connection) -> ItemRecord:
        item = items.create(connection, _item(len(picture)))
        done = items.mark_processed(connection, item.id, _facts(item.id))
        if done is None:
            raise RuntimeError("a new item could not be processed")
        return done

    def to_analyze() -> Event:
        with database.tenant(USER) as connection:
            item = processed(connection)
        s3.put_object(Bucket=BUCKET, Key=derived_key(USER, item.id, "preview"), Body=preview)
        return _message("collections.api", "AnalysisRequested", item.id)

    def to_embed() -> Event:
        with database.tenant(USER) as connection:
            item = processed(connection)
            _analyse(connection, item)
        return _message("collections.api", "EmbeddingRequested", item.id)

    def to_export() -> Event:
        # Of a user who has nothing: what there is to export is work, and no start.
        user_id = f"{USER}-{uuid4()}"
        with database.tenant(user_id) as connection:
            request = request_export(connection, user_id)
        detail = {"schema_version": 1, "correlation_id": "1", "user_id": user_id, "request_id": str(request.id)}
        return _delivered("collections.api", "ExportRequested", detail)

    shared = {
        "POWERTOOLS_METRICS_NAMESPACE": "Collections",
        "AWS_ENDPOINT_URL": aws,
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    }
    consumer = {"QUEUE_URL": queue, "MAX_RECEIVES": "5"}
    environment = {
        **ENVIRONMENT,
        **shared,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "BUCKET_NAME": BUCKET,
        "EVENT_BUS": BUS,
        "DATABASE_URL": _url(server, FUNCTIONS_ROLE),
        "ANTHROPIC_API_KEY": "bench",
        "ANTHROPIC_BASE_URL": models,
        "VOYAGE_BASE_URL": f"{models}/v1",
    }
    sweeper = {
        "DATABASE_URL": _url(server, SWEEPER_ROLE),
        "BUCKET_NAME": EMPTY_BUCKET,
        **{f"{stage}_DEAD_LETTERS": queue for stage in ("PROCESSING", "ANALYSIS", "EMBEDDING")},
    }
    batcher = {"SWEEPER_DATABASE_URL": _url(server, SWEEPER_ROLE)}
    owner_urls = {
        "DATABASE_URL": _url(server, _OWNER),
        "FUNCTIONS_DATABASE_URL": _url(server, FUNCTIONS_ROLE),
        "SWEEPER_DATABASE_URL": _url(server, SWEEPER_ROLE),
    }
    search = json.dumps({"query": "coffee receipt"}).encode()
    functions = (
        Function("sweeper", "runtime.handlers.sweeper.handler", sweeper, dict, _has_finished),
        Function("image processor", "runtime.handlers.image_processor.handler", consumer, to_process, _has_handled),
        Function("embedder", "runtime.handlers.embedder.handler", consumer, to_embed, _has_handled),
        Function("analyzer", "runtime.handlers.analyzer.handler", consumer, to_analyze, _has_handled),
        Function("batcher", "runtime.handlers.batcher.handler", batcher, dict, _has_finished),
        Function("worker", "runtime.handlers.worker.handler", consumer, to_export, _has_handled),
        Function("migrate", "runtime.handlers.migrate.handler", owner_urls, dict, _has_migrated),
        Function("API, /health", "runtime.handlers.api.handler", {}, lambda: _request("GET", "/health"), _has_answered),
        Function(
            "API, first /search",
            "runtime.handlers.api.handler",
            {},
            lambda: _request("POST", "/search", search),
            _has_answered,
        ),
    )
    return World(task, environment, functions)


def _url(server: Postgres, role: str) -> str:
    return f"postgresql://{role}:{role}@{server.host}:{server.port}/collections?sslmode=disable"


def _item(size: int) -> ItemRecord:
    item_id = uuid4()
    return ItemRecord(
        id=item_id,
        user_id=USER,
        original_key=original_key(USER, item_id, "png"),
        original_filename="screenshot.png",
        mime_type="image/png",
        file_size=size,
    )


def _facts(item_id: UUID) -> ImageFacts:
    return ImageFacts(
        mime_type="image/png",
        file_size=1,
        width=600,
        height=1300,
        sha256=item_id.hex * 2,
        perceptual_hash=1,
        taken_at=None,
        latitude=None,
        longitude=None,
        camera=None,
    )


def _analyse(connection: Connection, item: ItemRecord) -> None:
    claim = analyses.claim(
        connection,
        item_id=item.id,
        user_id=USER,
        sha256=item.sha256 or "",
        model="bench",
        prompt_version="bench",
        request_id=None,
        lease=timedelta(minutes=1),
    )
    if not isinstance(claim, analyses.Claim):
        raise TypeError("a new item was analysed before")
    analyses.complete(
        connection, claim.analysis_id, analysis=_ANALYSIS, answered_by="bench", input_tokens=1, output_tokens=1
    )
    items.mark_analyzed(connection, item.id)


_ANALYSIS = ImageAnalysis(
    category=Category.RECEIPT,
    subcategories=["coffee"],
    headline="Receipt of a coffee bar",
    summary="Two flat whites and a croissant, paid by card.",
    media_metadata=MediaMetadata(
        original_poster=None, tagged_accounts=[], location_tags=[], audio_source=None, hashtags=[]
    ),
    image_details=ImageDetails(
        extracted_text=["2 flat white 8.40", "1 croissant 3.20"],
        objects=["receipt"],
        themes=["coffee"],
        emotions=[],
        vibes=[],
        likely_source=None,
        key_interest=None,
        visual_hierarchy=[],
    ),
)


def _message(source: str, detail_type: str, item_id: UUID) -> Event:
    """An SQS batch with one event about an item."""
    detail = {"schema_version": 1, "correlation_id": str(item_id), "user_id": USER, "item_id": str(item_id)}
    return _delivered(source, detail_type, detail)


def _delivered(source: str, detail_type: str, detail: dict[str, Any]) -> Event:
    """An SQS batch with one event of the application."""
    body = {"id": str(uuid4()), "source": source, "detail-type": detail_type, "detail": detail}
    record = {
        "messageId": str(uuid4()),
        "receiptHandle": "bench",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:000000000000:{QUEUE}",
        "awsRegion": REGION,
    }
    return {"Records": [record]}


def _request(method: str, path: str, body: bytes = b"") -> Event:
    return gateway_event(method, path, USER, {}, body, "application/json" if body else None, {})


def _has_finished(answer: Any) -> None:
    if not answer["finished"] or answer["failures"]:
        raise ValueError(f"not all was done: {answer}")


def _has_migrated(answer: Any) -> None:
    if not answer["revision"]:
        raise ValueError(f"nothing was migrated: {answer}")


def _has_handled(answer: Any) -> None:
    if answer["batchItemFailures"]:
        raise ValueError(f"the message failed: {answer}")


def _has_answered(answer: Any) -> None:
    if answer["statusCode"] != HTTPStatus.OK:
        raise ValueError(f"the API: {answer}")
