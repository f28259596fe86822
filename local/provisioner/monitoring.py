"""Log groups, alarms, dashboards and topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from local.provisioner.kind import Created, Kind, pascal, put, tag_list

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties

_NOT_OF_THE_ALARM = {"dimensions", "metricQueries", "name", "okActions", "region", "tags", "threshold"}


def _create_log_group(cloud: Cloud, name: str, inputs: Properties) -> Created:
    cloud.call("logs.create_log_group", logGroupName=name, tags=inputs.get("tags"))
    return Created(name, {"arn": cloud.arn("logs", f"log-group:{name}")})


def _set_retention(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    if inputs.get("retentionInDays"):
        cloud.call("logs.put_retention_policy", logGroupName=record.id, retentionInDays=inputs["retentionInDays"])
    else:
        cloud.forget("logs.delete_retention_policy", logGroupName=record.id)
    return {}


def _dimensions(source: Properties) -> list[dict[str, str]]:
    dimensions = cast("dict[str, str]", source.get("dimensions") or {})
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def _query(query: Properties) -> Properties:
    converted = cast("Properties", pascal({key: value for key, value in query.items() if key != "metric"}))
    if metric := cast("Properties", query.get("metric") or {}):
        converted["MetricStat"] = {
            "Metric": {
                "Namespace": metric.get("namespace"),
                "MetricName": metric["metricName"],
                "Dimensions": _dimensions(metric),
            },
            "Period": metric["period"],
            "Stat": metric["stat"],
        }
    return converted


def _put_alarm(cloud: Cloud, name: str, inputs: Properties) -> Created:
    settings = {key: value for key, value in inputs.items() if key not in _NOT_OF_THE_ALARM}
    queries = cast("list[Properties]", inputs.get("metricQueries") or [])
    cloud.call(
        "cloudwatch.put_metric_alarm",
        AlarmName=name,
        OKActions=inputs.get("okActions"),
        Threshold=float(inputs["threshold"]) if "threshold" in inputs else None,
        Dimensions=_dimensions(inputs) or None,
        Metrics=[_query(query) for query in queries] or None,
        Tags=tag_list(inputs),
        **cast("Properties", pascal(settings)),
    )
    return Created(name, {"arn": cloud.arn("cloudwatch", f"alarm:{name}")})


def _put_dashboard(cloud: Cloud, name: str, inputs: Properties) -> Created:
    cloud.call("cloudwatch.put_dashboard", DashboardName=name, DashboardBody=inputs["dashboardBody"])
    return Created(name, {"dashboardArn": f"arn:aws:cloudwatch::{cloud.account}:dashboard/{name}"})


def _create_topic(cloud: Cloud, name: str, inputs: Properties) -> Created:
    attributes = {"KmsMasterKeyId": inputs["kmsMasterKeyId"]} if inputs.get("kmsMasterKeyId") else {}
    if inputs.get("policy"):
        attributes["Policy"] = inputs["policy"]
    arn = cloud.call("sns.create_topic", Name=name, Attributes=attributes, Tags=tag_list(inputs))["TopicArn"]
    return Created(arn, {"arn": arn})


def _subscribe(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del name
    arn = cloud.call(
        "sns.subscribe",
        TopicArn=inputs["topic"],
        Protocol=inputs["protocol"],
        Endpoint=inputs["endpoint"],
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return Created(arn, {"arn": arn})


def _put_topic_policy(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del name
    cloud.call(
        "sns.set_topic_attributes", TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=inputs["policy"]
    )
    return Created(str(inputs["arn"]), {})


KINDS = {
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        _create_log_group,
        configure=_set_retention,
        delete=lambda cloud, record: cloud.forget("logs.delete_log_group", logGroupName=record.id),
        fixed=frozenset({"kmsKeyId"}),
        named_by="name",
        longest_name=512,
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": put(
        _put_alarm,
        lambda cloud, record: cloud.forget("cloudwatch.delete_alarms", AlarmNames=[record.name]),
        named_by="name",
        longest_name=255,
    ),
    "aws:cloudwatch/dashboard:Dashboard": put(
        _put_dashboard,
        lambda cloud, record: cloud.forget("cloudwatch.delete_dashboards", DashboardNames=[record.name]),
        named_by="dashboardName",
        longest_name=255,
    ),
    "aws:sns/topic:Topic": Kind(
        _create_topic,
        delete=lambda cloud, record: cloud.forget("sns.delete_topic", TopicArn=record.id),
        named_by="name",
        longest_name=256,
    ),
    "aws:sns/topicSubscription:TopicSubscription": Kind(
        _subscribe, delete=lambda cloud, record: cloud.forget("sns.unsubscribe", SubscriptionArn=record.id)
    ),
    "aws:sns/topicPolicy:TopicPolicy": put(_put_topic_policy, fixed=frozenset({"arn"})),
}
