"""Logs, metrics and traces of every function, by AWS Lambda Powertools.

A log line inside the work on an item names item, user and correlation id. Metrics are written to the log, in
CloudWatch's embedded metric format, under the dimensions `stack` and `service` (the function's role, which is the
stage):

    Handled, Duration                       one per event, request or run; milliseconds
    Failures                                one per failure, by `kind`
    InputTokens, OutputTokens, CostUsd      one per answer of a vendor's model, by `model`
    MonthCostUsd                            one per run of the sweeper: what the month has cost so far
    Swept                                   one per kind of thing that a run of the sweeper dealt with, by `what`

What a function answers is not put into a trace, for it may be an image.
"""

import gc
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Literal, TypeVar, cast

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from runtime.events import Event
from runtime.failures import PermanentError, TransientError
from runtime.tracing import tracer

FailureKind = Literal["permanent", "transient", "unexpected", "misunderstood"]
HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])

logger = Logger()
metrics = Metrics()


def observed(correlation_id_path: str | None = None) -> Callable[[HandlerT], HandlerT]:
    """Decorate a function's handler: its log lines carry the invocation's id (and the correlation id that is found at
    `correlation_id_path` of its event), its time is traced, and its metrics are written when it ends, also by raising.

    It is the last that a handler's module does: the function's start ends here.
    """

    def decorate(handler: HandlerT) -> HandlerT:
        def measured_handler(event: dict[str, Any], context: Any) -> Any:
            metrics.add_dimension("stack", os.environ["STACK"])
            try:
                return handler(event, context)
            finally:
                # The decorator that does this warns of a run in which there was nothing to measure.
                if metrics.metric_set:
                    metrics.flush_metrics()

        traced = tracer.capture_lambda_handler(measured_handler, capture_response=False)
        logged = logger.inject_lambda_context(traced, correlation_id_path=correlation_id_path, clear_state=True)
        ready()
        return cast("HandlerT", logged)

    return decorate


def ready() -> None:
    """The end of what `runtime.handlers` begins: what was imported stays, and is not looked through for garbage. Models
    that are made from now on are made whole."""
    if "runtime.deferred" in sys.modules:
        sys.modules["pydantic"].BaseModel.model_config.pop("defer_build", None)
    gc.freeze()
    gc.enable()


@contextmanager
def measured(event: Event) -> Generator[None]:
    """Trace and time the work on one event."""
    with tracer.provider.in_subsegment(event.detail_type) as segment:  # pyright: ignore[reportUnknownMemberType]
        for name, value in event.named("item_id", "request_id", "user_id", "correlation_id").items():
            segment.put_annotation(name, str(value))
        with timed():
            yield


@contextmanager
def timed() -> Generator[None]:
    """Count and time one piece of work. An exception is counted by its kind, and passes on."""
    started = perf_counter()
    try:
        yield
    except Exception as error:
        count_failure(failure_kind(error))
        raise
    finally:
        handled((perf_counter() - started) * 1000)


def handled(milliseconds: float) -> None:
    """Count one event or request, however it ended."""
    metrics.add_metric("Handled", MetricUnit.Count, 1)
    metrics.add_metric("Duration", MetricUnit.Milliseconds, round(milliseconds, 1))


def failure_kind(error: Exception) -> FailureKind:
    """Whether trying again can help, as far as the exception says so."""
    match error:
        case PermanentError():
            return "permanent"
        case TransientError():
            return "transient"
        case _:
            return "unexpected"


def count_failure(kind: FailureKind) -> None:
    """Count one failure of this kind."""
    _write("Failures", MetricUnit.Count, 1, kind=kind)


def count_spending(model: str, input_tokens: int, output_tokens: int, cost_usd: float | None) -> None:
    """Count what one answer of a vendor's model used; its cost only where it is known."""
    _write("InputTokens", MetricUnit.Count, input_tokens, model=model)
    if output_tokens:
        _write("OutputTokens", MetricUnit.Count, output_tokens, model=model)
    if cost_usd is not None:
        _write("CostUsd", MetricUnit.NoUnit, cost_usd, model=model)


def gauge_month_cost(cost_usd: float) -> None:
    """Say what all models have cost since the month began. CloudWatch can sum up a week at most."""
    _write("MonthCostUsd", MetricUnit.NoUnit, cost_usd)


def count_swept(what: str, count: int) -> None:
    """Count what a run of the sweeper did."""
    _write("Swept", MetricUnit.Count, count, what=what)


def _write(name: str, unit: MetricUnit, value: float, **dimensions: str) -> None:
    """A metric with dimensions of its own, which is written at once."""
    with single_metric(name=name, unit=unit, value=value) as metric:
        for dimension in ({"stack": os.environ["STACK"]} | dimensions).items():
            metric.add_dimension(*dimension)
