"""Whether a soak has lost, doubled or left over anything."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from tests.soak.pictures import Fate
from tests.soak.pipeline import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.soak.evidence import DeadLetter, Evidence, ItemRow
    from tests.soak.uploading import Sent

CALLS_PER_IMAGE = 1.02
PAID_AS = {"messages": "analysis", "embeddings": "embedding"}
"""What each endpoint's calls are written down as."""
LEAST_REPEATS = 3
"""Calls that may be repeated however few the images are: 2 % of a small run would be none."""
FINAL = {"searchable", "duplicate", "failed", "deleted"}
EXAMPLES = 5


@dataclass(frozen=True)
class Line:
    """Something that has to be true in the end."""

    claim: str
    found: str
    met: bool
    examples: tuple[str, ...] = ()
    """Of what contradicts it."""


def judge(
    sent: Sequence[Sent],
    evidence: Evidence,
    *,
    poison: int,
    looked_again: Sequence[str],
    announcements_repeated: int,
    swept: bool,
) -> list[Line]:
    """One line for each promise. `poison` is how many messages were sent that nobody understands, `looked_again` are
    the items that the user had analysed once more, `swept` says whether the sweeper's last run ended well."""
    return [
        *_fates(sent, evidence),
        _dead_letters(evidence, poison),
        _analyses(sent, evidence, looked_again),
        _claims(evidence),
        _objects(evidence),
        _rows(evidence, announcements_repeated),
        *(_calls(endpoint, evidence, len(looked_again)) for endpoint in PAID_AS),
        Line("the sweeper ends well", "yes" if swept else "no", swept),
    ]


def table(lines: Iterable[Line]) -> Table:
    """The lines, for people."""
    shown = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("", "claim", "found"):
        shown.add_column(column, overflow="fold")
    for line in lines:
        mark = Text("✓", style="green") if line.met else Text("✗", style="red")
        shown.add_row(mark, line.claim, Text("\n".join((line.found, *line.examples))))
    return shown


def _fates(sent: Sequence[Sent], evidence: Evidence) -> Iterator[Line]:
    lasting: dict[str, list[Sent]] = {}
    for each in sent:
        if each.picture.fate is Fate.SEARCHABLE:
            lasting.setdefault(each.picture.sha256, []).append(each)
    wrong: list[str] = []
    searchable = 0
    for copies in lasting.values():
        statuses = Counter(_status(each, evidence) for each in copies)
        searchable += statuses["searchable"]
        if statuses != Counter({"searchable": 1, "duplicate": len(copies) - 1} if len(copies) > 1 else ["searchable"]):
            wrong += [_describe(each, evidence) for each in copies]
    copied = sum(len(copies) - 1 for copies in lasting.values())
    claim = f"each of {len(lasting)} good images is searchable, each of {copied} copies its duplicate"
    yield _line(claim, f"{searchable} searchable", wrong)

    bad = [each for each in sent if each.picture.fate is Fate.FAILED]
    wrong = [_describe(each, evidence) for each in bad if not _failed_rightly(each, evidence)]
    yield _line(f"each of {len(bad)} bad files failed, with the right reason", f"{len(bad) - len(wrong)}", wrong)

    deleted = [each for each in sent if each.picture.fate is Fate.DELETED]
    left = [
        f"{each.picture.name}: {_status(each, evidence)}, objects {objects}"
        for each in deleted
        if (objects := [key for key in evidence.objects if each.item_id in key]) or each.item_id in evidence.items
    ]
    yield _line(f"of {len(deleted)} images deleted midway nothing is left", f"{len(left)} left", left)


def _failed_rightly(each: Sent, evidence: Evidence) -> bool:
    item = evidence.items.get(each.item_id)
    if item is None or (item.status, item.stage) != ("failed", "processing"):
        return False
    return each.picture.reason in (item.error or "")


def _dead_letters(evidence: Evidence, poison: int) -> Line:
    unreadable = sum(letter.item_id is None for letter in evidence.dead_letters)
    unexplained = [
        f"{STAGES[letter.role]}: {letter.body[:200]}"
        for letter in evidence.dead_letters
        if letter.item_id is not None and not _is_explained(letter, evidence)
    ]
    if unreadable != poison:
        unexplained.append(f"{unreadable} messages that nobody understands, of {poison} that were sent")
    about_items = len(evidence.dead_letters) - unreadable
    return _line(
        f"the dead-letter queues hold the {poison} poisoned messages, and else only what the items say too",
        f"{unreadable} poisoned, {about_items} about items",
        unexplained,
    )


