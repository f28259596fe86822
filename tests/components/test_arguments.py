"""What a component says to somebody who gave it something wrong."""

from typing import Any, cast

import pulumi
import pytest
from pulumi import Output

from components.analysis_function import AnalysisFunction
from components.arguments import ArgumentError
from components.event_queue import EventQueue
from components.function import Function
from components.function_image import FunctionImage
from components.image_pipeline import ImagePipeline
from components.network import Network
from components.observability import Observability
from components.parameters import Parameters
from components.secure_api import SecureApi
from components.sweeper import Sweeper
from components.user_pool import UserPool
from tests.components.declarations import FUNCTION, PLATFORM, Declare

EVENTS = {"all": {"pattern": '{"source": ["example"]}'}}


def refused(declare: Declare, component: type[pulumi.ComponentResource], args: object) -> str:
    """The sentence with which `component` refuses `args`."""
    with pytest.raises(ArgumentError) as error:
        declare(lambda: cast("Any", component)("mine", args))
    return str(error.value)


@pytest.mark.parametrize(
    ("component", "args", "sentence"),
    [
        (ImagePipeline, {}, "ImagePipeline 'mine': image_processor is missing."),
        (
            ImagePipeline,
            {"image_processor": {"platform": PLATFORM}},
            "ImagePipeline 'mine': image_processor.command is missing.",
        ),
        (
            AnalysisFunction,
            {"subscription": EVENTS, "subscriptions": EVENTS, "function": FUNCTION},
            "AnalysisFunction 'mine': subscription is not an argument; allowed are batch_size, function, "
            "maximum_concurrency, subscriptions.",
        ),
        (EventQueue, "all", "EventQueue 'mine': args has to be a dictionary with subscriptions,"),
        (
            EventQueue,
            {"subscriptions": ["all"], "visibility_timeout_seconds": 60},
            "EventQueue 'mine': subscriptions has to be a dictionary, not ['all'].",
        ),
        (
            SecureApi,
            {"function": FUNCTION, "public_routes": "GET /health"},
            "SecureApi 'mine': public_routes has to be a list, not 'GET /health'.",
        ),
        (
            SecureApi,
            {"function": FUNCTION, "public_routes": ["GET /", 1]},
            "SecureApi 'mine': public_routes[1] has to be text, not 1.",
        ),
        (
            SecureApi,
            {"function": FUNCTION, "burst": "many"},
            "SecureApi 'mine': burst has to be a whole number, not 'many'.",
        ),
        (
            SecureApi,
            {"function": FUNCTION, "deletion_protection": "no"},
            "SecureApi 'mine': deletion_protection has to be true or false, not 'no'.",
        ),
        (Network, {"nat_gateways": True}, "Network 'mine': nat_gateways has to be a whole number, not True."),
        (
            Sweeper,
            {"function": {**FUNCTION, "statements": [{"actions": ["s3:GetObject"]}]}, "schedule": "rate(1 hour)"},
            "Sweeper 'mine': function.statements[0].resources is missing.",
        ),
        (
            Observability,
            {"functions": {"api": {"name": "api"}}},
            "Observability 'mine': functions.api.timeout_seconds is missing.",
        ),
    ],
)
def test_what_is_missing_unknown_or_of_another_kind_is_named(
    declare: Declare, component: type[pulumi.ComponentResource], args: object, sentence: str
):
    assert refused(declare, component, args).startswith(sentence)


