"""What one user may have of a stack in a calendar month (UTC): images, and dollars' worth of the vendors' models.

Images. Each image counts when it is announced (`POST /uploads`) or sent (`POST /items`), whatever becomes of it: also
one that turns out to be a duplicate, fails, or is deleted later. What never arrived does not count: an upload that
could not be stored is given back at once, an announced one that nobody sent when the sweeper buries it. An image that
the caller is told to have already is not taken in, and does not count.

Dollars. What the calls recorded in `usage` have cost; calls of models without a known price count nothing. No call is
begun once the budget is used up. One that was begun before is finished and counts, so that the most a user can go
beyond the budget is what the calls of the same moment cost. Whether another analysis may wait for a batch is decided
with what those that wait already are likely to cost, or a single batch could hold any number of them.

A limit of 0 is none.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

from runtime import usage
from runtime.failures import PermanentError
from runtime.postgres import Connection
from runtime.records import now
from runtime.settings import UserLimits


class LimitReachedError(PermanentError):
    """The user has had what there is in a month. The image is not to blame: next month it can be tried again."""

    retryable = True

    def __init__(self, message: str, resets_at: datetime) -> None:
        super().__init__(message)
        self.resets_at = resets_at


class Month(NamedTuple):
    """A calendar month in UTC."""

    start: datetime
    end: datetime
    """Where the next one begins."""

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        start = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
        return cls(start, start.replace(year=year, month=month))


def take_image(connection: Connection, user_id: str, taken_at: datetime, limits: UserLimits) -> None:
    """Count one more image of the user's, in the month of `taken_at`.

    Call it in the transaction that keeps the image: what is rolled back does not count, and concurrent ones wait for
    each other, so that none goes beyond the quota.

    Raises `LimitReachedError`.
    """
    month = Month.of(taken_at)
    quota = limits.monthly_image_quota
    values = {"user_id": user_id, "month": month.start.date(), "quota": quota or None}
    if connection.execute(_TAKE, values).rowcount == 0:
        raise LimitReachedError(
            f"You have added {quota} images this month, which is all that is allowed in one. "
            f"{_from(month)} you can add more; what you have stays as it is.",
            month.end,
        )


def give_image_back(connection: Connection, user_id: str, taken_at: datetime) -> None:
    """One image less: it was counted at `taken_at`, and never arrived."""
    connection.execute(_GIVE_BACK, [user_id, Month.of(taken_at).start.date()])


def images_taken(connection: Connection, month: date) -> int:
    """The tenant's images that count in the month that begins with this day."""
    taken = connection.execute("select images from intake where month = %s", [month]).fetchone()
    return 0 if taken is None else taken[0]


def require_budget(connection: Connection, limits: UserLimits, promised: Decimal = Decimal(0)) -> None:
    """See that the transaction's tenant may still be spent money on. Ask before each call of a model that costs
    something. `promised` is what calls will cost that are already ordered, in US dollars.

    Raises `LimitReachedError`.
    """
    budget = limits.monthly_ai_budget_usd
    if not budget:
        return
    month = Month.of(now())
    if usage.cost_since(connection, month.start) + promised >= budget:
        raise LimitReachedError(
            f"Your budget of ${budget:.2f} a month for image analysis, meaning and answers is used up. "
            f"{_from(month)} there is a new one; until then searches of type `bm25` work, and cost nothing.",
            month.end,
        )


def budget_left(spent: Decimal, limits: UserLimits) -> Decimal | None:
    """US dollars that may still be spent; None without a limit."""
    budget = limits.monthly_ai_budget_usd
    return max(budget - spent, Decimal(0)) if budget else None


def _from(month: Month) -> str:
    return f"From {month.end:%Y-%m-%d} (UTC) on"


_TAKE = """
insert into intake as taken (user_id, month, images) values (%(user_id)s, %(month)s, 1)
on conflict (user_id, month) do update set images = taken.images + 1
 where %(quota)s::int is null or taken.images < %(quota)s"""

_GIVE_BACK = "update intake set images = images - 1 where user_id = %s and month = %s and images > 0"
