"""Message Batches: many requests at once, answered within a day, at half the price.

Claude API documentation, "Batch processing": 100,000 requests or 256 MB, most are done within an hour, what is not done
after 24 hours expires, results are kept for 29 days. A batch says nothing of what is in it but how many requests it
has; its results, once it has ended, say which.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import anthropic
import httpx2
from anthropic.types import Message
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse

from runtime.failures import TransientError
from runtime.vision import MAX_TOKENS, Vision

CREATE_SECONDS = 180.0
"""For a whole batch to be sent."""
NOT_FOUND = 404


class VendorBatch(NamedTuple):
    """A batch as the vendor tells of it."""

    id: str
    requests: int
    """How many it was made of."""
    ended: bool
    has_results: bool
    """Once it has ended, and until they are thrown away."""


class Result(NamedTuple):
    """What became of one request."""

    custom_id: str
    message: Message | None
    """The model's; None if there is none."""
    kind: str
    """`succeeded`, `errored`, `canceled` or `expired`."""


class VisionBatches:
    """The model that looks at images, many at once. Every method raises `TransientError` when the vendor does not do
    what it was asked."""

    def __init__(self, vision: Vision) -> None:
        self._vision = vision
        self._batches = vision.client.messages.batches

    def request(self, preview: bytes, context: str, model: str) -> MessageCreateParamsNonStreaming:
        """What the model is told of one image. It has room for the longest answer at once: what is not used costs
        nothing, and nobody waits."""
        return self._vision.request(preview, context, model, MAX_TOKENS[-1])

    def create(self, requests: Mapping[UUID, MessageCreateParamsNonStreaming]) -> str:
        """Have a batch made; the vendor's id. When this fails, there may be one all the same."""
        with _told():
            made = self._batches.create(
                requests=[{"custom_id": str(each), "params": params} for each, params in requests.items()],
                timeout=CREATE_SECONDS,
            )
        return made.id

    def find(self, vendor_id: str) -> VendorBatch | None:
        """How far the batch is. None if the vendor does not have it."""
        with _told():
            try:
                return _batch(self._batches.retrieve(vendor_id))
            except anthropic.NotFoundError:
                return None

    def delete(self, vendor_id: str) -> None:
        """Have the vendor forget a batch that has ended, with what was sent and what was answered."""
        with _told():
            try:
                self._batches.delete(vendor_id)
            except anthropic.NotFoundError:
                return

    def made_since(self, moment: datetime) -> list[VendorBatch]:
        """All batches of the key's workspace that were made since then, the oldest first."""
        made: list[VendorBatch] = []
        with _told():
            # The newest come first.
            for batch in self._batches.list(limit=100):
                if batch.created_at < moment:
                    break
                made.append(_batch(batch))
        return made[::-1]

    def results(self, vendor_id: str) -> Generator[Result]:
        """What became of each request of a batch that has ended, in any order, as it is read."""
        with _told():
            lines = self._batches.results(vendor_id)
            try:
                for line in lines:
                    yield _result(line)
            finally:
                lines.close()


def _batch(batch: MessageBatch) -> VendorBatch:
    counts = batch.request_counts
    return VendorBatch(
        id=batch.id,
        requests=counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired,
        ended=batch.processing_status == "ended",
        has_results=batch.results_url is not None,
    )


def _result(line: MessageBatchIndividualResponse) -> Result:
    message = line.result.message if line.result.type == "succeeded" else None
    return Result(line.custom_id, message, line.result.type)


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except anthropic.APIStatusError as error:
        raise TransientError(f"Claude does not do batches now (HTTP {error.status_code})") from error
    except (anthropic.AnthropicError, httpx2.HTTPError, ValueError) as error:
        raise TransientError("Claude's batches cannot be reached, or its answer cannot be understood") from error
