"""Search finds by words and by meaning, within one tenant."""

import math
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime import items
from runtime.analysis import Category
from runtime.search.document import index
from runtime.search.filters import Filters
from runtime.search.query import BM25_B, BM25_K1, Hit, SearchType
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import add_analysis, add_processed, image_analysis
from tests.integration.database.searching import ADA, BOB, direction, find, found, keep
from tests.sessions import driver, tenant_session


def test_words_are_found_in_the_text_of_an_image_whatever_their_form(database: Database) -> None:
    receipt = keep(database, image_analysis(extracted_text=("Sourdough loaves 12.50", "Café Müller")))
    keep(database, image_analysis("A mountain lake"))
    for query in ("loaf sourdough", "LOAVES", "cafe muller", "12.50", "Ｃａｆé"):
        assert found(find(database, query)) == [receipt.id], query


def test_japanese_chinese_and_korean_are_found_without_spaces(database: Database) -> None:
    sign = keep(database, image_analysis(extracted_text=("急な坂道に注意してください",)))
    menu = keep(database, image_analysis(extracted_text=("牛肉麵一百元",)))
    ticket = keep(database, image_analysis(extracted_text=("서울역에서출발합니다",)))
    assert found(find(database, "坂道")) == [sign.id]
    assert found(find(database, "坂")) == [sign.id]
    assert found(find(database, "牛肉麵")) == [menu.id]
    assert found(find(database, "서울역")) == [ticket.id]


def test_file_names_titles_and_notes_are_found(database: Database) -> None:
    by_file = keep(database, image_analysis(), filename="receipt-corner_bakery.v2.png")
    assert found(find(database, "bakery receipt")) == [by_file.id]
    with tenant_session(database.functions, ADA) as session:
        processed = add_processed(session, ADA)
        own = {"title": "Grandmother's garden", "note": "ask about the peonies"}
        item = items.edit(driver(session), processed.id, own)
        assert item is not None
        index(driver(session), item, add_analysis(session, item, image_analysis()), direction(0), "voyage-test")
        assert items.mark_analyzed(driver(session), item.id)
        assert items.mark_searchable(driver(session), item.id)
    assert found(find(database, "peonies")) == found(find(database, "garden")) == [item.id]


def test_bm25_scores_as_the_formula_says(database: Database) -> None:
    """Okapi BM25 by hand: two documents, the word once in the text of one (weight .5)."""
    item = keep(database, image_analysis("x", extracted_text=("zebra",)))
    keep(database, image_analysis("x", extracted_text=("ant bee cow",)))
    # Each has its headline, its category "Other" and the file name's two words besides.
    length, average = 5, 6
    idf = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    expected = idf * 0.5 * (BM25_K1 + 1) / (0.5 + BM25_K1 * (1 - BM25_B + BM25_B * length / average))
    (hit,) = find(database, "zebra")
    assert hit.item_id == item.id
    assert hit.score == pytest.approx(expected, rel=1e-6)


def test_a_word_in_the_headline_counts_more_than_one_in_the_image(database: Database) -> None:
    in_image = keep(database, image_analysis("street", extracted_text=("harbour",)))
    in_headline = keep(database, image_analysis("harbour", extracted_text=("street",)))
    assert found(find(database, "harbour")) == [in_headline.id, in_image.id]


def test_coverage_is_the_share_of_the_query_that_an_item_has_by_rarity(database: Database) -> None:
    both = keep(database, image_analysis("red bicycle"))
    one = keep(database, image_analysis("red house"))
    hits = {hit.item_id: hit for hit in find(database, "red bicycle")}
    assert hits[both.id].coverage == pytest.approx(1)
    coverage = hits[one.id].coverage
    assert coverage is not None
    assert 0 < coverage < 0.5, "the rarer word weighs more"


def test_a_query_of_stop_words_only_finds_them(database: Database) -> None:
    poster = keep(database, image_analysis("The Who live"))
    keep(database, image_analysis("A lake"))
    assert found(find(database, "the who")) == [poster.id]


def test_stop_words_in_a_longer_query_find_nothing_by_themselves(database: Database) -> None:
    keep(database, image_analysis("The lake at the end of the road"))
    assert find(database, "where is the invoice") == []


@pytest.mark.parametrize("query", ["!!! ---", "'; drop table item; --", "& | ! ( ) : *", "\0", "%s %(x)s :q"])
def test_punctuation_is_not_a_query_language(database: Database, query: str) -> None:
    keep(database, image_analysis("A lake"))
    assert find(database, query) == []


