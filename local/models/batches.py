"""Message Batches: requests that are answered one after the other while nobody waits."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local.models import wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from starlette.requests import Request

    from local.models.faults import FaultPlan
    from local.models.wire import JsonObject

    Answer = Callable[[JsonObject], Awaitable[JsonObject]]

_LIFETIME = timedelta(hours=24)
_PAGE = 20
"""Batches that a list shows unless asked for another number."""


def errored(status: int, message: str) -> JsonObject:
    """The result of a request that came to nothing."""
    return {"type": "errored", "error": wire.anthropic_error_body(status, message, wire.new_id("req"))}


@dataclass
class _Batch:
    requests: int
    results_url: str
    id: str = field(default_factory=lambda: wire.new_id("msgbatch"))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    results: list[JsonObject] = field(default_factory=list[wire.JsonObject])

    def shown(self) -> JsonObject:
        """The batch as the vendor tells of it. How its requests fared is told when all are done."""
        ended = self.ended_at is not None
        kinds = [each["result"]["type"] for each in self.results if isinstance(each["result"], dict)] if ended else []
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": {
                "processing": self.requests - len(kinds),
                **{kind: kinds.count(kind) for kind in ("succeeded", "errored", "canceled", "expired")},
            },
            "created_at": self.created_at.isoformat(),
            "expires_at": (self.created_at + _LIFETIME).isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": self.results_url.format(self.id) if ended else None,
        }


class Batches:
    """All batches since the start, the newest first. `answer` makes a request's result of its parameters."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._made: list[_Batch] = []
        self._at_work: set[asyncio.Task[None]] = set()

    def begin(self, requests: Sequence[wire.BatchedRequest], fault: FaultPlan | None, origin: str) -> JsonObject:
        """A new batch, which is being worked on. `slow`, it takes longer; `expired`, all its requests do."""
        batch = _Batch(len(requests), f"{origin}v1/messages/batches/{{}}/results")
        self._made.insert(0, batch)
        task = asyncio.get_running_loop().create_task(self._work(batch, requests, fault))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return batch.shown()

    def close(self) -> None:
        """Leave off."""
        for task in self._at_work:
            task.cancel()

    def routes(self) -> list[Route]:
        """`GET` of the list, of one batch and of its results, and `DELETE` of a batch."""
        return [
            Route("/v1/messages/batches", self._list),
            Route("/v1/messages/batches/{id}", self._show),
            Route("/v1/messages/batches/{id}", self._delete, methods=["DELETE"]),
            Route("/v1/messages/batches/{id}/results", self._show_results),
        ]

    async def _work(self, batch: _Batch, requests: Sequence[wire.BatchedRequest], fault: FaultPlan | None) -> None:
        if fault is not None:
            await asyncio.sleep(fault.wait)
        expired = fault is not None and fault.kind == "expired"
        # The vendor promises no order; nobody is to rely on that of the requests.
        for request in reversed(requests):
            result: JsonObject = {"type": "expired"} if expired else await self._answer(request.params)
            batch.results.append({"custom_id": request.custom_id, "result": result})
        batch.ended_at = datetime.now(UTC)

    async def _list(self, request: Request) -> Response:
        """Only forwards: `after_id` is the last one of the page before."""
        asked = request.query_params
        ids = [batch.id for batch in self._made]
        start = ids.index(asked["after_id"]) + 1 if asked.get("after_id") in ids else 0
        end = start + int(asked.get("limit", _PAGE))
        page = self._made[start:end]
        return JSONResponse(
            {
                "data": [batch.shown() for batch in page],
                "has_more": end < len(ids),
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
            }
        )

    async def _show(self, request: Request) -> Response:
        batch = self._find(request)
        return JSONResponse(batch.shown()) if batch else wire.anthropic_error(404, "there is no such batch")

    async def _show_results(self, request: Request) -> Response:
        batch = self._find(request)
        if batch is None or batch.ended_at is None:
            return wire.anthropic_error(404, "there are no such results")

        def lines() -> Iterator[str]:
            for result in batch.results:
                yield json.dumps(result) + "\n"

        return StreamingResponse(lines(), media_type="application/x-jsonl")

    async def _delete(self, request: Request) -> Response:
        batch = self._find(request)
        if batch is None:
            return wire.anthropic_error(404, "there is no such batch")
        if batch.ended_at is None:
            return wire.anthropic_error(400, "the batch has not ended")
        self._made.remove(batch)
        return JSONResponse({"id": batch.id, "type": "message_batch_deleted"})

    def _find(self, request: Request) -> _Batch | None:
        return next((batch for batch in self._made if batch.id == request.path_params["id"]), None)
