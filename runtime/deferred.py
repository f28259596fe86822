"""Imported before models of pydantic's are made, by functions that have some.

A model's validator is made when the first of what it validates comes: of all bodies a function sees few, and of
FastAPI's models of an OpenAPI document hardly ever one. `runtime.observability.ready` is the end of this.
"""

from pydantic import BaseModel

BaseModel.model_config["defer_build"] = True
