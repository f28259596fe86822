"""The images of a stack, and the events that send them through its pipeline: as the API publishes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from collections_cli.failures import ExpectedError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from mypy_boto3_s3 import S3Client

    from collections_cli.admin.stack import Stack

ORIGINALS = "originals/"
SOURCE = "collections.api"
SCHEMA_VERSION = 1
DETAIL_TYPES = {
    "processing": "ProcessingRequested",
    "analysis": "AnalysisRequested",
    "embedding": "EmbeddingRequested",
}
"""Stage -> the event that asks for it."""
BATCH = 10
"""Entries that one PutEvents call takes (EventBridge quota)."""


class PipelineError(ExpectedError):
    """The event bus did not take all events; the message says how many."""


class Image(NamedTuple):
    """An original in the bucket, by its key."""

    user_id: str
    item_id: str


@dataclass(frozen=True)
class Pipeline:
    """Bucket and bus of one stack."""

    bucket: str
    bus: str
    s3: S3Client
    events: EventBridgeClient

    @classmethod
    def of(cls, stack: Stack) -> Pipeline:
        """That of `stack`."""
        outputs = stack.outputs
        return cls(str(outputs["imageBucket"]), str(outputs["eventBus"]), stack.client("s3"), stack.client("events"))

    @staticmethod
    def analysis_model(stack: Stack) -> str:
        """The model that looks at images whose request names none."""
        analyzer = stack.outputs["functions"]["analyzer"]
        function = stack.client("lambda").get_function_configuration(FunctionName=analyzer)
        return str(function["Environment"]["Variables"]["ANALYSIS_MODEL"])

    def images(self, user_id: str | None, item_ids: Collection[str]) -> list[Image]:
        """Originals of that user, or of all; of those items, or all."""
        return [image for image in self._originals(user_id) if not item_ids or image.item_id in item_ids]

    def send(self, images: Sequence[Image], stage: str, *, batch: bool = False) -> int:
        """Ask for `stage` for each image, or for an analysis within a day (`batch`); how many. Raises `PipelineError`,
        and has sent those before it then."""
        command, sent = str(uuid4()), 0
        for first in range(0, len(images), BATCH):
            entries = [self._entry(image, stage, command, batch=batch) for image in images[first : first + BATCH]]
            answer = self.events.put_events(Entries=entries)
            failed = [entry for entry in answer["Entries"] if entry.get("ErrorCode")]
            sent += len(entries) - len(failed)
            if failed:
                why = failed[0].get("ErrorMessage")
                raise PipelineError(f"The event bus took {sent} of {len(images)} and no more: {why}. Run it again.")
        return sent

    def _originals(self, user_id: str | None) -> Iterator[Image]:
        prefix = f"{ORIGINALS}{user_id}/" if user_id else ORIGINALS
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                _, owner, name = found.get("Key", "").split("/", 2)
                yield Image(owner, name.partition(".")[0])

    def _entry(self, image: Image, stage: str, command: str, *, batch: bool) -> PutEventsRequestEntryTypeDef:
        detail: dict[str, object] = {
            "schema_version": SCHEMA_VERSION,
            # A forced analysis is made once for each command and image, however often its event is delivered.
            "correlation_id": f"{command}/{image.item_id}" if stage == "analysis" else image.item_id,
            "user_id": image.user_id,
            "item_id": image.item_id,
        }
        if stage == "analysis":
            detail["force"] = True
        if batch:
            detail["batch"] = True
        return {
            "EventBusName": self.bus,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPES[stage],
            "Detail": json.dumps(detail),
        }
