"""Makes JSON that obeys a schema, from what is known: the stand-in's half of Anthropic's structured output."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from local.models.wire import JsonObject

_UNSUPPORTED = ("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_NEUTRAL: dict[str, JsonValue] = {"string": "", "integer": 0, "number": 0, "boolean": False, "null": None}
_NEUTRAL_CHOICES = ("Other", "other", "unknown", "none")
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


class UnsupportedSchemaError(ValueError):
    """The schema uses what structured output does not offer; the message says what."""


def check(schema: JsonObject) -> None:
    """Refuse what Anthropic's API refuses. Raises `UnsupportedSchemaError`."""
    for keyword in _UNSUPPORTED:
        if keyword in schema:
            raise UnsupportedSchemaError(f"output_config.format.schema: '{keyword}' is not supported")
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        raise UnsupportedSchemaError(
            "output_config.format.schema: for 'object' type, 'additionalProperties' must be explicitly set to false"
        )
    for name in ("properties", "$defs"):
        for child in _object(schema.get(name, {})).values():
            check(_object(child))
    for child in (schema.get("items"), *_list(schema.get("anyOf", [])), *_list(schema.get("allOf", []))):
        if child is not None:
            check(_object(child))


def obey(schema: JsonObject, known: JsonValue) -> JsonValue:
    """`known` in the shape of `schema`: properties by name, and where nothing fitting is known a neutral value
    (null if that is allowed, else empty; of an enum the choice that says nothing, else the first).

    Raises `UnsupportedSchemaError` when the schema describes no value that could be made.
    """
    return _shape(schema, known, _object(schema.get("$defs", {})))


def _shape(schema: JsonObject, known: JsonValue, definitions: Mapping[str, JsonValue]) -> JsonValue:
    if "$ref" in schema:
        return _shape(_resolve(schema["$ref"], definitions), known, definitions)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return _choose(_list(schema["enum"]), known)
    if "anyOf" in schema:
        return _shape_any(_list(schema["anyOf"]), known, definitions)
    if "allOf" in schema:
        merged: JsonObject = {}
        for part in _list(schema["allOf"]):
            merged |= _object(part)
        return _shape(merged, known, definitions)
    match schema.get("type"):
        case "object":
            source = known if isinstance(known, dict) else {}
            properties = _object(schema.get("properties", {}))
            return {name: _shape(_object(child), source.get(name), definitions) for name, child in properties.items()}
        case "array":
            items = _object(schema.get("items", {}))
            return [_shape(items, item, definitions) for item in known] if isinstance(known, list) else []
        case str(kind) if kind in _NEUTRAL:
            return known if _is(known, kind) else _NEUTRAL[kind]
        case other:
            raise UnsupportedSchemaError(f"output_config.format.schema: cannot make a value of type {other!r}")


def _shape_any(options: list[JsonValue], known: JsonValue, definitions: Mapping[str, JsonValue]) -> JsonValue:
    """The first option that the known value fits, else null where it is allowed, else the first option's neutral."""
    resolved = [_resolve(_object(option).get("$ref"), definitions, _object(option)) for option in options]
    for option in resolved:
        if known is not None and _fits(option, known):
            return _shape(option, known, definitions)
    if any(option.get("type") == "null" for option in resolved):
        return None
    return _shape(resolved[0], known, definitions)


def _fits(schema: JsonObject, known: JsonValue) -> bool:
    if "enum" in schema:
        return known in _list(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        return isinstance(known, dict)
    if kind == "array":
        return isinstance(known, list)
    return isinstance(kind, str) and _is(known, kind)


def _is(value: JsonValue, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _PYTHON_TYPES.get(kind, ()))


def _choose(choices: list[JsonValue], known: JsonValue) -> JsonValue:
    if known in choices:
        return known
    if None in choices:
        return None
    return next((choice for choice in choices if choice in _NEUTRAL_CHOICES), choices[0])


def _resolve(
    reference: JsonValue, definitions: Mapping[str, JsonValue], default: JsonObject | None = None
) -> JsonObject:
    if reference is None and default is not None:
        return default
    name = str(reference).removeprefix("#/$defs/")
    if name not in definitions:
        raise UnsupportedSchemaError(f"output_config.format.schema: unknown reference {reference!r}")
    return _object(definitions[name])


def _object(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise UnsupportedSchemaError(f"output_config.format.schema: expected an object, got {value!r}")
    return value


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise UnsupportedSchemaError(f"output_config.format.schema: expected a list, got {value!r}")
    return cast("list[JsonValue]", value)
