"""Collections' HTTP API as Python calls."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx

from collections_cli.failures import ApiError, UnreachableError, UnsupportedFileError
from collections_cli.files import CONTENT_TYPES, Sent, WatchedFile, content_type_of, measured
from collections_cli.resources import (
    Album,
    Analysis,
    ChatReply,
    ChatSession,
    ClientConfig,
    Duplicates,
    Export,
    Item,
    ItemChanges,
    ItemPage,
    SearchResponse,
    SearchType,
    SimilarItem,
    Statistics,
    Tag,
    Ticket,
    Usage,
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
        try:
            config = self._send("GET", "/config.json", authorized=False).json()
        except ValueError as error:
            raise UnreachableError.stranger(self.api_url) from error
        except ApiError as error:
            if error.passing:
                raise
            raise UnreachableError.stranger(self.api_url) from error
        if "user_pool_id" not in config:
            raise UnreachableError.stranger(self.api_url)
        return cast(ClientConfig, config)

    def health(self) -> tuple[dict[str, str], str | None]:
        """What the service says of itself, also when it is not well, and its time (RFC 9110). Needs no token."""
        try:
            answer = self._http.get(f"{self.api_url}/health")
            return cast(dict[str, str], answer.json()), answer.headers.get("date")
        except httpx.TransportError as error:
            raise UnreachableError.silent(self.api_url, error) from error
        except ValueError as error:
            raise UnreachableError.stranger(self.api_url) from error

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
            file.watch(image.size)
            self._deliver(ticket, path, file)
        return Upload(ticket["item_id"], existed=False)

    def page(self, *, limit: int = PAGE_SIZE, cursor: str | None = None, **filters: str | None) -> ItemPage:
        """One page of items; `cursor` is the `next_cursor` of the page before. `filters` are those of `items`."""
        return cast(ItemPage, self._get("/items", limit=limit, cursor=cursor, **filters))

    def items(self, **filters: str | None) -> Iterator[Item]:
        """All items that match, fetched page by page: by status, category, tag, album, taken_from, taken_to (ISO 8601
        with a time zone), q (words); in the order of sort (newest, oldest, taken)."""
        yield from self._all("/items", "items", **filters)

    def item(self, item_id: str) -> Item:
        """One item with its latest analysis."""
        return cast(Item, self._get(f"/items/{item_id}"))

    def analyses(self, item_id: str) -> list[Analysis]:
        """All analyses of an item, newest first."""
        return cast(list[Analysis], self._get(f"/items/{item_id}/analyses")["analyses"])

    def change(self, item_id: str, changes: ItemChanges) -> Item:
        """Set the user's own title, note, category or tags; what is left out stays, and None clears."""
        return cast(Item, self._send("PATCH", f"/items/{item_id}", json=changes).json())

    def retry(self, item_id: str) -> Item:
        """Have the stage that failed try again."""
        return cast(Item, self._send("POST", f"/items/{item_id}/retry").json())

    def analyze(self, item_id: str, *, force: bool = False, model: str | None = None) -> None:
        """Have an item analysed; forced, also if it has been."""
        self._send("POST", f"/items/{item_id}/analyze", json={"force_reanalyze": force, "model": model})

    def delete(self, item_id: str) -> None:
        """Delete an item with all that belongs to it."""
        self._send("DELETE", f"/items/{item_id}")

    def similar(self, item_id: str, limit: int = 10) -> list[SimilarItem]:
        """Items that mean much the same, nearest first."""
        return cast(list[SimilarItem], self._get(f"/items/{item_id}/similar", limit=limit)["similar"])

    def duplicates(self, item_id: str) -> Duplicates:
        """Items with the same bytes, and those that look alike."""
        return cast(Duplicates, self._get(f"/items/{item_id}/duplicates"))

    def search(
        self,
        query: str,
        *,
        search_type: SearchType = "hybrid",
        top_k: int = 10,
        category: str | None = None,
        **options: Any,
    ) -> SearchResponse:
        """Find images by words (`bm25`), by meaning (`vector`), by both, or by Claude with tools (`agentic`). `options`
        are the other fields of the request, such as `include_answer`."""
        given = {name: value for name, value in options.items() if value is not None}
        request = {"query": query, "search_type": search_type, "top_k": top_k, "category_filter": category, **given}
        return cast(SearchResponse, self._send("POST", "/search", json=request).json())

    def chat(self, message: str, session_id: str | None = None) -> ChatReply:
        """Say something about one's images; without a session, a new one begins."""
        said = {"message": message} | ({"session_id": session_id} if session_id else {})
        return cast(ChatReply, self._send("POST", "/chat", json=said).json())

    def chat_sessions(self) -> list[ChatSession]:
        """Conversations that are not forgotten yet, the latest first."""
        return cast(list[ChatSession], self._get("/chat/sessions")["sessions"])

    def forget_chat(self, session_id: str) -> None:
        """Remove a conversation."""
        self._send("DELETE", f"/chat/sessions/{session_id}")

    def tags(self) -> list[Tag]:
        """All tags, by name."""
        return list(self._all("/tags", "tags"))

    def rename_tag(self, tag_id: str, name: str) -> Tag:
        """On every item that has it."""
        return cast(Tag, self._send("PATCH", f"/tags/{tag_id}", json={"name": name}).json())

    def delete_tag(self, tag_id: str) -> None:
        """Take it from every item; the items stay."""
        self._send("DELETE", f"/tags/{tag_id}")

    def albums(self) -> list[Album]:
        """All albums, newest first."""
        return list(self._all("/albums", "albums"))

    def create_album(self, name: str, description: str | None = None) -> Album:
        """An empty album."""
        return cast(Album, self._send("POST", "/albums", json={"name": name, "description": description}).json())

    def rename_album(self, album_id: str, name: str) -> Album:
        """Call it something else."""
        return cast(Album, self._send("PATCH", f"/albums/{album_id}", json={"name": name}).json())

    def delete_album(self, album_id: str) -> None:
        """Delete the album; its items stay."""
        self._send("DELETE", f"/albums/{album_id}")

    def album_items(self, album_id: str) -> Iterator[Item]:
        """What is in an album, the last added first."""
        yield from self._all(f"/albums/{album_id}/items", "items")

    def add_to_album(self, album_id: str, item_ids: Sequence[str]) -> int:
        """Put items into an album, all or none; how many were not in it before."""
        return int(self._send("POST", f"/albums/{album_id}/items", json={"item_ids": [*item_ids]}).json()["added"])

    def take_from_album(self, album_id: str, item_id: str) -> None:
        """Take an item out; it stays."""
        self._send("DELETE", f"/albums/{album_id}/items/{item_id}")

    def stats(self) -> Statistics:
        """The collection in numbers."""
        return cast(Statistics, self._get("/stats"))

    def usage(self) -> Usage:
        """What the models have cost, and what is left of this month."""
        return cast(Usage, self._get("/usage"))

    def reindex(self) -> tuple[int, int]:
        """Embed anew what an older model embedded: how many are on the way, and how many remain for another call."""
        answer = self._send("POST", "/reindex").json()
        return int(answer["count"]), int(answer["remaining"])

    def request_export(self) -> str:
        """Have zips of everything made; the id to follow it by."""
        return str(self._send("POST", "/me/export").json()["request_id"])

    def export(self, request_id: str) -> Export:
        """How far an export is."""
        return cast(Export, self._get(f"/me/export/{request_id}"))

    def _get(self, path: str, **query: Any) -> Any:
        given = {name: value for name, value in query.items() if value is not None}
        return self._send("GET", path, params=given).json()

    def _all(self, path: str, key: str, **query: Any) -> Iterator[Any]:
        """What `key` has on all pages."""
        cursor: str | None = None
        while True:
            page = self._get(path, limit=PAGE_SIZE, cursor=cursor, **query)
            yield from page[key]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _send(self, method: str, path: str, *, authorized: bool = True, **request: Any) -> httpx.Response:
        headers: dict[str, str] = {}
        if authorized:
            if self._token is None:
                raise ApiError(HTTPStatus.UNAUTHORIZED, "Sign in first.")
            headers["Authorization"] = f"Bearer {self._token()}"
        try:
            answer = self._http.request(method, f"{self.api_url}{path}", headers=headers, **request)
        except httpx.TransportError as error:
            raise UnreachableError.silent(self.api_url, error) from error
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
        except httpx.TransportError as error:
            raise UnreachableError.silent("The image store", error) from error
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
