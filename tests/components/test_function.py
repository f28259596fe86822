from components import grants
from components.function import Function, FunctionArgs, FunctionPlatform
from tests.components.declarations import FUNCTION, PLATFORM, Declare

IN_A_NETWORK: FunctionPlatform = {**PLATFORM, "network": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}}


def test_a_function_may_do_what_it_is_granted_and_write_its_own_log(declare: Declare):
    arguments: FunctionArgs = {**FUNCTION, "statements": [grants.read_parameters("arn:of:parameter")]}

    statements = declare(lambda: Function("example", arguments)).policy("example-policy")

    assert {tuple(statement["Action"]): statement["Resource"] for statement in statements} == {
        ("logs:CreateLogStream", "logs:PutLogEvents"): [
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/collections-dev-example:*"
        ],
        ("xray:PutTraceSegments", "xray:PutTelemetryRecords"): ["*"],
        ("ssm:GetParameter",): ["arn:of:parameter"],
    }


def test_only_a_function_in_a_network_may_make_interfaces(declare: Declare):
    outside = declare(lambda: Function("example", FUNCTION)).policy("example-policy")
    inside = declare(lambda: Function("example", {**FUNCTION, "platform": IN_A_NETWORK})).policy("example-policy")

    makes_interfaces = "ec2:CreateNetworkInterface"
    assert not any(makes_interfaces in statement["Action"] for statement in outside)
    assert any(makes_interfaces in statement["Action"] for statement in inside)


def test_callers_use_an_alias_of_the_published_version(declare: Declare):
    declared = declare(lambda: Function("example", FUNCTION))

    function = declared.one("lambda/function:Function").inputs
    alias = declared.one("lambda/alias:Alias").inputs
    assert function["publish"] is True
    assert (alias["functionName"], alias["functionVersion"]) == ("collections-dev-example", "1")


def test_its_own_variables_win_over_those_of_the_platform(declare: Declare):
    arguments: FunctionArgs = {**FUNCTION, "environment": {"STACK": "other", "MORE": "1"}}

    function = declare(lambda: Function("example", arguments)).one("lambda/function:Function")

    assert function.inputs["environment"]["variables"] == {
        "POWERTOOLS_SERVICE_NAME": "example",
        "STACK": "other",
        "MORE": "1",
    }
