"""Routes about everything that a user has here: take it home, or have it removed."""

from datetime import timedelta
from uuid import UUID

from runtime.account import requests
from runtime.account.requests import RequestRecord, RequestState
from runtime.api.dependencies import ServicesDep, TenantDep
from runtime.api.problems import BEING_DELETED, ApiError, documented, not_found
from runtime.api.routing import Router
from runtime.api.schemas.account import ExportFile, ExportPublic, RequestAccepted
from runtime.events import AccountDeletionRequested, ExportRequested
from runtime.records import now
from runtime.storage import ImageStore

router = Router(prefix="/me", tags=["account"])

EXPORT_LIFETIME = timedelta(days=1)
"""As the bucket's rule for exports has it."""


@router.post("/export", summary="Export everything", status_code=202, responses=documented(409, 503))
def export(tenant: TenantDep, services: ServicesDep) -> RequestAccepted:
    """Has all originals and all that is known of them put into zip files. Asked for again while one is made, it names
    that one."""
    with tenant.transaction() as connection:
        if requests.deletion(connection) is not None:
            raise ApiError(409, BEING_DELETED)
        request = requests.request_export(connection, tenant.user_id)
    services.publish(ExportRequested(correlation_id=str(request.id), user_id=tenant.user_id, request_id=request.id))
    return RequestAccepted(request_id=request.id)


@router.get("/export/{request_id}", summary="Follow an export", responses=documented(404, 422))
def read_export(request_id: UUID, tenant: TenantDep, services: ServicesDep) -> ExportPublic:
    """How far it has come and, once it is done, where its files are."""
    with tenant.transaction() as connection:
        request = requests.find_export(connection, request_id)
    if request is None:
        raise not_found("export", request_id)
    return _public(request, services.store)


@router.delete("", summary="Delete everything, and the account", status_code=202, responses=documented(503))
def delete_account(tenant: TenantDep, services: ServicesDep) -> RequestAccepted:
    """Removes all of your images, what was made of them, chats, exports, and you as a user, for good. From now on
    nothing new is taken in; the rest follows within minutes."""
    with tenant.transaction() as connection:
        request = requests.request_deletion(connection, tenant.user_id)
    services.publish(
        AccountDeletionRequested(correlation_id=str(request.id), user_id=tenant.user_id, request_id=request.id)
    )
    return RequestAccepted(request_id=request.id)


def _public(request: RequestRecord, store: ImageStore) -> ExportPublic:
    done = request.state == RequestState.DONE
    offered = done and requests.is_offered(request, EXPORT_LIFETIME, now())
    parts = [
        ExportFile(url=store.presigned_get(part.key), file_size=part.file_size, items=part.items)
        for part in (request.parts if offered else [])
    ]
    return ExportPublic(
        request_id=request.id,
        state="expired" if done and not offered else request.state.value,
        error=request.error,
        url=parts[0].url if parts else None,
        parts=parts,
        created_at=request.created_at,
        finished_at=request.finished_at,
        expires_at=None if request.finished_at is None else request.finished_at + EXPORT_LIFETIME,
    )
