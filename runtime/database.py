"""Postgres for the functions: one engine per process, and a session that shows one tenant's rows."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, make_url, text
from sqlmodel import Session, create_engine

CA_BUNDLE = Path(__file__).parent / "rds-ca-bundle.pem"
"""Amazon RDS's certificate authorities, which no default trust store holds."""

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_MS = 20_000
"""Below API Gateway's 30 s, so that the API answers with an error of its own."""
PREPARED_FROM = 1
"""Executions after which a statement is kept prepared: few functions live long enough for the driver's usual five."""


def connect(url: str, pool_size: int = 1) -> Engine:
    """An engine for `url` (`postgresql://user:password@host:port/name?sslmode=…`).

    Connections are made when first used, checked before each use (a frozen function's may be dead) and never exceed
    `pool_size`.
    """
    address = make_url(url).set(drivername="postgresql+psycopg")
    if address.query.get("sslmode") == "verify-full":
        address = address.update_query_dict({"sslrootcert": str(CA_BUNDLE)})
    return create_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            # Compiling a statement takes longer than any of ours runs; RDS's default is to do it.
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC -c jit=off",
            "prepare_threshold": PREPARED_FROM,
        },
    )


@contextmanager
def tenant_session(engine: Engine, user_id: str) -> Generator[Session]:
    """A transaction in which row-level security shows and accepts only `user_id`'s rows.

    Commits when the block ends, rolls back when it raises. Objects stay readable after the commit.
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.connection().execute(text("select set_config('app.user_id', :user_id, true)"), {"user_id": user_id})
        yield session


@contextmanager
def role_session(engine: Engine) -> Generator[Session]:
    """A transaction that belongs to no tenant: for the sweeper, whose database role has a policy of its own, and for
    the health check. Under the functions' role it sees no tenant's rows."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
