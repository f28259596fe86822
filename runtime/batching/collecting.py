"""What the vendor has answered becomes analyses, each in its tenant's name."""

from contextlib import closing
from datetime import timedelta

import psycopg
from aws_lambda_powertools import Logger

from runtime import analyses, batches, items
from runtime.analyses import Claim
from runtime.analysis import ImageAnalysis
from runtime.batches import Batch, Request
from runtime.batching.run import Run, about, account
from runtime.batching.vendor import Result, VendorBatch
from runtime.events import MAX_ENTRIES, AnalysisComplete, PublishError
from runtime.failures import PermanentError, TransientError
from runtime.leases import InProgress, ItemGoneError
from runtime.looking import READY
from runtime.postgres import Connection
from runtime.records import Stage
from runtime.vision import Spent, read_answer

logger = Logger()

CLOCKS_DIFFER = timedelta(minutes=5)
"""Ours and the vendor's, at most."""
AT_ONCE = timedelta(seconds=1)
"""The lease of a claim that is completed in the same transaction, where nobody sees it."""
TROUBLE = (TransientError, PublishError, psycopg.Error)
"""What one batch can come to without holding up the others."""


def collect(run: Run) -> bool:
    """Look after every batch that the vendor has. Returns whether all was seen to."""
    _hand_on(run)
    with run.database.role() as connection:
        given = batches.given(connection)
    for batch in given:
        if not run.has_time():
            return False
        try:
            if not _collect(run, batch):
                return False
        except TROUBLE as error:
            run.note_failure(error)
            logger.exception("a batch could not be looked after", vendor_id=batch.vendor_id)
    return True


def find_unremembered(run: Run) -> bool:
    """Find out whether the vendor has the batches whose making was interrupted; the requests of those that it has not
    wait for another one. Returns whether all was seen to."""
    with run.database.role() as connection:
        interrupted = batches.unremembered(connection)
        known = {batch.vendor_id for batch in batches.given(connection)}
    for batch in interrupted:
        if not run.has_time():
            return False
        try:
            with run.database.role() as connection:
                ids = {str(request.id) for request in batches.within(connection, batch.id)}
            made = run.vendor.made_since(batch.created_at - CLOCKS_DIFFER)
            alike = [each for each in made if each.id not in known and each.requests == batch.requests]
            found = next((each for each in alike if each.ended and _holds(run, each, ids)), None)
            with run.database.role() as connection:
                if found is not None:
                    known.add(found.id)
                    batches.remember(connection, batch.id, found.id)
                elif all(each.ended for each in alike):
                    batches.end(connection, batch.id)
                else:
                    # What is in one is told when it has ended.
                    run.report.pending += 1
        except TROUBLE as error:
            run.note_failure(error)
            logger.exception("an interrupted batch could not be looked for", batch_id=batch.id)
    return True


def _holds(run: Run, vendor_batch: VendorBatch, ids: set[str]) -> bool:
    """Whether the vendor's batch has answers to some of these requests."""
    if not vendor_batch.has_results:
        return False
    with closing(run.vendor.results(vendor_batch.id)) as results:
        return any(result.custom_id in ids for result in results)


def _collect(run: Run, batch: Batch) -> bool:
    """Settle the batch's requests, if it has ended. Returns whether the time was enough for all of them."""
    vendor_batch = run.vendor.find(batch.vendor_id or "")
    if vendor_batch is not None and not vendor_batch.ended:
        run.report.pending += 1
        return True
    with run.database.role() as connection:
        left = {str(request.id): request for request in batches.within(connection, batch.id)}
    if vendor_batch is not None and vendor_batch.has_results:
        read = 0
        with closing(run.vendor.results(vendor_batch.id)) as results:
            for result in results:
                if not run.has_time():
                    return False
                read += 1
                request = left.pop(result.custom_id, None)
                if request is not None:
                    with about(request):
                        _settle(run, request, result)
        if read < vendor_batch.requests:
            raise TransientError(f"batch {vendor_batch.id} has {vendor_batch.requests} results, and {read} were read")
    for request in left.values():
        with about(request):
            run.send_alone(request, "the vendor has no result any more")
    _hand_on(run)
    if vendor_batch is not None:
        # It would keep requests and results for weeks, also those of people who are gone by then.
        run.vendor.delete(vendor_batch.id)
    with run.database.role() as connection:
        batches.end(connection, batch.id)
    return True


def _settle(run: Run, request: Request, result: Result) -> None:
    message = result.message
    if message is None:
        run.send_alone(request, result.kind)
        return
    spent = Spent(message.model, message.usage.input_tokens, message.usage.output_tokens)
    try:
        analysis = read_answer(message)
    except (PermanentError, TransientError) as error:
        run.send_alone(request, str(error), spent)
        return
    with run.of(request) as connection:
        _keep(run, connection, request, analysis, spent)


def _keep(run: Run, connection: Connection, request: Request, analysis: ImageAnalysis, spent: Spent) -> None:
    """Make the answer an analysis of the item, and write down what it cost, once."""
    item = items.take_up(connection, request.item_id, Stage.ANALYSIS)
    if not batches.lock(connection, request.id):
        return
    account(connection, request, spent)
    if item is None or item.sha256 is None or item.status not in READY:
        run.drop(connection, request)
        return
    try:
        claimed = analyses.claim(
            connection,
            item_id=item.id,
            user_id=item.user_id,
            sha256=item.sha256,
            model=request.model,
            prompt_version=request.prompt_version,
            request_id=request.correlation_id,
            lease=AT_ONCE,
        )
    except ItemGoneError:
        run.drop(connection, request)
        return
    if isinstance(claimed, InProgress):
        # It was sent on alone, by a run that died before it could forget the request.
        batches.remove(connection, [request.id])
        return
    if isinstance(claimed, Claim):
        analyses.complete(
            connection,
            claimed.analysis_id,
            analysis=analysis,
            answered_by=spent.model,
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
            batch=True,
        )
    if items.mark_analyzed(connection, item.id):
        batches.mark_answered(connection, request.id, claimed.analysis_id)
        run.report.answered += 1
        logger.info("analysed in a batch", model=spent.model, version=claimed.version)
    else:
        run.drop(connection, request)


def _hand_on(run: Run) -> None:
    """Say what is answered. Said and not forgotten, it is said again."""
    while True:
        with run.database.role() as connection:
            answered = batches.answered(connection, MAX_ENTRIES)
        if not answered:
            return
        run.publish(
            *(
                AnalysisComplete(
                    correlation_id=each.correlation_id,
                    user_id=each.user_id,
                    item_id=each.item_id,
                    analysis_id=each.analysis_id,
                    version=each.version,
                )
                for each in answered
            )
        )
        with run.database.role() as connection:
            batches.remove(connection, [each.request_id for each in answered])
