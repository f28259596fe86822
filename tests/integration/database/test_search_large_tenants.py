"""Large tenants have indexes of their own, which find what comparing everything finds, and nobody else uses."""

from collections.abc import Iterator

import pytest
from psycopg import Connection, Error, sql
from sqlalchemy import make_url, text
from sqlmodel import Session

from runtime import items
from runtime.database import connect
from runtime.records import ItemRecord
from runtime.search import sizes
from runtime.search.filters import Filters
from runtime.search.query import SearchType, search
from runtime.search.tenant_indexes import build, names_of, request_and_release
from runtime.search.way import Way
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import image_analysis
from tests.integration.database.searching import ADA, BOB, direction, find, found, keep, look
from tests.sessions import driver, role_session, tenant_session

LARGE = 10
COLOURS = ("red", "green", "blue")


@pytest.fixture
def lowered_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "EXACT_ITEMS", LARGE)


@pytest.fixture
def kept(database: Database, lowered_threshold: None) -> Iterator[list[ItemRecord]]:
    """Ada's items, too many to be compared one by one, and a few of Bob's. No indexes are left for the next test."""
    mine = [
        keep(
            database,
            image_analysis(f"{COLOURS[number % 3]} bicycle {number}", extracted_text=("wheel " * (number % 5),)),
            angle=number * 3,
            tags=["rare"] if number < 4 else ["common"],
        )
        for number in range(24)
    ]
    for number in range(3):
        keep(database, image_analysis("red bicycle"), user=BOB, angle=number)
    yield mine
    with database.owner.begin() as connection:
        connection.execute(text("delete from tenant_index"))
    build(database.owner)


@pytest.fixture
def large(database: Database, kept: list[ItemRecord]) -> list[ItemRecord]:
    """Ada's items, with the indexes that sweeper and migrate make for her."""
    with role_session(database.sweeper) as session:
        assert request_and_release(driver(session)) == (1, 0)
    assert build(database.owner) == (1, 0)
    return kept


def indexes(database: Database) -> set[str]:
    with database.owner.connect() as connection:
        query = "select relname from pg_class where relkind = 'i' and relname like 'tenant\\_%\\_%'"
        return {name for name in connection.execute(text(query)).scalars() if name != "tenant_index_pkey"}


@pytest.mark.parametrize("search_type", SearchType)
@pytest.mark.parametrize("query", ["red bicycle", "bicycle 7", "blu wheel", "wheel -red", "green -wheel"])
def test_indexes_find_what_comparing_everything_finds(
    database: Database, kept: list[ItemRecord], search_type: SearchType, query: str
) -> None:
    assert kept
    exact = look(database, query, search_type=search_type, angle=20, top_k=20)
    with role_session(database.sweeper) as session:
        request_and_release(driver(session))
    build(database.owner)
    indexed = look(database, query, search_type=search_type, angle=20, top_k=20)
    assert (exact.way, indexed.way) == (Way.EXACT, Way.INDEXED)
    assert found(indexed.hits) == found(exact.hits)
    assert [hit.score for hit in indexed.hits] == pytest.approx([hit.score for hit in exact.hits])
    assert indexed.confidence == pytest.approx(exact.confidence)


def test_until_they_are_built_everything_is_compared(database: Database, kept: list[ItemRecord]) -> None:
    assert kept
    with role_session(database.sweeper) as session:
        request_and_release(driver(session))
    assert look(database, "red").way is Way.EXACT
    assert indexes(database) == set()


def test_small_tenants_have_everything_compared_beside_a_large_one(database: Database, large: list[ItemRecord]) -> None:
    assert large
    for search_type in SearchType:
        theirs = look(database, "bicycle", user=BOB, search_type=search_type, angle=0)
        assert theirs.way is Way.EXACT
        assert len(theirs.hits) == 3


