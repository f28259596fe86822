"""A function has one request at a time, so no operation waits for a thread of its own."""

from typing import NoReturn

import anyio.to_thread
import pytest
from fastapi import FastAPI

from tests.gateway import GatewayClient
from tests.integration.api.operations import Belongings, attempts, operations


def test_no_operation_waits_for_a_thread(
    app: FastAPI, ada: GatewayClient, of_ada: Belongings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a thread is waited for")

    monkeypatch.setattr(anyio.to_thread, "run_sync", refuse)

    answered = {
        operation.name: [answer.status for _, answer in attempts(ada, operation, of_ada)]
        for operation in operations(app)
    }

    assert [name for name, statuses in answered.items() if 500 in statuses] == []
