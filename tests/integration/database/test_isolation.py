"""Row-level security and grants hold even where a query forgets its tenant."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlmodel import Session

from runtime.models import TENANT_TABLES, AccountRequest, Intake, RequestKind, TenantIndex, Usage
from runtime.search.document import index
from runtime.settings import EMBEDDING_DIMENSIONS
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

ADA, BOB = "ada", "bob"
NEVER_UPDATED = {"search_posting", "usage", "item_tag", "album_item"}
"""Tables in which the functions may not change a row, only add or remove."""
ONLY_READ = {"search_collection", "search_lexeme", "tenant_index"}
"""Tables in which the functions may not write at all."""


@pytest.fixture
def filled(database: Database) -> Database:
    """Rows of two tenants in every table."""
    for user in (ADA, BOB):
        with tenant_session(database.functions, user) as session:
            item = add_processed(session, user)
            analysis = add_analysis(session, item, image_analysis("the same words"))
            index(driver(session), item, analysis, [1.0] * EMBEDDING_DIMENSIONS, "voyage-test")
            add_embedding_claim(session, item, "the same words")
            add_tag_and_album(session, item)
            add_batch_request(session, item)
            session.add(AccountRequest(user_id=user, kind=RequestKind.EXPORT))
            session.add(Intake(user_id=user, month=date(2026, 11, 1), images=1))
            session.add(Usage(user_id=user, operation="query", model="voyage-test", input_tokens=1))
        with role_session(database.sweeper) as session:
            session.add(TenantIndex(user_id=user))
    return database


@contextmanager
def forgetful_session(database: Database) -> Generator[Connection]:
    """A transaction of the functions' role in which nobody has said who the tenant is."""
    with database.functions.begin() as connection:
        yield connection


def tenants(session: Session | Connection, table: str) -> set[str]:
    rows = (session.connection() if isinstance(session, Session) else session).execute(
        text(f"select distinct user_id from {table}")
    )
    return set(rows.scalars())


def test_every_table_with_a_user_id_has_row_level_security(database: Database) -> None:
    with database.owner.connect() as connection:
        rows = connection.execute(
            text("""
                select relname, relrowsecurity, (select count(*) from pg_policy where polrelid = pg_class.oid)
                  from pg_class join pg_attribute on attrelid = pg_class.oid
                 where attname = 'user_id' and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
            """)
        )
        policies = {table: 2 if table == "account_request" else 3 for table in TENANT_TABLES}
        assert sorted(tuple(row) for row in rows) == [(table, True, policies[table]) for table in TENANT_TABLES]


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_without_a_tenant_the_functions_see_nothing(filled: Database, table: str) -> None:
    with forgetful_session(filled) as connection:
        assert tenants(connection, table) == set()
    with tenant_session(filled.functions, ADA):
        pass
    with forgetful_session(filled) as connection:
        assert tenants(connection, table) == set(), "also on a connection that has served a tenant before"


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_query_without_a_filter_sees_one_tenant_and_the_owner_sees_both(filled: Database, table: str) -> None:
    with tenant_session(filled.functions, ADA) as session:
        assert tenants(session, table) == {ADA}
    with filled.owner.connect() as connection:
        assert tenants(connection, table) == {ADA, BOB}


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_row_cannot_be_given_to_another_tenant(filled: Database, table: str) -> None:
    columns = f"(jsonb_populate_record(mine, jsonb_build_object('user_id', '{BOB}'))).*"
    change = f"insert into {table} select {columns} from {table} as mine"
    if table not in NEVER_UPDATED:
        change = f"update {table} set user_id = '{BOB}'"
    refusal = "permission denied" if table in ONLY_READ else "row-level security"
    with (
        pytest.raises(ProgrammingError, match=refusal),
        tenant_session(filled.functions, ADA) as session,
    ):
        session.connection().execute(text(change))


