"""All resource types and lookups that the local stack knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.provisioner import (
    apigateway,
    cognito,
    events,
    functions,
    iam,
    images,
    keys,
    monitoring,
    network,
    random_values,
    rds,
    s3,
    sqs,
    storage,
)
from local.provisioner.lookups import LOOKUPS

if TYPE_CHECKING:
    from local.provisioner.kind import Kind

KINDS: dict[str, Kind] = {
    **apigateway.KINDS,
    **cognito.KINDS,
    **events.KINDS,
    **functions.KINDS,
    **iam.KINDS,
    **images.KINDS,
    **keys.KINDS,
    **monitoring.KINDS,
    **network.KINDS,
    **random_values.KINDS,
    **rds.KINDS,
    **s3.KINDS,
    **sqs.KINDS,
    **storage.KINDS,
}

__all__ = ["KINDS", "LOOKUPS"]
