"""A tenant's collection for tests of search: items whose words and direction of meaning are given."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from runtime import items
from runtime.analysis import ImageAnalysis
from runtime.models import ItemTag, Tag
from runtime.records import ItemRecord
from runtime.search.document import index
from runtime.search.filters import NO_FILTERS, Filters
from runtime.search.query import Found, Hit, SearchType, search
from runtime.settings import EMBEDDING_DIMENSIONS
from runtime.tag_names import names_of
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import add_analysis, add_processed
from tests.sessions import driver, tenant_session

ADA, BOB = "ada", "bob"


def direction(angle: float) -> list[float]:
    """A unit vector; the cosine of two is the cosine of the angle between them, in degrees."""
    radians = math.radians(angle)
    return [math.cos(radians), math.sin(radians)] + [0.0] * (EMBEDDING_DIMENSIONS - 2)


def keep(
    database: Database,
    answer: ImageAnalysis,
    *,
    user: str = ADA,
    angle: float = 90,
    filename: str = "IMG_0001.png",
    tags: Sequence[str] = (),
    taken_at: datetime | None = None,
    own_category: str | None = None,
) -> ItemRecord:
    """A searchable item whose vector points to `angle`."""
    with tenant_session(database.functions, user) as session:
        processed = add_processed(session, user, filename=filename)
        item = items.edit(driver(session), processed.id, {"taken_at": taken_at, "category": own_category})
        assert item is not None
        for name in tags:
            add_tag(session, item, name)
        analysis = add_analysis(session, item, answer)
        assert items.mark_analyzed(driver(session), item.id)
        index(
            driver(session),
            item,
            analysis,
            direction(angle),
            "voyage-test",
            names_of(driver(session), [item.id]).get(item.id, []),
        )
        assert items.mark_searchable(driver(session), item.id)
    return item


def add_tag(session: Session, item: ItemRecord, name: str) -> None:
    """Give `item` the tag of this name, which is made if there is none."""
    tag = session.exec(select(Tag).where(Tag.name == name)).one_or_none() or Tag(user_id=item.user_id, name=name)
    session.add(tag)
    session.flush()
    session.add(ItemTag(item_id=item.id, tag_id=tag.id, user_id=item.user_id))
    session.flush()


def look(
    database: Database,
    query: str,
    *,
    user: str = ADA,
    search_type: SearchType = SearchType.BM25,
    angle: float | None = None,
    top_k: int = 10,
    vector_weight: float = 0.6,
    filters: Filters = NO_FILTERS,
    min_confidence: float | None = 0,
) -> Found:
    """Search; with `min_confidence` 0 whatever comes nearest is found."""
    vector: Sequence[float] | None = None if angle is None else direction(angle)
    with tenant_session(database.functions, user) as session:
        return search(
            driver(session),
            query=query,
            vector=vector,
            search_type=search_type,
            top_k=top_k,
            vector_weight=vector_weight,
            filters=filters,
            min_confidence=min_confidence,
        )


def find(database: Database, query: str, **how: Any) -> list[Hit]:
    """What `look` finds."""
    return look(database, query, **how).hits


def found(hits: list[Hit]) -> list[object]:
    return [hit.item_id for hit in hits]
