"""Functions, their versions' aliases, what triggers them, and calling one while deploying."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, cast

from local.provisioner.function_package import deployment_package
from local.provisioner.kind import Created, Kind, pascal, put, renamed

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties

_SETTINGS = {
    "deadLetterConfig": "DeadLetterConfig",
    "description": "Description",
    "ephemeralStorage": "EphemeralStorage",
    "memorySize": "MemorySize",
    "role": "Role",
    "timeout": "Timeout",
    "tracingConfig": "TracingConfig",
    "vpcConfig": "VpcConfig",
}
_MAPPING_SETTINGS = {
    "batchSize": "BatchSize",
    "enabled": "Enabled",
    "filterCriteria": "FilterCriteria",
    "functionName": "FunctionName",
    "functionResponseTypes": "FunctionResponseTypes",
    "maximumBatchingWindowInSeconds": "MaximumBatchingWindowInSeconds",
    "scalingConfig": "ScalingConfig",
}
_LOG_LINES = 8


class InvocationError(RuntimeError):
    """A function that was called by the deployment failed."""


def _configuration(inputs: Properties) -> Properties:
    command = _command(inputs)
    environment = cast("Properties", inputs.get("environment") or {})
    settings = cast("Properties", pascal(renamed(inputs, _SETTINGS)))
    return {**settings, "Handler": command, "Environment": {"Variables": environment.get("variables") or {}}}


def _command(inputs: Properties) -> str:
    """The handler that the image is started with."""
    if inputs.get("packageType") != "Image":
        raise ValueError("the local stack runs functions from an image only")
    commands = cast("list[str]", cast("Properties", inputs.get("imageConfig") or {}).get("commands") or [])
    if len(commands) != 1:
        raise ValueError("image_config.commands must name the function's handler")
    return commands[0]


def _package(cloud: Cloud, inputs: Properties) -> bytes:
    environment = cast("Properties", inputs.get("environment") or {})
    variables = cast("dict[str, str]", environment.get("variables") or {})
    return deployment_package(cloud.place, str(inputs["imageUri"]), sorted(variables))


def _create_function(cloud: Cloud, name: str, inputs: Properties) -> Created:
    function = cloud.call(
        "lambda.create_function",
        FunctionName=name,
        Runtime="provided.al2023",
        Architectures=inputs.get("architectures"),
        Code={"ZipFile": _package(cloud, inputs)},
        Tags=inputs.get("tags"),
        **_configuration(inputs),
    )
    arn = function["FunctionArn"]
    return Created(name, {"arn": arn, "invokeArn": _invoke_arn(cloud, arn)})


def _update_function(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    cloud.call("lambda.update_function_configuration", FunctionName=record.id, **_configuration(inputs))
    cloud.call("lambda.update_function_code", FunctionName=record.id, ZipFile=_package(cloud, inputs))
    return {}


def _publish(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    reserved = inputs.get("reservedConcurrentExecutions", -1)
    if reserved >= 0:
        cloud.call("lambda.put_function_concurrency", FunctionName=record.id, ReservedConcurrentExecutions=reserved)
    elif record.inputs.get("reservedConcurrentExecutions", -1) >= 0:
        cloud.call("lambda.delete_function_concurrency", FunctionName=record.id)
    version = "$LATEST"
    if inputs.get("publish"):
        version = cloud.call("lambda.publish_version", FunctionName=record.id)["Version"]
    qualified = f"{record.outputs['arn']}:{version}"
    return {
        "version": version,
        "qualifiedArn": qualified,
        "qualifiedInvokeArn": _invoke_arn(cloud, qualified),
    }


def _observe_function(cloud: Cloud, inputs: Properties) -> Properties:
    return {"package": base64.b64encode(_package(cloud, inputs)).decode()}


def _invoke_arn(cloud: Cloud, arn: str) -> str:
    return f"arn:aws:apigateway:{cloud.region}:lambda:path/2015-03-31/functions/{arn}/invocations"


def _alias(inputs: Properties, name: str) -> Properties:
    return {
        "FunctionName": inputs["functionName"],
        "Name": name,
        "FunctionVersion": inputs["functionVersion"],
        "Description": inputs.get("description"),
    }


def _create_alias(cloud: Cloud, name: str, inputs: Properties) -> Created:
    arn = cloud.call("lambda.create_alias", **_alias(inputs, name))["AliasArn"]
    return Created(arn, {"arn": arn, "invokeArn": _invoke_arn(cloud, arn)})


def _update_alias(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    cloud.call("lambda.update_alias", **_alias(inputs, record.name))
    return {}


def _delete_alias(cloud: Cloud, record: Record) -> None:
    cloud.forget("lambda.delete_alias", FunctionName=record.inputs["functionName"], Name=record.name)


def _mapping(inputs: Properties) -> Properties:
    return cast("Properties", pascal(renamed(inputs, _MAPPING_SETTINGS)))


def _create_mapping(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del name
    mapping = cloud.call(
        "lambda.create_event_source_mapping", EventSourceArn=inputs["eventSourceArn"], **_mapping(inputs)
    )
    return Created(mapping["UUID"], {"uuid": mapping["UUID"], "functionArn": mapping["FunctionArn"]})


def _update_mapping(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    cloud.call("lambda.update_event_source_mapping", UUID=record.id, **_mapping(inputs))
    return {}


def _permit(cloud: Cloud, name: str, inputs: Properties) -> Created:
    cloud.call(
        "lambda.add_permission",
        FunctionName=inputs["function"],
        StatementId=name,
        Action=inputs["action"],
        Principal=inputs["principal"],
        SourceArn=inputs.get("sourceArn"),
        SourceAccount=inputs.get("sourceAccount"),
        Qualifier=inputs.get("qualifier"),
    )
    return Created(name, {})


def _revoke(cloud: Cloud, record: Record) -> None:
    cloud.forget(
        "lambda.remove_permission",
        FunctionName=record.inputs["function"],
        StatementId=record.name,
        Qualifier=record.inputs.get("qualifier"),
    )


def _put_event_config(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del name
    cloud.call(
        "lambda.put_function_event_invoke_config",
        FunctionName=inputs["functionName"],
        Qualifier=inputs.get("qualifier"),
        MaximumRetryAttempts=inputs.get("maximumRetryAttempts"),
        MaximumEventAgeInSeconds=inputs.get("maximumEventAgeInSeconds"),
        DestinationConfig=pascal(inputs.get("destinationConfig")),
    )
    return Created(":".join(filter(None, (inputs["functionName"], inputs.get("qualifier")))), {})


def _delete_event_config(cloud: Cloud, record: Record) -> None:
    cloud.forget(
        "lambda.delete_function_event_invoke_config",
        FunctionName=record.inputs["functionName"],
        Qualifier=record.inputs.get("qualifier"),
    )


def _invoke(cloud: Cloud, name: str, inputs: Properties) -> Created:
    """Calls the function and waits; its error is the deployment's, with the end of its log."""
    reply = cloud.call(
        "lambda.invoke",
        FunctionName=inputs["functionName"],
        Qualifier=inputs.get("qualifier"),
        Payload=str(inputs["input"]).encode(),
        LogType="Tail",
    )
    result = cast("bytes", reply["Payload"].read()).decode()
    if reply.get("FunctionError"):
        log = base64.b64decode(reply.get("LogResult", "")).decode(errors="replace").splitlines()
        raise InvocationError("\n  ".join([_reason(result), *log[-_LOG_LINES:]]))
    return Created(name, {"result": result})


