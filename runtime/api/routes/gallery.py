"""The pages: the gallery at `/` for whoever asks for HTML, the documentation, and their assets."""

from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from runtime.api.dependencies import ServicesDep
from runtime.api.gallery import KEPT_FOR_GOOD, content_security_policy, gallery
from runtime.api.problems import ApiError, documented
from runtime.api.routing import Router
from runtime.api.schemas.service import ServiceDocument

router = Router(tags=["service"])

NAME = "Collections"

FromSignIn = Annotated[str | None, Query(include_in_schema=False)]
"""What Cognito's sign-in page adds to the address as it sends people back. The page's script reads it; we do not."""


@router.get(
    "/",
    summary="What this is",
    response_model=ServiceDocument,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}, **documented(422)},
)
def root(
    request: Request,
    services: ServicesDep,
    code: FromSignIn = None,  # noqa: ARG001
    state: FromSignIn = None,  # noqa: ARG001
    error: FromSignIn = None,  # noqa: ARG001
    error_description: FromSignIn = None,  # noqa: ARG001
) -> Response:
    """The gallery for whoever accepts HTML; else name, version and where to go from here."""
    varies = {"Vary": "Accept"}
    if "text/html" in request.headers.get("accept", ""):
        settings = services.settings
        policy = content_security_policy(settings.sign_in_url, settings.cognito_endpoint, services.store.origin)
        headers = {**varies, "Cache-Control": "no-cache", "Content-Security-Policy": policy}
        return HTMLResponse(gallery().page, headers=headers)
    document = ServiceDocument(
        name=NAME,
        version=services.settings.version,
        # Relative, since the API may be reached under a path.
        links={"documentation": "docs", "openapi": "openapi.json", "health": "health", "configuration": "config.json"},
    )
    return JSONResponse(document.model_dump(), headers=varies)


@router.get("/docs", include_in_schema=False)
def documentation() -> HTMLResponse:
    """The OpenAPI document as a page. It shares its origin with the gallery, so nothing on it comes from elsewhere."""
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": content_security_policy()}
    return HTMLResponse(gallery().documentation, headers=headers)


@router.get("/static/{digest}/{name}", include_in_schema=False, responses=documented(404))
def asset(digest: str, name: str, request: Request) -> Response:
    """A file that the page loads; it never changes, for what changes gets another digest."""
    current = gallery()
    found = current.assets.get(name)
    if found is None or digest != current.digest:
        raise ApiError(404, "There is no such file any more. Load the page again.")
    headers = {"Cache-Control": KEPT_FOR_GOOD, "ETag": f'"{digest}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type=found.content_type, headers=headers)