@pytest.mark.parametrize(
    ("component", "args", "sentence"),
    [
        (
            UserPool,
            {"callback_urls": [], "mfa": "yes"},
            "UserPool 'mine': mfa is 'yes'; allowed are off, optional, required.",
        ),
        (
            SecureApi,
            {"function": FUNCTION, "mfa": "yes"},
            "SecureApi 'mine': mfa is 'yes'; allowed are off, optional, required.",
        ),
        (
            SecureApi,
            {"function": FUNCTION, "public_routes": ["/health"]},
            "SecureApi 'mine': public_routes has '/health'; a route has to look like GET /health.",
        ),
        (SecureApi, {}, "SecureApi 'mine': function or existing_function is needed, and not both."),
        (
            SecureApi,
            {"function": FUNCTION, "existing_function": {"function_name": "a", "invoke_arn": "b"}},
            "SecureApi 'mine': function or existing_function is needed, and not both.",
        ),
        (
            SecureApi,
            {"function": FUNCTION, "burst": 0},
            "SecureApi 'mine': burst is 0; 1 to 10000 are allowed.",
        ),
        (
            AnalysisFunction,
            {"subscriptions": EVENTS, "function": FUNCTION, "maximum_concurrency": 1},
            "AnalysisFunction 'mine': maximum_concurrency is 1; 2 to 1000 are allowed.",
        ),
        (
            AnalysisFunction,
            {"subscriptions": EVENTS, "function": FUNCTION, "batch_size": 100},
            "AnalysisFunction 'mine': batch_size is 100; 1 to 10 are allowed.",
        ),
        (
            EventQueue,
            {"subscriptions": {}, "visibility_timeout_seconds": 60},
            "EventQueue 'mine': subscriptions is empty; name at least one rule and its pattern.",
        ),
        (
            EventQueue,
            {"subscriptions": {"all": {"pattern": "source = example"}}, "visibility_timeout_seconds": 60},
            "EventQueue 'mine': subscriptions.all.pattern is 'source = example'; it has to look like ",
        ),
        (
            Function,
            {**FUNCTION, "timeout_seconds": 901},
            "Function 'mine': timeout_seconds is 901; 1 to 900 are allowed.",
        ),
        (
            Function,
            {**FUNCTION, "platform": {"image_uri": "functions:latest"}},
            "Function 'mine': platform.image_uri is 'functions:latest'; it has to look like repository@sha256:",
        ),
        (
            Function,
            {**FUNCTION, "platform": {**PLATFORM, "log_retention_days": 8}},
            "Function 'mine': platform.log_retention_days is 8; allowed are 1, 3, 5, 7, 14, 30,",
        ),
        (
            FunctionImage,
            {"context": ".", "tag": "1", "digest": "functions:1"},
            "FunctionImage 'mine': digest is 'functions:1'; it has to look like repository@sha256:",
        ),
        (
            Observability,
            {"scheduled": "sweeper"},
            "Observability 'mine': scheduled is 'sweeper', which functions does not have.",
        ),
        (
            Observability,
            {"also_scheduled": ["batcher"]},
            "Observability 'mine': also_scheduled has 'batcher', which functions does not have.",
        ),
        (Network, {"nat_gateways": 7}, "Network 'mine': nat_gateways is 7; 0 to 6 are allowed."),
        (
            Parameters,
            {"prefix": "/photos/dev/"},
            "Parameters 'mine': prefix is '/photos/dev/'; it has to look like /photos/dev, with no slash at the end.",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_answered_with_what_is(
    declare: Declare, component: type[pulumi.ComponentResource], args: object, sentence: str
):
    assert refused(declare, component, args).startswith(sentence)


def test_what_is_only_known_later_is_checked_later(declare: Declare):
    args: dict[str, object] = {"subscriptions": EVENTS, "visibility_timeout_seconds": Output.from_input(60)}

    declare(lambda: EventQueue("mine", cast("Any", args)))
    args["max_receives"] = Output.from_input(0)
    with pytest.raises(ValueError, match=r"EventQueue 'mine': max_receives is 0; 1 to 1000 are allowed\."):
        declare(lambda: EventQueue("mine", cast("Any", args)))


def test_another_resources_output_is_refused_where_the_program_has_to_decide(declare: Declare):
    protection = Output.from_input("known later")

    assert refused(declare, SecureApi, {"function": FUNCTION, "deletion_protection": protection}) == (
        "SecureApi 'mine': deletion_protection has to be known when the program runs; "
        "it cannot be another resource's output."
    )
