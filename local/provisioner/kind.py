"""What the engine needs to know about a resource type, and remembers about a resource."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from local.recorder import Properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.provisioner.cloud import Cloud


@dataclass
class Record:
    """A resource that exists."""

    urn: str
    type: str
    name: str
    """The physical name: the given one, else the automatic one; of a type that has none, the program's."""
    inputs: Properties
    id: str = ""
    outputs: Properties = field(default_factory=dict[str, object])
    """What the provider adds to the inputs."""
    observed: Properties = field(default_factory=dict[str, object])
    """What else decided about the resource, such as the content of files."""
    dependencies: list[str] = field(default_factory=list[str])
    """URNs of the resources whose outputs went into the inputs."""


class Created(NamedTuple):
    """Identifies a new resource."""

    id: str
    outputs: Properties


@dataclass(frozen=True)
class Kind:
    """How resources of a type are created, changed and deleted. A type with neither `update` nor `configure` is
    replaced when its inputs change.
    """

    create: Callable[[Cloud, str, Properties], Created]
    """Gets the physical name and the inputs."""
    configure: Callable[[Cloud, Record, Properties], Properties] | None = None
    """Settings that take further calls: after `create` and after each change. Returns outputs to add."""
    update: Callable[[Cloud, Record, Properties], Properties] | None = None
    """Changes an existing resource to the inputs given (`record.inputs` are the old ones). Returns outputs to add."""
    delete: Callable[[Cloud, Record], None] | None = None
    """None for what vanishes together with the resource that it belongs to."""
    fixed: frozenset[str] = frozenset()
    """Inputs that cannot be changed: another value means another resource."""
    named_by: str = ""
    """The input that holds the physical name, made up if the program gives none."""
    longest_name: int = 64
    observe: Callable[[Cloud, Properties], Properties] | None = None
    """Finds out what besides the inputs decides whether a resource is up to date."""

    @property
    def changeable(self) -> bool:
        return self.update is not None or self.configure is not None


def put(
    apply: Callable[[Cloud, str, Properties], Created],
    delete: Callable[[Cloud, Record], None] | None = None,
    *,
    fixed: frozenset[str] = frozenset(),
    named_by: str = "",
    longest_name: int = 64,
) -> Kind:
    """A type whose creation overwrites what is there, and so is its change too."""
    return Kind(
        create=apply,
        update=lambda cloud, record, inputs: apply(cloud, record.name, inputs).outputs,
        delete=delete,
        fixed=fixed,
        named_by=named_by,
        longest_name=longest_name,
    )


def pascal(value: object, keep: frozenset[str] = frozenset()) -> object:
    """The provider's camelCase keys as the API's PascalCase, deeply; below the keys in `keep` are the user's data."""
    if isinstance(value, dict):
        document = cast("Properties", value)
        return {
            key[:1].upper() + key[1:]: item if key in keep else pascal(item, keep) for key, item in document.items()
        }
    if isinstance(value, list):
        return [pascal(item, keep) for item in cast("list[object]", value)]
    return value


def renamed(inputs: Mapping[str, object], names: Mapping[str, str]) -> Properties:
    """Those of the inputs that `names` lists and that are there, under the API's names."""
    return {api: inputs[name] for name, api in names.items() if inputs.get(name) is not None}


def tag_list(inputs: Mapping[str, object]) -> list[dict[str, str]]:
    """`tags` in the form that most services take."""
    tags = cast("dict[str, str]", inputs.get("tags") or {})
    return [{"Key": key, "Value": value} for key, value in tags.items()]