def _is_explained(letter: DeadLetter, evidence: Evidence) -> bool:
    """The item says that it failed, or came to its end by another delivery."""
    item = evidence.items.get(letter.item_id or "")
    return item is None or item.status in FINAL


def _analyses(sent: Sequence[Sent], evidence: Evidence, looked_again: Sequence[str]) -> Line:
    wrong: list[str] = []
    for each in sent:
        item = evidence.items.get(each.item_id)
        expected = 1 + (each.item_id in looked_again) if item and item.status == "searchable" else 0
        if item and item.analyses != expected:
            wrong.append(f"{each.picture.name} ({item.id}, {item.status}): {item.analyses} analyses")
    found = sum(item.analyses for item in evidence.items.values())
    claim = f"each searchable image has one analysis, {len(looked_again)} that its user had looked at again have two"
    return _line(claim, f"{found} analyses", wrong)


def _claims(evidence: Evidence) -> Line:
    wrong = [f"{item.id}: {item.claims}" for item in evidence.items.values() if item.claims]
    return _line("no claim is left unfinished", f"{len(wrong)}", wrong)


def _objects(evidence: Evidence) -> Line:
    owned: set[str] = set()
    for item in evidence.items.values():
        folder = f"derived/{item.user_id}/{item.id}"
        owned |= {item.original_key, f"{folder}/thumb.webp", f"{folder}/preview.webp"}
    orphans = sorted(evidence.objects - owned)
    return _line("each object belongs to an item", f"{len(evidence.objects)} objects, {len(orphans)} orphans", orphans)


def _rows(evidence: Evidence, announcements_repeated: int) -> Line:
    unfinished: list[str] = []
    never_came = 0
    for item in evidence.items.values():
        if item.status == "pending" and item.original_key not in evidence.objects:
            never_came += 1
        elif problem := _incomplete(item, evidence):
            unfinished.append(f"{item.id} ({item.status}): {problem}")
    if never_came > announcements_repeated:
        unfinished.append(f"{never_came} items without a file, of {announcements_repeated} announced again")
    return _line(
        "each item has its objects, and just the rows that its state needs",
        f"{len(evidence.items)} items, {never_came} announced twice by the client",
        unfinished,
    )


def _incomplete(item: ItemRow, evidence: Evidence) -> str:
    indexed = (1, 1) if item.status == "searchable" else (0, 0)
    if (item.documents, item.vectors) != indexed:
        return f"{item.documents} documents, {item.vectors} vectors"
    needed = [item.original_key]
    if item.status == "searchable":
        needed += [f"derived/{item.user_id}/{item.id}/{kind}.webp" for kind in ("thumb", "preview")]
    missing = [key for key in needed if key not in evidence.objects]
    if missing:
        return f"lacks {', '.join(missing)}"
    return "" if item.status in FINAL else "has not come to an end"


def _calls(endpoint: str, evidence: Evidence, looked_again: int) -> Line:
    """What is faulty by itself is counted apart: nobody could have done without those calls."""
    calls = evidence.calls[endpoint]
    needed = evidence.paid.get(PAID_AS[endpoint], 0) + looked_again
    most = max(math.floor(needed * CALLS_PER_IMAGE), needed + LEAST_REPEATS)
    per_image = calls.answered / max(needed, 1)
    return Line(
        f"the vendor answers {endpoint} at most {most} times where {needed} are needed",
        f"{calls.answered} ({per_image:.3f} per image); besides {calls.spoiled} answers spoiled, "
        f"{calls.refused} calls refused, {calls.wrong} not understood",
        calls.answered <= most and not calls.wrong,
    )


def _status(each: Sent, evidence: Evidence) -> str:
    item = evidence.items.get(each.item_id)
    return item.status if item else "gone"


def _describe(each: Sent, evidence: Evidence) -> str:
    item = evidence.items.get(each.item_id)
    reason = f" in {item.stage}: {item.error}" if item and item.error else ""
    return f"{each.picture.name} ({each.item_id}): {_status(each, evidence)}{reason}"


def _line(claim: str, found: str, contradictions: Sequence[str]) -> Line:
    more = len(contradictions) - EXAMPLES
    shown = [*contradictions[:EXAMPLES], *([f"and {more} more"] if more > 0 else [])]
    return Line(claim, found, not contradictions, tuple(shown))
