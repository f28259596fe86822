"""A model is asked once for the same work, and again when it came to nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from runtime import analyses, items
from runtime.analyses import Claim, Finished
from runtime.leases import InProgress, ItemGoneError
from runtime.records import ItemRecord
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import LEASE, add_analysis, add_processed, claim, image_analysis
from tests.sessions import driver, tenant_session

ADA = "ada"
EXPIRED = timedelta(seconds=-1)


@pytest.fixture
def item(database: Database) -> ItemRecord:
    with tenant_session(database.functions, ADA) as session:
        return add_processed(session, ADA)


def test_of_many_claims_at_once_one_gets_the_work(database: Database, item: ItemRecord) -> None:
    def try_to_claim(_: int) -> Claim | InProgress | Finished:
        with tenant_session(database.functions, ADA) as session:
            return claim(session, item)

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(try_to_claim, range(12)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Claim"] + ["InProgress"] * 11


def test_finished_work_is_reported_back(database: Database, item: ItemRecord) -> None:
    with tenant_session(database.functions, ADA) as session:
        analysis = add_analysis(session, item, image_analysis())
    with tenant_session(database.functions, ADA) as session:
        assert claim(session, item) == Finished(analysis_id=analysis.id, version=1)
        other_model = claim(session, item, model="another")
        assert isinstance(other_model, Claim)
        assert other_model.version == 2


def test_an_expired_lease_is_claimed_again(database: Database, item: ItemRecord) -> None:
    with tenant_session(database.functions, ADA) as session:
        first = claim(session, item, lease=EXPIRED)
        assert isinstance(first, Claim)
    with tenant_session(database.functions, ADA) as session:
        assert claim(session, item) == first._replace(attempts=2), "which may be paid again, is counted"
        assert isinstance(claim(session, item), InProgress)


def test_failed_work_is_claimed_again_at_once(database: Database, item: ItemRecord) -> None:
    with tenant_session(database.functions, ADA) as session:
        first = claim(session, item)
        assert isinstance(first, Claim)
        analyses.fail(driver(session), first)
        assert claim(session, item) == first._replace(attempts=2)


def test_who_fails_after_its_lease_expired_does_not_end_the_next_ones(database: Database, item: ItemRecord) -> None:
    with tenant_session(database.functions, ADA) as session:
        slow = claim(session, item, lease=EXPIRED)
        assert isinstance(slow, Claim)
        claim(session, item)
        analyses.fail(driver(session), slow)
        assert isinstance(claim(session, item), InProgress)


def test_each_request_makes_a_version_of_its_own_once(database: Database, item: ItemRecord) -> None:
    with tenant_session(database.functions, ADA) as session:
        add_analysis(session, item, image_analysis())
        forced = claim(session, item, request_id="a")
        assert isinstance(forced, Claim)
        assert forced.version == 2
        assert isinstance(claim(session, item, request_id="a"), InProgress)
        analyses.complete(
            driver(session),
            forced.analysis_id,
            analysis=image_analysis(),
            answered_by="x",
            input_tokens=1,
            output_tokens=1,
        )
        assert claim(session, item, request_id="a") == Finished(analysis_id=forced.analysis_id, version=2)
        again = claim(session, item, request_id="b")
        assert isinstance(again, Claim)
        assert again.version == 3


def test_the_answer_that_comes_first_stays(database: Database, item: ItemRecord) -> None:
    """The holder of an expired lease and the one that claimed after it both come back with an answer."""
    with tenant_session(database.functions, ADA) as session:
        slow = claim(session, item, lease=EXPIRED)
        quick = claim(session, item)
        assert isinstance(slow, Claim)
        assert isinstance(quick, Claim)
        for headline in ("quick", "slow"):
            kept = analyses.complete(
                driver(session), quick.analysis_id, analysis=image_analysis(headline), answered_by="x",
                input_tokens=1, output_tokens=1,
            )  # fmt: skip
            assert kept.headline == "quick"


def test_a_failure_that_comes_late_does_not_undo_an_answer(database: Database, item: ItemRecord) -> None:
    with tenant_session(database.functions, ADA) as session:
        analysis = add_analysis(session, item, image_analysis("done"))
        analyses.fail(driver(session), Claim(analysis_id=analysis.id, version=1, attempts=1))
        latest = analyses.latest(driver(session), item.id)
        assert latest is not None
        assert latest.headline == "done"


def test_versions_come_newest_first_and_the_latest_is_the_newest_finished(database: Database, item: ItemRecord) -> None:
    with tenant_session(database.functions, ADA) as session:
        first = add_analysis(session, item, image_analysis("first"))
        second = add_analysis(session, item, image_analysis("second"), forced=True)
        running = claim(session, item, request_id="c", lease=LEASE)
        assert isinstance(running, Claim)
        assert [one.id for one in analyses.versions(driver(session), item.id)] == [
            running.analysis_id,
            second.id,
            first.id,
        ]
        assert analyses.latest(driver(session), item.id) == second
        bare = add_processed(session, ADA)
        assert analyses.latest_of(driver(session), [item.id, bare.id]) == {item.id: second}
        assert analyses.latest_of(driver(session), []) == {}


def test_a_deleted_item_cannot_be_claimed(database: Database, item: ItemRecord) -> None:
    with tenant_session(database.functions, ADA) as session:
        items.mark_deleted(driver(session), item.id)
        with pytest.raises(ItemGoneError):
            claim(session, item)


def test_an_answer_for_a_removed_analysis_is_an_error(database: Database) -> None:
    with tenant_session(database.functions, ADA) as session, pytest.raises(analyses.AnalysisGoneError):
        analyses.complete(
            driver(session), uuid4(), analysis=image_analysis(), answered_by="x", input_tokens=1, output_tokens=1
        )


def test_the_work_of_another_tenant_cannot_be_claimed_or_read(database: Database, item: ItemRecord) -> None:
    with tenant_session(database.functions, ADA) as session:
        analysis = add_analysis(session, item, image_analysis())
    with tenant_session(database.functions, "bob") as session:
        assert analyses.find(driver(session), analysis.id) is None
        assert analyses.versions(driver(session), item.id) == []
        with pytest.raises(ItemGoneError):
            claim(session, item)
