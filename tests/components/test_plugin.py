"""Programs in other languages reach the components through the plugin's process."""

import json

import pytest

from tests.components.plugin import ConstructError, Plugin, output

FUNCTION = {
    "platform": {"imageUri": f"registry.example/functions@sha256:{'ab' * 32}", "logRetentionDays": 7},
    "command": "example.handler",
    "memoryMb": 512,
    "timeoutSeconds": 30,
}
EXAMPLE_EVENTS = {"example": {"pattern": '{"source": ["example"]}'}}
BUS = "urn:pulumi:dev::collections::aws:cloudwatch/eventBus:EventBus::example"


def test_a_component_is_constructed_with_its_children_below_it(plugin: Plugin):
    queue = plugin.construct(
        "EventQueue", "mail", {"subscriptions": EXAMPLE_EVENTS, "visibilityTimeoutSeconds": 60, "maxReceives": 4}
    )

    assert queue.urn == "urn:pulumi:dev::collections::collections:index:EventQueue::mail"
    assert queue.outputs["queueUrl"] == "https://sqs.eu-west-1.amazonaws.com/123456789012/mail-queue"
    children = {each.type for each in plugin.graph.children(plugin.graph.resources[queue.urn])}
    assert "aws:sqs/queue:Queue" in children
    assert "aws:cloudwatch/eventTarget:EventTarget" in children


def test_whole_numbers_stay_whole(plugin: Plugin):
    plugin.construct(
        "EventQueue", "mail", {"subscriptions": EXAMPLE_EVENTS, "visibilityTimeoutSeconds": 60, "maxReceives": 4}
    )

    policy = plugin.graph.one("aws:sqs/queue:Queue", "mail-queue").inputs["redrivePolicy"]
    assert '"maxReceiveCount": 4}' in policy


def test_a_number_may_come_from_another_resource(plugin: Plugin):
    plugin.construct(
        "EventQueue",
        "mail",
        {
            "subscriptions": EXAMPLE_EVENTS,
            "visibilityTimeoutSeconds": output(60),
            "maxReceives": output(4, dependencies=[BUS]),
        },
    )

    queue = plugin.graph.one("aws:sqs/queue:Queue", "mail-queue")
    assert json.loads(queue.inputs["redrivePolicy"])["maxReceiveCount"] == 4
    assert BUS in queue.depends_on


@pytest.mark.parametrize("gateways", [0, 1, 3])
def test_each_zone_can_have_its_gateway(plugin: Plugin, gateways: int):
    plugin.construct("Network", "network", {"natGateways": gateways})

    assert len(plugin.graph.of("aws:ec2/natGateway:NatGateway")) == gateways


def test_what_another_resource_is_called_reaches_the_child_that_needs_it(plugin: Plugin):
    subscription = {"pattern": '{"source": ["example"]}', "eventBus": output("example-bus", dependencies=[BUS])}

    plugin.construct(
        "AnalysisFunction",
        "analyzer",
        {
            "subscriptions": {"images": subscription},
            "function": FUNCTION,
            "maximumConcurrency": 2,
            "batchSize": 1,
        },
    )

    rule = plugin.graph.one("aws:cloudwatch/eventRule:EventRule", "analyzer-images")
    assert rule.inputs["eventBusName"] == "example-bus"
    assert BUS in rule.depends_on


def test_a_secret_stays_one(plugin: Plugin):
    parameters = plugin.construct(
        "Parameters", "vendors", {"prefix": "/example/dev", "secrets": {"api_key": output("plain-key", secret=True)}}
    )

    parameter = plugin.graph.one("aws:ssm/parameter:Parameter", "vendors-api_key")
    assert parameter.inputs["value"] == "plain-key"
    assert parameter.secret_inputs == {"value"}
    assert parameters.outputs["references"] == {"api_key": "/example/dev/api_key:1"}


def test_a_preview_knows_only_what_the_program_says(plugin: Plugin):
    queue = plugin.construct(
        "EventQueue",
        "mail",
        {"subscriptions": {"all": {"pattern": output()}}, "visibilityTimeoutSeconds": output()},
        preview=True,
    )

    assert plugin.graph.one("aws:sqs/queue:Queue", "mail-queue").inputs["messageRetentionSeconds"] == 14 * 24 * 3600
    assert queue.urn.endswith("::mail")


def test_children_wait_for_what_the_component_waits_for(plugin: Plugin):
    plugin.construct("Function", "greeter", FUNCTION, depends_on=[BUS])

    assert BUS in plugin.graph.one("aws:lambda/function:Function", "greeter").depends_on


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"subscriptions": EXAMPLE_EVENTS}, "Missing required input 'visibilityTimeoutSeconds'"),
        (
            {"subscriptions": EXAMPLE_EVENTS, "visibilityTimeoutSeconds": 60, "maxReceive": 3},
            "maxReceive: is not an input here; allowed are maxReceives, subscriptions, visibilityTimeoutSeconds.",
        ),
        (
            {"subscriptions": {"all": {"patern": "{}"}}, "visibilityTimeoutSeconds": 60},
            "subscriptions.all.patern: is not an input here; allowed are eventBus, pattern.",
        ),
        (
            {"subscriptions": {"all": "{}"}, "visibilityTimeoutSeconds": 60},
            "subscriptions.all: has to be an object with pattern, eventBus.",
        ),
        (
            {"subscriptions": EXAMPLE_EVENTS, "visibilityTimeoutSeconds": "a minute"},
            "visibilityTimeoutSeconds: has to be a whole number, not 'a minute'.",
        ),
        (
            {"subscriptions": EXAMPLE_EVENTS, "visibilityTimeoutSeconds": 1.5},
            "visibilityTimeoutSeconds: has to be a whole number, not 1.5.",
        ),
    ],
)
def test_bad_inputs_are_named_with_what_is_allowed(plugin: Plugin, inputs: dict[str, object], reason: str):
    with pytest.raises(ConstructError) as refused:
        plugin.construct("EventQueue", "mail", inputs)

    assert reason in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert plugin.graph.resources == {}


def test_a_refusal_of_the_component_speaks_the_programs_language(plugin: Plugin):
    with pytest.raises(ConstructError) as refused:
        plugin.construct("Function", "greeter", {**FUNCTION, "platform": {"imageUri": "functions:latest"}})

    assert str(refused.value).startswith(
        "platform.imageUri: Function 'greeter': platform.imageUri is 'functions:latest'; it has to look like repository"
    )
    assert "File " not in str(refused.value)
