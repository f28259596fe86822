"""What people may write into the search field, in their own languages and with their own mistakes."""

import pytest

from runtime.search.query import SearchType
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import image_analysis
from tests.integration.database.searching import ADA, BOB, find, found, keep, look

GERMAN = "Die Rechnungen für die Reparaturen an dem Dach sind noch nicht bezahlt"
FRENCH = "Les chaussures sont dans la boîte avec les factures que nous avons reçues"
SPANISH = "Las facturas de la luz que no hemos pagado están en el cajón de la cocina"


def test_a_phrase_in_quotes_is_found_only_where_it_stands_word_for_word(database: Database) -> None:
    exact = keep(database, image_analysis(extracted_text=("the quick red fox jumped",)))
    keep(database, image_analysis("fox red and quick", extracted_text=("red, then quick, then a fox",)))
    assert found(find(database, '"red fox"')) == [exact.id]
    assert found(find(database, "“Red  FOX” quick")) == [exact.id]
    assert found(find(database, '"red foxes" "quick red"')) == [exact.id], "in whatever form"
    assert find(database, '"fox red jumped"') == []
    assert len(find(database, "red fox")) == 2


@pytest.mark.parametrize("search_type", SearchType)
def test_a_phrase_holds_for_meaning_too(database: Database, search_type: SearchType) -> None:
    exact = keep(database, image_analysis("red fox"), angle=80)
    keep(database, image_analysis("fox that is red"), angle=0)
    assert found(find(database, '"red fox"', search_type=search_type, angle=0)) == [exact.id]


def test_a_phrase_of_stop_words_is_a_phrase(database: Database) -> None:
    poster = keep(database, image_analysis("The Who live at Leeds"))
    keep(database, image_analysis("Who is the one at home"))
    assert found(find(database, '"the who"')) == [poster.id]


def test_a_phrase_without_spaces_is_found_as_it_stands(database: Database) -> None:
    sign = keep(database, image_analysis(extracted_text=("急な坂道に注意してください OK",)))
    keep(database, image_analysis(extracted_text=("坂道注意",)))
    assert found(find(database, '"坂道に注意"')) == [sign.id]
    assert found(find(database, '"坂道に注意 OK"')) == [sign.id]


@pytest.mark.parametrize("search_type", SearchType)
def test_a_word_with_a_minus_is_left_out(database: Database, search_type: SearchType) -> None:
    plain = keep(database, image_analysis("coffee receipt"), angle=10)
    keep(database, image_analysis("coffee receipts from a bakery"), angle=0)
    assert found(find(database, "coffee -bakery", search_type=search_type, angle=0)) == [plain.id]
    assert found(find(database, "coffee -bakeries", search_type=search_type, angle=0)) == [plain.id]
    assert found(find(database, 'coffee -"receipts from"', search_type=search_type, angle=0)) == [plain.id]
    assert len(find(database, 'coffee -"from receipts"', search_type=search_type, angle=0)) == 2


def test_a_compound_with_a_minus_is_left_out_as_a_whole(database: Database) -> None:
    keep(database, image_analysis("router with wi-fi"))
    other = keep(database, image_analysis("router for sci-fi fans"))
    assert found(find(database, "router -wi-fi")) == [other.id]


@pytest.mark.parametrize("query", ["-coffee", '-"coffee receipt" -tea', '""', '"', '-""'])
@pytest.mark.parametrize("search_type", SearchType)
def test_a_query_that_asks_for_nothing_finds_nothing(database: Database, query: str, search_type: SearchType) -> None:
    keep(database, image_analysis("coffee receipt"))
    assert find(database, query, search_type=search_type, angle=None) == []


def test_a_lonely_quotation_mark_and_a_minus_before_a_number_are_text(database: Database) -> None:
    item = keep(database, image_analysis("a 5 inch screen"))
    assert found(find(database, 'screen 5"')) == [item.id]
    assert found(find(database, "screen -5")) == [item.id]


@pytest.mark.parametrize(
    "query", ["reciept", "recept", "receiptt", "rceeipt", "eceipt", "xreceipt", "tecept", "receipt"]
)
def test_a_misspelt_word_finds_what_was_meant(database: Database, query: str) -> None:
    receipt = keep(database, image_analysis("Receipt"))
    keep(database, image_analysis("Mountain"))
    expected = [] if query == "tecept" else [receipt.id]
    assert found(find(database, query)) == expected, "one edit in a word of seven letters, not two"


def test_a_long_word_may_have_two_mistakes_and_a_short_one_none(database: Database) -> None:
    restaurant = keep(database, image_analysis("Restaurant"))
    keep(database, image_analysis("Cat"))
    for query in ("restraunt", "restaurnat", "resturants", "restaurantes"):
        assert found(find(database, query)) == [restaurant.id], query
    assert find(database, "rustarant") == []
    assert find(database, "cst") == []


def test_a_word_that_is_there_is_not_taken_for_a_mistake(database: Database) -> None:
    lemon = keep(database, image_analysis("Lemon"))
    keep(database, image_analysis("Demon"))
    assert found(find(database, "lemon")) == [lemon.id]


