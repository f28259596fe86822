"""AWS's Signature Version 4: of requests, of URLs that show an object to whoever has them, and of upload forms.

botocore makes the same ones, but looks up the address, builds a request and derives the key anew for each: a page of a
hundred items has three hundred, which took most of the time of listing them. Tests compare the two byte by byte.

Sources: IAM User Guide, "Create a signed AWS API request"; Amazon S3 API Reference, "Authenticating Requests: Using
Query Parameters" and "Browser-Based Uploads Using POST" (AWS Signature Version 4).
"""

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from runtime.aws.places import Credentials, Place

_ALGORITHM = "AWS4-HMAC-SHA256"


class Request(NamedTuple):
    """A call of a service, before it is signed."""

    service: str
    operation: str
    """Name of it in the service's reference: for logs, traces and errors."""
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def target(self) -> str:
        """What the host is asked for."""
        split = urlsplit(self.url)
        return f"{split.path}?{split.query}" if split.query else split.path


def signed_headers(request: Request, region: str, credentials: Credentials, moment: datetime) -> dict[str, str]:
    """The request's headers, and those that say who sends it at `moment` (UTC): good for some minutes."""
    stamp = _stamp(moment)
    scope = _scope(stamp, region, request.service)
    split = urlsplit(request.url)
    digest = sha256(request.body).hexdigest()
    sent = {**request.headers, "X-Amz-Date": stamp}
    if credentials.token:
        sent["X-Amz-Security-Token"] = credentials.token
    if request.service == "s3":
        sent["X-Amz-Content-SHA256"] = digest
    signed = sorted((name.lower(), value) for name, value in {"Host": split.netloc, **sent}.items())
    names = ";".join(name for name, _ in signed)
    queries = sorted(part.partition("=")[::2] for part in split.query.split("&") if part)
    query = "&".join(f"{name}={value}" for name, value in queries)
    headers = "".join(f"{name}:{value}\n" for name, value in signed)
    signature = _signature(
        f"{request.method}\n{split.path}\n{query}\n{headers}\n{names}\n{digest}", scope, stamp, credentials
    )
    who = f"{credentials.access_key}/{scope}"
    sent["Authorization"] = f"{_ALGORITHM} Credential={who}, SignedHeaders={names}, Signature={signature}"
    return sent


def signed_url(place: Place, key: str, credentials: Credentials, moment: datetime, seconds: int) -> str:
    """Shows the object at `key`, from `moment` (UTC) on for so many seconds. Makes no call."""
    stamp = _stamp(moment)
    scope = _scope(stamp, place.region, "s3")
    address, host, path = _parts(place.address)
    shown, signed = _queries(credentials.access_key, credentials.token, scope, stamp, seconds)
    quoted = quote(key, safe="/~")
    signature = _signature(
        f"GET\n{path}{quoted}\n{signed}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD", scope, stamp, credentials
    )
    return f"{address}{quoted}?{shown}&X-Amz-Signature={signature}"


def signed_form(
    place: Place, key: str, content_type: str, size: int, credentials: Credentials, moment: datetime, seconds: int
) -> dict[str, str]:
    """Fields of a form that uploads exactly `size` bytes of `content_type` to `key`, from `moment` (UTC) on for so many
    seconds. The file's own field comes last. Makes no call."""
    stamp = _stamp(moment)
    scope = _scope(stamp, place.region, "s3")
    signing = {
        "x-amz-algorithm": _ALGORITHM,
        "x-amz-credential": f"{credentials.access_key}/{scope}",
        "x-amz-date": stamp,
    }
    if credentials.token:
        signing["x-amz-security-token"] = credentials.token
    allowed = [
        {"Content-Type": content_type},
        ["content-length-range", size, size],
        {"bucket": place.bucket},
        {"key": key},
        *({name: value} for name, value in signing.items()),
    ]
    until = f"{moment + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
    policy = b64encode(json.dumps({"expiration": until, "conditions": allowed}).encode()).decode()
    signature = hmac.digest(_signing_key(credentials.secret_key, scope), policy.encode(), "sha256").hex()
    return {"Content-Type": content_type, "key": key, **signing, "policy": policy, "x-amz-signature": signature}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _scope(stamp: str, region: str, service: str) -> str:
    return f"{stamp[:8]}/{region}/{service}/aws4_request"


def _signature(canonical: str, scope: str, stamp: str, credentials: Credentials) -> str:
    """Of a request in the one form in which it can be signed."""
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    return hmac.digest(_signing_key(credentials.secret_key, scope), to_sign.encode(), "sha256").hex()


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


@lru_cache(maxsize=8)
def _signing_key(secret: str, scope: str) -> bytes:
    """Good for a day, a region and a service."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