def _reason(result: str) -> str:
    try:
        error = json.loads(result)
        return f"{error['errorType']}: {error['errorMessage']}"
    except (ValueError, KeyError, TypeError):
        return result


KINDS = {
    "aws:lambda/function:Function": Kind(
        _create_function,
        update=_update_function,
        configure=_publish,
        delete=lambda cloud, record: cloud.forget("lambda.delete_function", FunctionName=record.id),
        fixed=frozenset({"architectures"}),
        named_by="name",
        observe=_observe_function,
    ),
    "aws:lambda/alias:Alias": Kind(
        _create_alias,
        update=_update_alias,
        delete=_delete_alias,
        fixed=frozenset({"functionName"}),
        named_by="name",
        longest_name=128,
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Kind(
        _create_mapping,
        update=_update_mapping,
        delete=lambda cloud, record: cloud.forget("lambda.delete_event_source_mapping", UUID=record.id),
        fixed=frozenset({"eventSourceArn"}),
    ),
    "aws:lambda/permission:Permission": Kind(_permit, delete=_revoke, named_by="statementId", longest_name=100),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": put(
        _put_event_config, _delete_event_config, fixed=frozenset({"functionName", "qualifier"})
    ),
    "aws:lambda/invocation:Invocation": put(_invoke),
}
