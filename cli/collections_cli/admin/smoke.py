"""Does a deployed stack do what it is for? A user of its own uploads an image, finds it by its text, and deletes it."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from collections_cli.admin.users import Users, make_password
from collections_cli.client import ApiError, Client
from collections_cli.cognito import Question, UserPool
from collections_cli.failures import ExpectedError

if TYPE_CHECKING:
    import httpx

    from collections_cli.admin.stack import Stack

WORDS = ("marmalade", "lighthouse", "carpenter", "umbrella", "orchard", "telegram", "porcelain", "blacksmith")
"""Read without doubt, and in no other image of a new user."""
ABSENT = "zeppelin"

TIMEOUT_SECONDS = 240
"""A cold start of four functions, and two models that take their time."""
POLL_SECONDS = 1.0
_SIZE, _TEXT_SIZE = (900, 300), 72

Step = Callable[[str], None]
"""Is told what has been shown to work."""


class SmokeError(ExpectedError):
    """Something does not work; the message says what."""


def picture(text: str, file: Path) -> None:
    """Write an image that shows `text`, and that no other file equals."""
    image = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(image)
    draw.text((40, 100), text, fill="black", font=ImageFont.load_default(_TEXT_SIZE))
    for x in range(_SIZE[0]):
        image.putpixel((x, 0), tuple(secrets.token_bytes(3)))
    image.save(file)


def smoke(stack: Stack, http: httpx.Client, done: Step, *, within: float = TIMEOUT_SECONDS) -> None:
    """Go the whole way once; `done` is called for each part of it. Leaves neither user nor image behind, whatever
    happens. Raises `SmokeError`, `ApiError`, `SignInError` and `UnreachableError`.
    """
    with _somebody(stack, http) as client:
        done("a new user signs in")
        word = secrets.choice(WORDS)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "smoke.png"
            shown = f"{word} {secrets.randbelow(9000) + 1000}"
            picture(shown, file)
            item_id = client.upload(file).item_id
        try:
            done("an image is uploaded straight to the bucket")
            seconds = _wait_until_searchable(client, item_id, within)
            done(f"it is searchable after {seconds:.0f} s")
            _require_found(client, word, shown, item_id)
            done(f"it is found by its text, “{word}”, and not by another word")
        finally:
            client.delete(item_id)
        _require_gone(client, item_id)
        done("it is deleted, and gone from everywhere")


@contextmanager
def _somebody(stack: Stack, http: httpx.Client) -> Generator[Client]:
    """The API as a user who is there for as long as this lasts."""
    users = Users.of(stack)
    email, password = f"smoke-{secrets.token_hex(6)}@example.com", make_password()
    api_url = str(stack.outputs["apiUrl"])
    users.create(email, password)
    try:
        config = Client(api_url, http=http).config()
        tokens = UserPool(config, http).sign_in(email, password, _no_question)
        yield Client(api_url, lambda: tokens.access_token, http)
    finally:
        users.delete(email)


def _no_question(question: Question) -> str:
    raise SmokeError(f"the pool wants a {question} of a new user: with mfa = required, sign in by hand instead")


def _wait_until_searchable(client: Client, item_id: str, within: float) -> float:
    started = time.monotonic()
    while (waited := time.monotonic() - started) < within:
        item = client.item(item_id)
        if item["status"] == "searchable":
            return waited
        if item["status"] == "failed":
            raise SmokeError(f"the image failed at {item['stage']}: {item['error']}")
        time.sleep(POLL_SECONDS)
    status = client.item(item_id)["status"]
    raise SmokeError(f"the image is still {status} after {within:.0f} s: look at the dashboard, and into the queues")


def _require_found(client: Client, word: str, shown: str, item_id: str) -> None:
    found = [result["item_id"] for result in client.search(word, search_type="bm25")["results"]]
    if found != [item_id]:
        raise SmokeError(f"the image is not found by “{word}”, which it shows")
    if client.search(ABSENT, search_type="bm25")["results"]:
        raise SmokeError(f"something is found by “{ABSENT}”, which nothing shows")
    # By all that it shows: one word may mean too little of an image to be shown it.
    if [result["item_id"] for result in client.search(shown, search_type="vector")["results"]] != [item_id]:
        raise SmokeError("the image is not found by its meaning")


def _require_gone(client: Client, item_id: str) -> None:
    try:
        client.item(item_id)
    except ApiError as error:
        if error.status != 404:
            raise
    else:
        raise SmokeError("the image is still there after it was deleted")
    if list(client.items()):
        raise SmokeError("the image is still listed after it was deleted")
