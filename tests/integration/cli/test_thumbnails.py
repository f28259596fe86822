"""`collections search --images`: a terminal that can show images gets them, another one gets none."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from tests.integration.cli.conftest import Type, ended
from tests.integration.cli.service import Service

pytest.importorskip("textual_image", reason="not run: the command's extra `images` is not installed")
pytestmark = [pytest.mark.usefixtures("signed_in", "found")]

SIXEL, KITTY = "\x1bP", "\x1b_G"
"""What images begin with: Sixel's device control string, and kitty's graphics command."""

TERMINALS = {
    "of a VT340": ("\x1b[?63;4c\x1b[6;20;10t", SIXEL),
    "of kitty": ("\x1b[?62c\x1b_Gi=1;OK\x1b\\\x1b[6;20;10t", KITTY),
}
"""Answers to: what are you; can you do kitty's graphics; how large is a character. And what is sent then."""


@pytest.fixture
def found(service: Service) -> None:
    """An image that any search finds."""
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "crimson").save(buffer, "PNG")
    service.thumbnail = buffer.getvalue()
    result: dict[str, Any] = {
        "item_id": "1f0c",
        "rank": 1,
        "score": 0.5,
        "category": "Travel",
        "headline": "The train to the coast",
        "thumbnail_url": f"{service.url}/thumbnail",
        "metadata": {},
    }
    service.found = [result]


def answers_at_once(type_: Type, answers: str) -> str:
    """What a terminal is shown that has its answers ready."""
    program = type_("search", "train", "--images")
    program.delaybeforesend = None
    program.setecho(False)
    program.send(answers)
    code, shown = ended(program)
    assert code == 0, shown
    assert "The train to the coast" in shown
    return shown


@pytest.mark.parametrize("terminal", TERMINALS)
def test_a_terminal_that_can_show_images_is_sent_them(type_: Type, terminal: str) -> None:
    answers, begins = TERMINALS[terminal]

    shown = answers_at_once(type_, answers)

    # Longer than the question whether it can: that has one pixel.
    assert max(len(piece) for piece in shown.split(begins)[1:]) > 100
    assert "does not show images" not in shown


def test_a_terminal_that_cannot_gets_none_and_is_told(type_: Type) -> None:
    shown = answers_at_once(type_, "\x1b[?62c")

    assert SIXEL not in shown
    assert "▄" not in shown
    assert "This terminal does not show images" in shown
