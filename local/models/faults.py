"""Misbehaviour on request: the vendors' bad days, so that tests can see what becomes of them."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

Endpoint = Literal["messages", "batches", "embeddings", "rerank"]
Kind = Literal["429", "500", "529", "slow", "cut-off", "invalid-json", "refusal", "expired"]

_ONLY: Mapping[Kind, Endpoint] = {
    "cut-off": "messages",
    "invalid-json": "messages",
    "refusal": "messages",
    "expired": "batches",
}
_DEFAULT_SLOWNESS = 3.0


class FaultPlan(BaseModel, extra="forbid"):
    """What to do wrong, where, how often and for how long."""

    endpoint: Endpoint
    kind: Kind
    count: int | None = Field(default=None, ge=1)
    """Requests to spoil; null: no limit."""
    seconds: float | None = Field(default=None, gt=0)
    """How long the plan lasts; null: until it is used up or deleted."""
    probability: float = Field(default=1, ge=0, le=1)
    """Chance that a request is spoiled."""
    retry_after: int | None = Field(default=None, ge=0)
    """Seconds, as the `retry-after` header of a 429, 500 or 529."""
    delay: float | None = Field(default=None, ge=0)
    """Seconds to wait before anything is answered; 3 for `slow` and none for the others unless given."""
    seed: int = 0
    """Of the dice that `probability` throws: the same seed spoils the same requests."""

    @model_validator(mode="after")
    def _fits_endpoint(self) -> Self:
        if self.endpoint != (only := _ONLY.get(self.kind, self.endpoint)):
            raise ValueError(f"{self.kind} is a fault of {only} only; {self.endpoint} can do 429, 500, 529 and slow")
        return self

    @property
    def wait(self) -> float:
        """Seconds to wait before answering."""
        if self.delay is not None:
            return self.delay
        return _DEFAULT_SLOWNESS if self.kind == "slow" else 0.0


class ActivePlan:
    """A plan that was installed, and how far it has come."""

    def __init__(self, plan: FaultPlan, now: float) -> None:
        self.plan = plan
        self.fired = 0
        self._dice = random.Random(plan.seed)  # noqa: S311 - faults are to be repeatable, not secret
        self._ends = None if plan.seconds is None else now + plan.seconds

    def is_over(self, now: float) -> bool:
        """Whether it is used up or its time has passed."""
        used_up = self.plan.count is not None and self.fired >= self.plan.count
        return used_up or (self._ends is not None and now >= self._ends)

    def fires(self) -> bool:
        """Throw the dice for one request, and count it if it is to be spoiled."""
        fired = self._dice.random() < self.plan.probability
        self.fired += fired
        return fired


class Faults:
    """The plans in force. The first that fires for a request decides; the later ones do not see that request."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._active: list[ActivePlan] = []

    def install(self, plan: FaultPlan) -> None:
        """Add a plan after those in force."""
        self._active.append(ActivePlan(plan, self._clock()))

    def clear(self) -> None:
        """Behave again."""
        self._active.clear()

    def active(self) -> list[ActivePlan]:
        """The plans that may still fire, oldest first."""
        now = self._clock()
        self._active = [active for active in self._active if not active.is_over(now)]
        return list(self._active)

    def draw(self, endpoint: Endpoint, headers: Mapping[str, str]) -> FaultPlan | None:
        """The fault that befalls a request, if any. The request's own `x-fault` header comes before every plan.

        Raises `pydantic.ValidationError` when that header names no fault of this endpoint.
        """
        marker = headers.get("x-fault")
        if marker is not None:
            return FaultPlan.model_validate({"endpoint": endpoint, "kind": marker})
        for active in self.active():
            if active.plan.endpoint == endpoint and active.fires():
                return active.plan
        return None


class Calls:
    """How many requests each endpoint has had, by outcome: `ok`, a fault's kind, `refused`, `abandoned` by a
    client that hung up before it had sent everything, or `failed`."""

    def __init__(self) -> None:
        self._outcomes: dict[Endpoint, Counter[str]] = {}
        self.reset()

    def reset(self) -> None:
        """Count from zero."""
        self._outcomes = {"messages": Counter(), "batches": Counter(), "embeddings": Counter(), "rerank": Counter()}

    def record(self, endpoint: Endpoint, outcome: str) -> None:
        """Count one request."""
        self._outcomes[endpoint][outcome] += 1

    def report(self) -> dict[str, dict[str, int | dict[str, int]]]:
        """By endpoint: the total, and how many had which outcome."""
        return {
            endpoint: {"total": outcomes.total(), "outcomes": dict(outcomes)}
            for endpoint, outcomes in self._outcomes.items()
        }
