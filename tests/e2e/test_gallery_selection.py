"""In a browser, several images are selected and dealt with at once, and what looks alike is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from local.stack import CHECKOUT
from tests.e2e.gallery import PHONE, Account, Gallery, OpenGallery, pictures

pytestmark = pytest.mark.timeout(300)

WORDS = ["marmalade", "lighthouse", "carpenter", "umbrella"]
PHOTOGRAPH = CHECKOUT / "samples" / "coffee-break.jpg"


@pytest.fixture
def gallery(open_gallery: OpenGallery, account: Account, tmp_path: Path) -> Gallery:
    """With four images."""
    gallery = open_gallery()
    gallery.sign_in(account)
    gallery.upload(*pictures(tmp_path, WORDS))
    gallery.expect_tiles(len(WORDS))
    gallery.page.get_by_role("button", name="Close uploads").click()
    return gallery


def test_several_are_selected_by_clicks_and_tagged(gallery: Gallery) -> None:
    page = gallery.page
    gallery.tiles().first.hover()
    gallery.box(gallery.tiles().first).click()
    gallery.tiles().nth(2).locator("a").click(modifiers=["Shift"])
    expect(gallery.selection).to_contain_text("3 selected")
    gallery.tiles().nth(1).locator("a").click()
    expect(gallery.selection).to_contain_text("2 selected")
    expect(gallery.box(gallery.tiles().nth(1))).not_to_be_checked()
    expect(gallery.box(gallery.tiles().nth(2))).to_be_checked()
    gallery.expect_accessible()

    gallery.selection.get_by_label("Tag all").fill("Journey")
    page.keyboard.press("Enter")

    expect(page.get_by_text("2 images tagged Journey.")).to_be_visible()
    expect(gallery.selection).to_have_count(0)
    page.get_by_role("combobox", name="Tag", exact=True).select_option("Journey")
    gallery.expect_tiles(2)


def test_several_are_selected_by_keys_and_deleted_once_that_is_confirmed(gallery: Gallery) -> None:
    page = gallery.page
    kept = gallery.tiles().nth(3).locator(".caption").inner_text()
    page.locator(".grid a[tabindex='0']").focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(gallery.selection).to_contain_text("4 selected")
    page.keyboard.press("Shift+ArrowLeft")
    expect(gallery.selection).to_contain_text("3 selected")
    page.keyboard.press("Escape")
    expect(gallery.selection).to_have_count(0)
    page.keyboard.press("Control+a")
    expect(gallery.selection).to_contain_text("4 selected")
    gallery.box(gallery.tiles().nth(3)).click()

    delete = gallery.selection.get_by_role("button", name="Delete", exact=True)
    delete.click()
    question = gallery.selection.get_by_role("group", name="Delete 3 images?")
    expect(question.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Enter")
    gallery.expect_tiles(4)
    delete.click()
    question.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("3 images deleted.")).to_be_visible()
    gallery.expect_tiles(1)
    expect(gallery.tiles().locator("a")).to_be_focused()
    page.reload()
    gallery.expect_tiles(1)
    expect(gallery.tile(kept)).to_be_visible()


def test_images_are_put_into_an_album_and_taken_out_of_it(gallery: Gallery) -> None:
    page = gallery.page
    gallery.make_album("Summer")
    gallery.go("Library")
    page.get_by_role("button", name="Select", exact=True).click()
    for tile in gallery.tiles().all()[:3]:
        tile.locator("a").click()
    gallery.selection.get_by_label("Add all to an album").select_option("Summer")
    expect(page.get_by_text("3 images in Summer.")).to_be_visible()
    expect(gallery.selection).to_have_count(0)

    gallery.go("Albums")
    page.get_by_role("link", name="Summer").click()
    gallery.expect_tiles(3)
    gallery.box(gallery.tiles().first).click()
    gallery.selection.get_by_role("button", name="Take out of Summer").click()
    gallery.expect_tiles(2)
    facts = gallery.open(gallery.tiles().first)
    gallery.expect_accessible()
    facts.get_by_role("button", name="Take out of Summer").click()
    expect(page.locator("dialog")).to_have_count(0)
    gallery.expect_tiles(1)

    page.reload()
    gallery.expect_tiles(1)
    gallery.go("Library")
    gallery.expect_tiles(len(WORDS))


def test_what_is_deleted_from_a_search_is_gone_from_its_results(gallery: Gallery) -> None:
    gallery.search("marmalade")
    found = gallery.tile("marmalade")
    found.hover()
    gallery.box(found).click()
    gallery.selection.get_by_role("button", name="Delete", exact=True).click()
    gallery.selection.get_by_role("group").get_by_role("button", name="Delete").click()

    expect(gallery.page.get_by_text("1 image deleted.")).to_be_visible()
    expect(found).to_have_count(0)


def test_another_view_begins_with_nothing_selected(gallery: Gallery) -> None:
    gallery.page.get_by_role("button", name="Select", exact=True).click()
    gallery.tiles().first.locator("a").click()
    gallery.go("Usage")
    gallery.go("Library")

    gallery.expect_tiles(len(WORDS))
    expect(gallery.selection).to_have_count(0)


def test_what_looks_alike_is_found_and_the_smaller_one_let_go(
    open_gallery: OpenGallery, account: Account, tmp_path: Path
) -> None:
    gallery = open_gallery(**PHONE)
    page = gallery.page
    small = tmp_path / "small.jpg"
    with Image.open(PHOTOGRAPH) as photograph:
        photograph.reduce(2).save(small, quality=70)
    gallery.sign_in(account)
    gallery.upload(small, PHOTOGRAPH, *pictures(tmp_path, ["telegram"]))
    gallery.expect_tiles(3)
    page.get_by_role("button", name="Close uploads").tap()

    gallery.go("Duplicates")
    page.get_by_role("button", name="Find look-alikes").tap()
    group = page.locator(".alike-group")
    expect(group).to_have_count(1)
    expect(group.get_by_role("listitem")).to_have_count(2)
    expect(group.get_by_role("listitem").first).to_contain_text("The largest")
    expect(group.get_by_role("listitem").first).to_contain_text(PHOTOGRAPH.name)
    gallery.expect_accessible()
    group.get_by_role("button", name="Keep the largest").tap()
    group.get_by_role("group", name="Delete the other 1?").get_by_role("button", name="Delete").tap()

    expect(group).to_have_count(0)
    gallery.go("Library")
    gallery.expect_tiles(2)


def test_on_a_phone_several_are_selected_by_taps(open_gallery: OpenGallery, account: Account, tmp_path: Path) -> None:
    gallery = open_gallery(**PHONE)
    page = gallery.page
    gallery.sign_in(account)
    gallery.upload(*pictures(tmp_path, ["porcelain", "orchard"]))
    gallery.expect_tiles(2)
    page.get_by_role("button", name="Close uploads").tap()
    expect(gallery.box(gallery.tiles().first)).not_to_be_visible()

    page.get_by_role("button", name="Select", exact=True).tap()
    for tile in gallery.tiles().all():
        tile.locator("a").tap()
    expect(gallery.selection).to_contain_text("2 selected")
    gallery.expect_accessible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    gallery.selection.get_by_label("Tag all").fill("Both")
    page.keyboard.press("Enter")

    expect(page.get_by_text("2 images tagged Both.")).to_be_visible()
