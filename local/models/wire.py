"""What the vendors' APIs send and accept: the part of Anthropic's and Voyage AI's formats that the stand-ins speak.

Requests are parsed leniently (unknown fields are ignored, as the SDKs add new ones) but never silently: whatever the
stand-ins cannot honour, such as streaming, is refused with a message that says so.
"""

import base64
import binascii
import secrets
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, JsonValue, StringConstraints, field_validator, model_validator
from starlette.responses import JSONResponse

VISION_MODEL = "local-vision"
ANSWER_MODEL = "local-answer"
EMBEDDING_MODEL = "local-use"
RERANK_MODEL = "local-rerank"
DEFAULT_DIMENSIONS = 1024
"""Of an embedding, when the request does not say."""

NonEmpty = Annotated[str, StringConstraints(min_length=1)]
StopReason = Literal["end_turn", "max_tokens", "refusal", "tool_use"]
JsonObject = dict[str, JsonValue]


class ImageSource(BaseModel):
    """The bytes of an image, decoded from base64."""

    type: Literal["base64"]
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: bytes

    @field_validator("data", mode="before")
    @classmethod
    def _decode(cls, value: object) -> bytes:
        if not isinstance(value, str):
            raise ValueError("must be base64 text")  # noqa: TRY004 - pydantic reports ValueErrors only
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise ValueError(f"invalid base64 data: {error}") from error


class ImageBlock(BaseModel):
    """An image in a message."""

    type: Literal["image"]
    source: ImageSource


class TextBlock(BaseModel):
    """Text in a message or in a reply."""

    type: Literal["text"] = "text"
    text: str


class ToolUseBlock(BaseModel):
    """The model wants a tool to be used."""

    type: Literal["tool_use"] = "tool_use"
    id: str = Field(default_factory=lambda: new_id("toolu"))
    name: str
    input: JsonObject


class ToolResultBlock(BaseModel):
    """What came of the use of a tool."""

    type: Literal["tool_result"]
    tool_use_id: str
    content: str | list[TextBlock] = ""
    is_error: bool = False

    @property
    def text(self) -> str:
        """The result in words."""
        return self.content if isinstance(self.content, str) else "\n".join(block.text for block in self.content)


Block = Annotated[ImageBlock | TextBlock | ToolUseBlock | ToolResultBlock, Field(discriminator="type")]


class Message(BaseModel):
    """One turn of the conversation."""

    role: Literal["user", "assistant"]
    content: str | list[Block]

    @property
    def texts(self) -> list[str]:
        """The text blocks, in order."""
        if isinstance(self.content, str):
            return [self.content]
        return [block.text for block in self.content if isinstance(block, TextBlock)]

    @property
    def images(self) -> list[ImageSource]:
        """The image blocks, in order."""
        if isinstance(self.content, str):
            return []
        return [block.source for block in self.content if isinstance(block, ImageBlock)]

    @property
    def tool_results(self) -> list[ToolResultBlock]:
        """What came of the tools that the turn before wanted, in order."""
        if isinstance(self.content, str):
            return []
        return [block for block in self.content if isinstance(block, ToolResultBlock)]


class Tool(BaseModel):
    """A tool that the model may ask for."""

    name: NonEmpty
    description: str = ""
    input_schema: JsonObject


class ToolChoice(BaseModel):
    """Whether it may."""

    type: Literal["auto", "none"]


class JsonSchemaFormat(BaseModel):
    """The schema that the reply's text must obey."""

    type: Literal["json_schema"]
    schema_: JsonObject = Field(alias="schema")


class OutputConfig(BaseModel):
    """How the reply is to look."""

    format: JsonSchemaFormat | None = None


class MessagesRequest(BaseModel):
    """`POST /v1/messages`."""

    model: NonEmpty
    max_tokens: int = Field(ge=1)
    messages: list[Message] = Field(min_length=1)
    system: str | list[TextBlock] = ""
    output_config: OutputConfig = OutputConfig()
    stream: Literal[False] = False
    tools: list[Tool] = []
    tool_choice: ToolChoice = ToolChoice(type="auto")

    @model_validator(mode="after")
    def _answers_every_tool(self) -> Self:
        """The vendor refuses a conversation in which a tool was asked for and nothing came of it."""
        for turn, following in zip(self.messages, [*self.messages[1:], None], strict=True):
            blocks = turn.content if isinstance(turn.content, list) else []
            wanted = {block.id for block in blocks if isinstance(block, ToolUseBlock)}
            given = {result.tool_use_id for result in following.tool_results} if following else set[str]()
            if wanted - given:
                raise ValueError(f"`tool_use` ids were found without `tool_result` blocks: {', '.join(wanted - given)}")
        return self

    @property
    def usable_tools(self) -> set[str]:
        """Names of the tools that may be asked for now."""
        return {tool.name for tool in self.tools} if self.tool_choice.type == "auto" else set()

    @property
    def images(self) -> list[ImageSource]:
        """All images of the conversation."""
        return [image for message in self.messages for image in message.images]

    @property
    def text(self) -> str:
        """What the messages say in words, without the system prompt."""
        said = [text for message in self.messages for text in message.texts]
        results = [result.text for message in self.messages for result in message.tool_results]
        return "\n".join([*said, *results])

    @property
    def system_text(self) -> str:
        """The system prompt in words."""
        return self.system if isinstance(self.system, str) else "\n".join(block.text for block in self.system)

    @property
    def schema(self) -> JsonObject | None:  # pyright: ignore[reportIncompatibleMethodOverride] - shadows a deprecated classmethod
        """The JSON schema that was asked for, if any."""
        return self.output_config.format.schema_ if self.output_config.format else None


