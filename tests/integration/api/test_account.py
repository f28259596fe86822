"""A user takes everything home, or has everything removed; nobody else's is touched."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import boto3
import httpx
import pytest
from msgspec import convert
from sqlalchemy import text
from sqlmodel import select

from runtime import clients
from runtime.account import requests
from runtime.account.chats import ChatSessions
from runtime.account.deletion import Remover
from runtime.account.export import NOT_EXPORTED, WHOLE_TABLES, Exporter
from runtime.account.people import People
from runtime.api.dependencies import Services
from runtime.consumer import consume, route
from runtime.events import AccountDeletionRequested, ExportRequested
from runtime.handlers.worker import Worker
from runtime.models import TENANT_TABLES, AccountRequest, Intake, RequestKind, TenantIndex, Usage
from runtime.records import ItemRecord
from runtime.redelivery import WorkQueue
from runtime.search.document import index
from runtime.settings import EMBEDDING_DIMENSIONS
from runtime.storage import ImageStore
from tests.api_environment import ENVIRONMENT
from tests.gateway import GatewayClient
from tests.integration.api.conftest import ADA, BOB, BUCKET, Bus, pipeline_session
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import (
    add_analysis,
    add_batch_request,
    add_embedding_claim,
    add_processed,
    add_tag_and_album,
    image_analysis,
)
from tests.sessions import driver, role_session, tenant_session

LEASE = timedelta(minutes=15)
TABLE = ENVIRONMENT["CHECKPOINT_TABLE"]


@pytest.fixture(scope="module")
def chats(s3_endpoint: str) -> ChatSessions:
    """The sessions, beside a bucket that keeps versions, as the stack has it."""
    boto3.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return ChatSessions(TABLE)


@pytest.fixture
def pool(s3_endpoint: str) -> Iterator[str]:
    clients.cognito.cache_clear()
    yield clients.cognito().create_user_pool(PoolName="people")["UserPool"].get("Id", "")
    clients.cognito.cache_clear()


@pytest.fixture
def worker(services: Services, chats: ChatSessions, pool: str, bus: Bus) -> Worker:
    return Worker(
        database=services.database,
        event_bus=services.settings.event_bus,
        queue=WorkQueue(bus.queue, 2),
        exporter=Exporter(services.database, services.store, chats),
        remover=Remover(services.database, services.store, chats, People(pool)),
    )


def always() -> bool:
    return True


def deliver(worker: Worker, heard: list[tuple[str, dict[str, Any]]], has_time: Callable[[], bool] = always) -> None:
    """Have the worker handle what the API or it itself has published. Raises what a handler would report."""
    for kind, detail in heard:
        if kind == "ExportRequested":
            worker.export(LEASE, has_time, convert(detail, ExportRequested))
        else:
            worker.delete(LEASE, has_time, convert(detail, AccountDeletionRequested))


def fill(database: Database, store: ImageStore, user: str, images: int = 2) -> list[ItemRecord]:
    """Rows of the user's in every table, objects of every kind, and a chat."""
    kept: list[ItemRecord] = []
    with tenant_session(database.functions, user) as session:
        for number in range(images):
            item = add_processed(session, user, filename=f"{user}-{number}.png")
            analysis = add_analysis(session, item, image_analysis(f"A picture of {user}'s"))
            index(driver(session), item, analysis, [1.0] * EMBEDDING_DIMENSIONS, "voyage")
            add_embedding_claim(session, item, "words")
            add_batch_request(session, item)
            kept.append(item)
        add_tag_and_album(session, kept[0])
        session.add(Usage(user_id=user, operation="query", model="voyage-4", input_tokens=5))
        session.add(Intake(user_id=user, month=date(2026, 11, 1), images=2))
    with role_session(database.sweeper) as session:
        session.add(TenantIndex(user_id=user))
    for item in kept:
        store.put(item.original_key, f"bytes of {item.id}".encode(), "image/png")
        store.put(item.original_key, f"bytes of {item.id}".encode(), "image/png")
        store.put(f"derived/{user}/{item.id}/thumb.webp", b"small", "image/webp")
    # The table outlives a test.
    ChatSessions(TABLE).remove(user)
    session_id = uuid4()
    table = boto3.resource("dynamodb").Table(TABLE)
    for number, extra in enumerate([{"user_id": user, "last_activity": "2026-11-25T20:00:00Z"}, {}, {}]):
        table.put_item(
            Item={"thread_id": f"{user}#{session_id}", "checkpoint_id": str(number), "said": f"by {user}", **extra}
        )
    return kept


