"""Where items may move (contract section 5): the state machine as one table, which `runtime.items` carries out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runtime.records import Stage, Status


class Cause(StrEnum):
    """What moves an item."""

    UPLOADED = "uploaded"
    PROCESSED = "processed"
    DUPLICATED = "duplicated"
    ANALYZED = "analyzed"
    INDEXED = "indexed"
    DELETED = "deleted"
    RETRY = "retry"
    """A command: try again what failed."""
    ANALYZE = "analyze"
    """A command: look at it again."""
    PROMOTE = "promote"
    """The original of a duplicate was deleted."""
    LOST = "lost"
    """Its original is not in the bucket any more."""


@dataclass(frozen=True)
class Transition:
    """From where it applies, and where it leads."""

    leads: Mapping[Status, Status] = field(default_factory=dict[Status, Status])
    rescues: Mapping[Stage, Status] = field(default_factory=dict[Stage, Status])
    """The same for failed items, by the stage that failed."""
    stamp: str | None = None
    """Column that keeps when it first happened."""


_BEFORE = {
    Stage.UPLOAD: Status.UPLOADED,
    Stage.PROCESSING: Status.UPLOADED,
    Stage.ANALYSIS: Status.PROCESSED,
    Stage.EMBEDDING: Status.ANALYZED,
}
"""Where an item is while a stage has yet to work on it."""

_LIVING = [status for status in Status if status != Status.DELETED]

# An event leads forward only. That it also leads on from the failure of its own stage is for work that was given up
# by one delivery while another was still at it.
TRANSITIONS: Mapping[Cause, Transition] = {
    Cause.UPLOADED: Transition(
        {Status.PENDING: Status.UPLOADED, Status.UPLOADED: Status.UPLOADED}, stamp="uploaded_at"
    ),
    Cause.PROCESSED: Transition(
        {Status.PENDING: Status.PROCESSED, Status.UPLOADED: Status.PROCESSED},
        {Stage.UPLOAD: Status.PROCESSED, Stage.PROCESSING: Status.PROCESSED},
        "processed_at",
    ),
    Cause.DUPLICATED: Transition(
        {Status.PENDING: Status.DUPLICATE, Status.UPLOADED: Status.DUPLICATE},
        {Stage.UPLOAD: Status.DUPLICATE, Stage.PROCESSING: Status.DUPLICATE},
        "processed_at",
    ),
    # A searchable item that is analysed again stays searchable, with what it has.
    Cause.ANALYZED: Transition(
        {
            Status.PROCESSED: Status.ANALYZED,
            Status.ANALYZED: Status.ANALYZED,
            Status.SEARCHABLE: Status.SEARCHABLE,
        },
        {Stage.ANALYSIS: Status.ANALYZED},
        "analyzed_at",
    ),
    Cause.INDEXED: Transition(
        {Status.ANALYZED: Status.SEARCHABLE, Status.SEARCHABLE: Status.SEARCHABLE},
        {Stage.EMBEDDING: Status.SEARCHABLE},
        "searchable_at",
    ),
    Cause.DELETED: Transition(dict.fromkeys(_LIVING, Status.DELETED)),
    Cause.RETRY: Transition(rescues=_BEFORE),
    Cause.ANALYZE: Transition(
        {status: status for status in (Status.PROCESSED, Status.ANALYZED, Status.SEARCHABLE)},
        {stage: _BEFORE[stage] for stage in (Stage.ANALYSIS, Stage.EMBEDDING)},
    ),
    Cause.PROMOTE: Transition({Status.DUPLICATE: Status.UPLOADED}),
    Cause.LOST: Transition(
        dict.fromkeys(
            (Status.UPLOADED, Status.PROCESSED, Status.ANALYZED, Status.SEARCHABLE, Status.DUPLICATE), Status.FAILED
        )
    ),
}

FAILS_FROM: Mapping[Stage, tuple[Status, ...]] = {
    Stage.UPLOAD: (Status.PENDING, Status.UPLOADED),
    Stage.PROCESSING: (Status.PENDING, Status.UPLOADED),
    Stage.ANALYSIS: (Status.PROCESSED,),
    Stage.EMBEDDING: (Status.ANALYZED,),
}
"""Where an item must still be for a stage to fail it: one that has moved on keeps what it has."""