def test_meaning_ranks_by_cosine(database: Database) -> None:
    far, near = keep(database, image_analysis(), angle=60), keep(database, image_analysis(), angle=10)
    hits = find(database, "anything", search_type=SearchType.VECTOR, angle=0)
    assert found(hits) == [near.id, far.id]
    assert [hit.score for hit in hits] == pytest.approx([math.cos(math.radians(10)), 0.5], abs=1e-3)
    assert all(hit.score == hit.cosine and hit.coverage is None for hit in hits)


def test_hybrid_finds_what_either_finds_and_weighs_both(database: Database) -> None:
    by_words = keep(database, image_analysis("invoice"), angle=90)
    by_meaning = keep(database, image_analysis("a bill to pay"), angle=5)
    keep(database, image_analysis("mountains"), angle=80)

    def best(vector_weight: float) -> Hit:
        hits = find(database, "invoice", search_type=SearchType.HYBRID, angle=0, vector_weight=vector_weight)
        assert len(hits) == 3
        return hits[0]

    assert best(0.9).item_id == by_meaning.id
    assert best(0.1).item_id == by_words.id
    assert best(0.9).score == pytest.approx(0.9), "first by meaning, last by words"
    assert best(0.1).cosine == pytest.approx(0, abs=1e-3), "what words found has its cosine too"
    assert best(0.9).coverage == 0


def test_hybrid_goes_by_meaning_alone_where_no_word_matches(database: Database) -> None:
    far, near = keep(database, image_analysis(), angle=60), keep(database, image_analysis(), angle=10)
    hits = find(database, "nowhere", search_type=SearchType.HYBRID, angle=0)
    assert found(hits) == [near.id, far.id]


def test_the_category_filters_both_lists(database: Database) -> None:
    food = keep(database, image_analysis("soup", category=Category.FOOD))
    keep(database, image_analysis("soup recipe in a book", category=Category.DOCUMENT))
    for search_type in SearchType:
        assert found(find(database, "soup", search_type=search_type, angle=0, filters=Filters(Category.FOOD))) == [
            food.id
        ]


def test_equal_scores_come_in_the_order_of_ids_and_only_the_best_are_returned(database: Database) -> None:
    twins = [keep(database, image_analysis("soup")) for _ in range(5)]
    in_order = sorted(item.id for item in twins)
    for search_type in SearchType:
        assert found(find(database, "soup", search_type=search_type, angle=0, top_k=3)) == in_order[:3]


def test_deleted_and_unfinished_items_are_not_found(database: Database) -> None:
    deleted = keep(database, image_analysis("soup"))
    with tenant_session(database.functions, ADA) as session:
        assert items.mark_deleted(driver(session), deleted.id)
        unfinished = add_processed(session, ADA)
        analysis = add_analysis(session, unfinished, image_analysis("soup"))
        index(driver(session), unfinished, analysis, direction(0), "voyage-test")
    for search_type in SearchType:
        assert find(database, "soup", search_type=search_type, angle=0) == []


def test_another_tenants_items_are_neither_found_nor_counted(database: Database) -> None:
    for _ in range(20):
        keep(database, image_analysis("soup"), user=BOB)
    mine = keep(database, image_analysis("soup"))
    keep(database, image_analysis("salad"))
    for search_type in SearchType:
        assert mine.id in found(find(database, "soup", search_type=search_type, angle=0))
        assert len(find(database, "soup", search_type=search_type, angle=0, top_k=50)) <= 2
    (hit,) = find(database, "soup")
    assert hit.score > math.log(1.5), "rare among my two items, however common it is elsewhere"


def test_indexing_again_replaces_what_was_known(database: Database) -> None:
    item = keep(database, image_analysis("soup"), angle=90)
    with tenant_session(database.functions, ADA) as session:
        newer = add_analysis(session, item, image_analysis("salad"), forced=True)
        index(driver(session), item, newer, direction(0), "voyage-newer")
    assert find(database, "soup") == []
    assert found(find(database, "salad")) == [item.id]
    (hit,) = find(database, "x", search_type=SearchType.VECTOR, angle=0)
    assert hit.cosine == pytest.approx(1)


def test_indexing_the_same_item_twice_at_once_leaves_one_document(database: Database) -> None:
    item = keep(database, image_analysis("soup"))
    with tenant_session(database.functions, ADA) as session:
        analysis = add_analysis(session, item, image_analysis("salad with soup"), forced=True)

    def index_again(_: int) -> None:
        with tenant_session(database.functions, ADA) as session:
            index(driver(session), item, analysis, direction(0), "voyage-test")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(index_again, range(8)))
    assert found(find(database, "salad")) == [item.id]
