"""The gallery's page, the documentation's, and their assets: read when first asked for, so that no other request waits.

Assets are addressed by a digest of them all, so that browsers may keep them for good; the page itself names the current
ones and is asked for each time.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runtime.api.bundle import bundle

FOLDER = Path(__file__).resolve().parent.parent / "gallery"
GALLERY, DOCUMENTATION = "app/main.js", "app/docs.js"
"""The modules that the two pages begin with."""

STYLES = ("base", "shell", "grid", "detail", "views")
"""Style sheets, in the order in which they are joined."""

KEPT_FOR_GOOD = "public, max-age=31536000, immutable"
_DIGEST_LENGTH = 20


@dataclass(frozen=True)
class Asset:
    """A file that the page loads."""

    body: str
    content_type: str


@dataclass(frozen=True)
class Gallery:
    """The pages, and what they load from `static/{digest}/`."""

    page: str
    documentation: str
    digest: str
    assets: Mapping[str, Asset]


@cache
def gallery() -> Gallery:
    """Raises `BundleError`."""
    assets = {
        "gallery.js": Asset(bundle(FOLDER, GALLERY), "text/javascript"),
        "docs.js": Asset(bundle(FOLDER, DOCUMENTATION), "text/javascript"),
        "gallery.css": Asset("".join(_read(f"styles/{name}.css") for name in STYLES), "text/css"),
        "icon.svg": Asset(_read("icon.svg"), "image/svg+xml"),
        "world.json": Asset(_read("vendor/world/land-110m.json"), "application/json"),
    }
    content = "\0".join(f"{name}\0{asset.body}" for name, asset in assets.items())
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGEST_LENGTH]
    page, documentation = (_read(name).replace("{assets}", f"static/{digest}") for name in ("index.html", "docs.html"))
    return Gallery(page, documentation, digest, assets)


def content_security_policy(*origins: str) -> str:
    """Of the page, whose images and requests may come from and go to `origins` besides its own.

    There is no way from a text to HTML or to a script: none may be inline, and with trusted types required and none
    allowed, a browser refuses `innerHTML` as well.
    """
    places = " ".join(dict.fromkeys(["'self'", *origins]))
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {places} blob:",
            f"connect-src {places}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
