"""What DynamoDB remembers of a conversation."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from runtime import clients
from runtime.chat.sessions import MAX_TURNS, Said, SessionFullError, SessionGoneError, Sessions
from runtime.records import now
from tests.api_environment import ENVIRONMENT

TABLE = ENVIRONMENT["CHECKPOINT_TABLE"]


def said(message: str, remembered: list[UUID] | None = None) -> Said:
    return Said(message=message, reply="", items=[], citations=[], tools_used=[], remembered=remembered or [])


@pytest.fixture(name="user")
def _user(s3_endpoint: str) -> str:
    """Somebody who has never said anything."""
    return f"user-{uuid4().hex}"


@pytest.fixture(name="sessions")
def _sessions(s3_endpoint: str) -> Sessions:
    return Sessions(TABLE, 4)


def at(moment: datetime) -> Sessions:
    return Sessions(TABLE, 4, clock=lambda: moment)


def messages(sessions: Sessions, user: str, session_id: UUID) -> list[str]:
    return [turn.message for turn in sessions.turns(user, session_id)]


def test_of_turns_at_the_same_time_none_is_lost(sessions: Sessions, user: str) -> None:
    session_id = uuid4()
    sessions.add(user, session_id, said("first"), None)
    known = sessions.find(user, session_id)

    def add(message: str) -> int:
        return sessions.add(user, session_id, said(message), known).number

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(add, ["a", "b", "c", "d"]))

    assert sorted(numbers) == [2, 3, 4, 5]
    assert sorted(messages(sessions, user, session_id)) == ["a", "b", "c", "d", "first"]
    header = sessions.find(user, session_id)
    assert header is not None
    assert header.turns == 5


def test_a_turn_does_not_bring_a_deleted_session_back(sessions: Sessions, user: str) -> None:
    session_id = uuid4()
    sessions.add(user, session_id, said("first"), None)
    known = sessions.find(user, session_id)
    sessions.delete(user, session_id)

    with pytest.raises(SessionGoneError):
        sessions.add(user, session_id, said("late"), known)

    assert sessions.find(user, session_id) is None
    assert messages(sessions, user, session_id) == []


def test_a_session_lives_as_long_as_something_is_said_in_it(user: str, sessions: Sessions) -> None:
    start, session_id = now(), uuid4()
    at(start).add(user, session_id, said("first"), None)
    later = at(start + timedelta(hours=3))

    later.add(user, session_id, said("second"), later.find(user, session_id))

    assert at(start + timedelta(hours=6)).find(user, session_id) is not None
    assert at(start + timedelta(hours=8)).find(user, session_id) is None
    stored = clients.dynamodb().query(
        TableName=TABLE,
        KeyConditionExpression="thread_id = :thread",
        ExpressionAttributeValues={":thread": {"S": f"{user}#{session_id}"}},
    )["Items"]
    expiry = int((start + timedelta(hours=7)).timestamp())
    assert {int(item["expires_at"].get("N", 0)) for item in stored} == {expiry}, "the first turn would be lost"


def test_the_latest_turns_are_read_in_their_order(sessions: Sessions, user: str) -> None:
    session_id = uuid4()
    for number in range(12):
        sessions.add(user, session_id, said(str(number)), sessions.find(user, session_id))

    assert [turn.message for turn in sessions.turns(user, session_id, latest=3)] == ["9", "10", "11"]
    assert messages(sessions, user, session_id) == [str(number) for number in range(12)]


def test_sessions_are_listed_by_their_latest_activity(user: str) -> None:
    start, older, newer = now(), uuid4(), uuid4()
    at(start).add(user, older, said("a"), None)
    at(start + timedelta(minutes=1)).add(user, newer, said("b"), None)
    assert [header.session_id for header in at(start).list(user)] == [newer, older]

    later = at(start + timedelta(minutes=2))
    later.add(user, older, said("c"), later.find(user, older))

    assert [header.session_id for header in later.list(user)] == [older, newer]
    assert later.list("user") == [], "a user whose id begins another's"


def test_a_full_session_takes_no_more(sessions: Sessions, user: str) -> None:
    session_id = uuid4()
    sessions.add(user, session_id, said("first"), None)
    header = sessions.find(user, session_id)
    assert header is not None

    with pytest.raises(SessionFullError):
        sessions.add(user, session_id, said("more"), header.model_copy(update={"turns": MAX_TURNS}))


def test_everything_of_one_user_can_be_removed(sessions: Sessions, user: str) -> None:
    other = f"{user}-other"
    for owner in (user, user, other):
        sessions.add(owner, uuid4(), said("a"), None)

    assert sessions.delete_all(user) == 2
    assert (sessions.list(user), len(sessions.list(other))) == ([], 1)


def test_a_header_remembers_what_was_listed(sessions: Sessions, user: str) -> None:
    session_id, items = uuid4(), [uuid4(), uuid4()]

    sessions.add(user, session_id, said("a", items), None)

    header = sessions.find(user, session_id)
    assert header is not None
    assert header.remembered == items
