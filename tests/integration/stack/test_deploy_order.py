"""Deploying a new release over one that serves: what fails leaves the old one, what succeeds can be taken back."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from collections_cli.client import http_client
from local.ports import Ports
from local.provisioner.engine import ProvisionError
from local.stack import CHECKOUT, LocalStack

PARTS_OF_A_RELEASE = ("components", "runtime", "requirements", "__main__.py", "Pulumi.yaml", "Pulumi.local.yaml")
# With both vendors' keys the stand-ins are not needed, and not started.
KEYS = {"anthropicApiKey": "real", "voyageApiKey": "real"}
MIGRATION = """from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("{statement}")
"""


class Release:
    """A checkout that is being developed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        ignored = shutil.ignore_patterns("__pycache__")
        for part in PARTS_OF_A_RELEASE:
            source = CHECKOUT / part
            if source.is_dir():
                shutil.copytree(source, root / part, ignore=ignored)
            else:
                shutil.copy(source, root / part)
        shutil.copy(CHECKOUT / ".dockerignore", root)
        self._migrations = root / "runtime" / "migrations" / "versions"
        self._head = max(path.name for path in self._migrations.glob("[0-9]*.py"))[:4]

    def migrate_with(self, statement: str) -> None:
        """The next release: its schema is changed by this."""
        migration = MIGRATION.format(head=self._head, statement=statement)
        (self._migrations / "9001_next.py").write_text(migration)

    def take_back(self) -> None:
        """The release before."""
        (self._migrations / "9001_next.py").unlink()


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    monkeypatch.setenv("GIT_SHA", "0" * 40)
    monkeypatch.setenv("COMMIT_TIME", "2026-01-01T00:00:00Z")
    root = tmp_path / "release"
    root.mkdir()
    return Release(root)


@pytest.fixture
def stack(release: Release, tmp_path: Path) -> Generator[LocalStack]:
    with LocalStack(release.root, tmp_path / "kept", ports=Ports.free(), keys=KEYS, durable=False) as stack:
        yield stack


@pytest.fixture
def http() -> Generator[httpx.Client]:
    with http_client() as http:
        yield http


def images(stack: LocalStack) -> dict[str, str]:
    """By role: the image of the version that events and requests reach."""
    functions = stack.client("lambda")
    return {
        role: functions.get_function(FunctionName=name, Qualifier="live")["Configuration"]["CodeSha256"]
        for role, name in stack.outputs["functions"].items()
    }


def serves(stack: LocalStack, http: httpx.Client) -> bool:
    """Whether somebody who is signed in gets an answer out of the database's tables."""
    token = stack.token(stack.demo_user.email, stack.demo_user.password)
    return http.get(f"{stack.api_url}/items", headers={"Authorization": f"Bearer {token}"}).json()["items"] == []


def test_a_failed_release_leaves_the_old_one_serving_and_a_good_one_can_be_taken_back(
    stack: LocalStack, release: Release, http: httpx.Client
) -> None:
    first = images(stack)
    release.migrate_with("alter table there_is_no_such_table add column more int")
    with pytest.raises(ProvisionError, match="migrate-run"):
        stack.deploy_again()

    serving = {role: image for role, image in images(stack).items() if role != "migrate"}
    assert serving == {role: first[role] for role in serving}
    assert serves(stack, http)

    release.migrate_with("create table more ()")
    stack.deploy_again()

    assert not set(images(stack).values()) & set(first.values())
    assert serves(stack, http)

    # The schema of the next release stays.
    release.take_back()
    stack.deploy_again()

    assert images(stack) == first
    assert serves(stack, http)
