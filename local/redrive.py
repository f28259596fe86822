"""`make redrive STACK=local`: the operators' command, on the stack that runs on this machine.

python -m local.redrive --stage analysis
"""

import sys

from botocore.config import Config

from collections_cli.admin.redrive import run
from local.configuration import REGION, local_config
from local.ports import HOST, Ports
from local.provisioner.cloud import ACCOUNT
from local.stack import CHECKOUT

if __name__ == "__main__":
    ports = Ports.from_environment()
    sys.exit(
        run(
            ["--stack", "local", *sys.argv[1:]],
            endpoint_url=f"http://{HOST}:{ports.emulator}",
            region_name=local_config(CHECKOUT, {}, ports.models, {}).config[REGION],
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",  # noqa: S106 - the emulator looks at the key id only
            config=Config(proxies={}),
        )
    )
