"""What was used and what is left."""

from decimal import Decimal
from itertools import groupby

from runtime import limits, usage
from runtime.api.dependencies import ServicesDep, TenantDep
from runtime.api.routing import Router
from runtime.api.schemas.usage import BudgetLeft, ImagesLeft, ModelUse, MonthUse, UsageReport
from runtime.limits import Month
from runtime.records import now
from runtime.usage import MonthlyUse

router = Router(tags=["account"])

MONTHS = 12


@router.get("/usage", summary="Read what was used")
def read_usage(tenant: TenantDep, services: ServicesDep) -> UsageReport:
    """Tokens and dollars of your use of the models by month, and what is left of this month's images and budget."""
    month = Month.of(now())
    first = month.start.date().replace(year=month.start.year - 1)
    with tenant.transaction() as connection:
        uses = usage.by_month(connection, first)
        images = limits.images_taken(connection, month.start.date())
        spent = usage.cost_since(connection, month.start)
    quota = services.settings.monthly_image_quota or None
    return UsageReport(
        months=[_month(list(of_month)) for _, of_month in groupby(uses, lambda use: use.month)][:MONTHS],
        images=ImagesLeft(used=images, quota=quota, left=None if quota is None else max(quota - images, 0)),
        budget=BudgetLeft(
            used_usd=spent,
            budget_usd=services.settings.monthly_ai_budget_usd or None,
            left_usd=limits.budget_left(spent, services.settings),
        ),
        resets_at=month.end,
    )


def _month(uses: list[MonthlyUse]) -> MonthUse:
    """All `uses` are of one month."""
    return MonthUse(
        month=uses[0].month,
        input_tokens=sum(use.input_tokens for use in uses),
        output_tokens=sum(use.output_tokens for use in uses),
        cost_usd=sum((use.cost_usd or Decimal(0) for use in uses), Decimal(0)),
        models=[ModelUse.model_validate(use, from_attributes=True) for use in uses],
    )
