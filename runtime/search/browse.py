"""What passes filters, without a query."""

from functools import cache
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import Session

from runtime.search.filters import CONDITIONS, PARAMETERS, Filters


def browse(session: Session, filters: Filters, limit: int) -> list[UUID]:
    """The tenant's searchable items that pass, the newest first; one that does not say when it was taken counts from
    its upload."""
    statement = _browse(filters.conditions)
    return list(session.connection().execute(statement, {**filters.parameters, "limit": limit}).scalars())


@cache
def _browse(conditions: tuple[str, ...]) -> TextClause:
    passing = "".join(CONDITIONS[name] for name in conditions)
    statement = f"""
        select item.id
          from item
         where item.status = 'searchable'{passing}
         order by coalesce(item.taken_at, item.created_at) desc, item.id
         limit :limit
    """  # noqa: S608 - made of the constants in `CONDITIONS`
    return text(statement).bindparams(*(PARAMETERS[name] for name in conditions))
