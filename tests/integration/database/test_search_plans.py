"""A search's statement is planned once on a connection, which takes longer than most searches."""

from typing import Any

from runtime import postgres
from runtime.migrations.upgrade import FUNCTIONS_ROLE
from runtime.search.query import SearchType, search
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import image_analysis
from tests.integration.database.searching import ADA, BOB, direction, keep

KEPT = """
select count(*), sum(generic_plans), sum(custom_plans)
  from pg_prepared_statements where statement like '%lexical as materialized%'"""


def test_searches_of_one_shape_share_a_plan_whatever_is_looked_for_and_whoever_looks(database: Database) -> None:
    keep(database, image_analysis("Sourdough loaves"), angle=0)
    functions = postgres.Database(database.url(FUNCTIONS_ROLE))
    by_words: dict[str, Any] = {"vector": None, "search_type": SearchType.BM25}
    by_both: dict[str, Any] = {"vector": direction(0), "search_type": SearchType.HYBRID}
    asked: list[tuple[str, dict[str, Any]]] = [
        (ADA, {"query": "loaf", "top_k": 10, **by_words}),
        (BOB, {"query": "mountain lake", "top_k": 50, **by_words}),
        (ADA, {"query": "sourdough", "top_k": 10, "min_confidence": 0.1, **by_both}),
        (ADA, {"query": "bread", "top_k": 1, **by_both}),
    ]

    for user, question in asked:
        with functions.tenant(user) as connection:
            found = search(connection, vector_weight=0.6, **question)
            assert bool(found.hits) == (user == ADA), question
    with functions.role() as connection:
        (kept,) = connection.execute(KEPT)
    functions.close()

    # The first time it is not kept yet.
    assert kept == (1, len(asked) - 1, 0)
