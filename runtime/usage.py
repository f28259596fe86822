"""What the vendors' models were paid for: a row for the user's bill, and metrics for the stack's."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from runtime.models import Usage
from runtime.observability import count_spending
from runtime.prices import cost_usd

Operation = Literal["analysis", "embedding", "query", "rerank", "answer", "agent", "chat"]
"""What a model was asked for."""


def record(
    session: Session,
    *,
    user_id: str,
    operation: Operation,
    model: str,
    input_tokens: int,
    output_tokens: int = 0,
    item_id: UUID | None = None,
) -> None:
    """Write down what one answer used, whatever becomes of it. `model` is the one that answered, or was asked."""
    cost = cost_usd(model, input_tokens, output_tokens)
    session.add(
        Usage(
            user_id=user_id,
            item_id=item_id,
            operation=operation,
            model=model,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cost_usd=cost,
        )
    )
    count_spending(model, input_tokens, output_tokens, None if cost is None else float(cost))


def cost_since(session: Session, start: datetime) -> Decimal:
    """US dollars for all answers since then that the session may see; those without a known price count nothing."""
    total = select(func.sum(Usage.cost_usd)).where(col(Usage.created_at) >= start)
    return session.exec(total).one() or Decimal(0)


class MonthlyUse(NamedTuple):
    """What one model was used for in one month."""

    month: date
    """Its first day, in UTC."""
    operation: str
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    """None where no price is known."""


def by_month(session: Session, since: date) -> list[MonthlyUse]:
    """The tenant's use of the models since this first day of a month: newest month first, the dearest first in it."""
    rows = session.connection().execute(_BY_MONTH, {"since": since})
    return [MonthlyUse(*row) for row in rows]


_BY_MONTH = text("""
select date_trunc('month', created_at at time zone 'utc')::date as month, operation, model,
       count(*), sum(input_tokens), sum(output_tokens), sum(cost_usd) as cost
  from usage
 where created_at >= cast(:since as timestamp) at time zone 'utc'
 group by month, operation, model
 order by month desc, cost desc nulls last, operation, model
""")
