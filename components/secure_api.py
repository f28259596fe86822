"""An HTTP API that only people who signed in can use."""

import json
import re
from collections.abc import Sequence
from typing import NotRequired, TypedDict, cast

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from components.arguments import Arguments
from components.function import Function, FunctionArgs, log_retention
from components.naming import children_of, physical_name
from components.user_pool import MFA, UserPool

EVERYTHING = "ANY /{proxy+}"
# API Gateway gives up after 30 seconds; the function's own timeout comes first and says more.
_INTEGRATION_MILLISECONDS = 30_000
_PREFLIGHT_SECONDS = 3600
_MOST_REQUESTS = 10_000  # What an account has in a region, unless AWS grants more.
_ROUTE = re.compile(r"(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /\S*")
_ACCESS_LOG = json.dumps(
    {
        "time": "$context.requestTime",
        "request_id": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "user": "$context.authorizer.claims.sub",
        "route": "$context.routeKey",
        "path": "$context.path",
        "status": "$context.status",
        "latency_ms": "$context.responseLatency",
        "integration_ms": "$context.integrationLatency",
        "bytes": "$context.responseLength",
        "error": "$context.error.message",
    }
)


class ExistingFunction(TypedDict):
    """A function of somebody else's making, and which version of it answers."""

    function_name: Input[str]
    """Its name."""
    invoke_arn: Input[str]
    """The function, or an alias of it, as API Gateway calls it."""
    alias_name: NotRequired[Input[str]]
    """The alias that `invoke_arn` calls. Default: it calls the function itself."""


class SecureApiArgs(TypedDict):
    """What answers, who may ask, and how often."""

    function: NotRequired[FunctionArgs]
    """Is made, and answers requests in payload format 2.0. Its variables `COGNITO_USER_POOL_ID`, `COGNITO_CLIENT_ID`
    and `COGNITO_DOMAIN` say where people sign in. Give either this or `existing_function`."""
    existing_function: NotRequired[ExistingFunction]
    """Exists already, and answers requests in payload format 2.0."""
    public_routes: NotRequired[Sequence[str]]
    """Routes that need no token, such as `GET /health`. Default: none."""
    allowed_origins: NotRequired[Sequence[Input[str]]]
    """Origins of web pages, besides the API's own, whose scripts may call it. Default: none."""
    requests_per_second: NotRequired[Input[int]]
    """Sustained rate of all callers together. Default 50."""
    burst: NotRequired[Input[int]]
    """Requests at once of all callers together. Default 100."""
    mfa: NotRequired[Input[str]]
    """Second factor by a TOTP app: `off`, `optional` or `required`. Default `optional`."""
    log_retention_days: NotRequired[Input[int]]
    """Days that the log of requests is kept. Default: as long as those of `function`, or 30."""
    callback_urls: NotRequired[Sequence[Input[str]]]
    """Where the sign-in page may send people back to, besides the API's own root."""
    allow_password_auth: NotRequired[bool]
    """Let clients send plain passwords to Cognito. Default false."""
    deletion_protection: NotRequired[bool]
    """Refuse deletion of the people. Default true."""


