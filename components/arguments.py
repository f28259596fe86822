"""Whether a component was given what it takes. Checked once, when it is made, so that mistakes have names."""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, NotRequired, TypeVar, cast, get_args, get_origin, is_typeddict

import pulumi
from pulumi import Input, Output

T = TypeVar("T")

_KINDS: Mapping[object, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_CONTAINERS: Mapping[object, str] = {Sequence: "list", Mapping: "dictionary"}


class ArgumentError(pulumi.InputPropertyError, ValueError):
    """An argument is missing, unknown or not allowed; says which one, and what is allowed."""

    def __init__(self, component: str, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.component = component

    def __str__(self) -> str:
        return f"{self.component}: {self.property_path} {self.reason}"


class Arguments:
    """The arguments of one component, named `kind 'name'` in errors."""

    def __init__(self, component: pulumi.ComponentResource, name: str, kind: type, given: Mapping[str, object]) -> None:
        """Check that `given` has the fields of `kind`, a TypedDict, and no others, at every depth.

        Raises ArgumentError at the first that is missing, unknown or of another kind. Outputs are taken where `kind`
        takes an `Input`; what they will be is not checked.
        """
        self._component = f"{type(component).__name__} '{name}'"
        self._check_fields("", given, kind)

    def between(self, path: str, value: Input[int], least: int, most: int) -> Input[int]:
        """A number from `least` to `most`, both allowed."""
        return self._check(path, value, lambda known: least <= known <= most, f"{least} to {most} are allowed")

    def one_of(self, path: str, value: Input[T], allowed: Collection[T]) -> Input[T]:
        """One of a few values."""
        choices = ", ".join(str(each) for each in allowed)
        return self._check(path, value, lambda known: known in allowed, f"allowed are {choices}")

    def matching(self, path: str, value: Input[str], fits: Callable[[str], object], example: str) -> Input[str]:
        """A text that `fits`, such as `example`."""
        return self._check(path, value, fits, f"it has to look like {example}")

    def event_pattern(self, path: str, value: Input[str]) -> Input[str]:
        """An event pattern of EventBridge: a JSON object."""
        return self.matching(path, value, _is_json_object, '{"source": ["example"]}, as JSON')

    def refuse(self, path: str, reason: str) -> ArgumentError:
        """The error for an argument that is wrong for a `reason` of the component's own."""
        return ArgumentError(self._component, path, reason)

    def _check(self, path: str, value: Input[T], fits: Callable[[T], object], allowed: str) -> Input[T]:
        def checked(known: T) -> T:
            if not fits(known):
                raise self.refuse(path, f"is {known!r}; {allowed}.")
            return known

        if isinstance(value, Output):
            later = cast("Output[T]", value)
            return later.apply(checked)
        return checked(cast("T", value))

    def _check_fields(self, path: str, given: object, kind: type) -> None:
        fields: dict[str, Any] = kind.__annotations__
        if not isinstance(given, Mapping):
            raise self.refuse(path or "args", f"has to be a dictionary with {', '.join(fields)}.")
        values = cast("Mapping[str, object]", given)
        start = f"{path}." if path else ""
        required: frozenset[str] = getattr(kind, "__required_keys__")  # noqa: B009 - no type knows it
        for name in fields:
            if name in required and values.get(name) is None:
                raise self.refuse(f"{start}{name}", "is missing.")
        for name, value in values.items():
            if name not in fields:
                raise self.refuse(f"{start}{name}", f"is not an argument; allowed are {', '.join(sorted(fields))}.")
            if value is not None:
                self._check_kind(f"{start}{name}", value, fields[name])

    def _check_kind(self, path: str, value: object, kind: Any) -> None:
        kind, may_be_output = _without_wrappers(kind)
        if isinstance(value, Output | Awaitable):
            if not may_be_output:
                raise self.refuse(
                    path, "has to be known when the program runs; it cannot be another resource's output."
                )
        elif is_typeddict(kind):
            self._check_fields(path, value, kind)
        elif get_origin(kind) in {Sequence, Mapping}:
            for item_path, item in self._items(path, value, get_origin(kind)):
                self._check_kind(item_path, item, get_args(kind)[-1])
        elif not _is(value, kind):
            raise self.refuse(path, f"has to be {_KINDS[kind]}, not {value!r}.")

    def _items(self, path: str, value: object, container: Any) -> list[tuple[str, object]]:
        """The items of a list or a dictionary, each with its path."""
        if isinstance(value, str) or not isinstance(value, container):
            raise self.refuse(path, f"has to be a {_CONTAINERS[container]}, not {value!r}.")
        if isinstance(value, Mapping):
            return [(f"{path}.{key}", item) for key, item in cast("Mapping[str, object]", value).items()]
        return [(f"{path}[{index}]", item) for index, item in enumerate(cast("Sequence[object]", value))]


def _without_wrappers(kind: Any) -> tuple[Any, bool]:
    """The kind inside `NotRequired`, `Input` and `| None`, and whether there was an `Input`."""
    if get_origin(kind) is NotRequired:
        return _without_wrappers(get_args(kind)[0])
    members = [each for each in get_args(kind) if each is not type(None)]
    if awaited := [each for each in members if get_origin(each) is Awaitable]:
        # Input[T] is T, an awaitable of T, or an output of T.
        return get_args(awaited[0])[0], True
    if get_origin(kind) not in {Sequence, Mapping} and len(members) == 1:
        return _without_wrappers(members[0])
    return kind, False


def _is(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
