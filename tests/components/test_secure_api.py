import pytest

from components.secure_api import SecureApi, SecureApiArgs
from local.recorder import Graph
from tests.components.declarations import FUNCTION, Declare

API: SecureApiArgs = {
    "function": FUNCTION,
    "public_routes": ["GET /health"],
    "allowed_origins": ["https://photos.example.org"],
    "requests_per_second": 5,
    "burst": 10,
    "mfa": "optional",
    "callback_urls": ["http://localhost:8976/callback"],
}


def test_every_route_but_the_public_ones_needs_a_token_of_the_pool(declare: Declare):
    declared = declare(lambda: SecureApi("api", API))

    routes = {each.inputs["routeKey"]: each.inputs for each in declared.of("apigatewayv2/route:Route")}
    authorizer = declared.one("apigatewayv2/authorizer:Authorizer").inputs
    assert {key: route["authorizationType"] for key, route in routes.items()} == {
        "GET /health": "NONE",
        "ANY /{proxy+}": "JWT",
    }
    assert routes["ANY /{proxy+}"]["authorizerId"] == "api-id"
    assert authorizer["jwtConfiguration"] == {
        "issuer": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool",
        "audiences": ["client123"],
    }


def test_people_are_invited_and_their_browsers_keep_no_secret(declare: Declare):
    declared = declare(lambda: SecureApi("api", API))

    pool = declared.one("cognito/userPool:UserPool").inputs
    client = declared.one("cognito/userPoolClient:UserPoolClient").inputs
    assert pool["adminCreateUserConfig"] == {"allowAdminCreateUserOnly": True}
    assert pool["passwordPolicy"]["minimumLength"] >= 12
    assert all(pool["passwordPolicy"][f"require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    assert pool["accountRecoverySetting"] == {"recoveryMechanisms": [{"name": "verified_email", "priority": 1}]}
    assert client["generateSecret"] is False
    assert client["allowedOauthFlows"] == ["code"]
    assert client["allowedOauthScopes"] == ["openid", "email", "profile"]  # None that manages the pool.
    assert client["enableTokenRevocation"] is True
    assert client["preventUserExistenceErrors"] == "ENABLED"
    assert pool["autoVerifiedAttributes"] == ["email"]  # Only a verified address can recover an account.
    assert (client["accessTokenValidity"], client["idTokenValidity"]) == (60, 60)
    back_to = ["https://api123.execute-api.eu-west-1.amazonaws.com/", "http://localhost:8976/callback"]
    assert (client["callbackUrls"], client["logoutUrls"]) == (back_to, back_to)
    assert declared.one("cognito/userPoolDomain:UserPoolDomain").inputs["domain"] == "collections-dev-auth-0a1b2c3d"


@pytest.mark.parametrize("allowed", [True, False])
def test_plain_passwords_are_taken_only_where_allowed(declare: Declare, allowed: bool):
    client = declare(lambda: SecureApi("api", {**API, "allow_password_auth": allowed})).one("UserPoolClient")

    assert ("ALLOW_USER_PASSWORD_AUTH" in client.inputs["explicitAuthFlows"]) is allowed


@pytest.mark.parametrize(
    ("mfa", "configured", "app"),
    [("off", "OFF", None), ("optional", "OPTIONAL", {"enabled": True}), ("required", "ON", {"enabled": True})],
)
def test_the_second_factor_is_as_configured(declare: Declare, mfa: str, configured: str, app: object):
    pool = declare(lambda: SecureApi("api", {**API, "mfa": mfa})).one("cognito/userPool:UserPool").inputs

    assert pool["mfaConfiguration"] == configured
    assert pool.get("softwareTokenMfaConfiguration") == app


def test_it_is_throttled_and_each_request_is_logged(declare: Declare):
    stage = declare(lambda: SecureApi("api", API)).one("apigatewayv2/stage:Stage").inputs

    assert stage["defaultRouteSettings"]["throttlingRateLimit"] == 5
    assert stage["defaultRouteSettings"]["throttlingBurstLimit"] == 10
    assert "$context.status" in stage["accessLogSettings"]["format"]


def test_the_function_gives_up_before_the_gateway_does(graph: Graph):
    integration = graph.one("aws:apigatewayv2/integration:Integration", "api").inputs
    function = graph.one("aws:lambda/function:Function", "api").inputs

    assert function["timeout"] * 1000 < integration["timeoutMilliseconds"] <= 30_000


def test_pages_of_allowed_origins_are_answered_by_the_gateway_without_a_token(declare: Declare):
    declared = declare(lambda: SecureApi("api", API))

    cors = declared.one("apigatewayv2/api:Api").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://photos.example.org"]
    assert {"authorization", "content-type"} <= set(cors["allowHeaders"])
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} == set(cors["allowMethods"])
    assert "allowCredentials" not in cors  # Tokens go in a header: no page needs cookies.


def test_without_foreign_origins_no_page_elsewhere_may_call_it(declare: Declare):
    api = declare(lambda: SecureApi("api", {**API, "allowed_origins": []})).one("apigatewayv2/api:Api")

    assert "corsConfiguration" not in api.inputs


def test_only_this_api_may_invoke_the_function(declare: Declare):
    permission = declare(lambda: SecureApi("api", API)).one("lambda/permission:Permission").inputs

    assert permission["sourceArn"] == "arn:aws:execute-api:eu-west-1:123456789012:api123/*/*"
    assert permission["qualifier"] == "live"


def test_it_stands_in_front_of_a_function_that_exists_already(declare: Declare):
    theirs = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/theirs/invocations"

    declared = declare(
        lambda: SecureApi("api", {"existing_function": {"function_name": "theirs", "invoke_arn": theirs}})
    )

    permission = declared.one("lambda/permission:Permission").inputs
    assert declared.of("lambda/function:Function") == []
    assert declared.one("apigatewayv2/integration:Integration").inputs["integrationUri"] == theirs
    assert (permission["function"], permission.get("qualifier")) == ("theirs", None)
    assert declared.one("logGroup:LogGroup").inputs["retentionInDays"] == 30


def test_with_nothing_but_a_function_nobody_enters_without_a_token(declare: Declare):
    declared = declare(
        lambda: SecureApi("api", {"function": {"platform": {"image_uri": "them@sha256:ab"}, "command": "main.handler"}})
    )

    (route,) = declared.of("apigatewayv2/route:Route")
    stage = declared.one("apigatewayv2/stage:Stage").inputs["defaultRouteSettings"]
    assert (route.inputs["routeKey"], route.inputs["authorizationType"]) == ("ANY /{proxy+}", "JWT")
    assert "corsConfiguration" not in declared.one("apigatewayv2/api:Api").inputs
    assert declared.one("cognito/userPool:UserPool").inputs["mfaConfiguration"] == "OPTIONAL"
    assert (stage["throttlingRateLimit"], stage["throttlingBurstLimit"]) == (50, 100)