class SecureApi(pulumi.ComponentResource):
    """Puts a function behind an address, a sign-in and a throttle.

    Every route but the public ones needs a token of the pool: API Gateway verifies it before the function runs. A stack
    has one, with its people.
    """

    url: Output[str]
    """Without a slash at the end."""
    api_id: Output[str]
    """Id of the HTTP API."""
    user_pool_id: Output[str]
    """Id of the pool of people who may sign in."""
    user_pool_arn: Output[str]
    """ARN of that pool."""
    client_id: Output[str]
    """Id of the client that web pages and command lines sign in as."""
    domain: Output[str]
    """Host of the sign-in page."""
    function_name: Output[str]
    """Name of the function in AWS."""

    def __init__(self, name: str, args: SecureApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(self, name, SecureApiArgs, args)
        wanted, existing = args.get("function"), args.get("existing_function")
        if (wanted is None) == (existing is None):
            raise given.refuse("function", "or existing_function is needed, and not both.")
        for route in args.get("public_routes", []):
            if not _ROUTE.fullmatch(route):
                raise given.refuse("public_routes", f"has {route!r}; a route has to look like GET /health.")
        super().__init__("collections:index:SecureApi", name, props={}, opts=opts)
        child = children_of(self, opts)
        # Nobody needs the schema to sign in: people and address wait for nothing.
        at_once = pulumi.ResourceOptions(parent=self)
        api = aws.apigatewayv2.Api(
            name,
            name=physical_name(name),
            protocol_type="HTTP",
            cors_configuration=_cors(args.get("allowed_origins", [])),
            opts=at_once,
        )
        pool = UserPool(
            "users",
            {
                "callback_urls": [Output.concat(api.api_endpoint, "/"), *args.get("callback_urls", [])],
                "mfa": given.one_of("mfa", args.get("mfa", "optional"), MFA),
                "allow_password_auth": args.get("allow_password_auth", False),
                "deletion_protection": args.get("deletion_protection", True),
            },
            at_once,
        )
        answering = existing or _function(name, cast("FunctionArgs", wanted), pool, child)
        routes = _routes(name, api, answering, pool, args.get("public_routes", []), child)
        self._stage(name, api, args, given, routes, child)

        self.url, self.api_id = api.api_endpoint, api.id
        self.user_pool_id, self.user_pool_arn = pool.user_pool_id, pool.user_pool_arn
        self.client_id, self.domain = pool.client_id, pool.domain
        self.function_name = Output.from_input(answering["function_name"])
        self.register_outputs(
            {
                "url": self.url,
                "api_id": self.api_id,
                "user_pool_id": self.user_pool_id,
                "user_pool_arn": self.user_pool_arn,
                "client_id": self.client_id,
                "domain": self.domain,
                "function_name": self.function_name,
            }
        )

    def _stage(
        self,
        name: str,
        api: aws.apigatewayv2.Api,
        args: SecureApiArgs,
        given: Arguments,
        routes: Sequence[pulumi.Resource],
        child: pulumi.ResourceOptions,
    ) -> None:
        logs = aws.cloudwatch.LogGroup(
            f"{name}-access",
            name=f"/aws/apigateway/{physical_name(name)}",
            retention_in_days=log_retention(given, "log_retention_days", _log_days(args)),
            opts=child,
        )
        aws.apigatewayv2.Stage(
            name,
            api_id=api.id,
            name="$default",
            auto_deploy=True,
            access_log_settings={"destination_arn": logs.arn, "format": _ACCESS_LOG},
            default_route_settings={
                "throttling_rate_limit": given.between(
                    "requests_per_second", args.get("requests_per_second", 50), 1, _MOST_REQUESTS
                ),
                "throttling_burst_limit": given.between("burst", args.get("burst", 100), 1, _MOST_REQUESTS),
            },
            # A stage without its routes would answer 404 while they are being made.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=list(routes))),
        )


def _function(name: str, wanted: FunctionArgs, pool: UserPool, child: pulumi.ResourceOptions) -> ExistingFunction:
    """Make the function, and tell it where people sign in."""
    arguments: FunctionArgs = {
        **wanted,
        "environment": {
            **wanted.get("environment", {}),
            "COGNITO_USER_POOL_ID": pool.user_pool_id,
            "COGNITO_CLIENT_ID": pool.client_id,
            "COGNITO_DOMAIN": pool.domain,
        },
    }
    made = Function(name, arguments, child)
    return {"function_name": made.function_name, "invoke_arn": made.invoke_arn, "alias_name": made.alias_name}


def _log_days(args: SecureApiArgs) -> Input[int] | None:
    if "log_retention_days" in args:
        return args["log_retention_days"]
    return args["function"]["platform"].get("log_retention_days") if "function" in args else None


def _routes(
    name: str,
    api: aws.apigatewayv2.Api,
    function: ExistingFunction,
    pool: UserPool,
    public_routes: Sequence[str],
    child: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    authorizer = aws.apigatewayv2.Authorizer(
        name,
        name=physical_name(name),
        api_id=api.id,
        authorizer_type="JWT",
        identity_sources=["$request.header.Authorization"],
        jwt_configuration={"issuer": pool.issuer, "audiences": [pool.client_id]},
        opts=child,
    )
    permission = aws.lambda_.Permission(
        name,
        action="lambda:InvokeFunction",
        function=function["function_name"],
        qualifier=function.get("alias_name"),
        principal="apigateway.amazonaws.com",
        source_arn=Output.concat(api.execution_arn, "/*/*"),
        opts=child,
    )
    integration = aws.apigatewayv2.Integration(
        name,
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=function["invoke_arn"],
        payload_format_version="2.0",
        timeout_milliseconds=_INTEGRATION_MILLISECONDS,
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[permission])),
    )
    target = Output.concat("integrations/", integration.id)
    public = [
        aws.apigatewayv2.Route(
            f"{name}-{route.split()[1]}",
            api_id=api.id,
            route_key=route,
            authorization_type="NONE",
            target=target,
            opts=child,
        )
        for route in public_routes
    ]
    private = aws.apigatewayv2.Route(
        f"{name}-everything",
        api_id=api.id,
        route_key=EVERYTHING,
        authorization_type="JWT",
        authorizer_id=authorizer.id,
        target=target,
        opts=child,
    )
    return [*public, private]


def _cors(origins: Sequence[Input[str]]) -> aws.apigatewayv2.ApiCorsConfigurationArgs | None:
    """API Gateway answers preflights itself, so that they need no token; pages of the API's own origin send none."""
    if not origins:
        return None
    return aws.apigatewayv2.ApiCorsConfigurationArgs(
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["authorization", "content-type"],
        expose_headers=["location", "retry-after", "x-request-id"],
        max_age=_PREFLIGHT_SECONDS,
    )
