"""The chat sessions of one user, as the checkpoint table has them (contract section 7)."""

import base64
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import boto3
from boto3.dynamodb.conditions import Key

from runtime.chat.sessions import INDEX


class ChatSessions:
    """Reads and removes whole sessions."""

    def __init__(self, table: str) -> None:
        self._table = boto3.resource("dynamodb").Table(table)

    def of(self, user_id: str) -> Iterator[dict[str, Any]]:
        """All items of the user's sessions, as JSON has them."""
        for thread_id in self._threads(user_id):
            for item in self._pages(KeyConditionExpression=Key("thread_id").eq(thread_id)):
                yield {name: _as_json(value) for name, value in item.items()}

    def remove(self, user_id: str) -> int:
        """Remove the user's sessions, each with its header last, so that what is left of one is found again. Returns
        how many items there were."""
        removed = 0
        for thread_id in self._threads(user_id):
            items = list(
                self._pages(
                    KeyConditionExpression=Key("thread_id").eq(thread_id),
                    ProjectionExpression="thread_id, checkpoint_id, last_activity",
                )
            )
            for item in sorted(items, key=lambda item: "last_activity" in item):
                key = {name: item[name] for name in ("thread_id", "checkpoint_id")}
                self._table.delete_item(Key=key)
            removed += len(items)
        return removed

    def _threads(self, user_id: str) -> list[str]:
        headers = self._pages(IndexName=INDEX, KeyConditionExpression=Key("user_id").eq(user_id))
        # An id that begins another user's may not reach over.
        return sorted({str(item["thread_id"]) for item in headers if str(item["thread_id"]).startswith(f"{user_id}#")})

    def _pages(self, **query: Any) -> Iterator[dict[str, Any]]:
        while True:
            answer = self._table.query(**query)
            yield from cast("list[dict[str, Any]]", answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _as_json(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: _as_json(part) for name, part in cast("dict[str, Any]", value).items()}
        case list() | set():
            return [_as_json(part) for part in cast("list[Any]", value)]
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case _ if hasattr(value, "value") and isinstance(value.value, bytes):
            return base64.b64encode(value.value).decode()
        case _:
            return value
