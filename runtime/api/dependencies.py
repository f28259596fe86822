"""What routes ask for: the caller's transaction, and the services that were set up at cold start."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Annotated, Self, cast

from fastapi import Depends, Request

from runtime.api.auth import CurrentUser
from runtime.api.settings import ApiSettings
from runtime.chat.sessions import Sessions
from runtime.claude import Allowance, Claude
from runtime.embeddings import Embedder
from runtime.events import Event, publish
from runtime.postgres import Connection, Database
from runtime.retrieval import Retrieval
from runtime.search.rerank import Reranker
from runtime.search.way import Collections
from runtime.storage import ImageStore


@dataclass(frozen=True)
class Services:
    """What the app works with, made once per process."""

    settings: ApiSettings
    database: Database
    store: ImageStore
    embedder: Embedder
    claude: Claude
    sessions: Sessions
    allowance: Allowance = field(default_factory=Allowance)
    collections: Collections = field(default_factory=Collections)

    def publish(self, *events: Event) -> None:
        """Have the pipeline work. Raises `PublishError`."""
        publish(self.settings.event_bus, events)

    def retrieval(self, user_id: str) -> Retrieval:
        """The ways to one user's items."""
        return Retrieval(
            user_id=user_id,
            database=self.database,
            embedder=self.embedder,
            query_model=self.settings.query_embedding_model,
            vector_weight=self.settings.vector_weight,
            limits=self.settings,
            collections=self.collections,
            reranker=Reranker(self.settings, self.settings.rerank_model) if self.settings.rerank_model else None,
        )

    @classmethod
    def start(cls, settings: ApiSettings) -> Self:
        """Connects to nothing yet: whatever is called first connects."""
        return cls(
            settings=settings,
            database=Database(settings.database_url.reveal(), settings.database_pool_size),
            store=ImageStore(settings.bucket_name),
            embedder=Embedder(settings),
            claude=Claude(settings),
            sessions=Sessions(settings.checkpoint_table, settings.checkpoint_ttl_hours),
        )


@dataclass(frozen=True)
class Tenant:
    """The caller, and the way to the caller's rows."""

    user_id: str
    database: Database

    def transaction(self) -> AbstractContextManager[Connection]:
        """One that sees only the caller's rows; see `runtime.postgres.Database.tenant`.

        Routes open it themselves, so that an invalid request costs the database nothing, and what is committed is
        committed before the response is sent.
        """
        return self.database.tenant(self.user_id)


async def _services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(_services)]


async def _tenant(user_id: CurrentUser, services: ServicesDep) -> Tenant:
    return Tenant(user_id, services.database)


TenantDep = Annotated[Tenant, Depends(_tenant)]
