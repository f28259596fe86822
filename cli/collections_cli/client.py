"""Collections' HTTP API as Python calls."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx

from collections_cli.resources import (
    Analysis,
    ClientConfig,
    Item,
    ItemPage,
    SearchResponse,
    SearchType,
    Ticket,
)

TIMEOUT_SECONDS = 30.0
"""The API answers within this."""
UPLOAD_TIMEOUT_SECONDS = 300.0
PAGE_SIZE = 100

CONTENT_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".avif": "image/avif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".bmp": "image/bmp",
}
"""Files that can be uploaded, by their suffix in lower case."""


class ApiError(Exception):
    """The API refused or failed; the message says why."""

    def __init__(self, status: int, detail: str, request_id: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.request_id = request_id


class UnreachableError(Exception):
    """Nobody answered at the address."""


class UnsupportedFileError(ValueError):
    """The file's suffix is not that of an image that can be uploaded."""


@dataclass(frozen=True)
class Upload:
    """What became of a file."""

    item_id: str
    existed: bool
    """The user had these bytes already: nothing was sent."""


def http_client() -> httpx.Client:
    """A client that honours the environment's proxies, except for what runs on this machine."""
    direct = {"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None}
    return httpx.Client(timeout=TIMEOUT_SECONDS, mounts=direct)


def content_type_of(path: Path) -> str:
    """Raises `UnsupportedFileError`."""
    content_type = CONTENT_TYPES.get(path.suffix.lower())
    if content_type is None:
        raise UnsupportedFileError(f"{path}: not one of {', '.join(CONTENT_TYPES)}")
    return content_type


class Client:
    """Calls the API at `api_url`, as the user whose `token` is given.

    `token` is asked before each call, so that it may renew what expires; without it only `config` can be called.
    Every call raises `ApiError` when the API refuses, and `UnreachableError` when nobody answers. Close it, or use it
    as a context manager.
    """

    def __init__(self, api_url: str, token: Callable[[], str] | None = None, http: httpx.Client | None = None) -> None:
        self.api_url = api_url.rstrip("/")
        self._token = token
        self._http = http or http_client()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def config(self) -> ClientConfig:
        """Where to sign in; needs no token."""
        return cast(ClientConfig, self._send("GET", "/config.json", authorized=False).json())

    def upload(self, path: Path) -> Upload:
        """Upload a file, unless the user has these bytes already.

        Raises `OSError` when it cannot be read, and `UnsupportedFileError`.
        """
        content_type = content_type_of(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            announced = {
                "filename": path.name,
                "content_type": content_type,
                "size": path.stat().st_size,
                "sha256": digest,
            }
            answer = self._send("POST", "/uploads", json=announced)
            if answer.status_code == HTTPStatus.OK:
                return Upload(cast(Item, answer.json())["id"], existed=True)
            ticket = cast(Ticket, answer.json())
            file.seek(0)
            self._deliver(ticket, path.name, file)
        return Upload(ticket["item_id"], existed=False)

    def page(
        self,
        *,
        status: str | None = None,
        category: str | None = None,
        sort: str | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> ItemPage:
        """One page of items; `cursor` is the `next_cursor` of the page before."""
        query = {"status": status, "category": category, "sort": sort, "limit": limit, "cursor": cursor}
        given = {name: value for name, value in query.items() if value is not None}
        return cast(ItemPage, self._send("GET", "/items", params=given).json())

    def items(
        self, *, status: str | None = None, category: str | None = None, sort: str | None = None
    ) -> Iterator[Item]:
        """All items that match, fetched page by page."""
        cursor: str | None = None
        while True:
            page = self.page(status=status, category=category, sort=sort, cursor=cursor)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def item(self, item_id: str) -> Item:
        """One item with its latest analysis."""
        return cast(Item, self._send("GET", f"/items/{item_id}").json())

    def analyses(self, item_id: str) -> list[Analysis]:
        """All analyses of an item, newest first."""
        return cast(list[Analysis], self._send("GET", f"/items/{item_id}/analyses").json()["analyses"])

    def delete(self, item_id: str) -> None:
        """Delete an item with all that belongs to it."""
        self._send("DELETE", f"/items/{item_id}")

    def search(
        self, query: str, *, search_type: SearchType = "hybrid", top_k: int = 10, category: str | None = None
    ) -> SearchResponse:
        """Find images by words (`bm25`), by meaning (`vector`) or by both."""
        request = {"query": query, "search_type": search_type, "top_k": top_k, "category_filter": category}
        return cast(SearchResponse, self._send("POST", "/search", json=request).json())

    def _send(self, method: str, path: str, *, authorized: bool = True, **request: Any) -> httpx.Response:
        headers: dict[str, str] = {}
        if authorized:
            if self._token is None:
                raise ApiError(HTTPStatus.UNAUTHORIZED, "Sign in first.")
            headers["Authorization"] = f"Bearer {self._token()}"
        try:
            answer = self._http.request(method, f"{self.api_url}{path}", headers=headers, **request)
        except httpx.TransportError as error:
            raise UnreachableError(f"{self.api_url} does not answer: {error}") from error
        if answer.is_success:
            return answer
        raise _refusal(answer)

    def _deliver(self, ticket: Ticket, filename: str, file: Any) -> None:
        try:
            answer = self._http.post(
                ticket["url"],
                data=ticket["fields"],
                files={"file": (filename, file)},
                timeout=UPLOAD_TIMEOUT_SECONDS,
            )
        except httpx.TransportError as error:
            raise UnreachableError(f"The image store does not answer: {error}") from error
        if not answer.is_success:
            raise ApiError(answer.status_code, f"The image store refused {filename} (HTTP {answer.status_code}).")


def _refusal(answer: httpx.Response) -> ApiError:
    """The application's problem, or what the gateway in front of it says (`{"message": …}`)."""
    try:
        body: object = answer.json()
    except ValueError:
        body = None
    said = cast(dict[str, str | None], body) if isinstance(body, dict) else {}
    detail = said.get("detail") or said.get("message") or f"HTTP {answer.status_code} {answer.reason_phrase}"
    return ApiError(answer.status_code, detail, said.get("request_id"))
