"""What a soak has left behind: rows, objects, messages, and how often the vendors were called."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import httpx
import psycopg
from psycopg.rows import class_row

from components.database import DATABASE
from tests.soak.pipeline import CONSUMERS, drain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.stack import LocalStack
    from tests.soak.pipeline import Channel

_ITEM_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_DEATH = re.compile(r"Lambda [^ :]+: (?:Runtime exited|Task timed out)")
"""How the emulator logs it."""

_ITEMS = """
select item.id::text, item.user_id, status, stage, error, sha256, original_key, duplicate_of::text,
    (select count(*) from analysis where item_id = item.id and state = 'done') as analyses,
    (select count(*) from analysis where item_id = item.id and state = 'running') as claims,
    (select count(*) from search_document where item_id = item.id) as documents,
    (select count(*) from embedding where item_id = item.id) as vectors
from item
"""


_PAID = "select operation, count(distinct item_id) from usage group by operation"
"""What was written down for an item stays when the item is deleted."""


@dataclass(frozen=True)
class ItemRow:
    """An item, and how many rows belong to it."""

    id: str
    user_id: str
    status: str
    stage: str | None
    error: str | None
    sha256: str | None
    original_key: str
    duplicate_of: str | None
    analyses: int
    """Finished ones."""
    claims: int
    """Unfinished ones."""
    documents: int
    vectors: int


@dataclass(frozen=True)
class Calls:
    """Of one endpoint of a vendor."""

    answered: int
    """In full, be it slowly: what is paid for and of use."""
    spoiled: int
    """Answered with an answer that was cut off or no JSON: paid for, and of no use."""
    refused: int
    """Turned away by a 429, 500 or 529: not paid for."""
    wrong: int
    """Requests that the vendor would not understand."""


@dataclass(frozen=True)
class DeadLetter:
    """A message that a function could not handle."""

    role: str
    body: str
    item_id: str | None
    """None if it is no event of the pipeline's."""


@dataclass(frozen=True)
class Evidence:
    """Everything that a verdict needs."""

    items: dict[str, ItemRow]
    objects: frozenset[str]
    """Keys of the bucket, those included of which only an old version is left."""
    dead_letters: tuple[DeadLetter, ...]
    calls: dict[str, Calls]
    paid: dict[str, int]
    """Items, deleted ones included, for which a vendor was paid: by operation, `analysis` or `embedding`."""
    deaths: int
    """Functions that ended in the middle of their work, says the emulator."""


def gather(stack: LocalStack, channels: Iterable[Channel]) -> Evidence:
    """Look at everything. Takes the messages out of the dead-letter queues."""
    with psycopg.connect(stack.database_address(DATABASE)) as connection:
        items = {item.id: item for item in connection.cursor(row_factory=class_row(ItemRow)).execute(_ITEMS)}
        paid = dict(cast("list[tuple[str, int]]", connection.execute(_PAID).fetchall()))
    return Evidence(
        items=items,
        objects=frozenset(_object_keys(stack)),
        dead_letters=tuple(
            DeadLetter(channel.role, body, _item_of(body))
            for channel in channels
            for body in drain(stack, channel.dead_letters)
        ),
        calls=count_calls(stack),
        paid=paid,
        deaths=len(_DEATH.findall((stack.folder / "logs" / "emulator.log").read_text(errors="replace"))),
    )


def count_statuses(stack: LocalStack, user_id: str) -> Counter[str]:
    """Of a user's items. Raises psycopg.Error while the database is away."""
    with psycopg.connect(stack.database_address(DATABASE)) as connection:
        query = "select status, count(*) from item where user_id = %s group by status"
        return Counter(dict(cast("list[tuple[str, int]]", connection.execute(query, [user_id]).fetchall())))


def count_calls(stack: LocalStack) -> dict[str, Calls]:
    """By endpoint: `messages`, `embeddings`."""
    reply = httpx.get(f"{stack.models_url}/calls", trust_env=False).raise_for_status()
    report = cast("dict[str, dict[str, Any]]", reply.json())
    calls: dict[str, Calls] = {}
    for endpoint in ("messages", "embeddings"):
        outcomes = Counter[str](report[endpoint]["outcomes"])
        calls[endpoint] = Calls(
            answered=outcomes["ok"] + outcomes["slow"],
            spoiled=outcomes["cut-off"] + outcomes["invalid-json"],
            refused=outcomes["429"] + outcomes["500"] + outcomes["529"],
            wrong=outcomes["refused"] + outcomes["failed"],
        )
    return calls


def _object_keys(stack: LocalStack) -> set[str]:
    bucket = stack.outputs["imageBucket"]
    pages = stack.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket)
    return {version["Key"] for page in pages for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))}


def _item_of(body: str) -> str | None:
    try:
        event = cast("dict[str, Any]", json.loads(body))
    except ValueError:
        return None
    if event.get("detail-type") not in CONSUMERS:
        return None
    found = _ITEM_ID.findall(json.dumps(event["detail"].get("item_id") or event["detail"].get("object")))
    return found[-1] if found else None
