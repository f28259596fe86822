"""Could a stack be restored? What AWS says of its backups, beside what the stack wants of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from collections_cli.admin.stack import LOCAL, pulumi

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

    from collections_cli.admin.stack import Stack

LATEST = timedelta(minutes=20)
"""RDS ships its log every five minutes: an older restorable time means that it does not."""


@dataclass(frozen=True)
class Kept:
    """One thing that would have to be there."""

    what: str
    well: bool
    seen: str


def examine(stack: Stack) -> list[Kept]:
    """All of them. Raises botocore's errors where AWS does not let one look."""
    instance = _instance(stack)
    protected = instance is not None and bool(instance.get("DeletionProtection"))
    return [*_database(stack, instance), _versions(stack), _conversations(stack, wanted=protected)]


def _instance(stack: Stack) -> DBInstanceTypeDef | None:
    """The instance behind the stack's endpoint."""
    host = str(stack.outputs["databaseEndpoint"]).partition(":")[0]
    for page in stack.client("rds").get_paginator("describe_db_instances").paginate():
        for instance in page["DBInstances"]:
            if host == instance.get("Endpoint", {}).get("Address"):
                return instance
    return None


def _database(stack: Stack, instance: DBInstanceTypeDef | None) -> list[Kept]:
    if instance is None:
        return [Kept("database", well=False, seen=f"there is no instance at {stack.outputs['databaseEndpoint']}")]
    days, wanted = instance.get("BackupRetentionPeriod", 0), wanted_days(stack)
    seen = f"{days} days of backups" if days else "the database keeps no backups"
    if wanted is not None and wanted != days:
        seen += f"; the stack's settings say {wanted}"
    found = [Kept("retention", well=days > 0 and wanted in {None, days}, seen=seen)]
    if days:
        found += [_restorable(instance.get("LatestRestorableTime")), _snapshots(stack, instance)]
    return found


def wanted_days(stack: Stack) -> int | None:
    """What the stack's settings say, if they say anything but the default."""
    if stack.name == LOCAL:
        return None
    said: dict[str, dict[str, str]] = json.loads(pulumi("config", "--json", "--stack", stack.name))
    value = said.get("collections:backupRetentionDays", {}).get("value")
    return None if value is None else int(value)


def _restorable(latest: datetime | None) -> Kept:
    if latest is None:
        return Kept("restorable", well=False, seen="to no moment yet: the first backup is still to come")
    behind = datetime.now(UTC) - latest
    minutes = f"{behind.total_seconds() / 60:.0f} min ago"
    return Kept("restorable", well=behind <= LATEST, seen=f"to any second until {latest:%Y-%m-%d %H:%M} UTC, {minutes}")


def _snapshots(stack: Stack, instance: DBInstanceTypeDef) -> Kept:
    name = instance.get("DBInstanceIdentifier", "")
    found = stack.client("rds").describe_db_snapshots(DBInstanceIdentifier=name).get("DBSnapshots", [])
    made = sorted(each["SnapshotCreateTime"] for each in found if each.get("SnapshotCreateTime"))
    if not made:
        return Kept("snapshots", well=False, seen="none yet")
    return Kept("snapshots", well=True, seen=f"{len(made)}, the newest of {made[-1]:%Y-%m-%d %H:%M}")


def _versions(stack: Stack) -> Kept:
    bucket = str(stack.outputs["imageBucket"])
    on = stack.client("s3").get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"
    seen = "a deleted or overwritten image can be brought back" if on else f"{bucket} keeps no versions"
    return Kept("images", well=on, seen=seen)


def _conversations(stack: Stack, *, wanted: bool) -> Kept:
    table = str(stack.outputs["checkpointTable"])
    described = stack.client("dynamodb").describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = described.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if recovery == "ENABLED":
        return Kept("conversations", well=True, seen="restorable to any second")
    seen = "not restorable; they are forgotten after some hours anyway"
    return Kept("conversations", well=not wanted, seen=seen)
