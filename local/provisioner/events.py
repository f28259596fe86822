"""Event buses, rules and their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from local.provisioner.kind import Created, Kind, pascal, put, renamed, tag_list

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties

_DEFAULT_BUS = "default"
_TARGET = {
    "arn": "Arn",
    "deadLetterConfig": "DeadLetterConfig",
    "input": "Input",
    "inputPath": "InputPath",
    "retryPolicy": "RetryPolicy",
    "roleArn": "RoleArn",
}
_TARGET_ONLY = {"eventBusName", "inputTransformer", "region", "rule", "targetId", *_TARGET}


def _bus(inputs: Properties) -> str:
    return str(inputs.get("eventBusName") or _DEFAULT_BUS)


def _create_bus(cloud: Cloud, name: str, inputs: Properties) -> Created:
    arn = cloud.call("events.create_event_bus", Name=name, Tags=tag_list(inputs))["EventBusArn"]
    return Created(name, {"arn": arn})


def _put_rule(cloud: Cloud, name: str, inputs: Properties) -> Created:
    bus = _bus(inputs)
    arn = cloud.call(
        "events.put_rule",
        Name=name,
        EventBusName=bus,
        EventPattern=inputs.get("eventPattern"),
        ScheduleExpression=inputs.get("scheduleExpression"),
        State=inputs.get("state", "ENABLED"),
        Description=inputs.get("description"),
    )["RuleArn"]
    return Created(name if bus == _DEFAULT_BUS else f"{bus}/{name}", {"arn": arn})


def _delete_rule(cloud: Cloud, record: Record) -> None:
    cloud.forget("events.delete_rule", Name=record.name, EventBusName=_bus(record.inputs))


def _put_target(cloud: Cloud, name: str, inputs: Properties) -> Created:
    if unknown := set(inputs) - _TARGET_ONLY:
        raise ValueError(f"{', '.join(sorted(unknown))}: not known to the local stack")
    target = {"Id": name, **cast("Properties", pascal(renamed(inputs, _TARGET)))}
    if transformer := cast("Properties", inputs.get("inputTransformer") or {}):
        target["InputTransformer"] = {
            "InputPathsMap": transformer.get("inputPaths") or {},
            "InputTemplate": transformer["inputTemplate"],
        }
    reply = cloud.call("events.put_targets", Rule=inputs["rule"], EventBusName=_bus(inputs), Targets=[target])
    if reply["FailedEntryCount"]:
        raise RuntimeError(reply["FailedEntries"][0]["ErrorMessage"])
    return Created(f"{inputs['rule']}-{name}", {})


def _remove_target(cloud: Cloud, record: Record) -> None:
    cloud.forget(
        "events.remove_targets", Rule=record.inputs["rule"], EventBusName=_bus(record.inputs), Ids=[record.name]
    )


KINDS = {
    "aws:cloudwatch/eventBus:EventBus": Kind(
        _create_bus,
        delete=lambda cloud, record: cloud.forget("events.delete_event_bus", Name=record.name),
        named_by="name",
        longest_name=256,
    ),
    "aws:cloudwatch/eventRule:EventRule": put(
        _put_rule, _delete_rule, fixed=frozenset({"eventBusName"}), named_by="name"
    ),
    "aws:cloudwatch/eventTarget:EventTarget": put(
        _put_target, _remove_target, fixed=frozenset({"eventBusName", "rule"}), named_by="targetId"
    ),
}
