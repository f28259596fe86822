"""Requests that wait are put into batches, one model at a time."""

from uuid import UUID

import psycopg
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from aws_lambda_powertools import Logger

from runtime import batches, items
from runtime.batches import Request
from runtime.batching.run import Run, about
from runtime.events import PublishError
from runtime.failures import TransientError
from runtime.keys import derived_key
from runtime.looking import MAX_PREVIEW_BYTES, READY, describe_file
from runtime.records import Stage
from runtime.storage import ObjectMissingError, ObjectTooLargeError
from runtime.vision import PROMPT_VERSION

logger = Logger()

MOST_BYTES = 48 * 1024 * 1024
"""Of the previews in a batch: base64 makes 64 MB of them, a quarter of what the vendor takes, and with what is made of
that to be sent the function has 400."""
MOST_REQUESTS = 10_000
"""In a batch: a tenth of what the vendor takes. Their results are worked off in one run."""


def submit_waiting(run: Run) -> bool:
    """Give the vendor what waits. Returns whether nothing waits any more."""
    with run.database.role() as connection:
        models = batches.models_waited_for(connection)
    for model in models:
        try:
            while run.has_time() and _submit(run, model):
                pass
        except (TransientError, PublishError, psycopg.Error) as error:
            run.note_failure(error)
            logger.exception("a batch could not be made", model=model)
    return run.has_time()


def _submit(run: Run, model: str) -> bool:
    """Give the vendor one batch; False if nothing waits."""
    with run.database.role() as connection:
        waiting = batches.waiting(connection, model, MOST_REQUESTS)
    prepared = _prepare(run, waiting)
    if not prepared:
        return bool(waiting) and run.has_time()
    with run.database.role() as connection:
        batch = batches.begin(connection, model, prepared, PROMPT_VERSION)
    if batch is None:
        # Somebody else's run, or an item that has just gone: what is left is prepared anew.
        return True
    vendor_id = run.vendor.create(prepared)
    with run.database.role() as connection:
        batches.remember(connection, batch.id, vendor_id)
    run.report.batches += 1
    run.report.submitted += batch.requests
    logger.info("the vendor has a batch", vendor_id=vendor_id, model=model, requests=batch.requests)
    return True


def _prepare(run: Run, waiting: list[Request]) -> dict[UUID, MessageCreateParamsNonStreaming]:
    """What the vendor is told of the first of the requests, as many as a batch may hold."""
    prepared: dict[UUID, MessageCreateParamsNonStreaming] = {}
    held = 0
    for request in waiting:
        if not run.has_time():
            break
        with about(request):
            found = _look_up(run, request)
        if found is None:
            continue
        preview, context = found
        if prepared and held + len(preview) > MOST_BYTES:
            break
        held += len(preview)
        prepared[request.id] = run.vendor.request(preview, context, request.model)
    return prepared


def _look_up(run: Run, request: Request) -> tuple[bytes, str] | None:
    """The image's preview, and what its file tells; None where no batch can answer the request."""
    with run.tenants.tenant(request.user_id) as connection:
        item = items.take_up(connection, request.item_id, Stage.ANALYSIS)
        if item is None or item.status not in READY:
            run.drop(connection, request)
            return None
    try:
        preview = run.store.get(derived_key(item.user_id, item.id, "preview"), MAX_PREVIEW_BYTES)
    except (ObjectMissingError, ObjectTooLargeError) as error:
        run.send_alone(request, str(error))
        return None
    return preview, describe_file(item)
