"""Tenants who have grown so large that search needs indexes of their own for them, and those who have shrunk."""

from runtime.search.tenant_indexes import request_and_release
from runtime.sweeping.run import Run


def note_large_tenants(run: Run) -> bool:
    """Write down whose indexes migrate is to build or drop. Always comes to its end."""
    with run.transaction() as connection:
        run.report.indexes_wanted, run.report.indexes_released = request_and_release(connection)
    return True
