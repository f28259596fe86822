"""The format of a data set: a collection, what people ask of it, and what they should get (docs/evaluation.md)."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from runtime.analysis import HEADLINE_LENGTH, Category, ImageAnalysis
from runtime.api.schemas.search import QUERY_LENGTH

Identifier = Annotated[str, Field(pattern=r"^[\w.-]{1,100}$")]
"""Names a document or image within its data set."""
QueryType = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,30}$")]
"""A kind of query, by which results are grouped; any word will do."""
Grade = Annotated[int, Field(ge=0, le=3, strict=True)]
"""How well an item answers: 3 is what was looked for, 2 would do, 1 has to do with it, 0 is known not to."""


class DatasetError(Exception):
    """The file is no data set; the message says where, and what is expected."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Media(_Part):
    """As in `runtime.analysis.MediaMetadata`; what is left out is not there."""

    original_poster: str | None = None
    tagged_accounts: list[str] = []
    location_tags: list[str] = []
    audio_source: str | None = None
    hashtags: list[str] = []


class Details(_Part):
    """As in `runtime.analysis.ImageDetails`; what is left out is not there."""

    extracted_text: list[str] = []
    objects: list[str] = []
    themes: list[str] = []
    emotions: list[str] = []
    vibes: list[str] = []
    likely_source: str | None = None
    key_interest: str | None = None
    visual_hierarchy: list[str] = []


class Document(_Part):
    """An image that need not exist: what its analysis says."""

    id: Identifier
    filename: str = "image.png"
    category: Category
    subcategories: list[str] = []
    headline: str = Field(min_length=1, max_length=HEADLINE_LENGTH)
    summary: str
    title: str | None = None
    """The user's own."""
    note: str | None = None
    """The user's own."""
    media_metadata: Media = Media()
    image_details: Details = Details()

    @property
    def analysis(self) -> ImageAnalysis:
        """The same, as a model that looks at images would have answered."""
        return ImageAnalysis.model_validate(self.model_dump(exclude={"id", "filename", "title", "note"}))


class Image(_Part):
    """An image that exists, and is really looked at."""

    id: Identifier
    file: Path
    """Relative to the data set's own file."""


class Query(_Part):
    """What a person asks, and what should be found."""

    query: str = Field(min_length=1, max_length=QUERY_LENGTH)
    type: QueryType
    expected: dict[Identifier, Grade]
    """Grades by document or image; what is not named has grade 0. Empty: there is nothing to be found."""

    @property
    def answerable(self) -> bool:
        """Whether there is anything to be found."""
        return bool(self.expected)

    @field_validator("expected")
    @classmethod
    def _something_or_nothing(cls, expected: dict[str, int]) -> dict[str, int]:
        if expected and not any(expected.values()):
            raise ValueError("grade something higher than 0, or write {} if there is nothing to be found")
        return expected


class Dataset(_Part):
    """A collection with queries."""

    name: str = Field(pattern=r"^[\w-]{1,60}$")
    """Also of the folder that results are written to."""
    description: str
    documents: list[Document] = []
    images: list[Image] = []
    queries: list[Query] = Field(min_length=1)

    _folder: Path = PrivateAttr(default=Path())

    @classmethod
    def read(cls, file: Path) -> Self:
        """Raises `DatasetError`, with a line for each thing that is wrong."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise DatasetError(f"{file} cannot be read: {error.strerror}") from error
        try:
            dataset = cls.model_validate_json(content)
        except ValidationError as error:
            wrong = "\n".join(f"  {_explain(each)}" for each in error.errors(include_url=False))
            raise DatasetError(f"{file} is no data set (docs/evaluation.md has the format):\n{wrong}") from error
        dataset._folder = file.parent
        missing = [image.id for image in dataset.images if not dataset.path(image).is_file()]
        if missing:
            raise DatasetError(f"{file}: there are no files for the images {', '.join(missing)}")
        return dataset

    def path(self, image: Image) -> Path:
        """Where the image is."""
        return self._folder / image.file

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        ids = [part.id for part in (*self.documents, *self.images)]
        if not ids:
            raise ValueError("there are neither documents nor images")
        _refuse("two documents or images are called", (name for name, count in Counter(ids).items() if count > 1))
        asked = Counter((query.query, query.type) for query in self.queries)
        _refuse("a query of one type is there twice", (query for (query, _), count in asked.items() if count > 1))
        expected = {name for query in self.queries for name in query.expected}
        _refuse("queries expect what is neither document nor image", sorted(expected - set(ids)))
        return self


def _refuse(what: str, found: Iterable[str]) -> None:
    if names := ", ".join(found):
        raise ValueError(f"{what}: {names}")


def _explain(error: ErrorDetails) -> str:
    place = ".".join(map(str, error["loc"]))
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