def rows_of(database: Database, user: str) -> dict[str, int]:
    with database.owner.connect() as connection:
        return {
            table: connection.execute(
                text(f"select count(*) from {table} where user_id = :user"), {"user": user}
            ).scalar_one()
            for table in TENANT_TABLES
        }


def objects_of(user: str) -> list[str]:
    listed = boto3.client("s3").list_object_versions(Bucket=BUCKET)
    versions = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
    return sorted(key for each in versions if f"/{user}/" in (key := each.get("Key", "")))


def downloaded(export: dict[str, Any]) -> dict[str, bytes]:
    """Every file of all parts."""
    files: dict[str, bytes] = {}
    for part in export["parts"]:
        content = httpx.get(part["url"], trust_env=False).raise_for_status().content
        assert len(content) == part["file_size"]
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            files |= {name: archive.read(name) for name in archive.namelist()}
    return files


def test_every_table_of_users_is_exported_or_left_out_for_a_reason() -> None:
    assert sorted([*WHOLE_TABLES, *NOT_EXPORTED, "item", "analysis"]) == list(TENANT_TABLES)


def test_an_export_holds_all_that_is_the_callers_and_nothing_else(
    ada: GatewayClient, bob: GatewayClient, database: Database, services: Services, worker: Worker, bus: Bus
) -> None:
    mine = fill(database, services.store, ADA)
    fill(database, services.store, BOB)

    accepted = ada.post("/me/export", {})
    request_id = accepted.json()["request_id"]
    before = ada.get(f"/me/export/{request_id}").json()
    deliver(worker, bus.heard())
    export = ada.get(f"/me/export/{request_id}").json()
    files = downloaded(export)

    assert (accepted.status, before["state"], before["parts"]) == (202, "requested", [])
    assert export["state"] == "done"
    assert export["url"] == export["parts"][0]["url"] or export["url"].split("?")[0] in export["parts"][0]["url"]
    for item in mine:
        assert files[f"originals/{item.id}.png"] == f"bytes of {item.id}".encode()
        known = json.loads(files[f"items/{item.id}.json"])
        assert known["original_filename"] == item.original_filename
        assert known["analyses"][0]["headline"] == f"A picture of {ADA}'s"
    for table in WHOLE_TABLES:
        assert json.loads(files[f"{table}.jsonl"].splitlines()[0])["user_id"] == ADA, table
    assert len(files["chat_sessions.jsonl"].splitlines()) == 3
    assert BOB.encode() not in b"".join(files.values())
    assert bob.get(f"/me/export/{request_id}").status == 404


def test_an_export_of_any_size_is_made_in_parts_over_several_runs(
    ada: GatewayClient, database: Database, services: Services, worker: Worker, bus: Bus
) -> None:
    mine = fill(database, services.store, ADA, images=3)
    worker = replace(worker, exporter=replace(worker.exporter, part_bytes=1))
    request_id = ada.post("/me/export", {}).json()["request_id"]

    runs = 0
    while heard := bus.heard():
        deliver(worker, heard, has_time=lambda: False)
        runs += 1
    export = ada.get(f"/me/export/{request_id}").json()

    assert runs == len(export["parts"]) == 3
    assert {name for name in downloaded(export) if name.startswith("originals/")} == {
        f"originals/{item.id}.png" for item in mine
    }


