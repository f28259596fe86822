"""What a function that has just started loads to answer: nothing that takes longer than the answer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.migrations.upgrade import FUNCTIONS_ROLE
from tests.api_environment import ENVIRONMENT
from tests.integration.api.voyage import Voyage
from tests.integration.conftest import Database

REQUESTS = {
    "health": 'client.get("/health")',
    "search": 'client.post("/search", {"query": "coffee receipt"})',
    "items": 'client.get("/items")',
    "tag": 'client.post("/tags", {"name": "receipts"})',
}
ASK = """
import json, sys
from runtime.handlers.api import handler
from tests.gateway import GatewayClient
client = GatewayClient(handler, "user-ada")
status = {}.status
with open(sys.argv[1], "w") as told:
    json.dump([status, sorted(sys.modules)], told)
"""
SLOW = {"sqlalchemy", "sqlmodel", "pgvector", "alembic", "anthropic", "httpx2", "boto3", "PIL"}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_first_request_loads_neither_an_orm_nor_a_vendors_sdk(
    name: str, database: Database, voyage: Voyage, tmp_path: Path
) -> None:
    environment = {
        **ENVIRONMENT,
        "PATH": os.environ["PATH"],
        "POWERTOOLS_METRICS_NAMESPACE": "Collections",
        "PYTHONPATH": str(Path.cwd()),
        "DATABASE_URL": database.url(FUNCTIONS_ROLE),
        "VOYAGE_BASE_URL": voyage.url,
    }
    told = tmp_path / "told.json"

    script = ASK.replace("{}", REQUESTS[name])
    subprocess.run([sys.executable, "-c", script, told], env=environment, capture_output=True, text=True, check=True)

    status, modules = json.loads(told.read_text())
    assert status in {200, 201}
    assert {module.partition(".")[0] for module in modules} & SLOW == set()
    assert "psycopg" in modules, "the database was asked"
