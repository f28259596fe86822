"""Chat sessions in DynamoDB (contract, section 7): a header and its turns, under `thread_id` = user and session.

Nobody can name another user's session: the user's part of the key comes from the verified token. A turn is written in
one transaction with the header, on the condition that the header still counts as many turns as its writer knew of; of
two turns at the same time one is written first, and the other one behind it. DynamoDB removes what has expired up to
days late, so readers look at the header's `expires_at` themselves.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from pydantic import BaseModel

from runtime import clients
from runtime.failures import TransientError
from runtime.records import now

if TYPE_CHECKING:
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, TransactWriteItemTypeDef

HEADER = "header"
TURN = "turn#"
INDEX = "by_activity"
TITLE_LENGTH = 80
MAX_TURNS = 200
"""Of a session; a longer one would be asked about things that nobody remembers."""
LISTED = 100
"""Sessions that a list shows, the latest."""
ATTEMPTS = 8
"""At writing a turn, each after another turn of the same session was faster."""
DELETE_BATCH = 25
"""Items that one BatchWriteItem call takes (DynamoDB quota)."""


class SessionGoneError(LookupError):
    """The session was deleted or has expired."""


class SessionFullError(Exception):
    """The session has as many turns as one may have."""


class Header(BaseModel):
    """What a session is known by."""

    session_id: UUID
    title: str
    """Beginning of the first message."""
    turns: int
    created_at: datetime
    last_activity: datetime
    expires_at: datetime
    remembered: list[UUID]
    """Items that were listed last, in that order: what "the second one" means."""
    renewed_at: datetime
    """When the life of all turns was last prolonged."""


class Turn(BaseModel):
    """What was said once, by both."""

    number: int
    message: str
    reply: str
    items: list[UUID]
    """That the reply listed."""
    citations: list[UUID]
    tools_used: list[str]
    created_at: datetime


class Said(BaseModel):
    """A turn that is to be written; it gets its number then."""

    message: str
    reply: str
    items: list[UUID]
    citations: list[UUID]
    tools_used: list[str]
    remembered: list[UUID]
    """What the session remembers from now on."""


class Sessions:
    """The chat sessions of all users, asked for by user."""

    def __init__(self, table: str, ttl_hours: int, clock: Callable[[], datetime] = now) -> None:
        self._table = table
        self._ttl = timedelta(hours=ttl_hours)
        self._clock = clock

    def find(self, user_id: str, session_id: UUID) -> Header | None:
        """The session, unless it has expired or is not the user's."""
        answer = clients.dynamodb().get_item(
            TableName=self._table, Key=_key(user_id, session_id, HEADER), ConsistentRead=True
        )
        stored = answer.get("Item")
        header = None if stored is None else _header(stored)
        return header if header is not None and header.expires_at > self._clock() else None

    def turns(self, user_id: str, session_id: UUID, latest: int | None = None) -> list[Turn]:
        """The turns, or the `latest` few, the oldest first."""
        found = self._query(user_id, session_id, forward=latest is None, limit=latest)
        turns = [_turn(item) for item in found]
        return turns if latest is None else turns[::-1]

    def list(self, user_id: str) -> list[Header]:
        """The user's sessions, the one with the latest activity first."""
        answer = clients.dynamodb().query(
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression="user_id = :user",
            FilterExpression="expires_at > :now",
            ExpressionAttributeValues={":user": _write(user_id), ":now": _write(_seconds(self._clock()))},
            ScanIndexForward=False,
            Limit=LISTED,
        )
        return [_header(item) for item in answer["Items"]]

    def add(self, user_id: str, session_id: UUID, said: Said, known: Header | None) -> Turn:
        """Write a turn behind those that there are. `known` is the session as its writer saw it; None for a new one.

        Raises `SessionGoneError` when the session was deleted meanwhile, and `SessionFullError`.
        """
        for _ in range(ATTEMPTS):
            if known is not None and known.turns >= MAX_TURNS:
                raise SessionFullError
            turn = self._try(user_id, session_id, said, known)
            if turn is not None:
                return turn
            known = self.find(user_id, session_id)
            if known is None:
                raise SessionGoneError
        raise TransientError("other turns of the same session were always faster")

    def delete(self, user_id: str, session_id: UUID) -> bool:
        """Remove the session. False if there was none."""
        header = self.find(user_id, session_id)
        if header is None:
            return False
        # The header first: whoever is about to add a turn then finds that the session is gone.
        keys = [HEADER, *(item["checkpoint_id"] for item in self._query(user_id, session_id))]
        for start in range(0, len(keys), DELETE_BATCH):
            self._delete([_key(user_id, session_id, key) for key in keys[start : start + DELETE_BATCH]])
        return True

    def delete_all(self, user_id: str) -> int:
        """Remove all that the user ever said; how many sessions that were."""
        count = 0
        while headers := self.list(user_id):
            count += sum(self.delete(user_id, header.session_id) for header in headers)
        return count

    def _try(self, user_id: str, session_id: UUID, said: Said, known: Header | None) -> Turn | None:
        """Write the turn if the session is still as `known`; None if it is not."""
        moment = self._clock()
        turn = Turn(
            number=1 if known is None else known.turns + 1,
            created_at=moment,
            **said.model_dump(include={"message", "reply", "items", "citations", "tools_used"}),
        )
        renew = known is not None and moment - known.renewed_at > self._ttl / 2
        header = Header(
            session_id=session_id,
            title=said.message[:TITLE_LENGTH] if known is None else known.title,
            turns=turn.number,
            created_at=moment if known is None else known.created_at,
            last_activity=moment,
            expires_at=moment + self._ttl,
            remembered=said.remembered,
            renewed_at=moment if known is None or renew else known.renewed_at,
        )
        client = clients.dynamodb()
        condition = (
            {"ConditionExpression": "attribute_not_exists(thread_id)"}
            if known is None
            else {"ConditionExpression": "turns = :turns", "ExpressionAttributeValues": {":turns": _write(known.turns)}}
        )
        put_header = {"TableName": self._table, "Item": self._stored_header(user_id, header), **condition}
        writes: list[TransactWriteItemTypeDef] = [
            {"Put": cast("PutTypeDef", put_header)},
            {
                "Put": {
                    "TableName": self._table,
                    "Item": self._stored_turn(user_id, session_id, turn, header.expires_at),
                    "ConditionExpression": "attribute_not_exists(thread_id)",
                }
            },
        ]
        try:
            client.transact_write_items(TransactItems=writes)
        except (client.exceptions.TransactionCanceledException, client.exceptions.TransactionConflictException):
            return None
        if renew:
            self._renew(user_id, session_id, header.expires_at)
        return turn

    def _renew(self, user_id: str, session_id: UUID, expires_at: datetime) -> None:
        """Have the session's older turns live as long as the session does."""
        for item in self._query(user_id, session_id):
            renewed = {**item, "expires_at": _seconds(expires_at)}
            clients.dynamodb().put_item(
                TableName=self._table,
                Item={name: _write(value) for name, value in renewed.items()},
                ConditionExpression="attribute_exists(thread_id)",
            )

    def _query(
        self, user_id: str, session_id: UUID, *, forward: bool = True, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Turns as they are stored, by number."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "thread_id = :thread and begins_with(checkpoint_id, :turn)",
            "ExpressionAttributeValues": {":thread": _write(_thread(user_id, session_id)), ":turn": _write(TURN)},
            "ScanIndexForward": forward,
            "ConsistentRead": True,
        }
        if limit is not None:
            request["PaginationConfig"] = {"MaxItems": limit}
        for page in clients.dynamodb().get_paginator("query").paginate(**request):
            for item in page["Items"]:
                yield {name: _read(value) for name, value in item.items()}

    def _delete(self, keys: Sequence[Mapping[str, Any]]) -> None:
        requests: dict[str, Any] = {self._table: [{"DeleteRequest": {"Key": key}} for key in keys]}
        for _ in range(ATTEMPTS):
            requests = dict(clients.dynamodb().batch_write_item(RequestItems=requests).get("UnprocessedItems", {}))
            if not requests:
                return
        raise TransientError("DynamoDB did not delete all of a chat session")

    def _stored_header(self, user_id: str, header: Header) -> dict[str, Any]:
        key = _key(user_id, header.session_id, HEADER)
        values = header.model_dump(mode="json", exclude={"expires_at", "last_activity"})
        stored = {
            **values,
            "user_id": user_id,
            "last_activity": _sortable(header.last_activity),
            "expires_at": _seconds(header.expires_at),
        }
        return key | {name: _write(value) for name, value in stored.items()}

    def _stored_turn(self, user_id: str, session_id: UUID, turn: Turn, expires_at: datetime) -> dict[str, Any]:
        key = _key(user_id, session_id, f"{TURN}{turn.number:06}")
        stored = {**turn.model_dump(mode="json"), "expires_at": _seconds(expires_at)}
        return key | {name: _write(value) for name, value in stored.items()}


def _thread(user_id: str, session_id: UUID) -> str:
    return f"{user_id}#{session_id}"


def _key(user_id: str, session_id: UUID, checkpoint_id: str) -> dict[str, Any]:
    return {"thread_id": _write(_thread(user_id, session_id)), "checkpoint_id": _write(checkpoint_id)}


def _header(item: Mapping[str, Any]) -> Header:
    values = {name: _read(value) for name, value in item.items()}
    return Header.model_validate({**values, "expires_at": datetime.fromtimestamp(int(values["expires_at"]), UTC)})


def _turn(values: Mapping[str, Any]) -> Turn:
    return Turn.model_validate(values)


def _sortable(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


# Imported when first needed: it brings all of boto3, which nothing else of the API needs.
@cache
def _serializer() -> "TypeSerializer":
    from boto3.dynamodb.types import TypeSerializer

    return TypeSerializer()


@cache
def _deserializer() -> "TypeDeserializer":
    from boto3.dynamodb.types import TypeDeserializer

    return TypeDeserializer()


def _write(value: object) -> Any:
    return _serializer().serialize(value)


def _read(value: Any) -> Any:
    return _deserializer().deserialize(value)
