"""Who may sign in, and how."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_random as random
from pulumi import Input, Output

from components.arguments import Arguments
from components.naming import children_of, physical_name

# API Gateway knows nothing of revoked tokens until they expire.
_TOKEN_MINUTES = 60
_REFRESH_DAYS = 30
_PASSWORD_LENGTH = 12
_INVITATION_DAYS = 7
MFA = {"off": "OFF", "optional": "OPTIONAL", "required": "ON"}


class UserPoolArgs(TypedDict):
    """How people sign in."""

    callback_urls: Sequence[Input[str]]
    """Where the sign-in page may send people back to: https, or http on localhost."""
    mfa: Input[str]
    """Second factor by a TOTP app: `off`, `optional` or `required`."""
    allow_password_auth: NotRequired[bool]
    """Let clients send plain passwords to Cognito, besides SRP and the sign-in page. Default false."""
    deletion_protection: NotRequired[bool]
    """Refuse deletion. Default true."""


class UserPool(pulumi.ComponentResource):
    """People whom an administrator invited, one public client for browser and command line, a sign-in page."""

    user_pool_id: Output[str]
    """Id of the pool of people who may sign in."""
    user_pool_arn: Output[str]
    """ARN of that pool."""
    client_id: Output[str]
    """Id of the client that web pages and command lines sign in as."""
    domain: Output[str]
    """Host of the sign-in page."""
    issuer: Output[str]
    """What tokens of this pool say under `iss`."""

    def __init__(self, name: str, args: UserPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(self, name, UserPoolArgs, args)
        super().__init__("collections:index:UserPool", name, props={}, opts=opts)
        child = children_of(self, opts)
        mfa = given.one_of("mfa", args["mfa"], MFA)
        pool = _pool(name, mfa, args, children_of(self, opts, protect=args.get("deletion_protection", True)))
        flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        if args.get("allow_password_auth", False):
            flows.append("ALLOW_USER_PASSWORD_AUTH")
        client = aws.cognito.UserPoolClient(
            name,
            user_pool_id=pool.id,
            # A browser and a command line can keep no secret: code flow with PKCE.
            generate_secret=False,
            explicit_auth_flows=flows,
            allowed_oauth_flows_user_pool_client=True,
            allowed_oauth_flows=["code"],
            allowed_oauth_scopes=["openid", "email", "profile"],
            supported_identity_providers=["COGNITO"],
            callback_urls=args["callback_urls"],
            logout_urls=args["callback_urls"],
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            access_token_validity=_TOKEN_MINUTES,
            id_token_validity=_TOKEN_MINUTES,
            refresh_token_validity=_REFRESH_DAYS,
            token_validity_units={"access_token": "minutes", "id_token": "minutes", "refresh_token": "days"},
            opts=child,
        )
        # Domains are one namespace for all of a region's customers.
        suffix = random.RandomId(f"{name}-domain", byte_length=4, opts=child)
        domain = aws.cognito.UserPoolDomain(
            name, user_pool_id=pool.id, domain=Output.concat(physical_name("auth"), "-", suffix.hex), opts=child
        )
        region = aws.get_region_output(opts=pulumi.InvokeOutputOptions(parent=self)).region
        self.user_pool_id, self.user_pool_arn, self.client_id = pool.id, pool.arn, client.id
        self.domain = Output.concat(domain.domain, ".auth.", region, ".amazoncognito.com")
        self.issuer = Output.concat("https://", pool.endpoint)
        self.register_outputs(
            {
                "user_pool_id": self.user_pool_id,
                "user_pool_arn": self.user_pool_arn,
                "client_id": self.client_id,
                "domain": self.domain,
                "issuer": self.issuer,
            }
        )


def _pool(name: str, mfa_choice: Input[str], args: UserPoolArgs, opts: pulumi.ResourceOptions) -> aws.cognito.UserPool:
    mfa = Output.from_input(mfa_choice)
    return aws.cognito.UserPool(
        name,
        name=physical_name(name),
        username_attributes=["email"],
        username_configuration={"case_sensitive": False},
        auto_verified_attributes=["email"],
        admin_create_user_config={"allow_admin_create_user_only": True},
        password_policy={
            "minimum_length": _PASSWORD_LENGTH,
            "require_lowercase": True,
            "require_uppercase": True,
            "require_numbers": True,
            "require_symbols": True,
            "temporary_password_validity_days": _INVITATION_DAYS,
        },
        mfa_configuration=mfa.apply(lambda choice: MFA[choice]),
        software_token_mfa_configuration=mfa.apply(
            lambda choice: (
                None if choice == "off" else aws.cognito.UserPoolSoftwareTokenMfaConfigurationArgs(enabled=True)
            )
        ),
        account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
        deletion_protection="ACTIVE" if args.get("deletion_protection", True) else "INACTIVE",
        opts=opts,
    )
