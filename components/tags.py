"""Marks everything that a stack owns."""

from collections.abc import Mapping
from typing import cast

import pulumi


def tag_everything(tags: Mapping[str, str]) -> None:
    """Give `tags` to every resource declared from now on that takes tags; a resource's own tags win.

    It is done in the program, not in the provider's default tags, so that the tags are seen by previews and policies.
    """

    def add_tags(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith("aws:") or not hasattr(type(args.resource), "tags"):
            return None
        own = cast("Mapping[str, pulumi.Input[str]]", args.props["tags"] or {})
        return pulumi.ResourceTransformationResult({**args.props, "tags": {**tags, **own}}, args.opts)

    pulumi.runtime.register_stack_transformation(add_tags)
