"""Analyses of an item: claimed before a model is paid (see `runtime.leases`), kept as versions."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, func, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, col, select

from runtime import items
from runtime.analysis import ImageAnalysis
from runtime.leases import InProgress, ItemGoneError, database_time
from runtime.models import Analysis
from runtime.prices import cost_usd
from runtime.records import AnalysisState


class Claim(BaseModel):
    """The work is the caller's until its lease ends."""

    analysis_id: UUID
    version: int
    attempts: int
    """1 unless an earlier holder died or failed: each attempt may have been paid."""


class Finished(BaseModel):
    """The same model has already answered the same question about the same image."""

    analysis_id: UUID
    version: int


class AnalysisGoneError(LookupError):
    """The analysis was removed, with its item."""


def claim(
    session: Session,
    *,
    item_id: UUID,
    user_id: str,
    sha256: str,
    model: str,
    prompt_version: str,
    request_id: str | None,
    lease: timedelta,
) -> Claim | InProgress | Finished:
    """Claim the analysis of the image `sha256` by `model` with the prompt `prompt_version`.

    There is one analysis per item, image, model and prompt, and besides one for each request that forces another,
    which `request_id` names. A finished one is reported back, a failed or expired one is claimed again. Commit before
    calling the model. Raises `ItemGoneError`.
    """
    # Claims on one item wait for each other here, which makes the check below and the next version number safe.
    if not items.lock(session, item_id):
        raise ItemGoneError(f"item {item_id} is gone")
    if request_id is not None:
        same_work = and_(col(Analysis.item_id) == item_id, col(Analysis.request_id) == request_id)
    else:
        same_work = and_(
            col(Analysis.item_id) == item_id,
            col(Analysis.sha256) == sha256,
            col(Analysis.model) == model,
            col(Analysis.prompt_version) == prompt_version,
            col(Analysis.forced).is_(False),
        )
    earlier = _claim_again(session, same_work, lease)
    if earlier is not None:
        return earlier
    highest = session.exec(select(func.max(Analysis.version)).where(Analysis.item_id == item_id)).one()
    analysis = Analysis(
        item_id=item_id,
        user_id=user_id,
        version=(highest or 0) + 1,
        sha256=sha256,
        model=model,
        prompt_version=prompt_version,
        forced=request_id is not None,
        request_id=request_id,
        attempts=1,
        lease_until=database_time(session) + lease,
    )
    session.add(analysis)
    session.flush()
    return Claim(analysis_id=analysis.id, version=analysis.version, attempts=analysis.attempts)


def complete(
    session: Session,
    analysis_id: UUID,
    *,
    analysis: ImageAnalysis,
    answered_by: str,
    input_tokens: int,
    output_tokens: int,
) -> Analysis:
    """Keep what the model said. When an earlier holder of an expired lease was faster, its answer stays.

    Raises `AnalysisGoneError`.
    """
    session.exec(
        update(Analysis)
        .where(col(Analysis.id) == analysis_id, col(Analysis.state) != AnalysisState.DONE)
        .values(
            state=AnalysisState.DONE,
            lease_until=None,
            category=analysis.category,
            headline=analysis.headline,
            summary=analysis.summary,
            result=analysis.model_dump(mode="json"),
            answered_by=answered_by,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cost_usd=cost_usd(answered_by, input_tokens, output_tokens),
        )
        .execution_options(synchronize_session=False)
    )
    kept = find(session, analysis_id)
    if kept is None:
        raise AnalysisGoneError(f"analysis {analysis_id} is gone")
    return kept


def fail(session: Session, claim: Claim) -> None:
    """Give the claim back: the next delivery may claim it at once. An expired one that is somebody else's by now, and
    a finished one, stay as they are."""
    held = (
        col(Analysis.id) == claim.analysis_id,
        col(Analysis.state) == AnalysisState.RUNNING,
        col(Analysis.attempts) == claim.attempts,
    )
    session.exec(
        update(Analysis)
        .where(*held)
        .values(state=AnalysisState.FAILED, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def find(session: Session, analysis_id: UUID) -> Analysis | None:
    """The analysis, unless it is not the tenant's."""
    return session.get(Analysis, analysis_id, populate_existing=True)


def versions(session: Session, item_id: UUID) -> list[Analysis]:
    """All analyses of the item, newest first."""
    query = select(Analysis).where(Analysis.item_id == item_id).order_by(col(Analysis.version).desc())
    return list(session.exec(query))


def latest(session: Session, item_id: UUID) -> Analysis | None:
    """The newest finished analysis of the item."""
    return latest_of(session, [item_id]).get(item_id)


def latest_of(session: Session, item_ids: Collection[UUID]) -> dict[UUID, Analysis]:
    """The newest finished analysis of each item that has one, in one query."""
    query = (
        select(Analysis)
        .where(col(Analysis.item_id).in_(item_ids), Analysis.state == AnalysisState.DONE)
        .ext(distinct_on(col(Analysis.item_id)))
        .order_by(col(Analysis.item_id), col(Analysis.version).desc())
    )
    return {analysis.item_id: analysis for analysis in session.exec(query)}


def _claim_again(
    session: Session, same_work: ColumnElement[bool], lease: timedelta
) -> Claim | InProgress | Finished | None:
    """What became of an earlier claim on the same work; None if there is none."""
    earlier = session.exec(select(Analysis).where(same_work).order_by(col(Analysis.version).desc())).first()
    if earlier is None:
        return None
    if earlier.state == AnalysisState.DONE:
        return Finished(analysis_id=earlier.id, version=earlier.version)
    moment = database_time(session)
    if earlier.state == AnalysisState.RUNNING and earlier.lease_until is not None and earlier.lease_until > moment:
        return InProgress(lease_until=earlier.lease_until)
    earlier.state = AnalysisState.RUNNING
    earlier.lease_until = moment + lease
    earlier.attempts += 1
    session.flush()
    return Claim(analysis_id=earlier.id, version=earlier.version, attempts=earlier.attempts)
