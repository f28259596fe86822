"""What the stand-in fills a JSON schema with."""

from typing import Literal

import anthropic
import pytest
from pydantic import BaseModel

from local.models.schema import UnsupportedSchemaError, check, obey
from local.models.wire import JsonObject


class Place(BaseModel):
    name: str
    country: str | None


class Trip(BaseModel):
    title: str
    days: int
    confirmed: bool
    mood: Literal["calm", "unknown", "wild"]
    start: Place
    stops: list[Place]
    end: Place | None


def schema_of(model: type[BaseModel]) -> JsonObject:
    return anthropic.transform_schema(model)


def test_what_is_known_is_filled_in_and_the_rest_is_neutral() -> None:
    known: JsonObject = {"title": "Coast", "start": {"name": "Lisbon"}, "stops": [{"name": "Porto", "country": "PT"}]}

    trip = Trip.model_validate(obey(schema_of(Trip), known), strict=True)

    assert trip == Trip(
        title="Coast",
        days=0,
        confirmed=False,
        mood="unknown",
        start=Place(name="Lisbon", country=None),
        stops=[Place(name="Porto", country="PT")],
        end=None,
    )


def test_a_known_value_of_the_wrong_type_or_outside_the_choices_is_not_used() -> None:
    trip = Trip.model_validate(obey(schema_of(Trip), {"title": 7, "days": True, "mood": "angry", "stops": "many"}))

    assert (trip.title, trip.days, trip.mood, trip.stops) == ("", 0, "unknown", [])


def test_what_the_schema_does_not_name_stays_out() -> None:
    reply = obey(schema_of(Place), {"name": "Porto", "population": 231_800})

    assert reply == {"name": "Porto", "country": None}


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"type": "object", "properties": {}}, "additionalProperties"),
        ({"type": "array", "items": {"type": "string", "maxLength": 5}}, "maxLength"),
        ({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, "minimum"),
        ({"type": "object", "additionalProperties": False, "properties": {"a": {"type": "object"}}}, "additional"),
        ({"$defs": {"A": {"type": "number", "multipleOf": 2}}, "$ref": "#/$defs/A"}, "multipleOf"),
        ({"type": "array", "items": "string"}, "expected an object"),
    ],
)
def test_a_schema_that_the_vendor_refuses_is_refused(schema: JsonObject, complaint: str) -> None:
    with pytest.raises(UnsupportedSchemaError, match=complaint):
        check(schema)


def test_a_schema_that_the_sdk_has_transformed_is_accepted() -> None:
    check(schema_of(Trip))


def test_a_reference_to_nowhere_is_refused() -> None:
    with pytest.raises(UnsupportedSchemaError, match="unknown reference"):
        obey({"$ref": "#/$defs/Nowhere"}, None)
