"""Images that wait for a batch, and the vendor's side of it."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from runtime.events import AnalysisComplete, AnalysisRequested, ImageProcessed
from runtime.models import BatchRequest
from runtime.records import AnalysisState, ItemRecord
from tests.integration.pipeline.stage import ANNA, Stage, envelope
from tests.unit.imaging.pictures import encoded, quarters

PNG = encoded(quarters(), "PNG")
ENDS_WITHIN = 20.0


def searchable(stage: Stage, user_id: str = ANNA) -> ItemRecord:
    """An item that was analysed, alone, before."""
    item, uploaded = stage.uploaded("quarters.png", PNG, user_id)
    assert stage.process(uploaded) == []
    assert stage.analyze(stage.published(ImageProcessed, item)[0]) == []
    assert stage.embed(stage.published(AnalysisComplete, item)[0]) == []
    return item


def request(item: ItemRecord, command: str = "backfill") -> str:
    """The event of an operator's command."""
    return envelope(
        AnalysisRequested(
            correlation_id=f"{command}/{item.id}", user_id=item.user_id, item_id=item.id, force=True, batch=True
        )
    )


def waiting(stage: Stage, item: ItemRecord) -> list[BatchRequest]:
    with stage.database.owner.connect() as connection:
        rows = connection.execute(text("select * from batch_request where item_id = :id"), {"id": item.id})
        return [BatchRequest(**row) for row in rows.mappings()]


def ended(stage: Stage, batches: int = 1) -> None:
    """Wait until the vendor has done these newest batches."""
    deadline = time.monotonic() + ENDS_WITHIN
    while time.monotonic() < deadline:
        answer = httpx.get(f"{stage.models}/v1/messages/batches?limit={batches}", trust_env=False).json()
        if all(batch["processing_status"] == "ended" for batch in answer["data"]):
            return
        time.sleep(0.05)
    raise TimeoutError("the vendor does not end a batch")


def settle(stage: Stage, minutes: int) -> None:
    """Let this much time pass for batches."""
    with stage.database.owner.begin() as connection:
        age = {"age": timedelta(minutes=minutes)}
        connection.execute(text("update analysis_batch set created_at = created_at - :age"), age)


def alone(stage: Stage, item: ItemRecord) -> list[str]:
    """Requests for the item that were sent on to be done at once."""
    return [body for body in stage.published(AnalysisRequested, item) if '"batch":false' in body.replace(" ", "")]


def versions(stage: Stage, item: ItemRecord) -> list[tuple[int, AnalysisState]]:
    return [(analysis.version, analysis.state) for analysis in stage.analyses(item)]


def interrupted(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, *, after: bool) -> Callable[[], None]:
    """Have the function die where it calls this, before or after it is done; until the returned is called."""
    whole = getattr(owner, name)

    def dies(*arguments: Any, **named: Any) -> Any:
        if after:
            whole(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, name, dies)
    return lambda: monkeypatch.setattr(owner, name, whole)
