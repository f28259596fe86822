"""Routes about the service itself; all of them are public."""

import psycopg
from aws_lambda_powertools import Logger
from fastapi import Response

from runtime.api.dependencies import ServicesDep
from runtime.api.routing import Router
from runtime.api.schemas.service import ClientConfig, Health, Version
from runtime.postgres import Database

router = Router(tags=["service"])
logger = Logger()


@router.get("/health", summary="Whether it works", responses={503: {"model": Health}})
def health(services: ServicesDep, response: Response) -> Health:
    """Asks the database; 503 when it does not answer."""
    if _answers(services.database):
        return Health(status="ok", database="ok", version=services.settings.version)
    response.status_code = 503
    return Health(status="degraded", database="unavailable", version=services.settings.version)


def _answers(database: Database) -> bool:
    try:
        with database.role() as connection:
            connection.execute("select 1")
    except psycopg.Error:
        logger.exception("The database did not answer")
        return False
    return True


@router.get("/version", summary="What is deployed")
def version(services: ServicesDep) -> Version:
    """The commit that was deployed, and the stack."""
    settings = services.settings
    return Version(
        git_sha=settings.git_sha,
        git_tag=settings.git_tag,
        commit_time=settings.commit_time,
        environment=settings.stack,
    )


@router.get("/config.json", summary="What a client needs to sign in")
def client_config(services: ServicesDep) -> ClientConfig:
    """For browser and CLI; nothing of it is secret."""
    settings = services.settings
    return ClientConfig(
        region=settings.aws_region,
        user_pool_id=settings.cognito_user_pool_id,
        client_id=settings.cognito_client_id,
        domain=settings.cognito_domain,
        sign_in_url=settings.sign_in_url,
        cognito_endpoint=settings.cognito_endpoint,
    )
