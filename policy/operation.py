"""Whoever operates a stack finds out what happens in it, and whose it is."""

from typing import cast

from pulumi_policy import PolicyResource, ReportViolation, ResourceValidationArgs, StackValidationArgs

from policy.facts import Properties, of_type, section, takes_tags

QUEUE = "aws:sqs/queue:Queue"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TAGS = frozenset({"project", "stack"})


def logs_end(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """A log group has an end, and a function has a log group: Lambda would make one that keeps everything."""
    match args.resource_type:
        case "aws:cloudwatch/logGroup:LogGroup" if not args.props.get("retentionInDays"):
            report(f"{args.name} keeps logs for ever: set retention_in_days.", args.urn)
        case "aws:lambda/function:Function" if not section(args.props, "loggingConfig").get("logGroup"):
            report(f"{args.name} would log to a group that keeps everything: set logging_config.", args.urn)
        case _:
            pass


def is_tagged(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Bills and clean-ups go by the tags `project` and `stack`."""
    if takes_tags(args.resource_type):
        missing = sorted(TAGS - section(args.props, "tags").keys())
        if missing:
            report(
                f"{args.name} lacks the tags {', '.join(missing)}: call tag_everything before declaring it.", args.urn
            )


def functions_are_pinned(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """A tag can be moved to another image behind a function's back; a digest cannot."""
    if args.resource_type != "aws:lambda/function:Function":
        return
    if "@sha256:" not in str(args.props.get("imageUri", "")):
        report(f"{args.name} does not say which image it runs: set image_uri to repository@sha256:….", args.urn)
    if section(args.props, "tracingConfig").get("mode") != "Active":
        report(f'{args.name} leaves no traces: set tracing_config={{"mode": "Active"}}.', args.urn)


def events_are_kept(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """What a target could not take, or an asynchronous call could not do, goes to a queue."""
    match args.resource_type:
        case "aws:cloudwatch/eventTarget:EventTarget" if not section(args.props, "deadLetterConfig").get("arn"):
            report(f"{args.name} loses what it cannot deliver: set dead_letter_config.", args.urn)
        case "aws:lambda/eventSourceMapping:EventSourceMapping" if "ReportBatchItemFailures" not in (
            args.props.get("functionResponseTypes") or []
        ):
            report(
                f"{args.name} repeats whole batches: set function_response_types=['ReportBatchItemFailures'].", args.urn
            )
        case _:
            pass


def queues_are_watched(args: StackValidationArgs, report: ReportViolation) -> None:
    """A queue with a consumer has a dead-letter queue and an alarm on what waits; any other has to stay empty, and has
    an alarm on what is in it."""
    consumed = {each.props["eventSourceArn"] for each in of_type(args.resources, MAPPING)}
    alarms = [each.props for each in of_type(args.resources, ALARM)]
    for queue in of_type(args.resources, QUEUE):
        if queue.props["arn"] in consumed:
            if not queue.props.get("redrivePolicy"):
                report(f"{queue.name} tries a bad message for ever: set redrive_policy.", queue.urn)
            metric = "ApproximateAgeOfOldestMessage"
        else:
            metric = "ApproximateNumberOfMessagesVisible"
        if not any(_watches(alarm, metric, queue) for alarm in alarms):
            report(f"{queue.name} needs an alarm on {metric} that tells somebody.", queue.urn)


def _watches(alarm: Properties, metric: str, queue: PolicyResource) -> bool:
    dimensions = cast("Properties", alarm.get("dimensions") or {})
    told = bool(alarm.get("alarmActions"))
    return told and alarm.get("metricName") == metric and dimensions.get("QueueName") == queue.props["name"]
