"""Roles may do what they are named to do, on what is named."""

import re

from pulumi_policy import ReportViolation, ResourceValidationArgs

from policy.facts import Properties, section, several, statements

ROLE_POLICIES = frozenset({"aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"})
ATTACHMENTS = frozenset(
    {
        "aws:iam/policyAttachment:PolicyAttachment",
        "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    }
)
_ALL_OF_A_KIND = re.compile(r"([\w.-]+[:/])?\*")
"""What an ARN ends in that names no resource: `*`, `table/*`, `function:*`, `bucket/*`."""

WITHOUT_A_RESOURCE = {
    "ec2:AssignPrivateIpAddresses": "Lambda checks it before the interface exists",
    "ec2:CreateNetworkInterface": "Lambda checks it before the interface exists",
    "ec2:DeleteNetworkInterface": "Lambda checks it before the interface exists",
    "ec2:DescribeNetworkInterfaces": "describing has no resource",
    "ec2:DescribeSubnets": "describing has no resource",
    "ec2:UnassignPrivateIpAddresses": "Lambda checks it before the interface exists",
    "xray:PutTelemetryRecords": "X-Ray has no resources to name",
    "xray:PutTraceSegments": "X-Ray has no resources to name",
}
"""Actions for which AWS has nothing narrower than `*` (Service Authorization Reference), and why."""


def are_named(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """No wildcard in an action; as a resource only where AWS has nothing narrower; nothing by exclusion."""
    if args.resource_type in ATTACHMENTS or args.props.get("managedPolicyArns") or args.props.get("inlinePolicies"):
        report(f"{args.name} gives what AWS may extend, or nobody looks at: write an aws.iam.RolePolicy.", args.urn)
    if args.resource_type not in ROLE_POLICIES:
        return
    for statement in statements(str(args.props["policy"])):
        if statement["Effect"] == "Allow":
            for problem in _too_wide(statement):
                report(f"{args.name} {problem}", args.urn)


def callers_are_named(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """A service that calls a function or fills a queue does so for one rule, API or schedule: otherwise anybody's would
    do."""
    match args.resource_type:
        case "aws:lambda/permission:Permission" if not _names_a_source(args.props.get("sourceArn")):
            report(f"{args.name} lets the service call for any account: set source_arn.", args.urn)
        case "aws:sqs/queuePolicy:QueuePolicy":
            for statement in statements(str(args.props["policy"])):
                sources = section(section(statement, "Condition"), "ArnEquals").get("aws:SourceArn")
                if statement["Effect"] == "Allow" and not (sources and all(map(_names_a_source, several(sources)))):
                    report(
                        f"{args.name} lets anybody's rules send: name them as aws:SourceArn under ArnEquals.", args.urn
                    )
        case _:
            pass


def _too_wide(statement: Properties) -> list[str]:
    if "NotAction" in statement or "NotResource" in statement:
        return ["allows by exclusion: name what is allowed."]
    actions, resources = several(statement["Action"]), several(statement["Resource"])
    problems = [f"allows {action}: name each action in full." for action in actions if "*" in action]
    if "*" in resources:
        narrower = sorted(set(actions) - WITHOUT_A_RESOURCE.keys())
        problems += [f"allows {action} on everything: name the ARNs." for action in narrower]
    return problems + [f"allows its actions on {each}: name the resource." for each in resources if _is_a_kind(each)]


def _is_a_kind(arn: str) -> bool:
    """Whether an ARN stands for all resources of a kind, or for those of others."""
    if not arn.startswith("arn:"):
        return False
    *owner, resource = arn.split(":", 5)
    return any("*" in part for part in owner) or _ALL_OF_A_KIND.fullmatch(resource) is not None


def _names_a_source(arn: object) -> bool:
    """Whether an ARN names one rule, API or schedule; all stages and routes of an API are allowed."""
    return isinstance(arn, str) and arn.startswith("arn:") and not _is_a_kind(arn)
