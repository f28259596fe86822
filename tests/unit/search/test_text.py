"""Text is written so that a parser that knows spaces finds the words, the same way for documents and queries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.search.text import document_words, query_words


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("a plain sentence", "a plain sentence"),
        ("receipt-corner_bakery.v2", "receipt corner bakery v2"),
        ("https://example.com/path?x=1", "https   example com path x 1"),
        ("@handle #tag", "handle #tag"),
        ("12.50 on 2026-07-03", "12.50 on 2026 07 03"),
        ("-5 degrees", "-5 degrees"),
        ("\N{LATIN SMALL LIGATURE FI}ne \N{FULLWIDTH LATIN CAPITAL LETTER T}ext", "fine Text"),
        ("zero\0byte", "zero byte"),
    ],
)
def test_words_are_freed_from_what_joins_them(written: str, words: str) -> None:
    assert document_words(written) == query_words(written) == words


def test_documents_hold_characters_and_pairs_of_unspaced_scripts() -> None:
    assert document_words("坂道です。OK") == "坂 道 で す 坂道 道で です 。OK"


def test_queries_hold_pairs_alone_and_a_single_character_where_it_is_all() -> None:
    assert query_words("坂道です") == "坂道 道で です"
    assert query_words("坂 OK") == "坂  OK"


def test_half_width_katakana_meets_full_width() -> None:
    assert query_words("ｶﾒﾗ") == query_words("カメラ") == "カメ メラ"


@given(st.text())
def test_a_document_can_be_found_by_every_word_of_a_query_for_its_own_text(written: str) -> None:
    assert set(query_words(written).split()) <= set(document_words(written).split())
