"""Once per account: where Pulumi keeps state, with which key it encrypts secrets, and whom GitHub's workflows may be.

The stacks' own roles cannot deploy themselves, so this is a project of its own, deployed by a person.
"""

import re

import pulumi
import pulumi_aws as aws

from deployer import Deployer, DeployerArgs, Previewer, PreviewerArgs, boundary
from state import State

REPOSITORY = re.compile(r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$")
ISSUER = "token.actions.githubusercontent.com"

config = pulumi.Config()
repository = config.require("githubRepository")
if not REPOSITORY.match(repository):
    raise pulumi.RunError(f"githubRepository = {repository!r}: must be owner/name, such as example/collections")
stacks: list[str] = config.require_object("stacks")
account = aws.get_caller_identity_output().account_id
region = aws.get_region_output().region

state = State("state")
if config.require_bool("createProvider"):
    provider = aws.iam.OpenIdConnectProvider(
        "github", url=f"https://{ISSUER}", client_id_lists=["sts.amazonaws.com"]
    ).arn
else:
    provider = pulumi.Output.concat("arn:aws:iam::", account, f":oidc-provider/{ISSUER}")

limit = boundary(region)
github: PreviewerArgs = {
    "provider": provider,
    "issuer": ISSUER,
    "repository": repository,
    "state": state.grants,
}
preview = Previewer("preview", github).role_arn
deployment: DeployerArgs = {**github, "account": account, "region": region, "boundary": limit.arn}
roles = {stack: Deployer(stack, deployment).role_arn for stack in stacks}

pulumi.export("backend", pulumi.Output.concat("s3://", state.bucket_name))
pulumi.export("secretsProvider", pulumi.Output.concat("awskms://", state.key_alias, "?region=", region))
pulumi.export("permissionsBoundary", limit.arn)
pulumi.export("previewRole", preview)
pulumi.export("deployRoles", roles)
