"""Queues, and those of their attributes that are resources of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.provisioner.kind import Created, Kind, put, renamed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties

_ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
_LONGEST_NAME = 80


def _wire(attributes: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in attributes.items()}


def _create(cloud: Cloud, name: str, inputs: Properties) -> Created:
    url = cloud.call(
        "sqs.create_queue", QueueName=name, Attributes=_wire(renamed(inputs, _ATTRIBUTES)), tags=inputs.get("tags")
    )["QueueUrl"]
    return Created(url, {"url": url, "arn": cloud.arn("sqs", name)})


def _update(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    cleared = dict.fromkeys(renamed(record.inputs, _ATTRIBUTES), "")
    attributes = cleared | _wire(renamed(inputs, _ATTRIBUTES))
    cloud.call("sqs.set_queue_attributes", QueueUrl=record.id, Attributes=attributes)
    return {}


def _attribute(input_name: str) -> Kind:
    def apply(cloud: Cloud, name: str, inputs: Properties) -> Created:
        del name
        attributes = {_ATTRIBUTES[input_name]: inputs[input_name]}
        cloud.call("sqs.set_queue_attributes", QueueUrl=inputs["queueUrl"], Attributes=attributes)
        return Created(str(inputs["queueUrl"]), {})

    def delete(cloud: Cloud, record: Record) -> None:
        cloud.forget("sqs.set_queue_attributes", QueueUrl=record.id, Attributes={_ATTRIBUTES[input_name]: ""})

    return put(apply, delete, fixed=frozenset({"queueUrl"}))


KINDS = {
    "aws:sqs/queue:Queue": Kind(
        _create,
        update=_update,
        delete=lambda cloud, record: cloud.forget("sqs.delete_queue", QueueUrl=record.id),
        fixed=frozenset({"fifoQueue"}),
        named_by="name",
        longest_name=_LONGEST_NAME,
    ),
    "aws:sqs/queuePolicy:QueuePolicy": _attribute("policy"),
    "aws:sqs/redrivePolicy:RedrivePolicy": _attribute("redrivePolicy"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _attribute("redriveAllowPolicy"),
}
