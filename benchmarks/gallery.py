"""How soon the gallery shows something of ten thousand images in Chromium, and how smoothly they scroll by."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from benchmarks.imaging import Aim
from benchmarks.report import machine, shown, table
from benchmarks.timing import Spread, ratio
from local.stack import LocalStack
from local.users import Credentials
from tests.e2e.gallery import Account, Gallery, devtools
from tests.e2e.library import fill

FEW, MANY, ROUNDS = 100, 10_000, 5
QUICK_MANY, QUICK_ROUNDS = 300, 2
FRAME_AT_MOST = 100.0
"""Milliseconds."""
FLING, GLANCE = 300, 80
"""Pixels a frame: 18,000 a second, faster than any hand, and at which ten thousand images pass in twenty seconds; and
4,800 a second, the fastest at which the gallery still shows each image as it comes by."""
GLANCES = 600
"""Frames."""

_CATEGORIES = (
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "disabled-by-default-devtools.timeline.frame",
)
_FIRST_IMAGE = """
document.addEventListener("load", ({ target }) => {
  if (target.matches?.(".tile img")) window.firstImage ??= performance.now();
}, true);
"""
_AWAIT_FIRST_IMAGE = """
() => new Promise((resolve) => {
  const look = () => (window.firstImage ? resolve(window.firstImage) : requestAnimationFrame(look));
  look();
})
"""
_TRACE_SECONDS = 60


@dataclass(frozen=True)
class Round:
    """One visit. Milliseconds."""

    first_paint: float
    """Until anything is seen (Chromium's first contentful paint)."""
    first_image: float
    """Until the first image is there."""
    longest_frame: float
    """Between two frames drawn, of all of the scroll."""
    longest_task: float
    """Of processor time, that the page's thread had to do without a break while it scrolled."""


@dataclass(frozen=True)
class Scrolled:
    """What was measured: visits by the number of images."""

    name: ClassVar[str] = "gallery"

    visits: dict[int, list[Round]]
    load: str

    @property
    def many(self) -> int:
        """The larger number."""
        return max(self.visits)

    def values_of(self, count: int, name: str) -> list[float]:
        """One figure of each visit."""
        return [float(getattr(each, name)) for each in self.visits[count]]

    def times_few(self, name: str) -> Spread:
        """What it is of the same with few images."""
        return ratio(self.values_of(self.many, name), self.values_of(min(self.visits), name))

    def aims(self) -> list[Aim]:
        """What was to be reached."""
        what = f"Gallery, a scroll through {self.many:,} images"
        frame, task = (Spread.of(self.values_of(self.many, name)).median for name in ("longest_frame", "longest_task"))
        return [
            Aim(f"{what}: longest frame, ms", FRAME_AT_MOST, frame),
            Aim(f"{what}: longest task of the page, ms of processor", FRAME_AT_MOST, task),
        ]

    def section(self) -> str:
        """In Markdown."""
        few = min(self.visits)
        rows = [
            [
                what,
                *(shown(Spread.of(self.values_of(count, name)), 0) for count in (few, self.many)),
                shown(self.times_few(name), 1),
            ]
            for what, name in _NAMES.items()
        ]
        return "\n".join(
            [
                "## The gallery\n",
                f"In Chromium, signed in, on the local stack: the library is opened, and scrolled from its first image "
                f"to its last, {FLING} pixels a frame, while its pages come from the API, and back; then from its "
                f"first on, {GLANCE} pixels a frame, while its images come too. Frames and tasks are those of "
                "Chromium's trace.\n",
                table(["ms", f"{few:,} images", f"{self.many:,} images", "ratio"], rows),
                "A frame waits for a processor too, a task's processor time does not: browser, stack and whatever else "
                f"runs share this machine. Load meanwhile: {self.load}.\n",
            ]
        )

    def values(self) -> dict[str, Any]:
        """For machines."""
        visits = {
            str(count): {name: Spread.of(self.values_of(count, name))._asdict() for name in _NAMES.values()}
            for count in self.visits
        }
        return {"visits_ms": visits, "load": self.load}


_NAMES = {
    "first paint": "first_paint",
    "first image": "first_image",
    "scrolling: longest frame": "longest_frame",
    "scrolling: longest task of the page, processor time": "longest_task",
}


def measure(stack: LocalStack, *, quick: bool) -> Scrolled | None:
    """In turns, after a visit that does not count; None where there is no Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        return None
    many, rounds = (QUICK_MANY, QUICK_ROUNDS) if quick else (MANY, ROUNDS)
    people = {count: stack.create_user(f"has-{count}@example.org") for count in (FEW, many)}
    for count, user in people.items():
        fill(stack, user.email, count)
    visits: dict[int, list[Round]] = {count: [] for count in people}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for number in range(rounds + 1):
            for count, user in people.items():
                visit = _visit(browser, stack.api_url, user, count)
                if number:
                    visits[count].append(visit)
        browser.close()
    return Scrolled(visits, machine()["load"])


def _visit(browser: Browser, url: str, user: Credentials, count: int) -> Round:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    gallery = Gallery(page, url)
    gallery.sign_in(Account(user.email, user.password))
    expect(page.locator(".count")).to_have_text(f"{count:,} images")
    page.add_init_script(_FIRST_IMAGE)
    page.reload()
    first_image = page.evaluate(_AWAIT_FIRST_IMAGE)
    first_paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    scrolls: list[_Scroll] = []
    for step, frames, reached in ((FLING, None, count - 1), (-FLING, None, 0), (GLANCE, GLANCES, None)):
        with _traced(page) as events:
            gallery.scroll(step, frames)
        scrolls.append(_Scroll.of(events))
        if reached is not None:
            # Here and back: both ends of the library are there, and all between.
            expect(page.locator(f".grid a[data-index='{reached}']")).to_be_attached()
    context.close()
    return Round(first_paint, first_image, max(each.frame for each in scrolls), max(each.task for each in scrolls))


@contextmanager
def _traced(page: Page) -> Generator[list[dict[str, Any]]]:
    """Chromium's trace of what is done meanwhile, in the list once that is over."""
    events: list[dict[str, Any]] = []
    session = page.context.new_cdp_session(page)
    ended: list[dict[str, Any]] = []

    def over(told: dict[str, Any]) -> None:
        ended.append(told)

    session.on("Tracing.tracingComplete", over)
    configuration = {"includedCategories": _CATEGORIES}
    devtools(session, "Tracing.start", transferMode="ReturnAsStream", traceConfig=configuration)
    yield events
    devtools(session, "Tracing.end")
    deadline = time.monotonic() + _TRACE_SECONDS
    while not ended:
        if time.monotonic() > deadline:
            raise RuntimeError("Chromium does not end its trace")
        page.wait_for_timeout(20)
    events += json.loads("".join(_read(session, ended[0]["stream"])))["traceEvents"]


def _read(session: CDPSession, stream: str) -> Iterator[str]:
    while True:
        piece = devtools(session, "IO.read", handle=stream)
        yield piece["data"]
        if piece["eof"]:
            devtools(session, "IO.close", handle=stream)
            return


class _Scroll(NamedTuple):
    """The longest of it, in milliseconds."""

    frame: float
    task: float

    @classmethod
    def of(cls, events: Sequence[dict[str, Any]]) -> _Scroll:
        """From a trace (times are in microseconds there), between its first animation frame and its last."""
        steps = [each for each in events if each["name"] == "FireAnimationFrame"]
        thread = (steps[0]["pid"], steps[0]["tid"])
        begin, end = min(each["ts"] for each in steps), max(each["ts"] for each in steps)
        drawn = sorted(each["ts"] for each in events if each["name"] == "DrawFrame" and begin <= each["ts"] <= end)
        tasks = [
            each.get("tdur", 0)  # left out where it is too short to be counted
            for each in events
            if each["name"] == "RunTask" and (each["pid"], each["tid"]) == thread and begin <= each["ts"] <= end
        ]
        gaps = [later - earlier for earlier, later in pairwise([begin, *drawn, end])]
        return cls(max(gaps) / 1000, max(tasks) / 1000)
