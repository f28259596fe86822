"""The gallery in a real browser, in the words of somebody who uses it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]
from playwright.sync_api import CDPSession, Locator, Page, expect

from collections_cli.admin.smoke import picture

PATIENCE_SECONDS = 120
SECONDS_PER_IMAGE = 20
SERIOUS = {"serious", "critical"}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}

expect.set_options(timeout=PATIENCE_SECONDS * 1000)

_SCROLL = """
([step, frames]) => new Promise((resolve) => {
  let done = 0;
  const on = () => {
    const before = scrollY;
    scrollBy({ top: step, behavior: "instant" });
    done += 1;
    if (scrollY !== before && done !== frames) requestAnimationFrame(on);
    else resolve();
  };
  requestAnimationFrame(on);
})
"""


@dataclass(frozen=True)
class Account:
    """What somebody signs in with."""

    email: str
    password: str = field(repr=False)


@dataclass
class Gallery:
    """One tab. Whatever its console says in anger is kept in `complaints`."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda said: self.complaints.append(said.text) if "Content Security" in said.text else None
        )

    def sign_in(self, account: Account, place: str = "") -> None:
        """By the pool's own page."""
        self.page.goto(f"{self.url}/{place}")
        self.enter(account)

    def enter(self, account: Account) -> None:
        """From the gallery's welcome."""
        self.page.get_by_role("button", name="Sign in").click()
        self.page.locator("input[name=username]:visible").fill(account.email)
        self.page.locator("input[name=password]:visible").fill(account.password)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("main")).to_be_visible(timeout=PATIENCE_SECONDS * 1000)

    def sign_out(self) -> None:
        self.page.locator("summary[aria-label=Account]").click()
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("button", name="Sign in")).to_be_visible(timeout=PATIENCE_SECONDS * 1000)

    def upload(self, *files: Path) -> None:
        """As if chosen in the file dialog."""
        self.page.get_by_label("Files", exact=True).set_input_files(list(files))

    def upload_folder(self, folder: Path) -> None:
        """As if chosen in the dialog for folders."""
        self.page.get_by_label("Folder", exact=True).set_input_files(folder)

    def drop(self, *paths: Path) -> None:
        """As if dragged here from the desktop: files and folders."""
        session = self.page.context.new_cdp_session(self.page)
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            devtools(session, "Input.dispatchDragEvent", type=kind, x=600, y=400, data=data)
        session.detach()

    def tiles(self, status: str = "searchable") -> Locator:
        """Images in that state, as the grid shows them."""
        return self.page.locator(f".tile.{status}")

    def tile(self, text: str, status: str = "searchable") -> Locator:
        """The one whose caption says so."""
        return self.tiles(status).filter(has_text=re.compile(re.escape(text), re.IGNORECASE))

    def expect_tiles(self, count: int, status: str = "searchable") -> None:
        """So many, before long: the more images, the longer."""
        seconds = PATIENCE_SECONDS + SECONDS_PER_IMAGE * count
        expect(self.tiles(status)).to_have_count(count, timeout=seconds * 1000)

    def search(self, text: str) -> None:
        """By the field at the top; the key that leads to it has a test of its own."""
        self.page.get_by_role("searchbox", name="Search your images").fill(text)
        expect(self.page.locator(".count")).to_contain_text(f"“{text}”")

    def open(self, tile: Locator) -> Locator:
        """The image in its own view."""
        tile.locator("a").click()
        facts = self.page.locator(".facts")
        expect(facts).to_be_visible(timeout=PATIENCE_SECONDS * 1000)
        return facts

    def close(self) -> None:
        self.page.keyboard.press("Escape")
        expect(self.page.locator("dialog")).to_have_count(0)

    def go(self, view: str) -> None:
        """By the navigation."""
        self.page.get_by_role("link", name=view, exact=True).click()

    def box(self, tile: Locator) -> Locator:
        """Selects the image."""
        return tile.get_by_role("checkbox")

    @property
    def selection(self) -> Locator:
        """What can be done with all that are selected."""
        return self.page.get_by_role("region", name="Selection")

    def scroll(self, step: int, frames: int | None = None) -> None:
        """By `step` pixels in each frame, up where it is negative: to the end, or for so many frames."""
        self.page.evaluate(_SCROLL, [step, frames])

    def make_album(self, name: str) -> None:
        self.go("Albums")
        self.page.get_by_label("Name of the new album").fill(name)
        self.page.get_by_role("button", name="Create").click()
        expect(self.page.get_by_role("link", name=name)).to_be_visible()

    def expect_accessible(self) -> None:
        """axe finds nothing serious."""
        results = cast("dict[str, Any]", Axe().run(self.page).response)  # pyright: ignore[reportUnknownMemberType]
        found: list[dict[str, Any]] = results["violations"]
        serious = [
            f"{each['id']}: {node['html']}" for each in found if each["impact"] in SERIOUS for node in each["nodes"]
        ]
        assert not serious, "\n".join(serious)


OpenGallery = Callable[..., Gallery]
"""Opens a tab; takes what Playwright's `new_context` takes."""


def devtools(session: CDPSession, command: str, **parameters: Any) -> dict[str, Any]:
    """What Chromium's own protocol answers (https://chromedevtools.github.io/devtools-protocol/)."""
    return cast("dict[str, Any]", session.send(command, parameters))  # pyright: ignore[reportUnknownMemberType]


def pictures(folder: Path, words: Sequence[str]) -> list[Path]:
    """Images that say a word each, with a number that nobody has uploaded yet."""
    files: list[Path] = []
    for word in words:
        files.append(folder / f"{word}.png")
        picture(f"{word} {secrets.randbelow(900_000) + 100_000}", files[-1])
    return files
