"""A deployed stack, known by its exports alone, and somebody who may sign in.

The environment names it: API_BASE_URL, COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID, and a user's E2E_EMAIL and
E2E_PASSWORD. Where it names none, a local stack is started. What the tests upload they delete again, whatever happens.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from collections_cli.admin.stack import NEEDED_BY_TESTS
from collections_cli.client import ApiError, Client, http_client
from collections_cli.cognito import Question, UserPool
from collections_cli.resources import Item
from local.ports import Ports
from local.stack import LocalStack
from tests.e2e.gallery import Account, Gallery

LOGIN = ("E2E_EMAIL", "E2E_PASSWORD")
SETTLED = {"searchable", "duplicate", "failed"}
TIMEOUT_SECONDS = 240
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Deployed:
    """What a test is told of the stack."""

    api_url: str
    user_pool_id: str
    client_id: str
    email: str
    password: str = field(repr=False)
    local: LocalStack | None = field(default=None, repr=False)
    """The stack itself, where it was started for the tests."""


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Generator[Deployed]:
    variables = [*NEEDED_BY_TESTS, *LOGIN]
    missing = [name for name in variables if not os.environ.get(name)]
    if not missing:
        api_url, pool, client, email, password = (os.environ[name] for name in variables)
        yield Deployed(api_url, pool, client, email, password)
        return
    if len(missing) < len(variables):
        pytest.fail(f"the environment names a stack, but lacks {', '.join(missing)}")
    with LocalStack(folder=tmp_path_factory.mktemp("e2e"), ports=Ports.free(), keys={}, durable=False) as stack:
        user = stack.create_user("e2e@example.com")
        api_url, pool, client = (str(stack.outputs[name]) for name in NEEDED_BY_TESTS.values())
        yield Deployed(api_url, pool, client, user.email, user.password, stack)


@pytest.fixture(scope="session")
def http() -> Generator[httpx.Client]:
    with http_client() as http:
        yield http


@dataclass
class Person:
    """Somebody who is signed in, and what they have uploaded."""

    client: Client
    uploaded: set[str] = field(default_factory=set[str])

    def upload(self, file: Path) -> str:
        """Send a file; its item."""
        item_id = self.client.upload(file).item_id
        self.uploaded.add(item_id)
        return item_id

    def settled(self, item_id: str) -> Item:
        """The item, once it has come to its end."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while (item := self.client.item(item_id))["status"] not in SETTLED:
            assert time.monotonic() < deadline, f"{item_id} is still {item['status']}"
            time.sleep(POLL_SECONDS)
        return item

    def clean_up(self) -> None:
        """Delete what is left of the uploads."""
        for item_id in self.uploaded:
            try:
                self.client.delete(item_id)
            except ApiError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
        self.uploaded.clear()


SignIn = Callable[[Account], "Person"]


@pytest.fixture(scope="session")
def sign_in(deployed: Deployed, http: httpx.Client) -> SignIn:
    """As people do it: the password is not sent."""

    def refuse(question: Question) -> str:
        raise AssertionError(f"the pool wants a {question}: use a user without a second factor, who has signed in once")

    def enter(account: Account) -> Person:
        config = Client(deployed.api_url, http=http).config()
        token = UserPool(config, http).sign_in(account.email, account.password, refuse).access_token
        return Person(Client(deployed.api_url, lambda: token, http))

    return enter


@pytest.fixture(scope="session")
def user(deployed: Deployed, sign_in: SignIn) -> Person:
    """The one that the environment names."""
    return sign_in(Account(deployed.email, deployed.password))


@pytest.fixture
def person(user: Person) -> Generator[Person]:
    try:
        yield user
    finally:
        user.clean_up()


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """Debian's Chromium, or another that the system has.

    It ends with its file: Playwright's event loop runs in the main thread, where the API's own could not run beside it.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("not run: no Chromium is installed")
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs a user that is not root, and rights that containers lack.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def new_account(deployed: Deployed) -> Callable[[], Account]:
    """Makes somebody who has nothing yet."""
    stack = deployed.local
    if stack is None:
        pytest.skip("not run: people are made only in a stack that was started for the tests")

    def make() -> Account:
        made = stack.create_user(f"{secrets.token_hex(4)}@example.org")
        return Account(made.email, made.password)

    return make


@pytest.fixture
def account(new_account: Callable[[], Account]) -> Account:
    return new_account()


@pytest.fixture
def open_gallery(browser: Browser, deployed: Deployed) -> Generator[Callable[..., Gallery]]:
    """Opens tabs, each in a context of its own, and listens for complaints of the browser."""
    opened: list[Gallery] = []

    def open_tab(**options: Any) -> Gallery:
        given: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, **options}
        context = browser.new_context(**given)
        opened.append(Gallery(context.new_page(), deployed.api_url))
        return opened[-1]

    yield open_tab
    for gallery in opened:
        gallery.page.context.close()
    assert [complaint for gallery in opened for complaint in gallery.complaints] == []
