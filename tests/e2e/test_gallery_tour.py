"""Goes through the gallery's views as a newcomer would. In each, axe finds nothing serious.

With SCREENSHOTS naming a folder, what is seen goes there, for the documentation: `make screenshots`.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from local.stack import CHECKOUT
from tests.e2e.gallery import PHONE, Account, Gallery, OpenGallery

pytestmark = pytest.mark.timeout(900)

FOLDER = os.environ.get("SCREENSHOTS")
SAMPLES = sorted(path for path in (CHECKOUT / "samples").iterdir() if path.suffix != ".md")
WITH_COORDINATES = "IMG_2057.jpg"
PHOTOGRAPH = CHECKOUT / "samples" / "coffee-break.jpg"
FEW = [path for path in SAMPLES if path.name in {WITH_COORDINATES, PHOTOGRAPH.name, "rain-radar.gif"}]
QUESTION = "What was the total at Mill Lane Bakery?"
QUALITY = 82
SHOWN = {"empty", "library", "search", "answer", "image", "selection", "chat", "duplicates", "dark", "phone"}
"""Views whose pictures are in the documentation."""


def look(gallery: Gallery, name: str) -> None:
    """Judge what is seen, and keep a picture of it if one is wanted."""
    gallery.expect_accessible()
    if FOLDER and name in SHOWN:
        save(gallery.page, Path(FOLDER) / f"gallery-{name}.webp")


def save(page: Page, file: Path) -> None:
    page.mouse.move(0, 0)  # what is pointed at looks otherwise
    page.wait_for_load_state("networkidle")
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    shot.convert("RGB").save(file, "webp", quality=QUALITY, method=6)


def test_every_view_is_accessible(open_gallery: OpenGallery, account: Account, tmp_path: Path) -> None:
    gallery = open_gallery()
    page = gallery.page
    page.goto(f"{gallery.url}/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    look(gallery, "welcome")
    gallery.enter(account)
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    look(gallery, "empty")

    samples = SAMPLES if FOLDER else FEW
    broken = tmp_path / "half-a-download.jpg"
    broken.write_bytes(SAMPLES[-1].read_bytes()[:2000])
    smaller = tmp_path / "coffee-sent-by-chat.jpg"
    with Image.open(PHOTOGRAPH) as photograph:
        photograph.reduce(2).save(smaller, quality=75)
    gallery.upload(smaller, broken, *samples)
    expect(page.locator(".tile img").first).to_be_visible()
    look(gallery, "uploading")
    gallery.expect_tiles(len(samples) + 1)
    gallery.expect_tiles(1, "failed")
    page.get_by_role("button", name="Close uploads").click()
    look(gallery, "library")

    for step in (image, search, selection, albums, chat, duplicates, usage):
        step(gallery)
    dark_and_small(gallery, open_gallery, account)


def image(gallery: Gallery) -> None:
    page = gallery.page
    facts = gallery.open(gallery.tiles().first)
    for _ in SAMPLES:
        if facts.get_by_text(WITH_COORDINATES).count():
            break
        place = page.url
        page.keyboard.press("ArrowRight")
        expect(page).not_to_have_url(place)
        expect(facts).to_be_visible()
    expect(facts.get_by_role("img", name="World map")).to_be_visible()
    facts.get_by_label("Add a tag").fill("Journey")
    page.keyboard.press("Enter")
    expect(facts.get_by_role("button", name="Remove tag Journey")).to_be_visible()
    look(gallery, "image")
    gallery.close()


def search(gallery: Gallery) -> None:
    gallery.search("a cup of coffee")
    expect(gallery.tiles().first).to_be_visible()
    look(gallery, "search")
    gallery.page.keyboard.press("Escape")
    gallery.search(QUESTION)
    gallery.page.keyboard.press("Enter")
    expect(gallery.page.get_by_role("region", name="Answer")).to_be_visible()
    look(gallery, "answer")


def selection(gallery: Gallery) -> None:
    page = gallery.page
    gallery.go("Library")
    gallery.tiles().first.hover()
    gallery.box(gallery.tiles().first).click()
    gallery.tiles().nth(3).locator("a").click(modifiers=["Shift"])
    expect(gallery.selection).to_contain_text("selected")
    look(gallery, "selection")
    page.keyboard.press("Escape")


def albums(gallery: Gallery) -> None:
    gallery.make_album("On the road")
    look(gallery, "albums")


def chat(gallery: Gallery) -> None:
    gallery.go("Chat")
    for turn, message in enumerate((QUESTION, "the second one"), start=1):
        gallery.page.get_by_label("Message", exact=True).fill(message)
        gallery.page.keyboard.press("Enter")
        expect(gallery.page.locator(".turn-of.assistant:not([aria-busy])")).to_have_count(turn)
    look(gallery, "chat")


def duplicates(gallery: Gallery) -> None:
    gallery.go("Duplicates")
    gallery.page.get_by_role("button", name="Find look-alikes").click()
    expect(gallery.page.locator(".alike-group")).to_have_count(1)
    expect(gallery.page.get_by_text("compared:")).to_be_visible()
    look(gallery, "duplicates")


def usage(gallery: Gallery) -> None:
    gallery.go("Usage")
    expect(gallery.page.get_by_role("heading", name="This month")).to_be_visible()
    look(gallery, "usage")


def dark_and_small(gallery: Gallery, open_gallery: OpenGallery, account: Account) -> None:
    page = gallery.page
    gallery.go("Library")
    expect(gallery.tiles().first).to_be_visible()
    page.emulate_media(color_scheme="dark")
    look(gallery, "dark")
    phone = open_gallery(**PHONE)
    phone.sign_in(account)
    expect(phone.tiles().first).to_be_visible()
    look(phone, "phone")
