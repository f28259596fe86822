"""Collections' HTTP API as Python calls."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx

from collections_cli.failures import ApiError, FileChangedError, UnreachableError, UnsupportedFileError
from collections_cli.files import CONTENT_TYPES, Sent, WatchedFile, content_type_of, measured
from collections_cli.resources import (
    Analysis,
    ClientConfig,
    Item,
    ItemPage,
    SearchResponse,
    SearchType,
    Ticket,
)

__all__ = ["CONTENT_TYPES", "ApiError", "Client", "UnreachableError", "UnsupportedFileError", "Upload", "http_client"]

TIMEOUT_SECONDS = 30.0
"""The API answers within this."""
UPLOAD_TIMEOUT_SECONDS = 300.0
PAGE_SIZE = 100


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

    def health(self) -> tuple[dict[str, str], str | None]:
        """What the service says of itself, also when it is not well, and its time (RFC 9110). Needs no token."""
        try:
            answer = self._http.get(f"{self.api_url}/health")
            return cast(dict[str, str], answer.json()), answer.headers.get("date")
        except httpx.TransportError as error:
            raise UnreachableError(f"{self.api_url} does not answer: {error}") from error
        except ValueError as error:
            raise UnreachableError(f"What answers at {self.api_url} is not Collections.") from error

    def upload(self, path: Path, sent: Sent | None = None) -> Upload:
        """Upload a file, unless the user has these bytes already. Sending it again after an interruption goes on with
        the same item.

        `sent` is told of bytes on their way. Raises `OSError` when the file cannot be read, `FileChangedError` and
        `UnsupportedFileError`.
        """
        content_type = content_type_of(path)
        with WatchedFile(path, sent or _nobody) as file:
            image = measured(path, file)
            announced = {
                "filename": path.name,
                "content_type": content_type,
                "size": image.size,
                "sha256": image.sha256,
            }
            answer = self._send("POST", "/uploads", json=announced)
            if answer.status_code == HTTPStatus.OK:
                return Upload(cast(Item, answer.json())["id"], existed=True)
            ticket = cast(Ticket, answer.json())
            file.watched = True
            self._deliver(ticket, path, file)
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

    def retry(self, item_id: str) -> Item:
        """Have the stage that failed try again."""
        return cast(Item, self._send("POST", f"/items/{item_id}/retry").json())

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

    def _deliver(self, ticket: Ticket, path: Path, file: WatchedFile) -> None:
        try:
            answer = self._http.post(
                ticket["url"],
                data=ticket["fields"],
                files={"file": (path.name, file)},
                timeout=UPLOAD_TIMEOUT_SECONDS,
            )
        except httpx.LocalProtocolError as error:
            raise FileChangedError(
                f"{path} changed while it was being sent, and was not kept. Upload it again."
            ) from error
        except httpx.TransportError as error:
            raise UnreachableError(f"The image store does not answer: {error}") from error
        if not answer.is_success:
            raise ApiError(answer.status_code, f"The image store refused {path.name} (HTTP {answer.status_code}).")


def _nobody(_sent: int) -> None:
    """Told of bytes when nobody wants to know."""


def _refusal(answer: httpx.Response) -> ApiError:
    """The application's problem, or what the gateway in front of it says (`{"message": …}`)."""
    try:
        body: object = answer.json()
    except ValueError:
        body = None
    said = cast(dict[str, str | None], body) if isinstance(body, dict) else {}
    detail = said.get("detail") or said.get("message") or f"HTTP {answer.status_code} {answer.reason_phrase}"
    return ApiError(answer.status_code, detail, said.get("request_id"), _seconds(answer.headers.get("retry-after")))


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None
