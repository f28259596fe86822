"""Days as people type them, and moments as the API takes them."""

from datetime import date, datetime, time

from collections_cli.failures import UsageError


def beginning_of(day: str | None) -> str | None:
    """The day's first moment here, as ISO 8601. Raises `UsageError`."""
    return None if day is None else _moment(day, time.min)


def end_of(day: str | None) -> str | None:
    """The day's last moment here."""
    return None if day is None else _moment(day, time.max)


def _moment(day: str, at: time) -> str:
    try:
        return datetime.combine(date.fromisoformat(day), at).astimezone().isoformat()
    except ValueError as error:
        raise UsageError(f"{day} is no date: write it as 2025-12-31.") from error
