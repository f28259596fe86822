"""The stand-ins' HTTP server: the vendors' endpoints, and those by which tests steer it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.models import schema, wire
from local.models.analysis import analyse
from local.models.answering import ToolWish, answer
from local.models.batches import Batches, errored
from local.models.embedding import Encoder, to_base64
from local.models.faults import ActivePlan, Calls, FaultPlan, Faults
from local.models.vision import Eye, Glance, Looker, UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from starlette.requests import Request

    from local.models.faults import Endpoint
    from local.models.wire import JsonObject

    ErrorReply = Callable[[int, str, dict[str, str] | None], JSONResponse]

_LARGEST_BODY = 32 * 1024 * 1024
"""Bytes; Anthropic's API answers 413 beyond."""
_LARGEST_BATCH = 256 * 1024 * 1024
_NOBODY_LISTENS = 499
"""nginx's code for a client that hung up before it had sent everything; no standard has one."""
_ABILITIES = (
    "this stand-in looks at one image, or reads items in text, and answers by a JSON schema: send at most one base64 "
    "image block, and output_config.format of type json_schema"
)

RequestT = TypeVar("RequestT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Engines:
    """The models that do the work."""

    eye: Looker
    encoder: Encoder

    @classmethod
    def load(cls) -> Engines:
        """Takes about two seconds."""
        return cls(Eye(), Encoder())

    @classmethod
    def load_instant(cls) -> Engines:
        """Those that answer at once: images are glanced at, their text is not read."""
        return cls(Glance(), Encoder())


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """A request that the vendor would refuse, with the status and message of the refusal."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class StandIns:
    """The endpoints. Looking and embedding have a thread each, so that neither holds up the other. One image is looked
    at at a time: a second one would need another 250 MB."""

    def __init__(self, on_failure: Callable[[BaseException], None], load: Callable[[], Engines]) -> None:
        self._on_failure = on_failure
        self._load = load
        self._faults = Faults()
        self._calls = Calls()
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._encoding = ThreadPoolExecutor(1, thread_name_prefix="encode")
        self._engines: asyncio.Future[Engines] | None = None
        self._batches = Batches(self._batched)

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncGenerator[None]:
        """Load the models beside the running server: until they are there, `/health` says 503 and requests wait."""
        loop = asyncio.get_running_loop()
        self._engines = loop.run_in_executor(self._looking, self._load)
        self._engines.add_done_callback(self._loaded)
        yield
        self._batches.close()
        self._looking.shutdown(cancel_futures=True)
        self._encoding.shutdown(cancel_futures=True)

    def _loaded(self, engines: asyncio.Future[Engines]) -> None:
        if not engines.cancelled() and (error := engines.exception()) is not None:
            self._on_failure(error)

    async def _ready(self) -> Engines:
        if self._engines is None:
            raise RuntimeError("the application was not started: its lifespan has not run")
        return await asyncio.shield(self._engines)

    # The vendors' endpoints

    async def messages(self, request: Request) -> Response:
        """`POST /v1/messages` of Anthropic."""

        async def answer(fault: FaultPlan | None) -> Response:
            if "anthropic-version" not in request.headers:
                raise Refusal(400, "anthropic-version: header is required")
            return _reply(await self._message(await _parse(request, wire.MessagesRequest), fault))

        authorised = bool(request.headers.get("x-api-key")) or _has_bearer(request)
        return await self._serve("messages", request, wire.anthropic_error, answer, authorised=authorised)

    async def batches(self, request: Request) -> Response:
        """`POST /v1/messages/batches` of Anthropic."""

        async def answer(fault: FaultPlan | None) -> Response:
            asked = await _parse(request, wire.BatchesRequest, _LARGEST_BATCH)
            return JSONResponse(self._batches.begin(asked.requests, fault, str(request.base_url)))

        authorised = bool(request.headers.get("x-api-key")) or _has_bearer(request)
        return await self._serve("batches", request, wire.anthropic_error, answer, authorised=authorised)

    async def _batched(self, params: JsonObject) -> JsonObject:
        """The result of one request of a batch. Faults of messages befall it too."""
        fault = self._faults.draw("messages", {})
        if fault is not None and fault.kind in ("429", "500", "529"):
            return errored(int(fault.kind), f"fault on request: {fault.kind}")
        try:
            reply = await self._message(wire.MessagesRequest.model_validate(params), fault)
        except Refusal as refusal:
            return errored(refusal.status, refusal.message)
        except ValidationError as invalid:
            return errored(400, _explain(invalid))
        return {"type": "succeeded", "message": reply.model_dump()}

    async def embeddings(self, request: Request) -> Response:
        """`POST /v1/embeddings` of Voyage AI."""

        async def answer(_: FaultPlan | None) -> Response:
            return await self._embed(await _parse(request, wire.EmbeddingsRequest))

        return await self._serve("embeddings", request, wire.voyage_error, answer, authorised=_has_bearer(request))

    async def rerank(self, request: Request) -> Response:
        """`POST /v1/rerank` of Voyage AI."""

        async def answer(_: FaultPlan | None) -> Response:
            return await self._rank(await _parse(request, wire.RerankRequest))

        return await self._serve("rerank", request, wire.voyage_error, answer, authorised=_has_bearer(request))

    async def _serve(
        self,
        endpoint: Endpoint,
        request: Request,
        error: ErrorReply,
        answer: Callable[[FaultPlan | None], Awaitable[Response]],
        *,
        authorised: bool,
    ) -> Response:
        """What all three have in common: authentication, faults, errors in the vendor's format, counting."""
        outcome = "failed"
        try:
            if not authorised:
                outcome = "refused"
                return error(401, "missing API key: any will do, but there must be one", None)
            fault = self._faults.draw(endpoint, request.headers)
            if fault is not None:
                if endpoint != "batches":
                    await asyncio.sleep(fault.wait)
                if fault.kind in ("429", "500", "529"):
                    outcome = fault.kind
                    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
                    return error(int(fault.kind), f"fault on request: {fault.kind}", headers)
            reply = await answer(fault)
        except Refusal as refusal:
            outcome = "refused"
            return error(refusal.status, refusal.message, None)
        except ValidationError as invalid:
            outcome = "refused"
            return error(400, _explain(invalid), None)
        except ClientDisconnect:
            outcome = "abandoned"
            return Response(status_code=_NOBODY_LISTENS)
        else:
            outcome = "ok" if fault is None else fault.kind
            return reply
        finally:
            self._calls.record(endpoint, outcome)

    async def _message(self, request: wire.MessagesRequest, fault: FaultPlan | None) -> wire.MessagesReply:
        asked = request.schema
        if asked is None or len(request.images) > 1:
            raise Refusal(400, _ABILITIES)
        if not request.images:
            return _answer(request, asked, fault)
        engines = await self._ready()
        try:
            schema.check(asked)
            loop = asyncio.get_running_loop()
            findings = await loop.run_in_executor(self._looking, engines.eye.look, request.images[0].data)
            text = json.dumps(schema.obey(asked, analyse(findings, request.text)), ensure_ascii=False)
        except (UnreadableImageError, schema.UnsupportedSchemaError) as refused:
            raise Refusal(400, str(refused)) from refused
        text, stop_reason = _spoil(text, request.max_tokens, fault)
        prompt_tokens = wire.estimate_tokens(request.text + request.system_text)
        usage = wire.Usage(
            input_tokens=wire.estimate_image_tokens(findings.width, findings.height) + prompt_tokens,
            output_tokens=wire.estimate_tokens(text),
        )
        return wire.MessagesReply(content=_text(text), stop_reason=stop_reason, usage=usage)

    async def _embed(self, request: wire.EmbeddingsRequest) -> Response:
        engines = await self._ready()
        dimensions = request.output_dimension or wire.DEFAULT_DIMENSIONS
        loop = asyncio.get_running_loop()
        vectors = await loop.run_in_executor(self._encoding, engines.encoder.encode, request.texts, dimensions)
        data = [
            wire.Embedding(
                index=index,
                embedding=to_base64(vector) if request.encoding_format == "base64" else [float(x) for x in vector],
            )
            for index, vector in enumerate(vectors)
        ]
        reply = wire.EmbeddingsReply(data=data, usage=_total(request.texts))
        return JSONResponse(reply.model_dump())

    async def _rank(self, request: wire.RerankRequest) -> Response:
        engines = await self._ready()
        loop = asyncio.get_running_loop()
        scores = await loop.run_in_executor(self._encoding, engines.encoder.relevance, request.query, request.documents)
        data = [wire.Relevance(index=index, relevance_score=score) for index, score in enumerate(scores)]
        data.sort(key=lambda relevance: -relevance.relevance_score)
        reply = wire.RerankReply(data=data[: request.top_k], usage=_total([request.query, *request.documents]))
        return JSONResponse(reply.model_dump())

    def batch_routes(self) -> list[Route]:
        """How batches are looked at."""
        return self._batches.routes()

    # Steering and watching

    async def health(self, _: Request) -> Response:
        """200 once the models are loaded."""
        ready = self._engines is not None and self._engines.done() and self._engines.exception() is None
        return JSONResponse({"status": "ready" if ready else "loading"}, 200 if ready else 503)

    async def install_fault(self, request: Request) -> Response:
        """`POST /faults`: a `FaultPlan`."""
        try:
            plan = await _parse(request, FaultPlan)
        except ValidationError as invalid:
            return JSONResponse({"detail": _explain(invalid)}, 400)
        except Refusal as refusal:
            return JSONResponse({"detail": refusal.message}, refusal.status)
        self._faults.install(plan)
        return JSONResponse(plan.model_dump(), 201)

    async def list_faults(self, _: Request) -> Response:
        """`GET /faults`: the plans in force, and how many requests each has spoiled."""
        return JSONResponse([_describe(active) for active in self._faults.active()])

    async def clear_faults(self, _: Request) -> Response:
        """`DELETE /faults`."""
        self._faults.clear()
        return Response(status_code=204)

    async def count_calls(self, _: Request) -> Response:
        """`GET /calls`: requests by endpoint and outcome."""
        return JSONResponse(self._calls.report())

    async def reset_calls(self, _: Request) -> Response:
        """`DELETE /calls`."""
        self._calls.reset()
        return Response(status_code=204)


def create_app(on_failure: Callable[[BaseException], None], *, instant: bool = False) -> Starlette:
    """The application. `on_failure` is told why, should the models not load; `instant` reads no text in images."""
    stand_ins = StandIns(on_failure, Engines.load_instant if instant else Engines.load)
    return Starlette(
        routes=[
            Route("/v1/messages", stand_ins.messages, methods=["POST"]),
            Route("/v1/messages/batches", stand_ins.batches, methods=["POST"]),
            *stand_ins.batch_routes(),
            Route("/v1/embeddings", stand_ins.embeddings, methods=["POST"]),
            Route("/v1/rerank", stand_ins.rerank, methods=["POST"]),
            Route("/health", stand_ins.health),
            Route("/faults", stand_ins.install_fault, methods=["POST"]),
            Route("/faults", stand_ins.list_faults),
            Route("/faults", stand_ins.clear_faults, methods=["DELETE"]),
            Route("/calls", stand_ins.count_calls),
            Route("/calls", stand_ins.reset_calls, methods=["DELETE"]),
        ],
        lifespan=stand_ins.lifespan,
    )


def _answer(request: wire.MessagesRequest, asked: JsonObject, fault: FaultPlan | None) -> wire.MessagesReply:
    """The reply to a question about items, which are in the text. Spoiled, it is an answer and never a tool's use."""
    may_use_tools = fault is None or fault.kind == "slow"
    try:
        schema.check(asked)
        said = answer(request if may_use_tools else request.model_copy(update={"tools": []}))
        if isinstance(said, ToolWish):
            text, stop_reason = json.dumps(said.arguments), "tool_use"
            content: list[wire.TextBlock | wire.ToolUseBlock] = [
                wire.ToolUseBlock(name=said.name, input=said.arguments)
            ]
        else:
            whole = json.dumps(schema.obey(asked, said), ensure_ascii=False)
            text, stop_reason = _spoil(whole, request.max_tokens, fault)
            content = _text(text)
    except schema.UnsupportedSchemaError as refused:
        raise Refusal(400, str(refused)) from refused
    usage = wire.Usage(
        input_tokens=wire.estimate_tokens(request.text + request.system_text), output_tokens=wire.estimate_tokens(text)
    )
    return wire.MessagesReply(model=wire.ANSWER_MODEL, content=content, stop_reason=stop_reason, usage=usage)


def _text(text: str) -> list[wire.TextBlock | wire.ToolUseBlock]:
    return [wire.TextBlock(text=text)] if text else []


def _reply(reply: wire.MessagesReply) -> Response:
    return JSONResponse(reply.model_dump(), headers={"request-id": wire.new_id("req")})


def _has_bearer(request: Request) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and bool(key.strip())


async def _parse(request: Request, model: type[RequestT], largest: int = _LARGEST_BODY) -> RequestT:
    """The body as `model`. Raises `Refusal` when it is too large, and `pydantic.ValidationError`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise Refusal(413, f"request exceeds the maximum size of {largest} bytes")
    return model.model_validate_json(bytes(body))


def _spoil(text: str, max_tokens: int, fault: FaultPlan | None) -> tuple[str, wire.StopReason]:
    """The text that is sent, and why it stopped there."""
    if fault is not None and fault.kind == "refusal":
        return "", "refusal"
    if fault is not None and fault.kind == "invalid-json":
        return f"Here is what I see: {text}", "end_turn"
    if fault is not None and fault.kind == "cut-off":
        return text[: math.ceil(len(text) / 2)], "max_tokens"
    if wire.estimate_tokens(text) > max_tokens:
        return text[: max_tokens * 4], "max_tokens"
    return text, "end_turn"


def _explain(invalid: ValidationError) -> str:
    """All that is wrong, in one line, without repeating the input: it may be an image."""
    return "; ".join(f"{'.'.join(map(str, error['loc'])) or 'body'}: {error['msg']}" for error in invalid.errors())


def _total(texts: list[str]) -> wire.TotalUsage:
    return wire.TotalUsage(total_tokens=sum(wire.estimate_tokens(text) for text in texts))


def _describe(active: ActivePlan) -> dict[str, object]:
    return {**active.plan.model_dump(), "fired": active.fired}
