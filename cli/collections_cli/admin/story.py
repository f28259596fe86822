"""One image's story: what every function's log says of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from collections_cli.failures import UsageError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_AGE = re.compile(r"(\d{1,4})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TERM = re.compile(r"[A-Za-z0-9_.:/-]{4,128}")


@dataclass(frozen=True)
class Line:
    """What a function said."""

    moment: datetime
    function: str
    """Its role, such as analyzer."""
    values: Mapping[str, Any]
    """The line's own fields."""

    @property
    def message(self) -> str:
        """What it says, in words."""
        return str(self.values.get("message", ""))

    @property
    def level(self) -> str:
        """INFO, WARNING, ERROR …"""
        return str(self.values.get("level", "INFO"))


def age(text: str) -> timedelta:
    """`24h` as a span of time. Raises `UsageError`."""
    match = _AGE.fullmatch(text)
    if match is None:
        raise UsageError(f"{text} is no span of time: write 30m, 24h or 7d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def story_of(logs: CloudWatchLogsClient, functions: Mapping[str, str], term: str, since: timedelta) -> list[Line]:
    """All lines with `term` of the functions (role -> name), in the order of time. Raises `UsageError`."""
    if not _TERM.fullmatch(term):
        raise UsageError(f"{term!r} is no id.")
    start = int((time.time() - since.total_seconds()) * 1000)

    def said_by(function: tuple[str, str]) -> list[Line]:
        return list(_lines(logs, *function, term, start))

    with ThreadPoolExecutor(len(functions)) as pool:
        stories = pool.map(said_by, functions.items())
    return sorted((line for story in stories for line in story), key=lambda line: line.moment)


def _lines(logs: CloudWatchLogsClient, role: str, name: str, term: str, start: int) -> Iterator[Line]:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{name}", filterPattern=f'"{term}"', startTime=start
    )
    try:
        for page in pages:
            for event in page["events"]:
                moment = datetime.fromtimestamp(event.get("timestamp", 0) / 1000, UTC)
                values = _fields(event.get("message", ""))
                # Metrics are written to the log too, and tell nothing that the lines around them do not.
                if "_aws" not in values:
                    yield Line(moment, role, {"function": role, "time": moment.isoformat(), **values})
    except logs.exceptions.ResourceNotFoundException:
        return  # a function that has not run yet has no log


def _fields(text: str) -> dict[str, Any]:
    try:
        fields: object = json.loads(text)
    except ValueError:
        fields = None
    return cast("dict[str, Any]", fields) if isinstance(fields, dict) else {"message": text.strip()}
