"""What the models have cost, for whoever pays the bill."""

from runtime import usage
from runtime.observability import gauge_month_cost
from runtime.records import now
from runtime.sweeping.run import Run


def publish_month_cost(run: Run) -> bool:
    """Publish what all users' use of the models has cost since the month began, in UTC. Always comes to its end."""
    month = now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    with run.transaction() as connection:
        run.report.month_cost_usd = float(usage.cost_since(connection, month))
    gauge_month_cost(run.report.month_cost_usd)
    return True
