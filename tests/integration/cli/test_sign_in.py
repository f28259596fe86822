"""Signing in to a real user pool, by a client that accepts no plain passwords."""

from collections.abc import Iterator

import httpx
import pytest

from collections_cli.client import http_client
from collections_cli.cognito import Question, SignInError, UserPool
from tests.integration.cli.conftest import EMAIL, PASSWORD, PERMANENT, Pool


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with http_client() as client:
        yield client


def nothing_else(question: Question) -> str:
    raise AssertionError(f"asked for {question}")


def test_the_right_password_gives_tokens_that_can_be_renewed(pool: Pool, http: httpx.Client) -> None:
    pool.add_ada(permanent=True)
    users = UserPool(pool.config, http)

    tokens = users.sign_in(EMAIL, PASSWORD, nothing_else)
    renewed = users.refresh(tokens.refresh_token)

    assert pool.admin.get_user(AccessToken=tokens.access_token)["Username"]
    assert pool.admin.get_user(AccessToken=renewed.access_token)["Username"]
    assert renewed.refresh_token == tokens.refresh_token


def test_another_password_gives_none(pool: Pool, http: httpx.Client) -> None:
    pool.add_ada(permanent=True)

    with pytest.raises(SignInError, match="Incorrect username or password"):
        UserPool(pool.config, http).sign_in(EMAIL, PERMANENT, nothing_else)


def test_the_first_sign_in_asks_for_a_password_of_ones_own(pool: Pool, http: httpx.Client) -> None:
    pool.add_ada(permanent=False)
    users = UserPool(pool.config, http)
    asked: list[Question] = []

    def choose(question: Question) -> str:
        asked.append(question)
        return PERMANENT

    users.sign_in(EMAIL, PASSWORD, choose)

    assert asked == ["new password"]
    assert users.sign_in(EMAIL, PERMANENT, nothing_else).access_token
