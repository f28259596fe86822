"""Lists of items: pages, orders and filters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session

from runtime import catalog, items
from runtime.analysis import Category
from runtime.catalog import Wanted
from runtime.pagination import InvalidCursorError, Sort
from runtime.records import ItemRecord, Status
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import (
    add_analysis,
    add_processed,
    image_analysis,
    new_item,
)
from tests.sessions import driver, tenant_session

ADA, BOB = "ada", "bob"
EVERYTHING = Wanted()


def test_pages_follow_each_other_while_items_arrive(database: Database) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def add(session: Session, minute: int) -> UUID:
        # Two of a kind in time, so that the id has to decide.
        moment = start + timedelta(minutes=minute // 2)
        return items.create(driver(session), replace(new_item(ADA), created_at=moment)).id

    with tenant_session(database.functions, ADA) as session:
        expected = {add(session, minute) for minute in range(7)}
    listed: list[ItemRecord] = []
    cursor: str | None = None
    for number in range(4):
        with tenant_session(database.functions, ADA) as session:
            page = catalog.page(driver(session), EVERYTHING, sort=Sort.NEWEST, limit=2, cursor=cursor)
            listed += page.items
            cursor = page.next_cursor
            assert page.total == 7 + number, "later arrivals count"
            add(session, 100 + number)
    assert cursor is None
    assert {item.id for item in listed} == expected
    keys = [(item.created_at, item.id) for item in listed]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize("sort", list(Sort))
def test_each_order_pages_through_everything_once(database: Database, sort: Sort) -> None:
    with tenant_session(database.functions, ADA) as session:
        for day in (3, 1, 2):
            moments = {
                "created_at": datetime(2026, 1, day, tzinfo=UTC),
                "taken_at": datetime(2020, 1, 4 - day, tzinfo=UTC) if day != 2 else None,
            }
            items.create(driver(session), replace(new_item(ADA), **moments))
        listed: list[int] = []
        cursor = None
        while True:
            page = catalog.page(driver(session), EVERYTHING, sort=sort, limit=1, cursor=cursor)
            listed += [item.created_at.day for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert listed == {Sort.NEWEST: [3, 2, 1], Sort.OLDEST: [1, 2, 3], Sort.TAKEN: [2, 1, 3]}[sort]


def test_the_list_is_filtered_by_status_and_by_the_newest_category(database: Database) -> None:
    def page(session: Session, wanted: Wanted) -> list[UUID]:
        found = catalog.page(driver(session), wanted, sort=Sort.NEWEST, limit=10, cursor=None)
        assert found.total == len(found.items)
        return [item.id for item in found.items]

    with tenant_session(database.functions, ADA) as session:
        pending = items.create(driver(session), new_item(ADA))
        item = add_processed(session, ADA)
        add_analysis(session, item, image_analysis(category=Category.FOOD))
        assert page(session, Wanted(status=Status.PENDING)) == [pending.id]
        assert page(session, Wanted(category=Category.FOOD)) == [item.id]
        add_analysis(session, item, image_analysis(category=Category.ART), forced=True)
        assert page(session, Wanted(category=Category.FOOD)) == []
        assert page(session, Wanted(category=Category.ART)) == [item.id]


@pytest.mark.parametrize("cursor", ["", "x", "e30", "ÿ", "bm90IGpzb24"])
def test_a_made_up_cursor_is_refused(database: Database, cursor: str) -> None:
    with tenant_session(database.functions, ADA) as session, pytest.raises(InvalidCursorError):
        catalog.page(driver(session), EVERYTHING, sort=Sort.NEWEST, limit=2, cursor=cursor)


def test_a_cursor_of_another_order_is_refused(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session:
        for _ in range(2):
            items.create(driver(session), new_item(ADA))
        page = catalog.page(driver(session), EVERYTHING, sort=Sort.NEWEST, limit=1, cursor=None)
        with pytest.raises(InvalidCursorError, match="newest"):
            catalog.page(driver(session), EVERYTHING, sort=Sort.OLDEST, limit=1, cursor=page.next_cursor)
