"""The table of chat sessions, as the component makes it."""

from typing import TYPE_CHECKING, Any

from runtime.chat.sessions import INDEX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def create_sessions_table(client: "DynamoDBClient", name: str) -> None:
    """Have a table of this name, which is empty."""
    keys = {"thread_id": "HASH", "checkpoint_id": "RANGE"}
    by_activity = {"user_id": "HASH", "last_activity": "RANGE"}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in (*keys, *by_activity)],
        KeySchema=_key_schema(keys),
        GlobalSecondaryIndexes=[
            {"IndexName": INDEX, "KeySchema": _key_schema(by_activity), "Projection": {"ProjectionType": "ALL"}}
        ],
    )


def _key_schema(keys: dict[str, Any]) -> list[Any]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()]
