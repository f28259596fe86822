"""Who is calling: the `sub` of the token that API Gateway verified, and nothing else.

Two gates, either of which would do: `middleware.RequireUser` refuses before anything of the request is parsed, and
`CurrentUser` is the only way for a route to learn of a user.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from runtime.api.gateway import verified_user
from runtime.api.problems import ApiError

PUBLIC_PATHS = frozenset({"/", "/health", "/version", "/config.json", "/openapi.json", "/docs"})
"""What may be read without a token (contract, section 8), besides what is below `PUBLIC_FOLDER`. Everything else is
refused by default."""

PUBLIC_FOLDER = "/static/"
"""The gallery's files, which have to be there before anybody can sign in."""

SIGN_IN = "Sign in, and send the token as `Authorization: Bearer <token>`."


def is_public(path: str) -> bool:
    """Whether `path` may be read without a token."""
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_FOLDER)


class CognitoToken(SecurityBase):
    """Gives a route the calling user's id, and tells the OpenAPI document that the route needs a token."""

    scheme_name = "Cognito"
    model = HTTPBearer(bearerFormat="JWT", description="Access or id token of the user pool that `/config.json` names.")

    async def __call__(self, request: Request) -> str:
        """Raises `ApiError` 401 when nobody was verified."""
        user_id = verified_user(request.scope)
        if user_id is None:
            raise ApiError(401, SIGN_IN)
        return user_id


SIGNED_IN = Depends(CognitoToken())
"""A dependency for routes that need a token but not the user's id."""

CurrentUser = Annotated[str, SIGNED_IN]
"""The calling user's id (Cognito `sub`)."""