def test_an_export_that_died_is_finished_by_the_next_delivery(
    ada: GatewayClient,
    database: Database,
    services: Services,
    worker: Worker,
    bus: Bus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = fill(database, services.store, ADA)
    worker = replace(worker, exporter=replace(worker.exporter, part_bytes=1))
    request_id = ada.post("/me/export", {}).json()["request_id"]
    heard = bus.heard()
    real = ImageStore.stream

    def dies_at_the_last(store: ImageStore, key: str) -> Iterator[bytes]:
        if key == max(item.original_key for item in mine):
            raise ConnectionError("S3 went away")
        return real(store, key)

    with monkeypatch.context() as broken:
        broken.setattr(ImageStore, "stream", dies_at_the_last)
        with pytest.raises(ConnectionError):
            deliver(worker, heard)
    assert ada.get(f"/me/export/{request_id}").json()["url"] is None

    deliver(worker, heard)
    deliver(worker, heard)

    files = downloaded(ada.get(f"/me/export/{request_id}").json())
    assert {f"originals/{item.id}.png" for item in mine} <= files.keys()


def test_an_export_is_offered_for_a_day(ada: GatewayClient, worker: Worker, bus: Bus, database: Database) -> None:
    request_id = ada.post("/me/export", {}).json()["request_id"]
    deliver(worker, bus.heard())
    with database.owner.begin() as connection:
        connection.execute(text("update account_request set finished_at = now() - interval '25 hours'"))

    export = ada.get(f"/me/export/{request_id}").json()

    assert (export["state"], export["url"], export["parts"]) == ("expired", None, [])


def test_a_deleted_account_leaves_nothing_and_takes_nobody_with_it(
    ada: GatewayClient, database: Database, services: Services, worker: Worker, bus: Bus, pool: str
) -> None:
    cognito = clients.cognito()
    for user in (ADA, BOB):
        cognito.admin_create_user(UserPoolId=pool, Username=user)
        fill(database, services.store, user)
    ada.post("/me/export", {})
    deliver(worker, bus.heard())
    others = (rows_of(database, BOB), objects_of(BOB))
    assert all(count for count in rows_of(database, ADA).values()), "rows in every table"
    assert any(key.startswith("exports/") for key in objects_of(ADA))

    accepted = ada.delete("/me")
    deliver(worker, bus.heard())

    assert accepted.status == 202
    left = rows_of(database, ADA)
    assert {table for table, count in left.items() if count} == {"account_request"}, "the tombstone"
    assert left["account_request"] == 1
    assert objects_of(ADA) == []
    assert list(worker.remover.chats.of(ADA)) == []
    assert [user.get("Username") for user in cognito.list_users(UserPoolId=pool)["Users"]] == [BOB]
    assert (rows_of(database, BOB), objects_of(BOB)) == others
    assert len(list(worker.remover.chats.of(BOB))) == 3


@pytest.mark.parametrize("step", ["shut_out", "chats", "objects", "rows", "user"])
def test_a_deletion_that_died_anywhere_is_finished_by_the_next_delivery(
    ada: GatewayClient,
    database: Database,
    services: Services,
    worker: Worker,
    bus: Bus,
    pool: str,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    clients.cognito().admin_create_user(UserPoolId=pool, Username=ADA)
    fill(database, services.store, ADA)
    ada.delete("/me")
    heard = bus.heard()
    owner, name = {
        "shut_out": (People, "shut_out"),
        "chats": (ChatSessions, "remove"),
        "objects": (ImageStore, "delete_versions"),
        "rows": (Remover, "_remove_rows"),
        "user": (People, "remove"),
    }[step]

    def dies(*_: object) -> None:
        raise ConnectionError("it went away")

    with monkeypatch.context() as broken:
        broken.setattr(owner, name, dies)
        with pytest.raises(ConnectionError):
            deliver(worker, heard)

    deliver(worker, heard)
    deliver(worker, heard)

    assert {table for table, count in rows_of(database, ADA).items() if count} == {"account_request"}
    assert objects_of(ADA) == []
    assert clients.cognito().list_users(UserPoolId=pool)["Users"] == []


def test_a_deletion_goes_on_in_another_run_when_its_time_is_over(
    ada: GatewayClient, database: Database, services: Services, worker: Worker, bus: Bus
) -> None:
    fill(database, services.store, ADA)
    ada.delete("/me")

    runs = 0
    while heard := bus.heard():
        deliver(worker, heard, has_time=lambda: False)
        runs += 1

    assert runs > 1
    assert {table for table, count in rows_of(database, ADA).items() if count} == {"account_request"}


def test_nothing_brings_an_account_back_whose_deletion_was_asked_for(
    ada: GatewayClient, services: Services, database: Database
) -> None:
    # More often than it takes the driver to prepare a statement.
    asked = [ada.delete("/me") for _ in range(12)]

    refused = ada.post("/uploads", {"filename": "a.jpg", "content_type": "image/jpeg", "size": 8})

    assert [answer.status for answer in asked] == [202] * 12
    assert len({answer.body for answer in asked}) == 1, "asked for again, it is the same deletion"
    assert refused.status == 409
    assert "being deleted" in refused.json()["detail"]
    assert ada.post("/me/export", {}).status == 409
    assert rows_of(database, ADA) | {"account_request": 0} == dict.fromkeys(TENANT_TABLES, 0)
    with pytest.raises(Exception, match="account_is_kept"), pipeline_session(services) as session:
        session.add(Usage(user_id=ADA, operation="query", model="late", input_tokens=1))


def test_rows_are_removed_only_of_an_account_whose_deletion_was_asked_for(
    database: Database, services: Services, chats: ChatSessions
) -> None:
    fill(database, services.store, ADA)

    with pytest.raises(Exception, match="nobody has asked"), pipeline_session(services) as session:
        session.connection().execute(text("select remove_account_rows(10)"))


def test_two_deliveries_do_not_work_on_one_request(ada: GatewayClient, services: Services) -> None:
    request_id = UUID(ada.post("/me/export", {}).json()["request_id"])
    with pipeline_session(services) as session:
        first = requests.claim(driver(session), request_id, RequestKind.EXPORT, LEASE)
    with pipeline_session(services) as session:
        second = requests.claim(driver(session), request_id, RequestKind.EXPORT, LEASE)

    assert isinstance(first, requests.Work)
    assert not isinstance(second, requests.Work)
    assert second is not None
    assert second.lease_until > datetime.now(UTC)


def test_a_request_that_is_given_up_says_so_and_can_be_taken_up_again(
    ada: GatewayClient, services: Services, worker: Worker, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = ada.post("/me/export", {}).json()["request_id"]
    ((kind, detail),) = bus.heard()
    body = {"id": "1", "source": "collections.api", "detail-type": kind, "detail": detail}
    record = {
        "messageId": "1",
        "receiptHandle": "of no queue",
        "body": json.dumps(body),
        "eventSource": "aws:sqs",
        "attributes": {"ApproximateReceiveCount": "2"},
    }

    def dies(*_: object, has_time: object) -> None:
        raise ConnectionError(f"it went away before {has_time} was asked")

    routes = [route(ExportRequested, lambda event: worker.export(LEASE, always, event))]
    with monkeypatch.context() as broken:
        broken.setattr(Exporter, "export", dies)
        consume({"Records": [record]}, worker, routes)
    failed = ada.get(f"/me/export/{request_id}").json()
    consume({"Records": [record]}, worker, routes)

    assert failed["state"] == "failed"
    assert "tried 2 times" in failed["error"]
    assert ada.get(f"/me/export/{request_id}").json()["state"] == "done"
    with pipeline_session(services) as session:
        assert len(session.exec(select(AccountRequest)).all()) == 1
