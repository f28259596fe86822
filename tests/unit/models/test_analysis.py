"""What is said of an image, given what was found in it."""

from typing import cast

import pytest

from local.models.analysis import Context, analyse
from local.models.appearance import Appearance
from local.models.category import RULES, UNKNOWN
from local.models.vision import Findings, TextRow
from local.models.wire import JsonObject
from runtime.analysis import Category

PHOTO = Appearance(colours=("brown", "cream"), vibes=(), flatness=0.5, paper=0.1, portrait_ratio=0.67)
PHONE_SCREEN = Appearance(colours=("white",), vibes=("bright",), flatness=0.95, paper=0.9, portrait_ratio=2.2)
PAPER = Appearance(colours=("white",), vibes=("bright",), flatness=0.6, paper=0.8, portrait_ratio=1.4)


def findings(appearance: Appearance, *rows: str, title: str = "") -> Findings:
    """`title` has letters twice the size of the rows'."""
    texts = [*([(title, 0.04)] if title else []), *((row, 0.02) for row in rows)]
    spaced = [TextRow(text, height, 0.1 + 0.05 * index) for index, (text, height) in enumerate(texts)]
    return Findings(800, round(800 * appearance.portrait_ratio), tuple(spaced), appearance)


def media(analysis: JsonObject) -> JsonObject:
    return cast("JsonObject", analysis["media_metadata"])


def details(analysis: JsonObject) -> JsonObject:
    return cast("JsonObject", analysis["image_details"])


def test_a_photograph_without_text_is_described_by_its_looks_and_its_file_s_name() -> None:
    analysis = analyse(findings(PHOTO), "File name: 'IMG_7.jpg'\nTaken: 2025-09-06 15:42 UTC\nCamera: 'Sample SO 7'")

    assert analysis["headline"] == "Photograph, mostly brown and cream, landscape, with file name IMG_7.jpg"
    assert analysis["category"] == "Other"
    assert str(analysis["summary"]).endswith("File IMG_7.jpg taken 2025-09-06 with Sample SO 7.")
    assert details(analysis)["likely_source"] == "Sample SO 7"


def test_a_telling_file_name_gives_a_photograph_its_category() -> None:
    assert analyse(findings(PHOTO), "File name: coffee-break.jpg")["category"] == "Food"


@pytest.mark.parametrize(
    ("category", "rows"),
    [
        ("Receipt", ["Receipt no. 4711 Till 2", "Sourdough loaf 6.40", "VAT 7% 0.42", "TOTAL EUR 6.40", "Card 6.40"]),
        ("Finance", ["INVOICE", "Total due 2,634.00", "Please pay within 30 days by bank transfer"]),
        ("Technology", ["Traceback (most recent call last):", "sqlalchemy.exc.OperationalError: database is locked"]),
        ("Food", ["Ingredients", "300 g lentils", "1 tsp cumin", "garlic and lemon"]),
        ("Travel", ["京都駅 新幹線のぞみ", "徒歩10分"]),
        ("Other", ["Lorem ipsum dolor", "sit amet"]),
    ],
)
def test_words_decide_the_category(category: str, rows: list[str]) -> None:
    assert analyse(findings(PHONE_SCREEN, *rows), "")["category"] == category


def test_there_are_rules_for_every_category_that_an_analysis_may_have() -> None:
    assert {*RULES, UNKNOWN} == set(Category)


def test_a_page_of_text_that_fits_no_category_is_a_document() -> None:
    rows = ["Dear reader,", "nothing here", "speaks for", "any one thing", "in particular"]

    assert analyse(findings(PAPER, *rows), "")["category"] == "Document"


def test_a_receipt_s_headline_says_whose_it_is_and_the_total() -> None:
    analysis = analyse(findings(PAPER, "Rye rolls 3.60", "TOTAL EUR 22.36", title="MILL LANE BAKERY"), "")

    assert analysis["headline"] == "MILL LANE BAKERY · TOTAL EUR 22.36"
    assert details(analysis)["key_interest"] == "TOTAL EUR 22.36"


def test_an_error_message_comes_first_in_the_headline() -> None:
    analysis = analyse(findings(PHONE_SCREEN, "$ make migrate", "psycopg.errors.NotNullViolation: column x"), "")

    assert analysis["headline"] == "psycopg.errors.NotNullViolation: column x · $ make migrate"


def test_a_headline_is_cut_to_140_characters() -> None:
    headline = str(analyse(findings(PHONE_SCREEN, "word " * 60), "")["headline"])

    assert len(headline) <= 140
    assert headline.endswith("…")


def test_a_phone_s_clock_and_battery_are_no_headline() -> None:
    screen = Findings(
        400, 880, (TextRow("18:47 LTE 54%", 0.03, 0.02), TextRow("Lemon lentil soup", 0.03, 0.3)), PHONE_SCREEN
    )

    assert analyse(screen, "")["headline"] == "Lemon lentil soup"


def test_a_post_gives_its_author_place_sound_mentions_and_hashtags() -> None:
    post = findings(
        PHONE_SCREEN,
        "@lena.paints",
        "Harbor Quay, Port Alder",
        "1,284 likes 96 comments",
        "Thanks @bo_frames. Write to me@example.com",
        "#gouache #港",
        "Original audio - Slow Tide",
    )

    assert media(analyse(post, "")) == {
        "original_poster": "@lena.paints",
        "tagged_accounts": ["@bo_frames"],
        "location_tags": ["Harbor Quay, Port Alder"],
        "audio_source": "Slow Tide",
        "hashtags": ["#gouache", "#港"],
    }


def test_a_handle_outside_a_post_is_mentioned_but_posted_nothing() -> None:
    found = media(analyse(findings(PHONE_SCREEN, "Ask @bo_frames"), ""))

    assert (found["original_poster"], found["tagged_accounts"]) == (None, ["@bo_frames"])


def test_all_text_is_kept_line_by_line() -> None:
    assert details(analyse(findings(PAPER, "one", "two", "三"), ""))["extracted_text"] == ["one", "two", "三"]


@pytest.mark.parametrize(
    ("prompt", "context"),
    [
        (
            "File name: 'Screenshot 2026-03-02 at 22.14.07.png'\nTaken: 2025-01-31",
            Context("Screenshot 2026-03-02 at 22.14.07.png", "2025-01-31", ""),
        ),
        ("Please look at beach.jpg, taken 2024:05:06.", Context("beach.jpg", "2024-05-06", "")),
        ("What is this?", Context("", "", "")),
    ],
)
def test_the_prompt_tells_the_file_s_name_and_date(prompt: str, context: Context) -> None:
    assert Context.read(prompt) == context
