"""Items as the API shows them: with their latest analysis and tags, however many in two statements."""

from collections.abc import Sequence

from runtime import analyses
from runtime.api.schemas.items import ItemPublic
from runtime.postgres import Connection
from runtime.records import ItemRecord
from runtime.storage import ImageStore
from runtime.tag_names import names_of


def presented(connection: Connection, items: Sequence[ItemRecord], store: ImageStore) -> list[ItemPublic]:
    """`items`, in their order."""
    ids = [item.id for item in items]
    latest, named = analyses.latest_of(connection, ids), names_of(connection, ids)
    return [ItemPublic.of(item, latest.get(item.id), store, named.get(item.id, ())) for item in items]


def presented_one(connection: Connection, item: ItemRecord, store: ImageStore) -> ItemPublic:
    """A single item."""
    return presented(connection, [item], store)[0]
