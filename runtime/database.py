"""Postgres for migrations, which Alembic makes by SQLAlchemy. The functions work with `runtime.postgres`."""

from sqlalchemy import Engine, create_engine, make_url

from runtime.postgres import connection_options


def connect(url: str, pool_size: int = 1) -> Engine:
    """An engine for `url` (`postgresql://user:password@host:port/name?sslmode=…`).

    Connections are made when first used, checked before each use and never exceed `pool_size`.
    """
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args=connection_options(url),
    )
