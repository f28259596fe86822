"""The gallery does in a browser what a person expects of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Deployed
from tests.e2e.gallery import PHONE, Account, OpenGallery, pictures

pytestmark = pytest.mark.timeout(300)

TOKENS = "collections.tokens"


def tokens_of(page: Page) -> dict[str, object]:
    return json.loads(page.evaluate(f"sessionStorage.getItem('{TOKENS}')"))


def give_tokens(page: Page, tokens: dict[str, object]) -> None:
    """As if these were what the tab had, and it were opened again."""
    page.evaluate("([name, value]) => sessionStorage.setItem(name, value)", [TOKENS, json.dumps(tokens)])
    page.reload()


def test_an_image_is_uploaded_becomes_searchable_is_found_tagged_and_deleted(
    open_gallery: OpenGallery, account: Account, tmp_path: Path
) -> None:
    gallery = open_gallery()
    page = gallery.page
    gallery.sign_in(account)
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()

    gallery.upload(*pictures(tmp_path, ["marmalade", "lighthouse"]))
    expect(page.get_by_text("2 images uploaded")).to_be_visible()
    gallery.expect_tiles(2)

    gallery.search("marmalade")
    facts = gallery.open(gallery.tile("marmalade"))
    expect(facts.get_by_label("Text in the image")).to_contain_text("marmalade")
    facts.get_by_label("Add a tag").fill("Breakfast")
    page.keyboard.press("Enter")
    expect(facts.get_by_role("button", name="Remove tag Breakfast")).to_be_visible()
    gallery.close()

    page.get_by_role("link", name="Library", exact=True).click()
    page.get_by_role("combobox", name="Tag", exact=True).select_option("Breakfast")
    gallery.expect_tiles(1)
    facts = gallery.open(gallery.tile("marmalade"))
    facts.get_by_role("button", name="Delete", exact=True).click()
    facts.get_by_role("group", name="Delete this image?").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Clear").click()
    gallery.expect_tiles(1)
    expect(gallery.tile("lighthouse")).to_be_visible()


def test_what_is_there_already_is_not_sent_again(open_gallery: OpenGallery, account: Account, tmp_path: Path) -> None:
    gallery = open_gallery()
    gallery.sign_in(account)
    files = pictures(tmp_path, ["umbrella"])
    gallery.upload(*files)
    gallery.expect_tiles(1)

    gallery.upload(*files)

    expect(gallery.page.get_by_text("1 image uploaded, 1 already here")).to_be_visible()
    gallery.expect_tiles(1)


@pytest.mark.parametrize("way", ["chosen", "dropped"])
def test_a_folder_is_uploaded_with_the_folders_in_it_and_without_what_systems_leave_there(
    open_gallery: OpenGallery, account: Account, tmp_path: Path, way: str
) -> None:
    gallery = open_gallery()
    gallery.sign_in(account)
    folder = tmp_path / "holidays"
    (folder / "day 2").mkdir(parents=True)
    pictures(folder, ["harbour"])
    pictures(folder / "day 2", ["vineyard"])
    for litter in (".DS_Store", "Thumbs.db", "day 2/desktop.ini"):
        (folder / litter).write_bytes(b"left by a system")

    (gallery.upload_folder if way == "chosen" else gallery.drop)(folder)

    expect(gallery.page.get_by_role("region", name="Uploads")).to_contain_text("2 images uploaded")
    gallery.expect_tiles(2)
    expect(gallery.tile("harbour")).to_be_visible()
    expect(gallery.tile("vineyard")).to_be_visible()


def test_a_broken_image_says_why_and_can_be_tried_again(
    open_gallery: OpenGallery, account: Account, tmp_path: Path
) -> None:
    gallery = open_gallery()
    gallery.sign_in(account)
    name = "<img src=x onerror=alert(1)>.png"
    (tmp_path / name).write_bytes(b"Dear reader, this is no image.")
    (tmp_path / "letter.txt").write_bytes(b"Dear reader.")

    gallery.upload(tmp_path / name, tmp_path / "letter.txt")

    expect(gallery.page.get_by_label("Uploads")).to_contain_text("not an image that can be read")
    gallery.expect_tiles(1, "failed")
    expect(gallery.tiles("failed")).to_contain_text("not an image of a kind that can be kept")
    with gallery.page.expect_response("**/retry") as retried:
        gallery.tiles("failed").get_by_role("button", name="Try again").click()
    assert retried.value.status == 202
    gallery.expect_tiles(1, "failed")
    facts = gallery.open(gallery.tiles("failed"))
    expect(facts.get_by_role("heading")).to_have_text(name)


def test_a_session_is_renewed_while_it_can_be_and_then_ended_with_a_word(
    open_gallery: OpenGallery, account: Account
) -> None:
    gallery = open_gallery()
    page = gallery.page
    gallery.sign_in(account, "#/usage")
    expect(page.get_by_role("link", name="Usage")).to_have_attribute("aria-current", "page")
    tokens = tokens_of(page)

    give_tokens(page, {**tokens, "access": "spoiled", "expires": 0})
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()
    assert tokens_of(page)["access"] != "spoiled"

    give_tokens(page, {**tokens, "access": "spoiled", "refresh": "spoiled", "expires": 0})
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended")
    gallery.enter(account)
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()


def test_signing_out_revokes_the_session(
    open_gallery: OpenGallery, account: Account, deployed: Deployed, http: httpx.Client
) -> None:
    gallery = open_gallery()
    gallery.sign_in(account)
    refresh = tokens_of(gallery.page)["refresh"]
    config = http.get(f"{deployed.api_url}/config.json").json()
    form = {"grant_type": "refresh_token", "client_id": config["client_id"], "refresh_token": refresh}
    address = f"{config['sign_in_url']}/oauth2/token"
    assert http.post(address, data=form).status_code == 200

    gallery.sign_out()

    assert gallery.page.evaluate(f"sessionStorage.getItem('{TOKENS}')") is None
    assert http.post(address, data=form).status_code == 400


def test_a_sign_in_that_this_tab_did_not_begin_is_refused(open_gallery: OpenGallery, deployed: Deployed) -> None:
    page = open_gallery().page

    page.goto(f"{deployed.api_url}/?code=somebody-elses&state=unknown")

    expect(page.get_by_role("alert")).to_contain_text("not begun here")
    assert "code=" not in page.url


def test_two_people_see_nothing_of_each_other(
    open_gallery: OpenGallery, new_account: Callable[[], Account], tmp_path: Path
) -> None:
    ada, bob = open_gallery(), open_gallery()
    ada.sign_in(new_account())
    bob.sign_in(new_account())
    ada.upload(*pictures(tmp_path, ["orchard"]))
    ada.expect_tiles(1)
    item = ada.tiles().locator("a").get_attribute("href")

    bob.page.reload()
    expect(bob.page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    bob.page.goto(f"{bob.url}/{item}")

    expect(bob.page.get_by_role("dialog")).to_contain_text("You have no item")


def test_on_a_phone_everything_is_within_reach(open_gallery: OpenGallery, account: Account, tmp_path: Path) -> None:
    gallery = open_gallery(**PHONE)
    page = gallery.page
    gallery.sign_in(account)
    gallery.upload(*pictures(tmp_path, ["telegram"]))
    gallery.expect_tiles(1)

    for view in ("Chat", "Albums", "Duplicates", "Usage", "Library"):
        page.get_by_role("link", name=view, exact=True).tap()
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, view
    gallery.tiles().locator("a").tap()

    expect(page.locator(".facts")).to_contain_text("telegram")
    page.get_by_role("button", name="Close", exact=True).tap()
    expect(page.locator("dialog")).to_have_count(0)


def test_all_of_it_can_be_done_by_keys(open_gallery: OpenGallery, account: Account, tmp_path: Path) -> None:
    gallery = open_gallery()
    page = gallery.page
    gallery.sign_in(account)
    gallery.upload(*pictures(tmp_path, ["carpenter", "porcelain"]))
    gallery.expect_tiles(2)

    page.locator("body").press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    gallery.close()
    page.locator(".grid a[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".grid a[data-index='1']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".facts")).to_be_visible()
    gallery.close()
    expect(page.locator(".grid a[data-index='1']")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("porcelain")
    expect(gallery.tile("porcelain")).to_be_visible()
    page.keyboard.press("Escape")
    gallery.expect_tiles(2)


def test_the_browser_itself_refuses_markup_made_of_text(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    gallery.page.goto(f"{gallery.url}/")

    said = gallery.page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return 'written'; } catch (error) { return error.name; } }"
    )

    assert said == "TypeError"
    gallery.complaints.clear()