class Usage(BaseModel):
    """What a message cost, in tokens."""

    input_tokens: int
    output_tokens: int


class MessagesReply(BaseModel):
    """The reply to `POST /v1/messages`."""

    id: str = Field(default_factory=lambda: new_id("msg"))
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    model: str = VISION_MODEL
    content: list[TextBlock | ToolUseBlock]
    stop_reason: StopReason
    stop_sequence: None = None
    usage: Usage


class BatchedRequest(BaseModel):
    """One request of a batch. What is wrong with it is told in its result."""

    custom_id: Annotated[str, StringConstraints(pattern="^[a-zA-Z0-9_-]{1,64}$")]
    params: JsonObject


class BatchesRequest(BaseModel):
    """`POST /v1/messages/batches`."""

    requests: list[BatchedRequest] = Field(min_length=1, max_length=100_000)

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        if len({each.custom_id for each in self.requests}) < len(self.requests):
            raise ValueError("custom_id must be unique within a batch")
        return self


class EmbeddingsRequest(BaseModel):
    """`POST /v1/embeddings`."""

    input: NonEmpty | Annotated[list[NonEmpty], Field(min_length=1, max_length=1000)]
    model: NonEmpty
    input_type: Literal["query", "document"] | None = None
    output_dtype: Literal["float"] | None = None
    output_dimension: Literal[512, 1024, 2048] | None = None
    """The vendor also offers 256; the engine's 512 numbers cannot be shortened to that without losing their meaning."""
    encoding_format: Literal["base64"] | None = None

    @property
    def texts(self) -> list[str]:
        """The input as a list."""
        return [self.input] if isinstance(self.input, str) else self.input


class Embedding(BaseModel):
    """One text's vector: numbers, or base64 of little-endian float32."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class TotalUsage(BaseModel):
    """What a Voyage call cost, in tokens."""

    total_tokens: int


class EmbeddingsReply(BaseModel):
    """The reply to `POST /v1/embeddings`."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str = EMBEDDING_MODEL
    usage: TotalUsage


class RerankRequest(BaseModel):
    """`POST /v1/rerank`."""

    query: NonEmpty
    documents: list[str] = Field(min_length=1, max_length=1000)
    model: NonEmpty
    top_k: int | None = Field(default=None, ge=1)


class Relevance(BaseModel):
    """One document's score, 0 to 1."""

    index: int
    relevance_score: float


class RerankReply(BaseModel):
    """The reply to `POST /v1/rerank`: the most relevant first."""

    object: Literal["list"] = "list"
    data: list[Relevance]
    model: str = RERANK_MODEL
    usage: TotalUsage


_ANTHROPIC_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


def new_id(prefix: str) -> str:
    """A unique id in the vendors' manner, such as `msg_01f0…`."""
    return f"{prefix}_{secrets.token_hex(12)}"


def anthropic_error_body(status: int, message: str, request_id: str) -> JsonObject:
    """What an error says, alone or in the result of a batched request."""
    return {
        "type": "error",
        "error": {"type": _ANTHROPIC_ERROR_TYPES[status], "message": message},
        "request_id": request_id,
    }


def anthropic_error(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error as `/v1/messages` answers it."""
    request_id = new_id("req")
    body = anthropic_error_body(status, message, request_id)
    return JSONResponse(body, status, {"request-id": request_id, **(headers or {})})


def voyage_error(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error as `/v1/embeddings` and `/v1/rerank` answer it."""
    return JSONResponse({"detail": message}, status, headers)


def estimate_tokens(text: str) -> int:
    """Tokens of a text by the vendors' rule of thumb: four characters of English each."""
    return -(-len(text) // 4)


def estimate_image_tokens(width: int, height: int) -> int:
    """Tokens of an image of `width` x `height` pixels, by Anthropic's published formula: width x height / 750."""
    return -(-width * height // 750)
