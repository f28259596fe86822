"""The sweeper has migrate build and drop large tenants' own indexes, between deployments."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from runtime.events import IndexesWanted
from runtime.handlers import migrate
from runtime.migrations.upgrade import FUNCTIONS_ROLE, SWEEPER_ROLE
from runtime.search import sizes
from runtime.search.tenant_indexes import build, names_of
from tests.integration.conftest import OWNER_ROLE, Database
from tests.integration.database.pipeline_steps import image_analysis
from tests.integration.database.searching import ADA, BOB, keep, look
from tests.integration.pipeline.stage import Stage
from tests.lambda_context import lambda_context


@pytest.fixture
def large(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Ada has more items than are compared one by one, Bob has not. No indexes are left for the next test."""
    monkeypatch.setattr(sizes, "EXACT_ITEMS", 2)
    for user, count in ((ADA, 3), (BOB, 2)):
        for number in range(count):
            keep(stage.database, image_analysis(f"bicycle {number}"), user=user, angle=number)
    yield stage
    with stage.database.owner.begin() as connection:
        connection.execute(text("delete from tenant_index"))
    build(stage.database.owner)


def deliver(stage: Stage, body: str) -> object:
    """The event as EventBridge invokes migrate with it, in migrate's environment."""
    database = stage.database
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", database.url(OWNER_ROLE))
        environment.setenv("FUNCTIONS_DATABASE_URL", database.url(FUNCTIONS_ROLE))
        environment.setenv("SWEEPER_DATABASE_URL", database.url(SWEEPER_ROLE))
        return migrate.handler(json.loads(body), lambda_context())


def indexes(database: Database) -> set[str]:
    with database.owner.connect() as connection:
        query = "select relname from pg_class where relkind = 'i' and relname ~ '^tenant_(meaning|words)_'"
        return set(connection.execute(text(query)).scalars())


def ways(database: Database) -> dict[str, str]:
    return {user: look(database, "bicycle", user=user).way for user in (ADA, BOB)}


def test_a_sweep_leads_to_indexes_that_searches_use(large: Stage) -> None:
    assert ways(large.database) == {ADA: "exact", BOB: "exact"}

    assert large.sweep()["indexes_wanted"] == 1
    (event,) = large.heard(IndexesWanted)
    assert deliver(large, event) == {"built": 1, "dropped": 0}

    assert indexes(large.database) == set(names_of(ADA))
    assert ways(large.database) == {ADA: "indexed", BOB: "exact"}


def test_it_says_so_in_each_run_until_they_are_built_and_no_longer(large: Stage) -> None:
    for run in (1, 2):
        large.sweep()
        assert len(large.heard(IndexesWanted)) == run

    deliver(large, large.heard(IndexesWanted)[0])
    large.sweep()

    assert len(large.heard(IndexesWanted)) == 2


def test_it_says_so_until_what_nobody_needs_any_more_is_dropped(large: Stage) -> None:
    large.sweep()
    deliver(large, large.heard(IndexesWanted)[0])
    with large.database.owner.begin() as connection:
        connection.execute(text("delete from item where user_id = :user"), {"user": ADA})

    assert [large.sweep()["indexes_released"] for _ in range(2)] == [1, 0]
    *_, last = events = large.heard(IndexesWanted)
    assert len(events) == 3
    assert deliver(large, last) == {"built": 0, "dropped": 2}
    large.sweep()

    assert len(large.heard(IndexesWanted)) == 3
    assert indexes(large.database) == set()


def test_where_nobody_is_large_nothing_is_said(stage: Stage) -> None:
    keep(stage.database, image_analysis("bicycle"))

    stage.sweep()

    assert stage.heard(IndexesWanted) == []
