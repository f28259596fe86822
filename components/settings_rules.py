"""The facts about AWS that decide whether settings fit together."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

# Memory of the instance classes that may be configured, in GiB (Amazon RDS User Guide, "DB instance classes").
INSTANCE_MEMORY_GIB = {
    "db.t4g.micro": 1,
    "db.t4g.small": 2,
    "db.t4g.medium": 4,
    "db.t4g.large": 8,
    "db.m7g.large": 8,
    "db.m7g.xlarge": 16,
    "db.m7g.2xlarge": 32,
    "db.r7g.large": 16,
    "db.r7g.xlarge": 32,
}

# RDS sets max_connections to LEAST(DBInstanceClassMemory / 9531392, 5000); DBInstanceClassMemory is what the operating
# system and RDS leave of the memory, about three quarters on the small classes.
_BYTES_PER_CONNECTION = 9_531_392
_SHARE_LEFT_TO_POSTGRES = 0.75
_MOST_CONNECTIONS = 5000
# The superuser's own, the sweeper, the batcher, a migration, a person with psql.
_RESERVED_CONNECTIONS = 10
# Nothing but the account limits an API without reserved concurrency; a new account has 10 in all.
_UNRESERVED_API_CONCURRENCY = 10

# Exports and deletions at work at once: the fewest that Lambda takes from a queue.
WORKER_CONCURRENCY = 2

# What CloudWatch Logs accepts (PutRetentionPolicy).
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)


class Mfa(StrEnum):
    """Whether users need a second factor (a TOTP app) at sign-in."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


def known_instance_class(value: str) -> str:
    """Refuse a class whose number of connections is not known."""
    if value not in INSTANCE_MEMORY_GIB:
        raise ValueError("not a known instance class")
    return value


def known_retention(value: int) -> int:
    """Refuse a number of days that CloudWatch Logs does not have."""
    if value not in RETENTION_DAYS:
        raise ValueError(f"must be one of {', '.join(map(str, RETENTION_DAYS))}")
    return value


def list_from_json(value: object) -> object:
    """Pulumi hands a list over as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        raise ValueError('must be a list, such as ["https://photos.example.org"]') from None


def all_connections(instance_class: str) -> int:
    """Connections that an instance has in all."""
    memory = INSTANCE_MEMORY_GIB[instance_class] * 1024**3 * _SHARE_LEFT_TO_POSTGRES
    return min(int(memory / _BYTES_PER_CONNECTION), _MOST_CONNECTIONS)


def usable_connections(instance_class: str) -> int:
    """Connections that an instance has for the functions."""
    return all_connections(instance_class) - _RESERVED_CONNECTIONS


def connections_needed(pool_size: int, settings: Mapping[str, Any]) -> int | None:
    """Connections that the functions open at most: `pool_size` each of API and worker, one of each that a queue feeds.
    None when a concurrency among `settings` is missing."""
    queues = ("analyzer_concurrency", "embedder_concurrency", "image_processor_concurrency")
    if any(name not in settings for name in (*queues, "api_reserved_concurrency")):
        return None
    api = settings["api_reserved_concurrency"] or _UNRESERVED_API_CONCURRENCY
    return pool_size * (api + WORKER_CONCURRENCY) + sum(settings[name] for name in queues)
