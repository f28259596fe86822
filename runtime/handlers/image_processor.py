"""First step: what S3 received becomes an item with facts, a thumbnail and a preview."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime import items
from runtime.consumer import Failures, Job, Route, consume, route
from runtime.events import Envelope, ImageProcessed, ObjectCreated, ProcessingRequested, upload_correlation_id
from runtime.failures import PermanentError
from runtime.imaging import DERIVED_TYPE, process_image
from runtime.keys import derived_key, parse_original_key
from runtime.observability import observed
from runtime.postgres import Database
from runtime.records import ItemRecord, Stage, Status
from runtime.redelivery import WorkQueue
from runtime.settings import (
    DatabaseSettings,
    EventSettings,
    QueueSettings,
    Settings,
    StorageSettings,
    UploadLimits,
    load,
)
from runtime.step import Step
from runtime.storage import ImageStore, ObjectMissingError, ObjectTooLargeError

logger = Logger()

WAITING = (Status.PENDING, Status.UPLOADED)


class ImageProcessorSettings(Settings, DatabaseSettings, StorageSettings, EventSettings, QueueSettings, UploadLimits):
    """What the image processor knows about its stack."""


@dataclass(frozen=True)
class ImageProcessor:
    """Validates originals and derives from them what the later steps and the viewers need."""

    step: Step
    store: ImageStore
    limits: UploadLimits

    def process(self, event: ProcessingRequested) -> None:
        """Bring the item from its upload to `processed`, or to `duplicate`. Done once, it is only reported again.

        Raises `PermanentError` when the upload is no image that can be kept.
        """
        with self.step.transaction(event) as connection:
            items.mark_uploaded(connection, event.item_id)
            item = items.take_up(connection, event.item_id, self.step.stage)
        if item is None:
            logger.info("the item is gone, nothing to do")
            return
        if item.status in WAITING:
            item = self._process(event, item)
        if item is None:
            # Deleted meanwhile: what was just written goes with the tombstone's other objects.
            logger.info("the item went while it was processed")
        elif item.status == Status.PROCESSED:
            self.step.publish(self._processed(event, item))
        else:
            logger.info("nothing to hand on", status=item.status)

    def _process(self, event: ProcessingRequested, item: ItemRecord) -> ItemRecord | None:
        processed = process_image(self._read(item.original_key), self.limits.max_pixels)
        self.store.put(derived_key(item.user_id, item.id, "thumb"), processed.thumbnail, DERIVED_TYPE)
        self.store.put(derived_key(item.user_id, item.id, "preview"), processed.preview, DERIVED_TYPE)
        with self.step.transaction(event) as connection:
            return items.mark_processed(connection, item.id, processed.facts)

    def _read(self, key: str) -> bytes:
        try:
            return self.store.get(key, self.limits.max_upload_bytes)
        except ObjectMissingError as error:
            raise PermanentError("The uploaded file is no longer there. Please upload it again.") from error
        except ObjectTooLargeError as error:
            raise PermanentError(
                f"The file has {error.size / 1024 / 1024:.1f} MB; at most {self.limits.max_upload_mb} MB are allowed. "
                "Please make it smaller and upload it again."
            ) from error

    def _processed(self, event: ProcessingRequested, item: ItemRecord) -> ImageProcessed:
        if item.sha256 is None or item.width is None or item.height is None:
            raise ValueError(f"item {item.id} is processed but not measured")
        return ImageProcessed(
            correlation_id=event.correlation_id,
            user_id=item.user_id,
            item_id=item.id,
            bucket=self.store.bucket,
            original_key=item.original_key,
            thumbnail_key=derived_key(item.user_id, item.id, "thumb"),
            preview_key=derived_key(item.user_id, item.id, "preview"),
            sha256=item.sha256,
            width=item.width,
            height=item.height,
        )


@cache
def start() -> ImageProcessor:
    """The image processor, made when the process handles its first event and kept for its life."""
    settings = load(ImageProcessorSettings)
    database = Database(settings.database_url.reveal())
    step = Step(Stage.PROCESSING, database, settings.event_bus, WorkQueue(settings.queue_url, settings.max_receives))
    return ImageProcessor(step, ImageStore(settings.bucket_name), settings)


def _upload_route(processor: ImageProcessor) -> Route:
    """S3's own event names neither item nor user: its key does."""

    def parse(body: str) -> Job:
        envelope = msgspec.json.decode(body, type=Envelope[ObjectCreated])
        owner = parse_original_key(envelope.detail.object.key)
        event = ProcessingRequested(
            correlation_id=upload_correlation_id(owner.item_id), user_id=owner.user_id, item_id=owner.item_id
        )
        return Job(event, lambda: processor.process(event))

    return Route(ObjectCreated.source, ObjectCreated.detail_type, parse)


@observed()
def handler(event: dict[str, Any], _context: LambdaContext) -> Failures:
    """Handle `Object Created` (S3) and `ProcessingRequested`."""
    processor = start()
    routes = [_upload_route(processor), route(ProcessingRequested, processor.process)]
    return consume(event, processor.step, routes)
