"""The sweeper removes what is to go, with everything that belongs to it, and nothing else."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import boto3
import pytest
from sqlalchemy import text

from runtime import items
from runtime.events import AnalysisComplete, ImageProcessed, ItemSearchable, ProcessingRequested
from runtime.handlers import sweeper
from runtime.keys import derived_key
from runtime.models import Usage
from runtime.records import ItemRecord, Status
from runtime.storage import DeleteError, ImageStore
from runtime.sweeping import removal
from tests.integration.pipeline.stage import ANNA, BERT, Stage, envelope
from tests.sessions import driver, tenant_session
from tests.unit.imaging.pictures import encoded, quarters

PNG = encoded(quarters(), "PNG")


def searchable(stage: Stage, user_id: str = ANNA) -> ItemRecord:
    item, uploaded = stage.uploaded("quarters.png", PNG, user_id)
    stage.process(uploaded)
    stage.analyze(stage.published(ImageProcessed, item)[0])
    stage.embed(stage.published(AnalysisComplete, item)[0])
    assert stage.published(ItemSearchable, item)
    return item


def done(report: dict[str, Any]) -> dict[str, int]:
    """What a run did, without what it had not to do."""
    return {what: count for what, count in report.items() if what not in {"finished", "month_cost_usd"} and count}


def delete(stage: Stage, item: ItemRecord) -> None:
    stage.change(item, lambda session: items.mark_deleted(driver(session), item.id))


def versions(stage: Stage, item: ItemRecord) -> int:
    """Object versions and delete markers that the bucket keeps of the item."""
    pages = boto3.client("s3").get_paginator("list_object_versions").paginate(Bucket=stage.store.bucket)
    kept = [version for page in pages for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))]
    return sum(str(item.id) in version.get("Key", "") for version in kept)


def rows(stage: Stage, item: ItemRecord) -> dict[str, int]:
    tables = {"item": "id", "analysis": "item_id", "search_document": "item_id", "embedding": "item_id"}
    with tenant_session(stage.database.functions, item.user_id) as session:
        connection = session.connection()
        return {
            table: connection.execute(
                text(f"select count(*) from {table} where {key} = :id"), {"id": item.id}
            ).scalar_one()
            for table, key in tables.items()
        }


def test_a_deleted_item_goes_with_its_rows_and_all_versions_of_its_objects(stage: Stage) -> None:
    gone, kept = searchable(stage), searchable(stage, BERT)
    stage.store.put(derived_key(ANNA, gone.id, "thumb"), b"an older version", "image/webp")
    boto3.client("s3").delete_object(Bucket=stage.store.bucket, Key=gone.original_key)
    delete(stage, gone)

    report = stage.sweep()

    assert done(report) == {"tombstones": 1, "object_versions": 5}
    assert report["finished"]
    assert versions(stage, gone) == 0
    assert set(rows(stage, gone).values()) == {0}
    assert versions(stage, kept) == 3
    assert set(rows(stage, kept).values()) == {1}


def test_a_second_run_has_nothing_to_do(stage: Stage) -> None:
    delete(stage, searchable(stage))
    stage.sweep()

    assert done(stage.sweep()) == {}


def test_an_upload_that_never_came_goes_after_a_day(stage: Stage) -> None:
    old, young, arrived = stage.create("old.png"), stage.create("young.png"), stage.create("arrived.png")
    for item in (old, arrived):
        stage.age(item, 25)
    stage.change(arrived, lambda session: items.mark_uploaded(driver(session), arrived.id))

    report = stage.sweep()

    assert (report["abandoned_uploads"], report["tombstones"]) == (1, 1)
    assert stage.item(old) is None
    assert [item.status for item in (stage.item(young), stage.item(arrived)) if item] == [
        Status.PENDING,
        Status.UPLOADED,
    ]


def test_an_original_goes_and_its_duplicate_takes_its_place(stage: Stage) -> None:
    original = searchable(stage)
    duplicate, uploaded = stage.uploaded("copy.png", PNG)
    stage.process(uploaded)
    delete(stage, original)

    assert stage.sweep()["tombstones"] == 1
    request = ProcessingRequested(correlation_id="c", user_id=duplicate.user_id, item_id=duplicate.id)
    assert stage.process(envelope(request)) == []
    assert stage.analyze(stage.published(ImageProcessed, duplicate)[0]) == []
    assert stage.embed(stage.published(AnalysisComplete, duplicate)[0]) == []

    assert (now := stage.item(duplicate)) is not None
    assert (now.status, now.duplicate_of) == (Status.SEARCHABLE, None)


def test_more_tombstones_than_a_batch_holds_are_all_removed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "BATCH", 2)
    for number in range(5):
        delete(stage, stage.create(f"{number}.png"))

    assert stage.sweep()["tombstones"] == 5


def test_what_cannot_be_removed_is_reported_and_does_not_stop_the_rest(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "BATCH", 1)
    stuck, other = stage.create("stuck.png"), stage.create("other.png")
    for item in (stuck, other):
        delete(stage, item)
    delete_item = ImageStore.delete_item

    def refuse(store: ImageStore, user_id: str, item_id: UUID, original_key: str) -> int:
        if item_id == stuck.id:
            raise DeleteError("1 of 1 objects were kept")
        return delete_item(store, user_id, item_id, original_key)

    monkeypatch.setattr(ImageStore, "delete_item", refuse)

    with pytest.raises(sweeper.SweepError, match="1 things"):
        stage.sweep()

    assert rows(stage, stuck)["item"] == 1
    assert rows(stage, other)["item"] == 0


def test_a_run_without_time_left_leaves_the_rest_to_the_next(stage: Stage) -> None:
    delete(stage, stage.create("a.png"))

    report = stage.sweep(remaining_ms=sweeper.TIME_TO_FINISH_MS)

    assert (report["tombstones"], report["finished"]) == (0, False)


def test_what_all_users_have_cost_this_month_is_published(
    stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.sweeping.spending.now", lambda: datetime(2026, 3, 1, 0, 30, tzinfo=UTC))
    last_month, this_month = datetime(2026, 2, 28, 23, 59, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    for user_id, cost, when in ((ANNA, "1.5", this_month), (BERT, "0.25", this_month), (ANNA, "9", last_month)):
        with tenant_session(stage.database.functions, user_id) as session:
            session.add(
                Usage(
                    user_id=user_id,
                    operation="analysis",
                    model="claude-sonnet-5-5",
                    input_tokens=1,
                    cost_usd=Decimal(cost),
                    created_at=when,
                )
            )

    report = stage.sweep()

    assert report["month_cost_usd"] == 1.75
    gauges = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "MonthCostUsd" in line]
    assert [gauge["MonthCostUsd"] for gauge in gauges] == [[1.75]]
