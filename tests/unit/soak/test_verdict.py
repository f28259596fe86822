"""The verdict of a soak sees what went wrong: a soak that cannot fail proves nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.soak.evidence import Calls, DeadLetter, Evidence, ItemRow
from tests.soak.pictures import Fate, Picture
from tests.soak.uploading import Sent
from tests.soak.verdict import Line, judge

GOOD = Sent(Picture("good.jpg", "image/jpeg", b"good", Fate.SEARCHABLE), "item-good")
COPY = Sent(Picture("copy.jpg", "image/jpeg", b"good", Fate.SEARCHABLE), "item-copy")
BAD = Sent(Picture("bad.jpg", "image/jpeg", b"bad", Fate.FAILED, "holds text"), "item-bad")
GONE = Sent(Picture("gone.jpg", "image/jpeg", b"gone", Fate.DELETED), "item-gone")
SENT = [GOOD, COPY, BAD, GONE]

FINE = Calls(answered=2, spoiled=5, refused=9, wrong=0)


def row(sent: Sent, status: str, **values: object) -> ItemRow:
    indexed = int(status == "searchable")
    nothing = ItemRow(
        id=sent.item_id,
        user_id="ada",
        status=status,
        stage=None,
        error=None,
        sha256=None,
        original_key=f"originals/ada/{sent.item_id}.jpg",
        duplicate_of=None,
        analyses=indexed,
        claims=0,
        documents=indexed,
        vectors=indexed,
    )
    return replace(nothing, **values)


ITEMS = {
    GOOD.item_id: row(GOOD, "searchable"),
    COPY.item_id: row(COPY, "duplicate", duplicate_of=GOOD.item_id),
    BAD.item_id: row(BAD, "failed", stage="processing", error="It is no image: it holds text."),
}
OBJECTS = frozenset(
    {
        *(item.original_key for item in ITEMS.values()),
        *(f"derived/ada/{GOOD.item_id}/{kind}.webp" for kind in ("thumb", "preview")),
    }
)
WELL = Evidence(ITEMS, OBJECTS, (), {"messages": FINE, "embeddings": FINE}, {"analysis": 1, "embedding": 1}, deaths=0)


def unmet(evidence: Evidence, **values: object) -> list[str]:
    """The claims that do not hold."""
    given = {"poison": 0, "looked_again": (), "announcements_repeated": 0, "swept": True} | values
    lines: list[Line] = judge(SENT, evidence, **given)  # pyright: ignore[reportArgumentType]
    return [line.claim for line in lines if not line.met]


def changed(sent: Sent, **values: object) -> Evidence:
    return replace(WELL, items=ITEMS | {sent.item_id: replace(ITEMS[sent.item_id], **values)})


def test_a_soak_that_went_well_meets_every_claim() -> None:
    assert unmet(WELL) == []


@pytest.mark.parametrize(
    ("evidence", "claim"),
    [
        (changed(GOOD, status="processed", documents=0, vectors=0, analyses=0), "good images is searchable"),
        (changed(COPY, status="searchable", documents=1, vectors=1, analyses=1), "copies its duplicate"),
        (changed(BAD, error="Something went wrong."), "right reason"),
        (changed(BAD, stage="analysis"), "right reason"),
        (replace(WELL, items=ITEMS | {GONE.item_id: row(GONE, "deleted")}), "nothing is left"),
        (replace(WELL, objects=OBJECTS | {"derived/ada/item-gone/thumb.webp"}), "each object belongs"),
        (replace(WELL, objects=OBJECTS - {"derived/ada/item-good/thumb.webp"}), "has its objects"),
        (changed(GOOD, vectors=0), "just the rows"),
        (changed(GOOD, analyses=2), "one analysis"),
        (changed(GOOD, claims=1), "claim is left"),
        (replace(WELL, dead_letters=(DeadLetter("analyzer", "{", None),)), "dead-letter"),
        (replace(WELL, calls={"messages": replace(FINE, answered=5), "embeddings": FINE}), "answers messages"),
        (replace(WELL, calls={"messages": FINE, "embeddings": replace(FINE, wrong=1)}), "answers embeddings"),
    ],
)
def test_each_kind_of_loss_is_seen(evidence: Evidence, claim: str) -> None:
    assert any(claim in broken for broken in unmet(evidence)), unmet(evidence)


def test_a_dead_letter_about_an_item_that_came_to_its_end_is_explained_and_one_about_a_waiting_item_is_not() -> None:
    letter = DeadLetter("embedder", "{}", GOOD.item_id)
    waiting = changed(GOOD, status="analyzed", documents=0, vectors=0, analyses=1)

    assert unmet(replace(WELL, dead_letters=(letter,))) == []
    assert any("dead-letter" in claim for claim in unmet(replace(waiting, dead_letters=(letter,))))


def test_what_was_asked_for_again_may_cost_again() -> None:
    twice = changed(GOOD, analyses=2)

    assert unmet(twice, looked_again=[GOOD.item_id]) == []


def test_messages_that_nobody_understands_have_to_end_up_with_the_dead_letters() -> None:
    assert any("dead-letter" in claim for claim in unmet(WELL, poison=1))


def test_a_sweeper_that_fails_is_seen() -> None:
    assert unmet(WELL, swept=False) == ["the sweeper ends well"]
