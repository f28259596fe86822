"""A large library scrolls by without fetching what nobody can have seen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.conftest import Deployed
from tests.e2e.gallery import Account, OpenGallery
from tests.e2e.library import fill

pytestmark = pytest.mark.timeout(300)

IMAGES = 500
STEP = 1000
"""Pixels a frame: too fast to be looked at even where frames take long."""


def test_images_that_fly_past_are_not_fetched_and_those_at_the_end_are(
    open_gallery: OpenGallery, deployed: Deployed, account: Account
) -> None:
    if deployed.local is None:
        pytest.skip("not run: only a stack that was started for the tests can be filled")
    fill(deployed.local, account.email, IMAGES)
    gallery = open_gallery()
    page = gallery.page
    fetched: set[str] = set()

    def note(request: Request) -> None:
        if thumbnail := re.search(r"[^/]+/[^/]+/thumb", request.url):
            fetched.add(thumbnail[0])

    page.on("request", note)
    gallery.sign_in(account)
    expect(page.locator(".tile img").first).to_be_visible()
    gallery.scroll(STEP)
    image = page.locator(f".grid li:has(a[data-index='{IMAGES - 1}']) img")
    expect(image).to_be_visible()
    expect(image).to_have_js_property("complete", value=True)

    # All are known by now: those in between could be shown.
    gallery.scroll(-STEP)

    expect(page.locator(".grid a[data-index='0']")).to_be_in_viewport()
    seen = page.locator(".tile img").count()
    assert seen <= len(fetched) < IMAGES / 2
