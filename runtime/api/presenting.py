"""Items as the API shows them: with their latest analysis and tags, however many in two statements."""

from collections.abc import Sequence

from sqlmodel import Session

from runtime import analyses, tags
from runtime.api.schemas.items import ItemPublic
from runtime.models import Item
from runtime.storage import ImageStore


def presented(session: Session, items: Sequence[Item], store: ImageStore) -> list[ItemPublic]:
    """`items`, in their order."""
    ids = [item.id for item in items]
    latest, named = analyses.latest_of(session, ids), tags.names_of(session, ids)
    return [ItemPublic.of(item, latest.get(item.id), store, named.get(item.id, ())) for item in items]


def presented_one(session: Session, item: Item, store: ImageStore) -> ItemPublic:
    """A single item."""
    return presented(session, [item], store)[0]
