"""Names and options that all components give their children alike."""

import pulumi


def physical_name(role: str) -> str:
    """The name in AWS of what a stack has once and people look for: `collections-dev-analyzer`."""
    return f"{pulumi.get_project()}-{pulumi.get_stack()}-{role}"


def children_of(
    component: pulumi.ComponentResource, opts: pulumi.ResourceOptions | None, *, protect: bool = False
) -> pulumi.ResourceOptions:
    """Options for a component's children.

    Pulumi hands a component's provider down but not its `depends_on`; without it a function could be deployed while
    the migration that it needs is still running. `protect` refuses to delete the child.
    """
    return pulumi.ResourceOptions(
        parent=component, depends_on=None if opts is None else opts.depends_on, protect=protect or None
    )
