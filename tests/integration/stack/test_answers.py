"""From a file to an answer that cites it, and to "the first one" in a chat, through everything that is deployed."""

from __future__ import annotations

import pytest

from tests.integration.stack.conftest import SAMPLES, User


@pytest.mark.timeout(400)  # where it comes first, the whole stack is started in it
def test_an_uploaded_receipt_is_asked_about(ada: User) -> None:
    receipt = ada.upload(SAMPLES / "receipt-mill-lane-bakery.jpg")
    question = "What was the total at Mill Lane Bakery?"

    answered = ada.request("POST", "/search", json={"query": question, "include_answer": True}).json()
    agentic = ada.request("POST", "/search", json={"query": question, "search_type": "agentic"}).json()
    said = ada.request("POST", "/chat", json={"message": question}).json()
    again = ada.request("POST", "/chat", json={"message": "the first one", "session_id": said["session_id"]}).json()

    assert "22.36" in answered["answer"], answered
    assert answered["citations"] == agentic["citations"] == [receipt["id"]]
    assert agentic["tools_used"][0] == "search_images"
    assert "22.36" in said["message"]
    assert [result["item_id"] for result in again["search_results"]] == [receipt["id"]]
    assert again["conversation_turn"] == 2
    assert ada.request("DELETE", f"/chat/sessions/{said['session_id']}").status_code == 200
    used = {line["operation"] for month in ada.request("GET", "/usage").json()["months"] for line in month["models"]}
    assert {"answer", "agent", "chat"} <= used