@pytest.mark.parametrize(
    "table", ["analysis", "search_document", "search_posting", "embedding", "item_tag", "album_item", "batch_request"]
)
def test_a_row_cannot_be_attached_to_another_tenants_item(filled: Database, table: str) -> None:
    with filled.owner.connect() as connection:
        theirs = connection.execute(text(f"select id from item where user_id = '{BOB}'")).scalar_one()
        connection.execute(text(f"delete from {table} where user_id = '{BOB}'"))
        connection.execute(text("alter table search_document drop constraint search_document_of_analysis"))
        with pytest.raises(IntegrityError, match=f"{table}_of_item"):
            connection.execute(text(f"update {table} set item_id = '{theirs}' where user_id = '{ADA}'"))


@pytest.mark.parametrize(("table", "what"), [("item_tag", "tag"), ("album_item", "album")])
def test_another_tenants_tag_or_album_cannot_be_used(filled: Database, table: str, what: str) -> None:
    with filled.owner.connect() as connection:
        theirs = connection.execute(text(f"select id from {what} where user_id = '{BOB}'")).scalar_one()
        with pytest.raises(IntegrityError, match=f"{table}_of_{what}"):
            connection.execute(text(f"update {table} set {what}_id = '{theirs}' where user_id = '{ADA}'"))


def test_an_item_cannot_be_called_a_duplicate_of_another_tenants(filled: Database) -> None:
    with filled.owner.connect() as connection:
        theirs = connection.execute(text(f"select id from item where user_id = '{BOB}'")).scalar_one()
        with pytest.raises(IntegrityError, match="item_duplicates_own"):
            connection.execute(text(f"update item set duplicate_of = '{theirs}' where user_id = '{ADA}'"))


def test_another_tenants_rows_are_neither_changed_nor_removed(filled: Database) -> None:
    with tenant_session(filled.functions, ADA) as session:
        connection = session.connection()
        assert connection.execute(text(f"update item set title = 'mine' where user_id = '{BOB}'")).rowcount == 0
        assert connection.execute(text(f"delete from search_posting where user_id = '{BOB}'")).rowcount == 0


@pytest.mark.parametrize("table", ["item", "analysis", "usage", "batch_request"])
def test_the_sweeper_sees_every_tenant(filled: Database, table: str) -> None:
    with filled.sweeper.connect() as connection:
        assert tenants(connection, table) == {ADA, BOB}


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("functions", "delete from item"),
        ("functions", "delete from analysis"),
        ("functions", "update usage set input_tokens = 0"),
        ("functions", "truncate search_posting"),
        ("functions", "update item_tag set item_id = item_id"),
        ("functions", "update album_item set item_id = item_id"),
        ("functions", "select * from alembic_version"),
        ("functions", "update search_collection set documents = 0"),
        ("functions", "delete from search_lexeme"),
        ("functions", "insert into tenant_index select * from tenant_index"),
        ("sweeper", "select * from search_lexeme"),
        ("sweeper", "update tenant_index set built_at = now()"),
        ("functions", "select * from analysis_batch"),
        ("sweeper", "insert into batch_request select * from batch_request"),
        ("sweeper", "update batch_request set user_id = 'ada'"),
        ("sweeper", "update batch_request set analysis_id = id"),
        ("functions", "create table mine ()"),
        ("functions", "create temporary table mine ()"),
        ("functions", "alter table item disable row level security"),
        ("functions", "drop policy tenant on item"),
        ("functions", "set role collections_owner"),
        ("sweeper", "select * from search_document"),
        ("sweeper", "select * from tag"),
        ("sweeper", "select * from album"),
        ("sweeper", "insert into usage select * from usage"),
        ("sweeper", "select * from alembic_version"),
        ("sweeper", "set role collections_functions"),
    ],
)
def test_roles_may_do_only_what_their_work_needs(filled: Database, role: str, statement: str) -> None:
    engine = {"functions": filled.functions, "sweeper": filled.sweeper}[role]
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), engine.begin() as connection:
        connection.execute(text(statement))


def test_the_tenant_of_a_session_ends_with_it_even_when_it_fails(filled: Database) -> None:
    def fail_midway() -> None:
        with tenant_session(filled.functions, ADA) as session:
            add_processed(session, ADA)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_midway()
    with forgetful_session(filled) as connection:
        assert connection.execute(text("select current_setting('app.user_id', true)")).scalar() in {None, ""}
    with tenant_session(filled.functions, ADA) as session:
        assert session.connection().execute(text("select count(*) from item")).scalar() == 1, "rolled back"
