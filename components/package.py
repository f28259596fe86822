"""The components as a Pulumi package: what programs in other languages may construct."""

import re
from collections.abc import Mapping
from typing import Any, cast

from pulumi import ComponentResource, InputPropertyError, Output, ResourceOptions
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.analyzer import (
    ComponentDefinition,
    PropertyDefinition,
    PropertyType,
    TypeDefinition,
)
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from components.analysis_function import AnalysisFunction
from components.arguments import ArgumentError
from components.browser_uploads import BrowserUploads
from components.checkpoints import Checkpoints
from components.database import Database
from components.encryption import EncryptionKey
from components.event_queue import EventQueue
from components.function import Function
from components.function_image import FunctionImage
from components.image_bucket import ImageBucket
from components.image_pipeline import ImagePipeline
from components.migration import Migration
from components.network import Network
from components.observability import Observability
from components.parameters import Parameters
from components.schema import FILE, as_file, readable
from components.secure_api import SecureApi
from components.sweeper import Sweeper
from components.user_pool import UserPool

NAME = "collections"
VERSION = "0.1.0"
COMPONENTS: list[type[ComponentResource]] = [
    AnalysisFunction,
    BrowserUploads,
    Checkpoints,
    Database,
    EncryptionKey,
    EventQueue,
    Function,
    FunctionImage,
    ImageBucket,
    ImagePipeline,
    Migration,
    Network,
    Observability,
    Parameters,
    SecureApi,
    Sweeper,
    UserPool,
]


class CollectionsProvider(ComponentProvider):
    """Constructs the components, more strictly than Pulumi's own host.

    That one passes over names that it does not know, so that a misspelt option would have no effect. And it hands whole
    numbers on as the floats that they travel as: a queue's policy would say `5.0`.
    """

    def __init__(self) -> None:
        super().__init__(COMPONENTS, NAME, version=VERSION)
        definitions = [*self._component_defs.values(), *self._type_defs.values()]
        names = {name for each in definitions for name in _names_of(each)}
        self.schema = readable(cast("str", self.schema), names)

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: ResourceOptions | None = None
    ) -> ConstructResult:
        """Construct a component. What it refuses is reported as a bad input: by property, without a trace."""
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if not isinstance(error.inner, ArgumentError):
                raise
            path = _in_schema(error.inner.property_path)
            raise InputPropertyError(path, f"{error.inner.component}: {path} {error.inner.reason}") from error

    def map_input_properties(
        self,
        inputs: Any,
        properties: dict[str, PropertyDefinition],
        mapping: dict[str, str],
        component_name: str,
        property_path: str,
    ) -> Any:
        """The inputs under their names in Python.

        Raises InputPropertyError for one that is missing, unknown or of the wrong kind.
        """
        start = f"{property_path}." if property_path else ""
        if not isinstance(inputs, Mapping):
            raise InputPropertyError(property_path, f"has to be an object with {', '.join(properties)}.")
        given = {name: value for name, value in cast("Mapping[str, Any]", inputs).items() if value is not None}
        for name in given:
            if name not in properties:
                raise InputPropertyError(
                    f"{start}{name}", f"is not an input here; allowed are {', '.join(sorted(properties))}."
                )
        numbers = {name for name in given if properties[name].type is PropertyType.INTEGER}
        for name, value in given.items():
            if properties[name].ref and isinstance(value, Output):
                raise InputPropertyError(
                    f"{start}{name}", "has to be an object; outputs of other resources may stand in it, not for it."
                )
        mapped = super().map_input_properties(
            given,
            {name: each for name, each in properties.items() if name not in numbers},
            mapping,
            component_name,
            property_path,
        )
        whole = {mapping[name]: _whole(f"{start}{name}", given[name]) for name in numbers}
        return {**mapped, **whole}


def _names_of(definition: ComponentDefinition | TypeDefinition) -> list[str]:
    """Names in Python of what a component or a type has."""
    if isinstance(definition, TypeDefinition):
        return list(definition.properties_mapping.values())
    return [*definition.inputs_mapping.values(), *definition.outputs_mapping.values()]


def _in_schema(path: str) -> str:
    """A path of names in Python as other languages write it: `platform.image_uri` is `platform.imageUri` there."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), path)


def _whole(path: str, value: Any) -> Any:
    """A whole number, or an output that will be one."""
    if isinstance(value, Output):
        later = cast("Output[Any]", value)
        return later.apply(lambda known: _whole(path, known))
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise InputPropertyError(path, f"has to be a whole number, not {value!r}.")
    return int(value)


if __name__ == "__main__":
    FILE.write_text(as_file(cast("str", CollectionsProvider().schema)))
