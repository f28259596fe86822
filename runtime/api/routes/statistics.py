"""The route that counts a collection."""

from runtime import statistics
from runtime.api.dependencies import ServicesDep, TenantDep
from runtime.api.routing import Router
from runtime.api.schemas.statistics import StatisticsPublic

router = Router(tags=["items"])


@router.get("/stats", summary="Count a collection")
def collection_statistics(tenant: TenantDep, services: ServicesDep) -> StatisticsPublic:
    """Your items by status and category, and how many of them search knows."""
    with tenant.transaction() as connection:
        return StatisticsPublic.of(statistics.count(connection, services.settings.embedding_model))
