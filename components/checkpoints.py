"""What a chat remembers."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Output

from components.arguments import Arguments
from components.encryption import TABLE
from components.grants import BY_ACTIVITY
from components.naming import children_of


class CheckpointsArgs(TypedDict):
    """How well the table is kept."""

    point_in_time_recovery: NotRequired[bool]
    """Restore to any second of the last 35 days. Default false."""
    deletion_protection: NotRequired[bool]
    """Refuse deletion. Default true."""


class Checkpoints(pulumi.ComponentResource):
    """A table of chat sessions by user and time, which forgets them by itself.

    `thread_id` is `{user_id}#{session_id}`, `checkpoint_id` sorts by time. One header item a session carries `user_id`
    and `last_activity` (both text), and so is the only one that the index `by_activity` lists. `expires_at` is in
    seconds since 1970.
    """

    table_name: Output[str]
    """Name of the table."""
    table_arn: Output[str]
    """ARN of the table."""

    def __init__(self, name: str, args: CheckpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        Arguments(self, name, CheckpointsArgs, args)
        super().__init__("collections:index:Checkpoints", name, props={}, opts=opts)
        protected = args.get("deletion_protection", True)
        table = aws.dynamodb.Table(
            name,
            # Stack last, as the contract has it.
            name=f"{pulumi.get_project()}-checkpoints-{pulumi.get_stack()}",
            billing_mode="PAY_PER_REQUEST",
            hash_key="thread_id",
            range_key="checkpoint_id",
            attributes=[
                {"name": "thread_id", "type": "S"},
                {"name": "checkpoint_id", "type": "S"},
                {"name": "user_id", "type": "S"},
                {"name": "last_activity", "type": "S"},
            ],
            global_secondary_indexes=[
                {
                    "name": BY_ACTIVITY,
                    "key_schemas": [
                        {"attribute_name": "user_id", "key_type": "HASH"},
                        {"attribute_name": "last_activity", "key_type": "RANGE"},
                    ],
                    "projection_type": "ALL",
                }
            ],
            ttl={"attribute_name": "expires_at", "enabled": True},
            point_in_time_recovery={"enabled": args.get("point_in_time_recovery", False)},
            server_side_encryption=TABLE,
            deletion_protection_enabled=protected,
            opts=children_of(self, opts, protect=protected),
        )
        self.table_name = table.name
        self.table_arn = table.arn
        self.register_outputs({"table_name": self.table_name, "table_arn": self.table_arn})
