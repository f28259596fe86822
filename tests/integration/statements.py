"""What the database is asked meanwhile."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.abc import Query


@contextmanager
def statements() -> Generator[list[str]]:
    """The statements that the database is asked in this process, with SQLAlchemy or without."""
    executed: list[str] = []
    execute = psycopg.Cursor[Any].execute

    def record(cursor: psycopg.Cursor[Any], query: Query, *arguments: Any, **keywords: Any) -> psycopg.Cursor[Any]:
        executed.append(str(query))
        return execute(cursor, query, *arguments, **keywords)

    with pytest.MonkeyPatch.context() as driver:
        driver.setattr(psycopg.Cursor, "execute", record)
        yield executed
