"""What is measured: the API on a database of its own, with the vendors' models, or their stand-ins without keys."""

import os
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from components.settings import StackSettings
from evaluation.environment import ENVIRONMENT
from local.ports import HOST, free_port
from local.postgres import Postgres
from local.processes import Process
from runtime.api.dependencies import Services
from runtime.api.settings import ApiSettings
from runtime.database import connect
from runtime.embeddings import Embedded, Embedder
from runtime.migrations.upgrade import FUNCTIONS_ROLE, SWEEPER_ROLE, create_login, upgrade
from runtime.settings import EmbeddingSettings, Settings, VisionSettings, load
from runtime.vision import Vision

_CHECKOUT = Path(__file__).parents[1]
_OWNER = "collections_owner"
_STAND_INS_READY_SECONDS = 90
_STAND_INS = {"ANTHROPIC_API_KEY": "local-vision", "VOYAGE_API_KEY": "local-use"}
"""The stand-in of each vendor, by the variable that holds the vendor's key."""


class _LookingSettings(Settings, VisionSettings):
    """What looking at images needs."""


class _RememberingEmbedder(Embedder):
    """Pays once for a query, however many ways of searching it is asked."""

    def __init__(self, settings: EmbeddingSettings) -> None:
        super().__init__(settings)
        self._remembered = cache(super().query)

    def query(self, text: str, model: str) -> Embedded:
        return self._remembered(text, model)


@dataclass(frozen=True)
class System:
    """The API's services, and the models that stand behind it."""

    services: Services
    vision: Vision
    analysis_model: str
    embedding: str
    """What makes the vectors, for people."""
    looking: str
    """What looks at images, for people."""


@contextmanager
def running_system(keys: Mapping[str, str], *, reads_images: bool) -> Generator[System]:
    """Starts what is needed, empty, and ends it afterwards. `keys` has the vendors' own (`VOYAGE_API_KEY`,
    `ANTHROPIC_API_KEY`); who has none is stood in for. Without `reads_images` the stand-ins start faster.

    The process's environment has to be `ENVIRONMENT`. Raises `local.postgres.PostgresError` and
    `local.processes.ProcessError`.
    """
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        port = free_port()
        if not all(keys.get(name) for name in _STAND_INS):
            stand_ins = _stand_ins(folder, port, reads_images)
            running.callback(stand_ins.stop)
            stand_ins.start()
        else:
            stand_ins = None
        server = running.enter_context(Postgres(folder / "postgres", durable=False))
        _migrate(server)
        environment = _environment(keys, port) | {"DATABASE_URL": _url(server, FUNCTIONS_ROLE)}
        settings = load(ApiSettings, environment)
        services = replace(Services.start(settings), embedder=_RememberingEmbedder(settings))
        running.callback(services.database.close)
        looking = load(_LookingSettings, environment)
        vision = Vision(looking)
        running.callback(vision.close)
        if stand_ins is not None:
            stand_ins.wait_until_ready()
        embedding = f"{settings.embedding_model} for images, {settings.query_embedding_model} for queries"
        yield System(
            services,
            vision,
            looking.analysis_model,
            embedding if keys.get("VOYAGE_API_KEY") else f"the stand-in {_STAND_INS['VOYAGE_API_KEY']}",
            looking.analysis_model
            if keys.get("ANTHROPIC_API_KEY")
            else f"the stand-in {_STAND_INS['ANTHROPIC_API_KEY']}",
        )


def _stand_ins(folder: Path, port: int, reads_images: bool) -> Process:
    return Process(
        "the model stand-ins",
        [sys.executable, "-m", "local.models", "--port", str(port), *([] if reads_images else ["--instant"])],
        health=f"http://{HOST}:{port}/health",
        log=folder / "models.log",
        environment={"PATH": os.environ.get("PATH", ""), "HOME": str(Path.home())},
        folder=_CHECKOUT,
        ready_within=_STAND_INS_READY_SECONDS,
    )


def _environment(keys: Mapping[str, str], port: int) -> dict[str, str]:
    """A function's, with what a stack's settings are unless somebody changes them."""
    defaults = {name: field.default for name, field in StackSettings.model_fields.items() if not field.is_required()}
    set_ = {name.upper(): str(value) for name, value in defaults.items() if value is not None}
    environment = set_ | ENVIRONMENT
    for vendor, path in (("anthropic", ""), ("voyage", "/v1")):
        key = f"{vendor}_api_key".upper()
        own = keys.get(key)
        environment[key] = own or "local"
        address = StackSettings.model_fields[f"{vendor}_base_url"].default if own else f"http://{HOST}:{port}{path}"
        environment[f"{vendor}_base_url".upper()] = str(address)
    return environment


def _migrate(server: Postgres) -> None:
    server.create(username=_OWNER, password=_OWNER, database="collections")
    owner = connect(_url(server, _OWNER), pool_size=2)
    for role in (FUNCTIONS_ROLE, SWEEPER_ROLE):
        create_login(owner, _url(server, role), role)
    upgrade(owner)
    owner.dispose()


def _url(server: Postgres, role: str) -> str:
    """Where `role` logs in, whose password is its name: nobody else reaches this database."""
    return f"postgresql://{role}:{role}@{server.host}:{server.port}/collections?sslmode=disable"
