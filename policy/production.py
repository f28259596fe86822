"""What people entrusted to us survives a mistake."""

from collections.abc import Callable

from pulumi_policy import ReportViolation, ResourceValidationArgs

from policy.facts import Properties, section, stack_of

PRODUCTION = frozenset({"prod"})
LEAST_BACKUP_DAYS = 7

# Type -> what AWS itself has to refuse or keep, and what to write if it does not.
_KEPT: dict[str, tuple[Callable[[Properties], bool], str]] = {
    "aws:rds/instance:Instance": (
        lambda props: (
            bool(props.get("deletionProtection"))
            and not props.get("skipFinalSnapshot")
            and int(props.get("backupRetentionPeriod") or 0) >= LEAST_BACKUP_DAYS
        ),
        f"deletionProtection: true and backupRetentionDays of {LEAST_BACKUP_DAYS} or more",
    ),
    "aws:dynamodb/table:Table": (
        lambda props: (
            bool(props.get("deletionProtectionEnabled")) and bool(section(props, "pointInTimeRecovery").get("enabled"))
        ),
        "deletionProtection: true",
    ),
    "aws:cognito/userPool:UserPool": (
        lambda props: props.get("deletionProtection") == "ACTIVE",
        "deletionProtection: true",
    ),
    "aws:s3/bucket:Bucket": (lambda props: not props.get("forceDestroy"), "deletionProtection: true"),
    "aws:kms/key:Key": (
        lambda props: props.get("deletionWindowInDays") == 30,  # the longest that there is
        "deletion_window_in_days=30",
    ),
}


def is_protected(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """In production AWS refuses to delete what holds people's data, and so does Pulumi."""
    if stack_of(args.urn) not in PRODUCTION or args.resource_type not in _KEPT:
        return
    kept, remedy = _KEPT[args.resource_type]
    if not kept(args.props):
        report(f"{args.name} could be deleted with all that it holds: set {remedy} in the stack's file.", args.urn)
    if not args.opts.protect:
        report(f"{args.name} could be deleted by `pulumi destroy`: declare it with protect=True.", args.urn)
