"""Bodies of the routes about the service itself."""

from typing import Literal

from pydantic import Field

from runtime.api.schemas.model import ResponseModel


class ServiceDocument(ResponseModel):
    """What this is and where to go from here."""

    name: str
    version: str
    links: dict[str, str] = Field(description="Name of a resource -> its path, relative to this document")


class Health(ResponseModel):
    """Whether the API can work."""

    status: Literal["ok", "degraded"]
    database: Literal["ok", "unavailable"]
    version: str = Field(description="Tag or commit that is deployed")


class Version(ResponseModel):
    """What is deployed."""

    git_sha: str
    git_tag: str = Field(description="Empty if the commit has none")
    commit_time: str = Field(description="ISO 8601")
    environment: str = Field(description="Name of the stack")


class ClientConfig(ResponseModel):
    """What browser and CLI need to sign in; nothing of it is secret."""

    region: str
    user_pool_id: str
    client_id: str
    domain: str = Field(description="Of the hosted sign-in page")
    sign_in_url: str = Field(description="Where that page is; `/oauth2/authorize` and `/oauth2/token` are below it")
    cognito_endpoint: str = Field(description="Address of the Cognito API that holds the pool")
