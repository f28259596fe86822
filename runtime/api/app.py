"""The HTTP API (contract, section 8) as a FastAPI app."""

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from runtime.api import problems
from runtime.api.auth import SIGNED_IN
from runtime.api.dependencies import Services
from runtime.api.middleware import BodyLimit, Edge, Head, RequireUser, SecurityHeaders
from runtime.api.openapi import DocumentedApi
from runtime.api.routes import (
    account,
    albums,
    chat,
    commands,
    gallery,
    images,
    items,
    search,
    service,
    statistics,
    tags,
    uploads,
    usage,
)
from runtime.api.validation import refuse_nul_in_parameters, refuse_unknown_parameters

TITLE = "Collections"
DESCRIPTION = """Keeps your images, understands them, and finds them again by meaning.

Sign in to the user pool that `/config.json` names, and send the token as `Authorization: Bearer <token>`. Errors of the
application are `application/problem+json` (RFC 9457). The gateway's own (401, 404, 413, 429) are `{"message": …}`."""


def create_app(services: Services) -> FastAPI:
    """The app that serves `services`."""
    app = routes(services.settings.version)
    app.state.services = services
    return app


def routes(version: str) -> DocumentedApi:
    """Every route, without what they work with: enough for the document."""
    app = DocumentedApi(
        title=TITLE,
        description=DESCRIPTION,
        version=version,
        # Relative, since the API may be reached under a path.
        servers=[{"url": "./"}],
        docs_url=None,  # a route of ours, whose links are relative
        redoc_url=None,
        # A path has one name; and what redirects would be answered before who asks is known.
        redirect_slashes=False,
        dependencies=[Depends(refuse_unknown_parameters), Depends(refuse_nul_in_parameters)],
        middleware=[Middleware(each) for each in (SecurityHeaders, Edge, Head, RequireUser, BodyLimit)],
    )
    problems.register(app)
    app.include_router(gallery.router)
    app.include_router(service.router)
    for private in (uploads, items, commands, images, tags, albums, statistics, search, chat, usage, account):
        app.include_router(private.router, dependencies=[SIGNED_IN])
    return app
