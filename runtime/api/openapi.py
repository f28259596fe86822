"""Completes the OpenAPI document that FastAPI writes: the problems that every route may answer with, and examples."""

from typing import Any

from fastapi import FastAPI

from runtime.api.examples import example
from runtime.api.problems import Problem, documented

SCHEMAS = "#/components/schemas/{model}"


class DocumentedApi(FastAPI):
    """FastAPI with problems in its document."""

    def openapi(self) -> dict[str, Any]:
        """The document; written when first asked for."""
        if self.openapi_schema is None:
            document = super().openapi()
            _add_problems(document)
            _add_examples(document)
        return super().openapi()


def _add_problems(document: dict[str, Any]) -> None:
    schema = Problem.model_json_schema(ref_template=SCHEMAS)
    document["components"]["schemas"] |= schema.pop("$defs", {}) | {Problem.__name__: schema}
    for path in document["paths"].values():
        for operation in path.values():
            answers: dict[str, Any] = operation["responses"]
            answers |= {status: each for status, each in _failures(operation).items() if status not in answers}
            operation["responses"] = dict(sorted(answers.items()))


def _add_examples(document: dict[str, Any]) -> None:
    """To each model that an operation answers with."""
    schemas: dict[str, Any] = document["components"]["schemas"]
    answers = [
        content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
        for path in document["paths"].values()
        for operation in path.values()
        for answer in operation["responses"].values()
        for content in answer.get("content", {}).values()
    ]
    examples = {model: example(schemas[model], schemas) for model in answers if model}
    for model, value in examples.items():
        schemas[model]["example"] = value


def _failures(operation: dict[str, Any]) -> dict[str, Any]:
    statuses = [422, 500, 503]
    if "security" in operation:
        statuses.append(401)
    if "requestBody" in operation:
        # A body may be unreadable, or too large.
        statuses += [400, 413]
    return {str(status): response for status, response in documented(*statuses).items()}
