"""Leases: work that is paid for belongs to whoever claimed it, until the lease ends.

While a lease lasts, another delivery of the same event is told so; when it has expired, because the function that held
it died, the work is claimed again. Times are the database's, whose clock all holders share.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg.rows import scalar_row

from runtime.postgres import Connection

LEASE_MARGIN = timedelta(seconds=5)
"""A claim ends this long after the function that made it must have."""


class InProgress(NamedTuple):
    """Somebody else holds the lease."""

    lease_until: datetime


class ItemGoneError(LookupError):
    """The item was deleted, or is not the tenant's."""


def database_time(connection: Connection) -> datetime:
    """Now; not the transaction's start, which may be long past."""
    moment = connection.cursor(row_factory=scalar_row).execute("select clock_timestamp()").fetchone()
    if moment is None:
        raise LookupError("the database has no time")
    return moment
