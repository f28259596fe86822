"""All policies. Each is mandatory: what breaks one is not deployed."""

from pulumi_policy import ResourceValidationPolicy, StackValidationPolicy

from policy import data, operation, permissions, production

POLICIES: list[ResourceValidationPolicy | StackValidationPolicy] = [
    ResourceValidationPolicy("data-is-encrypted", "What keeps data encrypts it.", data.is_encrypted),
    ResourceValidationPolicy("nothing-is-public", "Nobody reaches what was not meant for them.", data.is_private),
    ResourceValidationPolicy("permissions-are-named", "Roles name their actions and resources.", permissions.are_named),
    ResourceValidationPolicy(
        "callers-are-named", "Services call on behalf of somebody.", permissions.callers_are_named
    ),
    ResourceValidationPolicy("logs-end", "Logs are kept for a while, not for ever.", operation.logs_end),
    ResourceValidationPolicy("everything-is-tagged", "Tags say whose a resource is.", operation.is_tagged),
    ResourceValidationPolicy(
        "functions-are-pinned", "Functions run one image, and say what they do.", operation.functions_are_pinned
    ),
    ResourceValidationPolicy("no-event-is-lost", "Events that fail are kept.", operation.events_are_kept),
    ResourceValidationPolicy("production-is-protected", "Production keeps its data.", production.is_protected),
    StackValidationPolicy(
        "buckets-are-closed", "Each bucket is private, encrypted and needs TLS.", data.buckets_are_closed
    ),
    StackValidationPolicy("queues-are-watched", "What waits or was given up is noticed.", operation.queues_are_watched),
]
