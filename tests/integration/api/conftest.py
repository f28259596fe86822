"""The real handler on a real Postgres, with S3 and DynamoDB by the emulator, and the models by stand-ins."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from fastapi import FastAPI
from sqlmodel import Session

from runtime import clients, items
from runtime.analysis import Category
from runtime.api.adapter import gateway_handler
from runtime.api.app import create_app
from runtime.api.dependencies import Services
from runtime.api.settings import ApiSettings
from runtime.database import connect
from runtime.keys import derived_key
from runtime.migrations.upgrade import FUNCTIONS_ROLE
from runtime.records import AnalysisRecord, ItemRecord
from runtime.search.document import index
from runtime.settings import load
from tests.api_environment import ENVIRONMENT
from tests.gateway import GatewayClient
from tests.integration.api.claude import Claude, serve_claude
from tests.integration.api.operations import ALBUM, HEADLINE, SECRET, TAG, TITLE, Belongings
from tests.integration.api.voyage import Voyage, direction, serve_voyage
from tests.integration.aws import running_emulator
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import add_analysis, add_processed, image_analysis
from tests.sessions import driver, tenant_session
from tests.sessions_table import create_sessions_table

# Not letters that an id could contain by chance.
ADA, BOB = "user-ada", "user-bob"
BUCKET = ENVIRONMENT["BUCKET_NAME"]


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 with the bucket, where this process's AWS clients go too."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as url, pytest.MonkeyPatch.context() as environment:
        aws = {name: value for name, value in ENVIRONMENT.items() if name.startswith("AWS_")}
        for name, value in (aws | {"AWS_ENDPOINT_URL": url}).items():
            environment.setenv(name, value)
        _forget_clients()
        boto3.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        boto3.client("events").create_event_bus(Name=ENVIRONMENT["EVENT_BUS"])
        create_sessions_table(clients.dynamodb(), ENVIRONMENT["CHECKPOINT_TABLE"])
        yield url
        _forget_clients()


def _forget_clients() -> None:
    for client in (clients.s3, clients.dynamodb):
        client.cache_clear()


@dataclass(frozen=True)
class Bus:
    """Hears what the API publishes."""

    queue: str

    def heard(self) -> list[tuple[str, dict[str, Any]]]:
        """Detail type and detail of each event since the last time."""
        sqs = boto3.client("sqs")
        events: list[tuple[str, dict[str, Any]]] = []
        while messages := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                event = json.loads(message.get("Body", ""))
                events.append((event["detail-type"], event["detail"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message.get("ReceiptHandle", ""))
        return events


@pytest.fixture
def bus(s3_endpoint: str) -> Bus:
    """The application's bus."""
    sqs, events, name = boto3.client("sqs"), boto3.client("events"), ENVIRONMENT["EVENT_BUS"]
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="heard", EventBusName=name, EventPattern='{"source": ["collections.api"]}')
    events.put_targets(Rule="heard", EventBusName=name, Targets=[{"Id": "heard", "Arn": arn}])
    bus = Bus(queue)
    bus.heard()
    return bus


@pytest.fixture(scope="session")
def running_voyage() -> Iterator[Voyage]:
    with serve_voyage() as voyage:
        yield voyage


@pytest.fixture
def voyage(running_voyage: Voyage) -> Voyage:
    """The stand-in, answering as it should."""
    running_voyage.reset()
    return running_voyage


@pytest.fixture(scope="session")
def running_claude() -> Iterator[Claude]:
    with serve_claude() as claude:
        yield claude


@pytest.fixture
def claude(running_claude: Claude) -> Claude:
    """The stand-in, behaving, and as if it had never been called."""
    running_claude.reset()
    return running_claude


@pytest.fixture
def services(database: Database, voyage: Voyage, claude: Claude, s3_endpoint: str) -> Iterator[Services]:
    urls = {
        "DATABASE_URL": database.url(FUNCTIONS_ROLE),
        "VOYAGE_BASE_URL": voyage.url,
        "ANTHROPIC_BASE_URL": claude.url,
    }
    services = Services.start(load(ApiSettings, ENVIRONMENT | urls))
    yield services
    services.claude.close()
    services.database.close()


@contextmanager
def pipeline_session(services: Services) -> Generator[Session]:
    """A transaction beside the API's, for Ada, as the pipeline's functions have them."""
    engine = connect(services.settings.database_url.reveal())
    try:
        with tenant_session(engine, ADA) as session:
            yield session
    finally:
        engine.dispose()


@pytest.fixture
def app(services: Services) -> FastAPI:
    return create_app(services)


@pytest.fixture
def ada(app: FastAPI) -> GatewayClient:
    """Calls the API as the user Ada."""
    return GatewayClient(gateway_handler(app), ADA)


@pytest.fixture
def bob(ada: GatewayClient) -> GatewayClient:
    """Calls the same API as Bob."""
    return ada.as_user(BOB)


@dataclass(frozen=True)
class Kept:
    """A searchable item of Ada's, as the pipeline leaves it."""

    item: ItemRecord
    analysis: AnalysisRecord


@dataclass(frozen=True)
class Pipeline:
    """Does what the pipeline would do with Ada's images."""

    services: Services

    def keep(
        self,
        headline: str,
        *,
        category: Category = Category.OTHER,
        angle: float = 90,
        content: str | None = None,
        filename: str = "IMG_0001.png",
    ) -> Kept:
        """A searchable item whose vector points to `angle`, with its objects in the bucket."""
        with pipeline_session(self.services) as session:
            item = add_processed(session, ADA, content, filename)
            analysis = add_analysis(session, item, image_analysis(headline, category=category))
            assert items.mark_analyzed(driver(session), item.id)
            index(driver(session), item, analysis, direction(angle), "voyage-4-large")
            assert items.mark_searchable(driver(session), item.id)
        self.services.store.put(item.original_key, headline.encode(), item.mime_type)
        self.services.store.put(derived_key(ADA, item.id, "thumb"), b"thumbnail", "image/webp")
        return Kept(item, analysis)

    def look_again(self, kept: Kept, headline: str) -> AnalysisRecord:
        """Another analysis of the same image."""
        with pipeline_session(self.services) as session:
            return add_analysis(session, kept.item, image_analysis(headline), forced=True)


@pytest.fixture
def pipeline(services: Services) -> Pipeline:
    return Pipeline(services)


@pytest.fixture
def of_ada(ada: GatewayClient, pipeline: Pipeline) -> Belongings:
    """One of everything."""
    kept = pipeline.keep(f"A {SECRET}, not a {HEADLINE}", filename=f"{HEADLINE}.png")
    ada.patch(f"/items/{kept.item.id}", {"title": TITLE, "tags": [TAG]})
    tag = ada.get("/tags").json()["tags"][0]["id"]
    album = ada.post("/albums", {"name": ALBUM}).json()["id"]
    ada.post(f"/albums/{album}/items", {"item_ids": [str(kept.item.id)]})
    by_parameter = {
        "item_id": str(kept.item.id),
        "analysis_id": str(kept.analysis.id),
        "tag_id": tag,
        "album_id": album,
        "filename": f"{kept.item.id}-thumb.webp",
        "session_id": ada.post("/chat", {"message": SECRET}).json()["session_id"],
        "request_id": ada.post("/me/export", {}).json()["request_id"],
        "sha256": kept.item.sha256 or "",
    }
    return Belongings(by_parameter, (ADA, HEADLINE, TITLE, TAG, ALBUM, *by_parameter.values()))
