"""Sends the files of a soak as a stubborn client does: what fails is sent again."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

import httpx

from tests.soak.pictures import Fate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local.stack import LocalStack
    from tests.soak.pictures import Picture

UPLOADS_AT_ONCE = 4
ATTEMPTS = 60
PAUSE_SECONDS = 0.5
LONGEST_LIFE_SECONDS = 2.0
"""Of an image that its owner deletes midway."""


class UploadError(Exception):
    """A file could not be sent, however often it was tried."""


@dataclass
class Sent:
    """A file that the bucket has, and the item that it became."""

    picture: Picture
    item_id: str


@dataclass
class StubbornClient:
    """One user's HTTP client, for several threads, which repeats what fails on the other side."""

    api_url: str
    token: str
    http: httpx.Client
    repeats: int = 0
    """Requests that were made again: each announcement among them may have left an item whose file never comes."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, method: str, path: str, *, gone_is_fine: bool = False, **request: Any) -> httpx.Response:
        """A request to the API. Raises UploadError."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.insist(method, f"{self.api_url}{path}", gone_is_fine=gone_is_fine, headers=headers, **request)

    def insist(self, method: str, url: str, *, gone_is_fine: bool = False, **request: Any) -> httpx.Response:
        """A request to whomever. Raises UploadError when it is refused, or failed sixty times."""
        said = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                with self._lock:
                    self.repeats += 1
                time.sleep(PAUSE_SECONDS)
            try:
                answer = self.http.request(method, url, **request)
            except httpx.TransportError as error:
                said = str(error)
                continue
            if answer.is_success or (gone_is_fine and answer.status_code == HTTPStatus.NOT_FOUND):
                return answer
            said = f"HTTP {answer.status_code} {answer.text[:300]}"
            if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                break
        raise UploadError(f"{method} {url}: {said}")


@dataclass
class Uploader:
    """Sends files. What it has sent may be read at any time."""

    stack: LocalStack
    client: StubbornClient
    announced: Callable[[str], None]
    """Told of each item before its file is sent."""
    sent: list[Sent] = field(default_factory=list[Sent])

    def send_all(self, pictures: Iterable[Picture]) -> None:
        """Send all, several at once. Raises UploadError."""
        waiting = iter(pictures)
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            # A hundred at a time, since they are made on the way and thousands of them fill the memory.
            while some := list(islice(waiting, 100)):
                list(pool.map(self._send, some))  # which raises what went wrong with any

    def _send(self, picture: Picture) -> None:
        announcement = {
            "filename": picture.name,
            "content_type": picture.content_type,
            "size": max(1, len(picture.body)),
        }
        ticket: dict[str, Any] = self.client.call("POST", "/uploads", json=announcement).json()
        self.announced(ticket["item_id"])
        if picture.body:
            files = {"file": (picture.name, picture.body)}
            self.client.insist("POST", ticket["url"], data=ticket["fields"], files=files)
        else:  # the form accepts nothing but the announced size, and nobody can announce nothing
            bucket = self.stack.outputs["imageBucket"]
            self.stack.client("s3").put_object(Bucket=bucket, Key=ticket["fields"]["key"], Body=b"")
        self.sent.append(Sent(picture, ticket["item_id"]))
        if picture.fate is Fate.DELETED:
            time.sleep(Random(picture.name).uniform(0, LONGEST_LIFE_SECONDS))
            self.client.call("DELETE", f"/items/{ticket['item_id']}", gone_is_fine=True)
