"""Conversations over HTTP, by the stand-in for Claude, with their memory in the emulator's DynamoDB."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from runtime.api.adapter import gateway_handler
from runtime.api.app import create_app
from runtime.api.dependencies import Services
from runtime.chat.sessions import Sessions
from runtime.records import now
from tests.api_environment import ENVIRONMENT
from tests.gateway import GatewayClient
from tests.integration.api.claude import Claude
from tests.integration.api.conftest import ADA, Kept, Pipeline
from tests.integration.api.test_answers import spendings
from tests.integration.conftest import Database


@pytest.fixture(name="kept")
def _kept(pipeline: Pipeline) -> list[Kept]:
    """Two images about bread, in the order in which they are found."""
    return [
        pipeline.keep("Sourdough bread receipt, total EUR 6.40", angle=0),
        pipeline.keep("Rye bread recipe: 500 g flour", angle=20),
    ]


def say(client: GatewayClient, message: str, **request: object) -> dict[str, Any]:
    answer = client.post("/chat", {"message": message, **request})
    assert answer.status == 200, answer.body
    return answer.json()


def read(client: GatewayClient, session_id: str) -> dict[str, Any]:
    answer = client.get(f"/chat/sessions/{session_id}")
    assert answer.status == 200, answer.body
    return answer.json()


def listed(answered: dict[str, Any]) -> list[str]:
    return [result["item_id"] for result in answered["search_results"]]


def test_a_reply_is_about_what_was_found(ada: GatewayClient, kept: list[Kept], database: Database) -> None:
    answered = say(ada, "sourdough total")

    assert answered.keys() == {
        "session_id",
        "message",
        "conversation_turn",
        "search_results",
        "tools_used",
        "response_time_ms",
    }
    assert "6.40" in answered["message"]
    assert answered["conversation_turn"] == 1
    assert listed(answered)[0] == str(kept[0].item.id)
    assert answered["tools_used"] == ["search_images"]
    assert spendings(database, "chat") == [(ADA, "local-answer")]


def test_the_second_one_is_the_second_of_what_was_listed_before(ada: GatewayClient, kept: list[Kept]) -> None:
    first = say(ada, "bread")
    assert len(listed(first)) == 2

    second = say(ada, "And the second one?", session_id=first["session_id"])
    third = say(ada, "And the first one?", session_id=first["session_id"])

    assert listed(second) == [listed(first)[1]]
    assert listed(third) == [listed(first)[0]], "asking about one of them does not forget the list"
    assert (second["conversation_turn"], third["conversation_turn"]) == (2, 3)


def test_a_session_is_listed_read_and_deleted(ada: GatewayClient, kept: list[Kept]) -> None:
    session_id = say(ada, "bread")["session_id"]
    say(ada, "the second one", session_id=session_id)

    history = read(ada, session_id)
    assert [turn["message"] for turn in history["messages"]] == ["bread", "the second one"]
    assert [turn["number"] for turn in history["messages"]] == [1, 2]
    assert history["turns"] == 2
    (newest, *_) = ada.get("/chat/sessions").json()["sessions"]
    assert (newest["session_id"], newest["title"]) == (session_id, "bread")

    assert ada.delete(f"/chat/sessions/{session_id}").json() == {"status": "deleted", "session_id": session_id}
    assert ada.get(f"/chat/sessions/{session_id}").status == 404
    assert ada.delete(f"/chat/sessions/{session_id}").status == 404
    assert ada.post("/chat", {"message": "bread", "session_id": session_id}).status == 404
    assert session_id not in ada.get("/chat/sessions").body


def test_another_users_session_does_not_exist(
    ada: GatewayClient, bob: GatewayClient, kept: list[Kept], claude: Claude
) -> None:
    session_id = say(ada, "bread")["session_id"]
    calls = claude.calls

    assert bob.get(f"/chat/sessions/{session_id}").status == 404
    assert bob.delete(f"/chat/sessions/{session_id}").status == 404
    assert bob.post("/chat", {"message": "the first one", "session_id": session_id}).status == 404
    assert session_id not in bob.get("/chat/sessions").body
    assert claude.calls == calls, "nobody is asked for a session that does not exist"
    assert read(ada, session_id)["turns"] == 1


def test_an_unknown_session_is_not_begun_by_its_id(ada: GatewayClient) -> None:
    assert ada.post("/chat", {"message": "bread", "session_id": str(uuid4())}).status == 404


def test_an_expired_session_is_gone_though_its_rows_are_still_there(
    ada: GatewayClient, services: Services, kept: list[Kept]
) -> None:
    session_id = say(ada, "bread")["session_id"]
    table = ENVIRONMENT["CHECKPOINT_TABLE"]
    later = Sessions(table, 4, clock=lambda: now() + timedelta(hours=4, minutes=1))
    client = GatewayClient(gateway_handler(create_app(replace(services, sessions=later))), ADA)

    assert client.get(f"/chat/sessions/{session_id}").status == 404
    assert client.post("/chat", {"message": "bread", "session_id": session_id}).status == 404
    assert session_id not in client.get("/chat/sessions").body
    assert read(ada, session_id)["turns"] == 1


@pytest.mark.parametrize("kind", ["429", "refusal", "cut-off", "invalid-json"])
def test_a_turn_without_claude_says_why_and_lists_what_was_found(
    ada: GatewayClient, kept: list[Kept], claude: Claude, kind: str
) -> None:
    claude.misbehave(kind)

    answered = say(ada, "bread")

    assert "ask again" in answered["message"]
    assert len(listed(answered)) == 2
    assert read(ada, answered["session_id"])["messages"][0]["reply"] == answered["message"]


@pytest.mark.parametrize(
    "body",
    [{}, {"message": ""}, {"message": "a\0b"}, {"message": "a" * 2001}, {"message": "a", "session_id": "1"}],
)
def test_what_cannot_be_said_is_refused(ada: GatewayClient, body: dict[str, object]) -> None:
    assert ada.post("/chat", body).status == 422
