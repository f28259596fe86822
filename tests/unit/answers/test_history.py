"""What Claude is told of earlier turns."""

from uuid import uuid4

from runtime.chat.sessions import Turn
from runtime.chat.turns import reply, trimmed
from runtime.claude import Allowance
from runtime.records import now
from runtime.search.filters import Filters
from tests.unit.answers.conversation import Collection, Ledger, claude_at, item, says
from tests.unit.pipeline.vendor import Vendor


def turn(number: int, message: str) -> Turn:
    return Turn(number=number, message=message, reply="ok", items=[], citations=[], tools_used=[], created_at=now())


def test_the_latest_turns_that_fit_are_kept_whole() -> None:
    history = [turn(1, "a" * 298), turn(2, "b" * 298), turn(3, "c" * 298)]

    assert [each.number for each in trimmed(history, tokens=200)] == [2, 3]
    assert [each.number for each in trimmed(history, tokens=199)] == [3]
    assert trimmed(history, tokens=99) == []


def test_japanese_counts_by_its_bytes() -> None:
    assert trimmed([turn(1, "京" * 300)], tokens=300) == []


def test_history_is_told_as_a_conversation_and_the_earlier_list_as_data(vendor: Vendor) -> None:
    first, second = item(uuid4(), "one"), item(uuid4(), "two")
    vendor.replies = [says(citations=[str(second.item_id)], answer="Two.", about="earlier_results")]

    said = reply(
        claude_at(vendor),
        Collection([first, second], finds=False).retrieval,
        message="the second one",
        history=[turn(1, "show me both")],
        remembered=[first.item_id, second.item_id],
        filters=Filters(),
        top_k=5,
        model="m",
        budget=Allowance().begin(),
        account=Ledger(),
    )

    roles = [each["role"] for each in vendor.requests[0]["messages"]]
    data = vendor.requests[0]["messages"][-1]["content"][0]["text"]
    assert roles == ["user", "assistant", "user"]
    assert data.index(str(first.item_id)) < data.index(str(second.item_id)) < data.index("</earlier_results>")
    assert (said.items, said.remembered) == ([second.item_id], [first.item_id, second.item_id])
