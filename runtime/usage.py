"""What the vendors' models were paid for: a row for the user's bill, and metrics for the stack's."""

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, func, select

from runtime.models import Usage
from runtime.observability import count_spending
from runtime.prices import cost_usd


def record(
    session: Session,
    *,
    user_id: str,
    operation: Literal["analysis", "embedding", "query"],
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