def test_a_misspelt_word_counts_less_than_the_right_one(database: Database) -> None:
    keep(database, image_analysis("Receipt"))
    (right,), (wrong,) = find(database, "receipt"), find(database, "reciept")
    assert right.coverage == pytest.approx(1)
    assert wrong.coverage == pytest.approx(0.8)
    assert wrong.score < right.score


def test_what_another_tenant_has_corrects_nothing(database: Database) -> None:
    keep(database, image_analysis("Receipt"), user=BOB)
    keep(database, image_analysis("Mountain"), user=ADA)
    assert find(database, "reciept") == []


@pytest.mark.parametrize("long", ["x" * 300, "ab" * 200])
def test_words_of_any_length_are_looked_for(database: Database, long: str) -> None:
    item = keep(database, image_analysis(extracted_text=(long,)))
    assert found(find(database, long)) == [item.id]
    assert find(database, long + "x") == []


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        (GERMAN, ("Rechnung", "rechnungen", "Reparatur", "für", "Dachs")),
        (FRENCH, ("chaussure", "facture", "boite", "boîtes")),
        (SPANISH, ("factura", "pagados", "cajon", "cocinas")),
    ],
)
def test_documents_are_found_by_the_words_of_their_own_language(
    database: Database, text: str, queries: tuple[str, ...]
) -> None:
    item = keep(database, image_analysis("A note", extracted_text=(text,)))
    keep(database, image_analysis("Something else", extracted_text=("nothing of the kind is in this one",)))
    for query in queries:
        (hit,) = find(database, query)
        assert hit.item_id == item.id
        assert hit.coverage == pytest.approx(1), query
    assert found(find(database, f"note -{queries[0]}")) == []


def test_a_word_in_several_forms_counts_once(database: Database) -> None:
    keep(database, image_analysis("A note", extracted_text=(GERMAN,)))
    (hit,) = find(database, "Rechnungen")
    keep(database, image_analysis("A note", extracted_text=("und wir haben das nicht mit in der Tasche",)))
    assert hit.coverage == pytest.approx(1)
    (again,) = find(database, "Rechnungen")
    assert again.coverage == pytest.approx(1)


def test_other_languages_do_not_mix(database: Database) -> None:
    keep(database, image_analysis("A note", extracted_text=(SPANISH,)))
    # "luces" and "luz" share nothing; the German stem of "lass" is no Spanish one.
    assert find(database, "lasse") == []


def test_queries_that_nothing_matches_find_nothing(database: Database) -> None:
    keep(database, image_analysis("red bicycle in the yard"), angle=85)
    keep(database, image_analysis("red house"), angle=88)
    for search_type in SearchType:
        nothing = look(database, "xylophone lesson", search_type=search_type, angle=0, min_confidence=None)
        assert nothing.hits == []
        assert nothing.confidence == 0


def test_one_common_word_of_many_is_not_a_match_and_the_rare_one_is(database: Database) -> None:
    for _ in range(5):
        keep(database, image_analysis("red house"))
    bicycle = keep(database, image_analysis("red bicycle"))
    assert look(database, "red xylophone lesson", min_confidence=None).hits == []
    assert look(database, "bicycle red", min_confidence=None).hits[0].item_id == bicycle.id
    assert len(look(database, "red xylophone lesson", min_confidence=0).hits) == 6


def test_what_is_asked_for_explicitly_is_shown_down_to_that_confidence(database: Database) -> None:
    near, far = keep(database, image_analysis("a"), angle=20), keep(database, image_analysis("b"), angle=80)
    sure = look(database, "x", search_type=SearchType.VECTOR, angle=0, min_confidence=0.5)
    assert found(sure.hits) == [near.id]
    all_of_it = look(database, "x", search_type=SearchType.VECTOR, angle=0, min_confidence=0)
    assert found(all_of_it.hits) == [near.id, far.id]
    assert sure.confidence == all_of_it.confidence == max(hit.confidence for hit in all_of_it.hits)


def test_words_and_meaning_together_make_surer_than_either(database: Database) -> None:
    keep(database, image_analysis("harbour at night"), angle=75)
    for _ in range(8):
        keep(database, image_analysis("mountains"), angle=90)

    def confidence(search_type: SearchType) -> float:
        return look(database, "harbour boats", search_type=search_type, angle=0, min_confidence=0).confidence

    assert 0 < confidence(SearchType.BM25) < confidence(SearchType.HYBRID) < 1
    assert confidence(SearchType.VECTOR) < confidence(SearchType.HYBRID)


def test_where_all_is_alike_it_may_still_be_what_is_looked_for(database: Database) -> None:
    """The background of a collection of receipts is receipts."""
    for _ in range(40):
        keep(database, image_analysis("a receipt"), angle=50)
    shown = look(database, "bills", search_type=SearchType.VECTOR, angle=0, min_confidence=None, top_k=50)
    assert len(shown.hits) == 40
