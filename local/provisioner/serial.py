"""A mark that emulator and state share: they are saved one after the other, and a kill may come between."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud

_PARAMETER = "/local-stack/serial"


def read_serial(cloud: Cloud) -> str:
    """The emulator's mark; empty if it holds no deployment."""
    try:
        return str(cloud.call("ssm.get_parameter", Name=_PARAMETER)["Parameter"]["Value"])
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ParameterNotFound":
            raise
        return ""


def renew_serial(cloud: Cloud) -> str:
    """Gives the emulator a new mark, and returns it."""
    serial = uuid.uuid4().hex
    cloud.call("ssm.put_parameter", Name=_PARAMETER, Value=serial, Type="String", Overwrite=True)
    return serial
