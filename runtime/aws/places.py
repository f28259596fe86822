"""Where the services are, and as whom they are called: what Lambda's environment says."""

import os
from functools import lru_cache
from typing import NamedTuple


class Credentials(NamedTuple):
    """Of the function's role; they are good for the life of its process."""

    access_key: str
    secret_key: str
    token: str | None = None


class Place(NamedTuple):
    """A bucket."""

    bucket: str
    address: str
    """What a key is appended to: `https://bucket.s3.eu-west-1.amazonaws.com/`."""
    region: str

    @property
    def whole(self) -> str:
        """The address of the bucket itself: without the slash that would begin a key, where it is in a path."""
        return self.address.removesuffix("/") if self.address.endswith(f"/{self.bucket}/") else self.address


def region() -> str:
    """Where the stack is."""
    return os.environ["AWS_DEFAULT_REGION"]


def credentials() -> Credentials:
    """Those to sign with."""
    token = os.environ.get("AWS_SESSION_TOKEN") or None
    return Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], token)


def address(service: str) -> str:
    """Of the service in the stack's region, ending in a slash. `AWS_ENDPOINT_URL` goes before it, as for AWS's SDKs."""
    return f"{_endpoint() or f'https://{service}.{_domain(region())}'}/"


def place(bucket: str) -> Place:
    """The bucket's own regional address. The global one would answer with a redirect until a new bucket's name has
    spread, which a browser's form does not follow."""
    return _place(bucket, region(), _endpoint())


def _endpoint() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL", "").removesuffix("/") or None


@lru_cache(maxsize=4)
def _place(bucket: str, in_region: str, endpoint: str | None) -> Place:
    domain = f"s3.{_domain(in_region)}"
    if endpoint:
        address = f"{endpoint}/{bucket}/"
    elif "." in bucket:
        # No certificate is for so many names.
        address = f"https://{domain}/{bucket}/"
    else:
        address = f"https://{bucket}.{domain}/"
    return Place(bucket, address, in_region)


def _domain(of_region: str) -> str:
    """AWS General Reference, "Service endpoints"; China's regions have a domain of their own."""
    return f"{of_region}.amazonaws.com{'.cn' if of_region.startswith('cn-') else ''}"
