"""The record of what has been deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.provisioner.errors import StateError
from local.provisioner.kind import Record
from local.provisioner.state import State


def record(urn: str, *dependencies: str) -> Record:
    return Record(urn, "type", urn, {"password": "secret"}, dependencies=list(dependencies))


def state(*records: Record, endpoint: str = "http://127.0.0.1:1") -> State:
    return State("serial", endpoint, {each.urn: each for each in records}, {"a@example.org": "pw"})


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    saved = state(record("a"), record("b", "a"))
    saved.save(tmp_path / "deep" / "state.json")

    assert State.load(tmp_path / "deep" / "state.json", saved.endpoint) == saved


def test_only_the_owner_can_read_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    for _ in range(2):
        state(record("a")).save(tmp_path / "state.json")

    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0


def test_mentions_of_an_earlier_port_are_rewritten(tmp_path: Path) -> None:
    queue = Record("q", "type", "q", {}, id="http://127.0.0.1:1/queue", outputs={"url": "http://127.0.0.1:1/queue"})
    state(queue).save(tmp_path / "state.json")

    loaded = State.load(tmp_path / "state.json", "http://127.0.0.1:2").records["q"]

    assert (loaded.id, loaded.outputs) == ("http://127.0.0.1:2/queue", {"url": "http://127.0.0.1:2/queue"})


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 99}'])
def test_a_file_that_is_no_state_is_refused_with_the_way_out(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)

    with pytest.raises(StateError, match=r"state\.json .* `make clean`"):
        State.load(tmp_path / "state.json", "")


def test_dependents_are_found_at_any_distance_and_come_before_what_they_need() -> None:
    # `late` was recorded first: a resource may come to depend on a newer one when it is updated.
    deployed = state(record("late", "middle"), record("root"), record("middle", "root"), record("other"))

    assert [each.urn for each in deployed.dependents("root")] == ["late", "middle"]


def test_what_is_absent_is_deleted_before_what_it_needs() -> None:
    deployed = state(record("user", "group"), record("group"), record("kept"))

    assert [each.urn for each in deployed.absent_from(["kept"])] == ["user", "group"]
