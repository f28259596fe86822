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
FEW = [path for path in SAMPLES if path.name in {WITH_COORDINATES, "coffee-break.jpg", "rain-radar.gif"}]
QUALITY = 82


def look(gallery: Gallery, name: str) -> None:
    """Judge what is seen, and keep a picture of it if one is wanted."""
    gallery.expect_accessible()
    if FOLDER:
        save(gallery.page, Path(FOLDER) / f"gallery-{name}.webp")


def save(page: Page, file: Path) -> None:
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
    gallery.upload(broken, *samples)
    expect(page.locator(".tile img").first).to_be_visible()
    look(gallery, "uploading")
    gallery.expect_tiles(len(samples))
    gallery.expect_tiles(1, "failed")
    page.get_by_role("button", name="Close uploads").click()
    look(gallery, "library")

    for step in (image, search, albums, rest):
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


def albums(gallery: Gallery) -> None:
    page = gallery.page
    page.get_by_role("link", name="Albums").click()
    page.get_by_label("Name of the new album").fill("On the road")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("link", name="On the road")).to_be_visible()
    look(gallery, "albums")


def rest(gallery: Gallery) -> None:
    page = gallery.page
    for name in ("Chat", "Duplicates", "Usage"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("main")).not_to_contain_text("Loading")
        look(gallery, name.lower())


def dark_and_small(gallery: Gallery, open_gallery: OpenGallery, account: Account) -> None:
    page = gallery.page
    page.get_by_role("link", name="Library", exact=True).click()
    page.emulate_media(color_scheme="dark")
    look(gallery, "dark")
    phone = open_gallery(**PHONE)
    phone.sign_in(account)
    expect(phone.tiles().first).to_be_visible()
    look(phone, "phone")
