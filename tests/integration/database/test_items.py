"""Events move an item forward, once, whatever their order; only its owner sees it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from psycopg.errors import CheckViolation
from sqlalchemy import text
from sqlmodel import SQLModel

from runtime import analyses, items
from runtime.catalog import Wanted
from runtime.models import TENANT_TABLES, Item
from runtime.postgres import Connection
from runtime.records import Stage, Status
from runtime.search.document import index
from runtime.settings import EMBEDDING_DIMENSIONS
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import (
    add_analysis,
    add_batch_request,
    add_embedding_claim,
    add_processed,
    add_tag_and_album,
    facts,
    image_analysis,
    new_item,
)
from tests.sessions import driver, role_session, tenant_session

ADA, BOB = "ada", "bob"
EVERYTHING = Wanted()
OUTLIVE_IT = {"usage", "intake"}
"""Tables whose rows name an item and stay when it goes."""
OF_AN_ITEM = [
    name
    for name, table in SQLModel.metadata.tables.items()
    if name in TENANT_TABLES and "item_id" in table.columns and name not in OUTLIVE_IT
]

Step = Callable[[Connection, UUID], object]
STEPS: list[Step] = [
    items.mark_uploaded,
    lambda connection, item_id: items.mark_processed(connection, item_id, facts("bytes")),
    items.mark_analyzed,
    items.mark_searchable,
]


def status(database: Database, item_id: UUID) -> Status:
    with role_session(database.sweeper) as session:
        return Status(session.get_one(Item, item_id).status)


def test_an_item_goes_from_pending_to_searchable(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = items.create(driver(session), new_item(ADA))
    seen = [status(database, item.id)]
    for step in STEPS:
        with tenant_session(database.functions, ADA) as session:
            assert step(driver(session), item.id)
        seen.append(status(database, item.id))
    assert seen == [Status.PENDING, Status.UPLOADED, Status.PROCESSED, Status.ANALYZED, Status.SEARCHABLE]


@pytest.mark.parametrize("reached", range(1, 5))
def test_late_and_repeated_events_move_nothing(database: Database, reached: int) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = items.create(driver(session), new_item(ADA))
        for step in STEPS[:reached]:
            step(driver(session), item.id)
    before = status(database, item.id)
    with tenant_session(database.functions, ADA) as session:
        assert STEPS[reached - 1](driver(session), item.id), "the same event again: it is where the event leads"
        for step in STEPS[:reached]:
            step(driver(session), item.id)
    assert status(database, item.id) == before


def test_an_event_cannot_skip_a_stage(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = items.create(driver(session), new_item(ADA))
        assert not items.mark_analyzed(driver(session), item.id)
        assert not items.mark_searchable(driver(session), item.id)
    assert status(database, item.id) == Status.PENDING


def test_no_event_revives_a_deleted_item(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = items.create(driver(session), new_item(ADA))
        assert items.mark_deleted(driver(session), item.id)
        assert not any(step(driver(session), item.id) for step in STEPS)
        assert not any(items.mark_failed(driver(session), item.id, stage, "no") for stage in Stage)
        assert not items.mark_deleted(driver(session), item.id)
        assert items.find(driver(session), item.id) is None
    assert status(database, item.id) == Status.DELETED


def test_a_failure_says_stage_and_reason_and_only_stops_an_item_at_that_stage(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = add_processed(session, ADA)
        assert not items.mark_failed(driver(session), item.id, Stage.PROCESSING, "late news")
        assert items.mark_failed(driver(session), item.id, Stage.ANALYSIS, "The model refused.")
        failed = items.find(driver(session), item.id)
        assert failed is not None
        assert (failed.status, failed.stage, failed.error) == ("failed", "analysis", "The model refused.")


def test_a_searchable_item_stays_so_when_analysed_again_even_in_vain(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = items.create(driver(session), new_item(ADA))
        for step in STEPS:
            step(driver(session), item.id)
        assert items.mark_analyzed(driver(session), item.id)
        assert not items.mark_failed(driver(session), item.id, Stage.ANALYSIS, "The model refused.")
    assert status(database, item.id) == Status.SEARCHABLE


def test_each_stage_says_when_it_was_first_reached(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = items.create(driver(session), new_item(ADA))
        for step in STEPS:
            step(driver(session), item.id)
        first = items.find(driver(session), item.id)
        assert first is not None
        reached = [first.created_at, first.uploaded_at, first.processed_at, first.analyzed_at, first.searchable_at]
        assert None not in reached
        assert reached == sorted(reached, key=str)
        items.mark_analyzed(driver(session), item.id)
        again = items.find(driver(session), item.id)
        assert again is not None
        assert replace(again, updated_at=first.updated_at) == first


@pytest.mark.parametrize(
    ("stage", "reached", "put_back"),
    [(Stage.PROCESSING, 1, "uploaded"), (Stage.ANALYSIS, 2, "processed"), (Stage.EMBEDDING, 3, "analyzed")],
)
def test_a_retried_item_waits_for_the_stage_that_failed(
    database: Database, stage: Stage, reached: int, put_back: str
) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = items.create(driver(session), new_item(ADA))
        for step in STEPS[:reached]:
            step(driver(session), item.id)
        assert items.retry(driver(session), item.id) is None, "nothing has failed"
        assert items.mark_failed(driver(session), item.id, stage, "The image is damaged.")
        retried = items.retry(driver(session), item.id)
        assert retried is not None
        assert (retried.status, retried.stage, retried.error, retried.failed_at) == (put_back, None, None, None)
        for step in STEPS[reached:]:
            assert step(driver(session), item.id)
    assert status(database, item.id) == Status.SEARCHABLE


def test_what_a_stage_gave_up_it_takes_up_again_when_its_event_comes_again(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        given_up, refused = add_processed(session, ADA), add_processed(session, ADA)
        items.mark_failed(driver(session), given_up.id, Stage.ANALYSIS, "Claude is busy.", retryable=True)
        items.mark_failed(driver(session), refused.id, Stage.ANALYSIS, "The model refused.")
        items.mark_failed(driver(session), refused.id, Stage.ANALYSIS, "Claude is busy.", retryable=True)
        taken = [items.take_up(driver(session), item.id, Stage.ANALYSIS) for item in (given_up, refused)]
        assert [item and item.status for item in taken] == ["processed", "failed"]
        assert taken[1] is not None
        assert taken[1].error == "The model refused."
        items.mark_failed(driver(session), given_up.id, Stage.ANALYSIS, "Claude is busy.", retryable=True)
        other_stage = items.take_up(driver(session), given_up.id, Stage.EMBEDDING)
        assert other_stage is not None
        assert other_stage.status == "failed"


def test_work_that_one_delivery_gave_up_and_another_finished_counts(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = add_processed(session, ADA)
        items.mark_failed(driver(session), item.id, Stage.ANALYSIS, "Claude is busy.", retryable=True)
        assert items.mark_analyzed(driver(session), item.id)
        assert not items.mark_failed(driver(session), item.id, Stage.ANALYSIS, "Claude is busy.", retryable=True)
    assert status(database, item.id) == Status.ANALYZED


def test_a_later_stage_does_not_follow_a_failed_one(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = add_processed(session, ADA)
        items.mark_failed(driver(session), item.id, Stage.ANALYSIS, "The model refused.")
        assert not items.mark_searchable(driver(session), item.id)
        assert not items.mark_uploaded(driver(session), item.id)
        late = items.mark_processed(driver(session), item.id, facts("bytes"))
        assert late is not None
        assert late.status == "failed"


def test_the_oldest_duplicate_takes_the_place_of_a_deleted_original(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        original, oldest, other = (add_processed(session, ADA, "same bytes") for _ in range(3))
        tombstone = items.mark_deleted(driver(session), original.id)
        assert tombstone is not None
        assert tombstone.heir is not None
        assert (tombstone.heir.id, tombstone.heir.status, tombstone.heir.sha256) == (oldest.id, "uploaded", None)
        session.expire_all()
        follower = items.find(driver(session), other.id)
        assert follower is not None
        assert (follower.status, follower.duplicate_of) == ("duplicate", oldest.id)
        processed = items.mark_processed(driver(session), oldest.id, facts("same bytes"))
        assert processed is not None
        assert processed.status == "processed"


def test_an_heir_that_finds_the_place_taken_hands_its_duplicates_on(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        original, heir, other = (add_processed(session, ADA, "same bytes") for _ in range(3))
        items.mark_deleted(driver(session), original.id)
        newcomer = add_processed(session, ADA, "same bytes")
        assert newcomer.status == "processed"
        items.mark_processed(driver(session), heir.id, facts("same bytes"))
        session.expire_all()
        left = [items.find(driver(session), item.id) for item in (heir, other)]
        assert [item and item.duplicate_of for item in left] == [newcomer.id, newcomer.id]


@pytest.mark.parametrize("_again", range(5))
def test_copies_that_arrive_while_the_original_is_deleted_duplicate_nothing_that_is_gone(
    database: Database, _again: int
) -> None:
    with tenant_session(database.functions, ADA) as session:
        original = add_processed(session, ADA, "same bytes")
        copies = [items.create(driver(session), new_item(ADA)).id for _ in range(4)]

    def move(item_id: UUID) -> None:
        with tenant_session(database.functions, ADA) as session:
            if item_id == original.id:
                items.mark_deleted(driver(session), item_id)
            else:
                items.mark_processed(driver(session), item_id, facts("same bytes"))

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(move, [*copies[:2], original.id, *copies[2:]]))
    with tenant_session(database.functions, ADA) as session:
        left = [item for item in (items.find(driver(session), copy) for copy in copies) if item]
    assert len(left) == len(copies)
    assert {item.duplicate_of for item in left if item.status == "duplicate"} <= {item.id for item in left}


def test_the_same_bytes_again_are_a_duplicate_of_the_first(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        original = add_processed(session, ADA, "same bytes")
        copy = add_processed(session, ADA, "same bytes")
        assert (copy.status, copy.duplicate_of) == ("duplicate", original.id)
        assert items.find_by_sha256(driver(session), facts("same bytes").sha256) == original
    with tenant_session(database.functions, BOB) as session:
        assert add_processed(session, BOB, "same bytes").status == "processed", "another's bytes are another's"


def test_bytes_of_a_deleted_item_may_come_again(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        items.mark_deleted(driver(session), add_processed(session, ADA, "same bytes").id)
        assert add_processed(session, ADA, "same bytes").status == "processed"


def test_of_many_copies_at_once_one_is_the_original(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        uploads = [items.create(driver(session), new_item(ADA)).id for _ in range(12)]

    def process(item_id: UUID) -> str | None:
        with tenant_session(database.functions, ADA) as session:
            item = items.mark_processed(driver(session), item_id, facts("same bytes"))
            return item and item.status

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(process, uploads))
    assert sorted(outcomes, key=str) == ["duplicate"] * 11 + ["processed"]


def test_a_sha256_that_nobody_measured_is_refused(database: Database) -> None:
    item = replace(new_item(ADA), sha256=facts("x").sha256)
    with (
        pytest.raises(CheckViolation, match="item_sha256_is_measured"),
        tenant_session(database.functions, ADA) as session,
    ):
        items.create(driver(session), item)


def test_the_sweeper_finds_abandoned_uploads_and_tombstones_of_every_tenant(database: Database) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    abandoned: set[UUID] = set()
    deleted: set[UUID] = set()
    for user in (ADA, BOB):
        with tenant_session(database.functions, user) as session:
            old = replace(new_item(user), created_at=long_ago)
            abandoned.add(items.create(driver(session), old).id)
            items.create(driver(session), new_item(user))
            tombstone = items.create(driver(session), new_item(user))
            items.mark_deleted(driver(session), tombstone.id)
            deleted.add(tombstone.id)
    with role_session(database.sweeper) as session:
        found = items.abandoned_uploads(driver(session), long_ago + timedelta(days=1), limit=10)
        assert {item.id for item in found} == abandoned
        assert {item.id for item in items.tombstones(driver(session), limit=10)} == deleted
        assert len(items.tombstones(driver(session), limit=1)) == 1


def test_removing_an_item_removes_all_that_was_known_of_it_and_nothing_else(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        item, other = add_processed(session, ADA, "bytes"), add_processed(session, ADA)
        for one in (item, other):
            index(
                driver(session),
                one,
                add_analysis(session, one, image_analysis()),
                [1.0] * EMBEDDING_DIMENSIONS,
                "voyage",
            )
            add_embedding_claim(session, one, "words")
            add_batch_request(session, one)
            add_tag_and_album(session, one)
        copy = add_processed(session, ADA, "bytes")
    with role_session(database.sweeper) as session:
        items.remove(driver(session), item.id)
    with database.owner.connect() as connection:
        for table in OF_AN_ITEM:
            left = connection.execute(text(f"select distinct item_id from {table}")).scalars().all()
            assert left == [other.id], table
    with tenant_session(database.functions, ADA) as session:
        assert analyses.latest(driver(session), item.id) is None
        left_over = items.find(driver(session), copy.id)
        assert left_over is not None
        assert left_over.duplicate_of is None


def test_transitions_of_another_tenants_or_no_item_change_nothing(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        item = items.create(driver(session), new_item(ADA))
    with tenant_session(database.functions, BOB) as session:
        for item_id in (item.id, uuid4()):
            assert not any(step(driver(session), item_id) for step in STEPS)
            assert not items.mark_deleted(driver(session), item_id)
    assert status(database, item.id) == Status.PENDING
