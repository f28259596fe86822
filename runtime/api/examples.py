"""Examples of what the API answers, put together from the OpenAPI document's own schemas.

A model that has an example of its own keeps it. Elsewhere each field takes a value that its schema allows: the one that
is told here for fields of that name, else its default, else one of its type.
"""

from collections.abc import Mapping
from typing import Any, cast

Schema = Mapping[str, Any]

ID = "3f1c0f0e-5a8b-4c6e-9a54-0d5a3c0b7a11"
MOMENT = "2026-03-02T22:14:07Z"
ADDRESS = "https://collections-dev-images.s3.eu-central-1.amazonaws.com/originals/…?X-Amz-Signature=…"

BY_NAME: Mapping[str, Any] = {
    "answer": "It was at 19:48, from the Miradouro da Graça.",
    "audio_source": None,
    "camera": "Pixel 9",
    "category": "Travel",
    "client_id": "3q8v0f5k2m1n7p6r4s9t0u1v2w",
    "cognito_endpoint": "https://cognito-idp.eu-central-1.amazonaws.com",
    "confidence": 0.82,
    "description": "Four days in March",
    "domain": "collections-dev.auth.eu-central-1.amazoncognito.com",
    "duplicate_of": None,
    "error": None,
    "failed_at": None,
    "file_size": 2481337,
    "headline": "Sunset over the Tagus from the Miradouro da Graça",
    "height": 3024,
    "latitude": 38.7166,
    "longitude": -9.1305,
    "mime_type": "image/jpeg",
    "model": "claude-sonnet-5-5",
    "name": "Lisbon",
    "next_cursor": None,
    "note": "We missed the last tram.",
    "original_filename": "IMG_0042.jpg",
    "original_poster": None,
    "query": "sunset in Lisbon",
    "region": "eu-central-1",
    "retryable": False,
    "score": 0.91,
    "sha256": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
    "sign_in_url": "https://collections-dev.auth.eu-central-1.amazoncognito.com",
    "stage": None,
    "state": "done",
    "status": "searchable",
    "subcategories": ["cityscape", "sunset"],
    "summary": "A river turns gold below the roofs of an old town.",
    "title": "The last evening",
    "tags": ["Lisbon"],
    "user_pool_id": "eu-central-1_a1B2c3D4e",
    "width": 4032,
}
"""Values for fields of these names, where the field's schema allows them."""

BY_FORMAT = {"uuid": ID, "date-time": MOMENT, "date": "2026-03-02", "uri": ADDRESS}
BY_TYPE: Mapping[str, Any] = {"string": "…", "integer": 1, "number": 0.5, "boolean": True, "null": None}


def example(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    """A value that `schema` allows; `schemas` are the document's components."""
    return _value(schema, schemas, "")


def _value(schema: Schema, schemas: Mapping[str, Schema], name: str) -> Any:
    if "$ref" in schema:
        return _value(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, name)
    if "example" in schema:
        return _with_nulls(schema)
    if "const" in schema:
        return schema["const"]
    if name in BY_NAME and _allows(schema, BY_NAME[name], schemas):
        return BY_NAME[name]
    if "anyOf" in schema:
        # What may be null is null last.
        return _value(schema["anyOf"][0], schemas, name)
    if "enum" in schema:
        return schema["enum"][0]
    return _of_type(schema, schemas, name)


def _with_nulls(schema: Schema) -> Any:
    """FastAPI leaves what is null out of its document, out of a model's own example too."""
    nulls: dict[str, Any] = dict.fromkeys(schema.get("required", ()))
    return nulls | schema["example"]


def _of_type(schema: Schema, schemas: Mapping[str, Schema], name: str) -> Any:
    kind = schema.get("type")
    if kind == "array":
        return [_value(schema["items"], schemas, name.removesuffix("s"))]
    if kind == "object":
        return _object(schema, schemas)
    if name.endswith(("url", "endpoint")):
        return ADDRESS
    return BY_FORMAT.get(schema.get("format", ""), BY_TYPE.get(str(kind)))


def _object(schema: Schema, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    if "properties" in schema:
        return {name: _value(each, schemas, name) for name, each in schema["properties"].items()}
    values = schema.get("additionalProperties")
    names = schema.get("propertyNames", {})
    return {str(_value(names, schemas, "") or "name"): _value(values, schemas, "")} if values else {}


def _allows(schema: Schema, value: Any, schemas: Mapping[str, Schema]) -> bool:
    """Whether `value`, of `BY_NAME`, is of the schema's type, and one of its values if they are listed."""
    if "$ref" in schema:
        return _allows(schemas[schema["$ref"].rsplit("/", 1)[1]], value, schemas)
    if "anyOf" in schema:
        return any(_allows(each, value, schemas) for each in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    types = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", type(None): "null"}
    if schema.get("type") != types[type(value)]:
        return False
    values = cast("list[object]", value) if isinstance(value, list) else []
    return all(_allows(schema["items"], each, schemas) for each in values)
