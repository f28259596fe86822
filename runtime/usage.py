"""What the vendors' models were paid for: a row for the user's bill, and metrics for the stack's."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID, uuid4

from runtime.observability import count_spending
from runtime.postgres import Connection
from runtime.prices import cost_usd
from runtime.records import now

Operation = Literal["analysis", "embedding", "query", "rerank", "answer", "agent", "chat"]
"""What a model was asked for."""


def record(
    connection: Connection,
    *,
    user_id: str,
    operation: Operation,
    model: str,
    input_tokens: int,
    output_tokens: int = 0,
    item_id: UUID | None = None,
    batch: bool = False,
) -> None:
    """Write down what one answer used, whatever becomes of it. `model` is the one that answered, or was asked; `batch`
    says that it was one of a batch, which costs less."""
    cost = cost_usd(model, input_tokens, output_tokens, batch=batch)
    connection.execute(
        _RECORD,
        {
            "id": uuid4(),
            "user_id": user_id,
            "item_id": item_id,
            "operation": operation,
            "model": model,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cost_usd": cost,
            "created_at": now(),
        },
    )
    count_spending(model, input_tokens, output_tokens, None if cost is None else float(cost))


def cost_since(connection: Connection, start: datetime) -> Decimal:
    """US dollars for all answers since then that the transaction may see; those without a known price count nothing."""
    row = connection.execute("select coalesce(sum(cost_usd), 0) from usage where created_at >= %s", [start]).fetchone()
    return Decimal(0) if row is None else row[0]


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


def by_month(connection: Connection, since: date) -> list[MonthlyUse]:
    """The tenant's use of the models since this first day of a month: newest month first, the dearest first in it."""
    return [MonthlyUse(*row) for row in connection.execute(_BY_MONTH, [since])]


_RECORD = """
insert into usage (id, user_id, item_id, operation, model, input_tokens, output_tokens, cost_usd, created_at)
values (%(id)s, %(user_id)s, %(item_id)s, %(operation)s, %(model)s, %(input_tokens)s, %(output_tokens)s, %(cost_usd)s,
        %(created_at)s)"""

_BY_MONTH = """
select date_trunc('month', created_at at time zone 'utc')::date as month, operation, model,
       count(*), sum(input_tokens), sum(output_tokens), sum(cost_usd) as cost
  from usage
 where created_at >= cast(%s as timestamp) at time zone 'utc'
 group by month, operation, model
 order by month desc, cost desc nulls last, operation, model"""
