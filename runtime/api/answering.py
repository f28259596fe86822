"""What every request has in common that asks Claude: a model from the list, and an account of what it cost."""

from dataclasses import dataclass

from fastapi.exceptions import RequestValidationError

from runtime import limits, usage
from runtime.api.dependencies import Services, Tenant
from runtime.claude import Spent
from runtime.settings import UserLimits
from runtime.usage import Operation


def allowed_model(named: str | None, services: Services) -> str:
    """The model to ask. Raises `RequestValidationError` for one that is not on the list."""
    allowed = services.settings.answer_models
    if named is not None and named not in allowed:
        message = f"one of {', '.join(allowed)}"
        raise RequestValidationError(
            [{"type": "enum", "loc": ("body", "answer_model"), "msg": message, "input": named}]
        )
    return named or services.settings.answer_model


@dataclass(frozen=True)
class TenantAccount:
    """The calling user's: what an answer cost is written down at once, whatever becomes of it."""

    tenant: Tenant
    limits: UserLimits
    operation: Operation

    def require(self) -> None:
        with self.tenant.transaction() as connection:
            limits.require_budget(connection, self.limits)

    def record(self, spent: Spent) -> None:
        with self.tenant.transaction() as connection:
            usage.record(connection, user_id=self.tenant.user_id, operation=self.operation, **spent.model_dump())


def accounting(tenant: Tenant, services: Services, operation: Operation) -> TenantAccount:
    """The account that pays for the request's answers."""
    return TenantAccount(tenant, services.settings, operation)
