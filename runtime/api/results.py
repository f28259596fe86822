"""What was found, as people want to see it."""

from collections.abc import Sequence

from runtime import analyses, items
from runtime.api.schemas.search import SearchKind, SearchResult
from runtime.postgres import Connection
from runtime.search.query import Hit
from runtime.storage import ImageStore


def shown(
    connection: Connection, hits: Sequence[Hit], search_type: SearchKind, store: ImageStore
) -> list[SearchResult]:
    """`hits` with what there is to see of them: two more queries, however many there are."""
    found = [hit.item_id for hit in hits]
    item_of = items.find_each(connection, found)
    latest = analyses.latest_of(connection, found)
    still_there = [hit for hit in hits if hit.item_id in item_of]
    return [
        SearchResult.of(rank, hit, search_type, item_of[hit.item_id], latest.get(hit.item_id), store)
        for rank, hit in enumerate(still_there, start=1)
    ]


def by_rank(hits: Sequence[Hit]) -> list[Hit]:
    """`hits`, which Claude has put in order, each scored by the reciprocal of its rank: there is no other scale."""
    return [hit.model_copy(update={"score": 1 / rank}) for rank, hit in enumerate(hits, start=1)]
