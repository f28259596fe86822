"""What API Gateway says about a request (HTTP API, payload 2.0), as Mangum passes it on in the ASGI scope."""

from pydantic import BaseModel, Field, ValidationError
from starlette.types import Scope


class _Claims(BaseModel):
    # It becomes part of object keys. The length is not in the pattern, which would be compiled as so many copies of all
    # the world's letters and digits: the slowest single thing of a start.
    sub: str = Field(min_length=1, max_length=128, pattern=r"^[\w-]+$")


class _Jwt(BaseModel):
    claims: _Claims


class _Authorizer(BaseModel):
    jwt: _Jwt


class _AuthorizedContext(BaseModel):
    authorizer: _Authorizer


class _AuthorizedEvent(BaseModel):
    request_context: _AuthorizedContext = Field(alias="requestContext")


class _Context(BaseModel):
    request_id: str = Field(alias="requestId")


class _Event(BaseModel):
    request_context: _Context = Field(alias="requestContext")


def verified_user(scope: Scope) -> str | None:
    """The `sub` of the token that the gateway's JWT authorizer verified; none if it verified nobody."""
    try:
        event = _AuthorizedEvent.model_validate(scope.get("aws.event"))
    except ValidationError:
        return None
    return event.request_context.authorizer.jwt.claims.sub


def request_id(scope: Scope) -> str | None:
    """The gateway's id of this request, which its access log carries too; none where there is no gateway."""
    try:
        return _Event.model_validate(scope.get("aws.event")).request_context.request_id
    except ValidationError:
        return None
