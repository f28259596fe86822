"""Lets web pages send files straight to a bucket."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input

from components.arguments import Arguments
from components.naming import children_of

_PREFLIGHT_SECONDS = 3600


class BrowserUploadsArgs(TypedDict):
    """Which pages, which bucket."""

    bucket_name: Input[str]
    """The bucket that takes the files."""
    allowed_origins: Sequence[Input[str]]
    """Origins of the pages: `https://photos.example.org`."""


class BrowserUploads(pulumi.ComponentResource):
    """Allows pages of some origins to post signed forms to a bucket, and to show what signed URLs return."""

    def __init__(self, name: str, args: BrowserUploadsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        Arguments(self, name, BrowserUploadsArgs, args)
        super().__init__("collections:index:BrowserUploads", name, props={}, opts=opts)
        aws.s3.BucketCorsConfiguration(
            name,
            bucket=args["bucket_name"],
            cors_rules=[
                {
                    "allowed_methods": ["GET", "HEAD", "POST"],
                    "allowed_origins": args["allowed_origins"],
                    "allowed_headers": ["*"],
                    "expose_headers": ["ETag"],
                    "max_age_seconds": _PREFLIGHT_SECONDS,
                }
            ],
            opts=children_of(self, opts),
        )
        self.register_outputs({})
