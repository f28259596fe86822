"""One person's collection in the system: filled as the pipeline would, asked as the API is."""

import json
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from io import StringIO
from types import SimpleNamespace
from typing import Any, NamedTuple, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from mangum.types import LambdaContext

from evaluation.dataset import Dataset, Document, Image
from evaluation.system import System
from runtime import analyses, items
from runtime.analyses import Claim
from runtime.analysis import ImageAnalysis
from runtime.api.adapter import Handler, gateway_handler
from runtime.api.app import create_app
from runtime.handlers.analyzer import describe_file
from runtime.imaging import process_image
from runtime.items import ImageFacts
from runtime.keys import original_key
from runtime.records import ItemRecord
from runtime.search.document import document_text, index
from runtime.vision import PROMPT_VERSION

USER = "evaluation"
_LEASE = timedelta(minutes=5)
_TYPES = {
    ".heic": "image/heic",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
_CONTEXT = cast(
    "LambdaContext",
    SimpleNamespace(
        function_name="evaluation",
        function_version="1",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-central-1:000000000000:function:evaluation",
        aws_request_id="evaluation",
        get_remaining_time_in_millis=lambda: 30_000,
    ),
)


class Answer(NamedTuple):
    """What a search gave."""

    ranked: list[str]
    """Documents and images by their names in the data set, best first."""
    confidence: float | None


class _Indexable(NamedTuple):
    item: ItemRecord
    analysis_id: UUID
    text: str


@dataclass
class Collection:
    """A data set's documents and images as items of one person."""

    system: System
    _names: dict[UUID, str] = field(default_factory=dict[UUID, str])
    _api: Handler = field(init=False)

    def __post_init__(self) -> None:
        self._api = gateway_handler(create_app(self.system.services))

    def fill(self, dataset: Dataset) -> None:
        """Add everything in `dataset`, by the runtime's own code for each step of the pipeline."""
        added = [self._add_document(dataset.name, document) for document in dataset.documents]
        added += [self._add_image(dataset, image) for image in dataset.images]
        embedded = self.system.services.embedder.documents([each.text for each in added])
        with self.system.services.database.tenant(USER) as connection:
            for each, vector in zip(added, embedded.vectors, strict=True):
                analysis = analyses.find(connection, each.analysis_id)
                if analysis is None or not items.mark_analyzed(connection, each.item.id):
                    raise RuntimeError(f"item {each.item.id} is gone")
                index(connection, each.item, analysis, vector, embedded.model)
                items.mark_searchable(connection, each.item.id)

    def ask(self, query: str, search_type: str, top_k: int, **options: object) -> Answer:
        """`POST /search`. Raises `RuntimeError` when it is answered with an error."""
        body = {"query": query, "search_type": search_type, "top_k": top_k, **options}
        # Metrics are written there, which nobody reads here.
        with redirect_stdout(StringIO()):
            answer = self._api(_request("POST", "/search", json.dumps(body)), _CONTEXT)
        if answer["statusCode"] != 200:
            raise RuntimeError(f"POST /search {body} gave {answer['statusCode']}: {answer['body']}")
        found: Mapping[str, Any] = json.loads(answer["body"])
        # What the response calls nothing is nothing, whatever it lists.
        shown = found["results"][: found["total_results"]]
        return Answer(self.names([UUID(result["item_id"]) for result in shown]), found["confidence"])

    def names(self, item_ids: Sequence[UUID]) -> list[str]:
        """What the data set calls these items."""
        return [self._names[item_id] for item_id in item_ids]

    def _add_document(self, dataset: str, document: Document) -> _Indexable:
        content = document.id.encode()
        announced = self._item(dataset, document.id, document.filename, len(content))
        item = replace(announced, title=document.title, note=document.note)
        facts = ImageFacts(
            mime_type=item.mime_type,
            file_size=len(content),
            width=1080,
            height=1920,
            sha256=sha256(content).hexdigest(),
            perceptual_hash=0,
            taken_at=None,
            latitude=None,
            longitude=None,
            camera=None,
        )
        return self._analysed(self._processed(item, facts), document.analysis, "data set", 0, 0)

    def _add_image(self, dataset: Dataset, image: Image) -> _Indexable:
        body = dataset.path(image).read_bytes()
        processed = process_image(body, self.system.services.settings.max_pixels)
        item = self._processed(self._item(dataset.name, image.id, image.file.name, len(body)), processed.facts)
        seen = self.system.vision.analyze(
            processed.preview, describe_file(item), self.system.analysis_model, lambda _: None
        )
        return self._analysed(item, seen.analysis, seen.answered_by, seen.input_tokens, seen.output_tokens)

    def _item(self, dataset: str, name: str, filename: str, size: int) -> ItemRecord:
        # The same id each time, since equal scores are ordered by it.
        item_id = uuid5(NAMESPACE_URL, f"{dataset}/{name}")
        self._names[item_id] = name
        _, _, extension = filename.rpartition(".")
        return ItemRecord(
            id=item_id,
            user_id=USER,
            original_key=original_key(USER, item_id, extension.lower()),
            original_filename=filename,
            mime_type=_TYPES.get(f".{extension.lower()}", "image/png"),
            file_size=size,
        )

    def _processed(self, item: ItemRecord, facts: ImageFacts) -> ItemRecord:
        with self.system.services.database.tenant(USER) as connection:
            items.create(connection, item)
            processed = items.mark_processed(connection, item.id, facts)
        if processed is None:
            raise RuntimeError(f"item {item.id} is gone")
        return processed

    def _analysed(
        self, item: ItemRecord, seen: ImageAnalysis, answered_by: str, input_tokens: int, output_tokens: int
    ) -> _Indexable:
        with self.system.services.database.tenant(USER) as connection:
            claim = analyses.claim(
                connection,
                item_id=item.id,
                user_id=USER,
                sha256=item.sha256 or "",
                model=self.system.analysis_model,
                prompt_version=PROMPT_VERSION,
                request_id=None,
                lease=_LEASE,
            )
            if not isinstance(claim, Claim):
                raise TypeError(f"item {item.id} was looked at before")
            analysis = analyses.complete(
                connection,
                claim.analysis_id,
                analysis=seen,
                answered_by=answered_by,
                input_tokens=input_tokens,
                output_tokens=output_tokens,
            )
        return _Indexable(item, analysis.id, document_text(item, analysis))


def _request(method: str, path: str, body: str) -> dict[str, Any]:
    """The gateway's event (HTTP API, payload 2.0), once it has verified the person's token."""
    return {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "evaluation", "content-type": "application/json"},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1", "userAgent": "evaluation"},
            "requestId": "evaluation",
            "stage": "$default",
            "authorizer": {"jwt": {"claims": {"sub": USER}}},
        },
        "isBase64Encoded": False,
        "body": body,
    }
