"""In a browser, questions are answered, and what is answered leads to the images that it rests on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from local.stack import CHECKOUT
from tests.e2e.conftest import SignIn
from tests.e2e.gallery import Account, Gallery, OpenGallery

pytestmark = pytest.mark.timeout(300)

RECEIPT, INVOICE = (
    CHECKOUT / "samples" / name for name in ("receipt-mill-lane-bakery.jpg", "scan-invoice-roof-repair.jpg")
)
QUESTION, TOTAL = "What was the total at Mill Lane Bakery?", "22.36"


@pytest.fixture(scope="module")
def reader(new_account: Callable[[], Account], sign_in: SignIn) -> Account:
    """Somebody who has two papers."""
    account = new_account()
    person = sign_in(account)
    for item_id in [person.upload(paper) for paper in (RECEIPT, INVOICE)]:
        assert person.settled(item_id)["status"] == "searchable"
    return account


def cited(where: Locator) -> Locator:
    return where.get_by_role("list", name="Images that this rests on").get_by_role("link")


def say(gallery: Gallery, message: str) -> Locator:
    """The reply to it."""
    replies = gallery.page.locator(".turn-of.assistant:not([aria-busy])")
    before = replies.count()
    gallery.page.get_by_label("Message", exact=True).fill(message)
    gallery.page.keyboard.press("Enter")
    expect(replies).to_have_count(before + 1)
    return replies.last


def test_a_question_is_answered_with_the_image_that_says_so(open_gallery: OpenGallery, reader: Account) -> None:
    gallery = open_gallery()
    page = gallery.page
    gallery.sign_in(reader)

    gallery.search(QUESTION)
    page.keyboard.press("Enter")

    answer = page.get_by_role("region", name="Answer")
    expect(answer).to_contain_text(TOTAL)
    expect(cited(answer)).to_have_count(1)
    gallery.expect_accessible()
    cited(answer).click()
    facts = page.locator(".facts")
    expect(facts).to_contain_text(RECEIPT.name)
    expect(facts.get_by_label("Text in the image")).to_contain_text(TOTAL)
    gallery.close()
    expect(answer).to_contain_text(TOTAL)


def test_a_chat_knows_what_was_said_before_is_there_after_a_reload_and_can_be_deleted(
    open_gallery: OpenGallery, reader: Account
) -> None:
    gallery = open_gallery()
    page = gallery.page
    gallery.sign_in(reader)
    gallery.go("Chat")

    first = say(gallery, "What is the total?")
    expect(cited(first)).to_have_count(2)
    second_image = cited(first).nth(1).get_by_text("2. ").inner_text().removeprefix("2. ")
    second = say(gallery, "the second one")
    expect(cited(second)).to_have_count(1)
    expect(cited(second)).to_contain_text(second_image)

    page.reload()
    turns = page.locator(".turn-of")
    expect(turns).to_have_count(4)
    expect(turns.nth(2)).to_have_text("the second one")
    expect(cited(turns.nth(3))).to_contain_text(second_image)
    gallery.expect_accessible()
    cited(turns.nth(3)).click()
    expect(page.locator(".facts")).to_contain_text(second_image)
    gallery.close()

    conversations = page.get_by_role("complementary", name="Conversations").get_by_role("listitem")
    expect(conversations).to_have_count(1)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(conversations).to_have_count(0)
    expect(turns).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="Ask about your images")).to_be_visible()
    expect(conversations).to_have_count(0)
