"""Completes the OpenAPI document that FastAPI writes with the problems that every route may answer with."""

from typing import Any

from fastapi import FastAPI

from runtime.api.problems import Problem, documented

SCHEMAS = "#/components/schemas/{model}"


class DocumentedApi(FastAPI):
    """FastAPI with problems in its document."""

    def openapi(self) -> dict[str, Any]:
        """The document; written when first asked for."""
        if self.openapi_schema is None:
            _add_problems(super().openapi())
        return super().openapi()


def _add_problems(document: dict[str, Any]) -> None:
    schema = Problem.model_json_schema(ref_template=SCHEMAS)
    document["components"]["schemas"] |= schema.pop("$defs", {}) | {Problem.__name__: schema}
    failures = {str(status): response for status, response in documented(401, 500, 503).items()}
    for path in document["paths"].values():
        for operation in path.values():
            private = "security" in operation
            for status, response in failures.items():
                if private or status != "401":
                    operation["responses"].setdefault(status, response)
