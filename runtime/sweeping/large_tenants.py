"""Tenants who have grown so large that search needs indexes of their own for them, and those who have shrunk."""

from uuid import uuid4

from runtime.events import IndexesWanted
from runtime.search.tenant_indexes import outstanding, request_and_release
from runtime.sweeping.run import Run


def note_large_tenants(run: Run) -> bool:
    """Write down whose indexes migrate is to build or drop, and have it do so, again in each run until it is done.
    Always comes to its end."""
    with run.transaction() as connection:
        run.report.indexes_wanted, run.report.indexes_released = request_and_release(connection)
        to_do = outstanding(connection)
    # Not before migrate can see what was written down.
    if to_do:
        run.publish(IndexesWanted(correlation_id=str(uuid4())))
    return True
