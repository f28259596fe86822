"""A function's environment, with a service of AWS that a test can tell what to answer."""

from collections.abc import Iterator

import pytest

from tests.unit.aws.service import ENVIRONMENT, Service, running_service


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """At the address that the environment names. One for a module's tests, for hypothesis cannot give one to each."""
    with running_service() as service, pytest.MonkeyPatch.context() as environment:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": service.url}.items():
            environment.setenv(name, value)
        yield service
