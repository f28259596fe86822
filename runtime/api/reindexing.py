"""Having search learn of what a user has changed."""

from collections.abc import Iterable
from uuid import UUID, uuid4

from runtime.api.dependencies import Services, Tenant
from runtime.events import EmbeddingRequested
from runtime.records import ItemRecord, Status

INDEXED = (Status.ANALYZED, Status.SEARCHABLE)
"""Where an item has a document, or is about to get one. Before, its document will say what the item then says."""


def have_indexed(tenant: Tenant, services: Services, item_ids: Iterable[UUID]) -> None:
    """Have these items' documents made anew. Raises `PublishError`; asking twice does no harm."""
    command = str(uuid4())
    services.publish(
        *(EmbeddingRequested(correlation_id=command, user_id=tenant.user_id, item_id=item_id) for item_id in item_ids)
    )


def is_indexed(item: ItemRecord) -> bool:
    """Whether search must be told of changes."""
    return item.status in INDEXED
