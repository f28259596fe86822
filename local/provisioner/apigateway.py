"""HTTP APIs. Their requests are the provider's inputs with the first letter of each key in upper case."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from local.provisioner.kind import Created, Kind, pascal, renamed

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties

_USER_KEYS = frozenset({"tags", "stageVariables", "requestParameters"})
_NOT_SENT = frozenset({"region"})
_DEFAULT_STAGE = "$default"


def _request(inputs: Properties) -> Properties:
    sent = {key: value for key, value in inputs.items() if key not in _NOT_SENT}
    return cast("Properties", pascal(sent, keep=_USER_KEYS))


def _integration(inputs: Properties) -> Properties:
    request = _request({key: value for key, value in inputs.items() if key != "timeoutMilliseconds"})
    return request | renamed(inputs, {"timeoutMilliseconds": "TimeoutInMillis"})


def _authorizer(inputs: Properties) -> Properties:
    request = _request({key: value for key, value in inputs.items() if key != "identitySources"})
    request["IdentitySource"] = inputs.get("identitySources")
    if jwt := cast("Properties", inputs.get("jwtConfiguration") or {}):
        request["JwtConfiguration"] = {"Audience": jwt["audiences"], "Issuer": jwt["issuer"]}
    return request


def _stage(inputs: Properties) -> Properties:
    request = _request({key: value for key, value in inputs.items() if key not in {"name", "routeSettings"}})
    request["StageName"] = inputs["name"]
    if routes := cast("list[Properties]", inputs.get("routeSettings") or []):
        request["RouteSettings"] = {
            route["routeKey"]: pascal({key: value for key, value in route.items() if key != "routeKey"})
            for route in routes
        }
    return request


def endpoint(cloud: Cloud, api: str) -> str:
    """Where the emulator serves an API's default stage."""
    return f"{cloud.place.endpoint}/_aws/execute-api/{api}/{_DEFAULT_STAGE}"


def _create_api(cloud: Cloud, name: str, inputs: Properties) -> Created:
    api = cloud.call("apigatewayv2.create_api", **(_request(inputs) | {"Name": name}))["ApiId"]
    outputs = {
        "apiEndpoint": endpoint(cloud, api),
        "arn": cloud.arn("apigateway", f"/apis/{api}", account=False),
        "executionArn": cloud.arn("execute-api", api),
    }
    return Created(api, outputs)


def _update_api(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    request = {key: value for key, value in _request(inputs).items() if key not in {"ProtocolType", "Tags"}}
    cloud.call("apigatewayv2.update_api", ApiId=record.id, **request)
    return {}


def _part(name: str, id_key: str, request: Callable[[Properties], Properties], fixed: frozenset[str]) -> Kind:
    """What belongs to an API."""

    def create(cloud: Cloud, logical: str, inputs: Properties) -> Created:
        del logical
        return Created(cloud.call(f"apigatewayv2.create_{name}", **request(inputs))[id_key], {})

    def update(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
        cloud.call(f"apigatewayv2.update_{name}", **(request(inputs) | {id_key: record.id}))
        return {}

    def delete(cloud: Cloud, record: Record) -> None:
        cloud.forget(f"apigatewayv2.delete_{name}", ApiId=record.inputs["apiId"], **{id_key: record.id})

    return Kind(create, update=update, delete=delete, fixed=fixed | {"apiId"})


def _create_stage(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del name
    cloud.call("apigatewayv2.create_stage", **_stage(inputs))
    api, stage = str(inputs["apiId"]), str(inputs["name"])
    outputs = {
        "arn": cloud.arn("apigateway", f"/apis/{api}/stages/{stage}", account=False),
        "executionArn": cloud.arn("execute-api", f"{api}/{stage}"),
        "invokeUrl": f"{endpoint(cloud, api)}/",
    }
    return Created(stage, outputs)


def _update_stage(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    del record
    request = {key: value for key, value in _stage(inputs).items() if key != "Tags"}
    cloud.call("apigatewayv2.update_stage", **request)
    return {}


def _delete_stage(cloud: Cloud, record: Record) -> None:
    cloud.forget("apigatewayv2.delete_stage", ApiId=record.inputs["apiId"], StageName=record.id)


KINDS = {
    "aws:apigatewayv2/api:Api": Kind(
        _create_api,
        update=_update_api,
        delete=lambda cloud, record: cloud.forget("apigatewayv2.delete_api", ApiId=record.id),
        fixed=frozenset({"protocolType"}),
        named_by="name",
        longest_name=128,
    ),
    "aws:apigatewayv2/authorizer:Authorizer": _part("authorizer", "AuthorizerId", _authorizer, frozenset()),
    "aws:apigatewayv2/integration:Integration": _part(
        "integration", "IntegrationId", _integration, frozenset({"integrationType"})
    ),
    "aws:apigatewayv2/route:Route": _part("route", "RouteId", _request, frozenset()),
    "aws:apigatewayv2/stage:Stage": Kind(
        _create_stage, update=_update_stage, delete=_delete_stage, fixed=frozenset({"apiId", "name"})
    ),
}
