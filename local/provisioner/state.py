"""What has been deployed, kept between runs in a file that only its owner can read: it holds passwords."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.provisioner.errors import StateError
from local.provisioner.kind import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORMAT = 1


@dataclass
class State:
    """What exists, by URN."""

    serial: str = ""
    """Another one for each deployment that changed something; the emulator holds it too, see `serial`."""
    endpoint: str = ""
    """The emulator's URL, which is part of ids and outputs."""
    records: dict[str, Record] = field(default_factory=dict[str, Record])
    users: dict[str, str] = field(default_factory=dict[str, str])
    """Passwords of the users that were made for the person at this machine, by e-mail address."""

    @classmethod
    def load(cls, path: Path, endpoint: str) -> State:
        """Reads the file, or starts empty; mentions of an earlier endpoint are rewritten to `endpoint`.

        Raises StateError if the file is not such a state.
        """
        if not path.is_file():
            return cls(endpoint=endpoint)
        text = path.read_text()
        document = _parse(text, path)
        if document["endpoint"] not in ("", endpoint):
            document = _parse(text.replace(document["endpoint"], endpoint), path)
        return cls(
            document["serial"],
            endpoint,
            {record["urn"]: Record(**record) for record in document["records"]},
            document["users"],
        )

    def save(self, path: Path) -> None:
        """Replaces the file as a whole, so that a kill leaves the old one."""
        document = {
            "format": _FORMAT,
            "serial": self.serial,
            "endpoint": self.endpoint,
            "records": [asdict(record) for record in self.records.values()],
            "users": self.users,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # readable by its owner only
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(document, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def rename(self, before: Iterable[str], urn: str) -> None:
        """A resource that had one of the URNs `before` has another now; none may have had any."""
        for old in self.records.keys() & set(before):
            record = self.records.pop(old)
            record.urn = urn
            self.records[urn] = record
            for each in self.records.values():
                each.dependencies = [urn if dependency == old else dependency for dependency in each.dependencies]

    def of(self, type_: str) -> list[Record]:
        return [record for record in self.records.values() if record.type == type_]

    def dependents(self, urn: str) -> list[Record]:
        """What was made from the outputs of a resource, directly or not; in the order in which it can be deleted."""
        affected = {urn}
        size = 0
        while size < len(affected):
            size = len(affected)
            affected |= {each.urn for each in self.records.values() if affected.intersection(each.dependencies)}
        return self._deletable(affected - {urn})

    def absent_from(self, urns: Iterable[str]) -> list[Record]:
        """Records of other resources than those; in the order in which they can be deleted."""
        return self._deletable(set(self.records) - set(urns))

    def _deletable(self, urns: set[str]) -> list[Record]:
        order = TopologicalSorter(
            {urn: urns.intersection(record.dependencies) for urn, record in self.records.items() if urn in urns}
        )
        return [self.records[urn] for urn in reversed(tuple(order.static_order()))]


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        document = json.loads(text)
        if document["format"] != _FORMAT:
            raise ValueError(f"its format is {document['format']}, not {_FORMAT}")  # noqa: TRY301 - one place to explain
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(f"{path} is not a state that can be read ({error}); `make clean` forgets it") from error
    return document
