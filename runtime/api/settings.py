"""What the API knows about its stack."""

from typing import Annotated

from msgspec import Meta

from runtime.analysis import MODELS
from runtime.settings import (
    AnswerSettings,
    ChatSettings,
    EmbeddingSettings,
    EventSettings,
    PooledDatabaseSettings,
    Settings,
    StorageSettings,
    UploadLimits,
    UserLimits,
)


class ApiSettings(
    Settings,
    PooledDatabaseSettings,
    StorageSettings,
    EventSettings,
    UploadLimits,
    UserLimits,
    EmbeddingSettings,
    AnswerSettings,
    ChatSettings,
):
    """The API's settings; `/version`, `/config.json` and `/search/config` publish the harmless ones."""

    analysis_model: str
    query_embedding_model: str
    vector_weight: Annotated[float, Meta(ge=0, le=1)]
    rerank_model: str = ""
    """Reads the best results of hybrid searches again; empty for none."""

    git_sha: str
    git_tag: str
    commit_time: str

    aws_region: str
    aws_endpoint_url: str | None = None
    """Where AWS is, if not at its public addresses: the SDKs' own variable, which browser and CLI are told of too."""
    cognito_user_pool_id: str
    cognito_client_id: str
    cognito_domain: str

    @property
    def analysis_models(self) -> list[str]:
        """The models that may be asked to look at an image, the stack's own first."""
        return list(dict.fromkeys([self.analysis_model, *MODELS]))

    @property
    def answer_models(self) -> list[str]:
        """The models that may be asked for an answer, the stack's own first."""
        return list(dict.fromkeys([self.answer_model, *MODELS]))

    @property
    def version(self) -> str:
        """What was deployed: the commit's tag if it has one, else the commit."""
        return self.git_tag or self.git_sha

    @property
    def sign_in_url(self) -> str:
        """Address of the hosted sign-in page."""
        return self.aws_endpoint_url or f"https://{self.cognito_domain}"

    @property
    def cognito_endpoint(self) -> str:
        """Address of the Cognito API that holds the user pool."""
        return self.aws_endpoint_url or f"https://cognito-idp.{self.aws_region}.amazonaws.com"