def test_the_plan_uses_the_tenants_own_indexes(database: Database, large: list[ItemRecord]) -> None:
    """Whatever Postgres thinks of two dozen rows. EXPLAIN as it was really run, nested statements included."""
    assert large
    plans: list[str] = []
    address = make_url(database.server.superuser_url).set(database="collections")
    engine = connect(address.render_as_string(hide_password=False))
    with Session(engine) as session, session.begin():
        connection = session.connection()
        driver(session).add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))
        for statement in (
            "load 'auto_explain'",
            "set auto_explain.log_min_duration = 0",
            "set auto_explain.log_nested_statements = on",
            "set client_min_messages = log",
            "set role collections_functions",
            f"set app.user_id = '{ADA}'",
        ):
            connection.execute(text(statement))
        search(
            driver(session),
            query="red wheel",
            vector=direction(20),
            search_type=SearchType.HYBRID,
            top_k=10,
            vector_weight=0.6,
        )
    engine.dispose()
    nearest, champions = (
        [plan for plan in plans if marker in plan] for marker in ("order by embedding <=>", "search_impact(frequency")
    )
    meaning, words = names_of(ADA)
    assert any(f"Index Scan using {meaning} " in plan for plan in nearest), nearest
    assert any(f"Only Scan using {words} " in plan for plan in champions), champions


@pytest.mark.parametrize("search_type", SearchType)
def test_filters_that_few_pass_have_those_compared(
    database: Database, large: list[ItemRecord], search_type: SearchType
) -> None:
    narrowed = look(database, "bicycle", search_type=search_type, angle=60, filters=Filters(tags=["RARE"]), top_k=20)
    assert narrowed.way is Way.NARROWED
    assert set(found(narrowed.hits)) == {item.id for item in large[:4]}, "though twenty others are nearer"


@pytest.mark.parametrize("search_type", SearchType)
def test_filters_that_many_pass_hold_for_what_the_indexes_nominate(
    database: Database, large: list[ItemRecord], search_type: SearchType
) -> None:
    wide = look(database, "bicycle", search_type=search_type, angle=0, filters=Filters(tags=["common"]), top_k=50)
    assert wide.way is Way.INDEXED
    assert set(found(wide.hits)) == {item.id for item in large[4:]}


def test_phrases_are_looked_for_where_their_rarest_word_is(database: Database, large: list[ItemRecord]) -> None:
    phrased = look(database, '"bicycle 7"', search_type=SearchType.HYBRID, angle=0)
    assert phrased.way is Way.NARROWED
    assert found(phrased.hits) == [large[7].id]


def test_what_is_deleted_or_changed_is_known_at_once(database: Database, large: list[ItemRecord]) -> None:
    with tenant_session(database.functions, ADA) as session:
        assert items.mark_deleted(driver(session), large[7].id)
    new = keep(database, image_analysis("unicycle"), angle=21)
    for search_type in SearchType:
        hits = found(find(database, "unicycle 7", search_type=search_type, angle=21, top_k=50))
        assert new.id in hits
        assert large[7].id not in hits


def test_a_tenant_who_has_shrunk_loses_them(database: Database, large: list[ItemRecord]) -> None:
    with role_session(database.sweeper) as session:
        for item in large[6:]:
            items.remove(driver(session), item.id)
        assert request_and_release(driver(session)) == (0, 0), "six is not few enough"
        for item in large[2:6]:
            items.remove(driver(session), item.id)
        assert request_and_release(driver(session)) == (0, 1)
    assert look(database, "red").way is Way.EXACT
    assert build(database.owner) == (0, 2)
    assert indexes(database) == set()


def test_an_interrupted_build_is_made_good(database: Database, kept: list[ItemRecord]) -> None:
    """As when migrate's time is over: Postgres leaves an index that it does not use."""
    assert kept
    with role_session(database.sweeper) as session:
        request_and_release(driver(session))
    name = names_of(ADA)[0]
    with database.owner.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        unpooled = connection.connection.driver_connection
        assert isinstance(unpooled, Connection)
        breaking = sql.SQL("create index concurrently {} on embedding ((1 / (length(user_id) - 3)))")
        with pytest.raises(Error, match="division by zero"):
            unpooled.execute(breaking.format(sql.Identifier(name)))
    assert indexes(database) == {name}
    assert build(database.owner) == (1, 0)
    assert indexes(database) == set(names_of(ADA))
    assert look(database, "red").way is Way.INDEXED


def test_two_builds_at_once_do_not_get_in_each_others_way(database: Database, large: list[ItemRecord]) -> None:
    assert large
    with database.owner.connect() as connection:
        connection.execute(text("select pg_advisory_lock(x'696E6478'::int)"))
        with database.owner.begin() as other:
            other.execute(text("update tenant_index set built_at = null"))
        assert build(database.owner) == (0, 0)
        connection.execute(text("select pg_advisory_unlock_all()"))
    assert build(database.owner) == (1, 0)
