"""Writes docs/openapi.json: the API's document as every deployment of this code serves it, but for the version."""

import json
from pathlib import Path

from runtime.api.app import routes

FILE = Path(__file__).parent.parent / "docs" / "openapi.json"
VERSION = "0"
"""In place of the tag or commit that a deployment says."""


def document() -> str:
    """The file's text."""
    return json.dumps(routes(VERSION).openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
