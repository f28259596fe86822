"""The `random` provider: values made once and kept in the state."""

from __future__ import annotations

import base64
import secrets
import string
from typing import TYPE_CHECKING

from local.provisioner.kind import Created, Kind

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud
    from local.recorder import Properties

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"  # the provider's own choice


def _password(cloud: Cloud, name: str, inputs: Properties) -> Created:
    """A password of `length` characters with at least as many of each class as asked for."""
    del cloud, name
    classes = {
        "lower": string.ascii_lowercase,
        "upper": string.ascii_uppercase,
        "numeric": string.digits,
        "special": inputs.get("overrideSpecial") or _SPECIAL,
    }
    allowed = {kind: characters for kind, characters in classes.items() if inputs.get(kind, True)}
    if not allowed:
        raise ValueError("a password of no characters at all")
    chosen = [
        secrets.choice(characters)
        for kind, characters in allowed.items()
        for _ in range(inputs.get(f"min{kind.capitalize()}", 0))
    ]
    everything = "".join(allowed.values())
    chosen += [secrets.choice(everything) for _ in range(inputs["length"] - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return Created("none", {"result": "".join(chosen)})


def _id(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del cloud, name
    value = secrets.token_bytes(inputs["byteLength"])
    prefix = inputs.get("prefix", "")
    url = base64.urlsafe_b64encode(value).decode().rstrip("=")
    outputs = {
        "b64Std": prefix + base64.b64encode(value).decode(),
        "b64Url": prefix + url,
        "dec": f"{prefix}{int.from_bytes(value)}",
        "hex": prefix + value.hex(),
    }
    return Created(url, outputs)


KINDS = {
    "random:index/randomId:RandomId": Kind(_id),
    "random:index/randomPassword:RandomPassword": Kind(_password),
}
