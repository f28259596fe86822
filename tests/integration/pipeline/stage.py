"""The pipeline's real functions, on a real database, an emulated AWS and the models' stand-ins."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from msgspec import to_builtins
from sqlalchemy import text
from sqlmodel import Session, col, select

from runtime import items
from runtime.events import Event, ObjectCreated
from runtime.handlers import analyzer, batcher, embedder, image_processor, sweeper
from runtime.keys import original_key
from runtime.migrations.upgrade import SWEEPER_ROLE
from runtime.models import Analysis, Usage
from runtime.records import AnalysisRecord, ItemRecord
from runtime.storage import ImageStore
from tests.integration.conftest import Database
from tests.lambda_context import lambda_context
from tests.sessions import driver, tenant_session

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ANNA, BERT = "anna", "bert"
ARRIVAL_SECONDS = 10.0
MAX_RECEIVES = 2
"""Deliveries before the queues of these tests give a message up."""
MOMENTS = ("created_at", "updated_at", "uploaded_at", "processed_at", "analyzed_at", "requeued_at", "deleted_at")
"""Columns of an item that say when something happened to it."""

Handler = Callable[..., Any]


@dataclass
class Stage:
    """Delivers events to the functions as their queues would, and looks at what comes of it."""

    database: Database
    store: ImageStore
    sqs: "SQSClient"
    queue: str
    """Where a copy of every event of both buses arrives."""
    models: str
    """Address of the stand-ins."""
    dead_letters: dict[str, str]
    """URL of each stage's dead-letter queue."""
    received: list[str] = field(default_factory=list[str])

    def create(self, filename: str, user_id: str = ANNA, size: int = 1) -> ItemRecord:
        """An item as the API makes it when an upload is announced."""
        item_id = uuid4()
        extension = filename.rpartition(".")[2]
        item = ItemRecord(
            id=item_id,
            user_id=user_id,
            original_key=original_key(user_id, item_id, extension),
            original_filename=filename,
            mime_type="image/png",
            file_size=size,
        )
        with tenant_session(self.database.functions, user_id) as session:
            return items.create(driver(session), item)

    def upload(self, filename: str, body: bytes, user_id: str = ANNA) -> ItemRecord:
        """An announced item whose object has arrived; S3's event of it is under way."""
        item = self.create(filename, user_id, len(body))
        self.store.put(item.original_key, body, item.mime_type)
        return item

    def item(self, item: ItemRecord) -> ItemRecord | None:
        """The item as it is now."""
        with tenant_session(self.database.functions, item.user_id) as session:
            return items.find(driver(session), item.id)

    def analyses(self, item: ItemRecord) -> list[AnalysisRecord]:
        with tenant_session(self.database.functions, item.user_id) as session:
            return list(
                session.exec(select(Analysis).where(Analysis.item_id == item.id).order_by(col(Analysis.version)))
            )

    def usage(self, item: ItemRecord) -> list[Usage]:
        with tenant_session(self.database.functions, item.user_id) as session:
            return list(session.exec(select(Usage).where(Usage.item_id == item.id)))

    def change(self, item: ItemRecord, change: Callable[[Session], object]) -> None:
        """Do something to the item's rows, as another function would."""
        with tenant_session(self.database.functions, item.user_id) as session:
            change(session)

    def published(self, model: type[Event] | type[ObjectCreated], item: ItemRecord) -> list[str]:
        """Envelopes of all events of this kind about `item` so far, in the order of their arrival."""
        return [body for body in self.heard(model) if str(item.id) in body]

    def heard(self, model: type[Event] | type[ObjectCreated]) -> list[str]:
        """Envelopes of all events of this kind so far, in the order of their arrival."""
        while messages := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.received.append(message.get("Body", ""))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message.get("ReceiptHandle", ""))
        return [body for body in self.received if json.loads(body)["detail-type"] == model.detail_type]

    def process(self, *bodies: str) -> list[str]:
        """Deliver to the image processor; the indexes of messages that it reports as failed."""
        return self._deliver(image_processor.handler, bodies)

    def analyze(self, *bodies: str) -> list[str]:
        return self._deliver(analyzer.handler, bodies)

    def embed(self, *bodies: str) -> list[str]:
        return self._deliver(embedder.handler, bodies)

    def sweep(self, remaining_ms: int = 60_000) -> dict[str, Any]:
        """Run the sweeper; its report."""
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("DATABASE_URL", self.database.url(SWEEPER_ROLE))
            return sweeper.handler({}, lambda_context(remaining_ms))

    def batch(self, remaining_ms: int = 600_000) -> dict[str, Any]:
        """Run the batcher; its report."""
        return batcher.handler({}, lambda_context(remaining_ms))

    def give_up(self, stage: str, body: str) -> None:
        """Have the stage's queue give up a message."""
        self.sqs.send_message(QueueUrl=self.dead_letters[stage], MessageBody=body)

    def age(self, item: ItemRecord, hours: float) -> None:
        """Let this much time pass for the item."""
        changes = ", ".join(f"{moment} = {moment} - :age" for moment in MOMENTS)
        with self.database.owner.begin() as connection:
            ids = {"id": item.id, "age": timedelta(hours=hours)}
            connection.execute(text(f"update item set {changes} where id = :id"), ids)

    def uploaded(self, filename: str, body: bytes, user_id: str = ANNA) -> tuple[ItemRecord, str]:
        """An item, and the event of its upload."""
        item = self.upload(filename, body, user_id)
        return item, self.arrival(item)

    def arrival(self, item: ItemRecord) -> str:
        """S3's event of the item's upload, which comes a moment after it."""
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while time.monotonic() < deadline:
            if events := self.published(ObjectCreated, item):
                return events[0]
            time.sleep(0.02)
        raise TimeoutError(f"S3 did not report {item.original_key}")

    def calls(self, endpoint: str) -> int:
        """How often a model was called so far."""
        return httpx.get(f"{self.models}/calls", trust_env=False).json().get(endpoint, {}).get("total", 0)

    def spoil(self, endpoint: str, kind: str, count: int | None = None, retry_after: float = 0) -> None:
        """Have the model misbehave."""
        plan = {"endpoint": endpoint, "kind": kind, "count": count, "retry_after": retry_after}
        httpx.post(f"{self.models}/faults", json=plan, trust_env=False).raise_for_status()

    def mend(self) -> None:
        """Have the models behave again."""
        httpx.delete(f"{self.models}/faults", trust_env=False).raise_for_status()

    def _deliver(self, handler: Handler, bodies: tuple[str, ...]) -> list[str]:
        attributes = {"ApproximateReceiveCount": "1"}
        records = [
            {
                "messageId": str(number),
                "receiptHandle": "of no queue",
                "body": body,
                "eventSource": "aws:sqs",
                "attributes": attributes,
            }
            for number, body in enumerate(bodies)
        ]
        answer = handler({"Records": records}, lambda_context())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def envelope(event: Event) -> str:
    """`event` as EventBridge delivers it."""
    return json.dumps(
        {
            "id": str(uuid4()),
            "source": event.source,
            "detail-type": event.detail_type,
            "detail": to_builtins(event),
        }
    )
