"""URLs that show an object to whoever has them, signed by AWS's Signature Version 4 in their query.

botocore makes the same ones, but looks up the address, builds a request and derives the key anew for each: a page of a
hundred items has three hundred, which took most of the time of listing them. A test compares the two byte by byte.

Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
"""

import hmac
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from botocore.credentials import ReadOnlyCredentials

_ALGORITHM = "AWS4-HMAC-SHA256"


class Place(NamedTuple):
    """Where a bucket's objects are."""

    address: str
    """What a key is appended to: `https://bucket.s3.eu-west-1.amazonaws.com/`."""
    region: str


def signed_url(place: Place, key: str, credentials: ReadOnlyCredentials, moment: datetime, seconds: int) -> str:
    """Shows the object at `key`, from `moment` (UTC) on for so many seconds. Makes no call."""
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{place.region}/s3/aws4_request"
    address, host, path = _parts(place.address)
    shown, signed = _queries(credentials.access_key, credentials.token, scope, stamp, seconds)
    quoted = quote(key, safe="/~")
    request = f"GET\n{path}{quoted}\n{signed}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(_signing_key(credentials.secret_key, scope), to_sign.encode(), "sha256").hex()
    return f"{address}{quoted}?{shown}&X-Amz-Signature={signature}"


@lru_cache(maxsize=4)
def _queries(access_key: str, token: str | None, scope: str, stamp: str, seconds: int) -> tuple[str, str]:
    """What all URLs of one second have: in the order of botocore's URLs, and in that of what is signed, by name."""
    begin = (
        f"X-Amz-Algorithm={_ALGORITHM}&X-Amz-Credential={quote(f'{access_key}/{scope}', safe='~')}"
        f"&X-Amz-Date={stamp}&X-Amz-Expires={seconds}"
    )
    headers, of_token = "&X-Amz-SignedHeaders=host", ""
    if token:
        of_token = f"&X-Amz-Security-Token={quote(token, safe='~')}"
    return begin + headers + of_token, begin + of_token + headers


@lru_cache(maxsize=4)
def _parts(address: str) -> tuple[str, str, str]:
    """The address, its host as it is signed, and its path."""
    split = urlsplit(address)
    return address, split.netloc.lower(), split.path


@lru_cache(maxsize=4)
def _signing_key(secret: str, scope: str) -> bytes:
    """Good for a day, a region and a service."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
