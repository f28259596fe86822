"""User pools, their clients and domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from local.provisioner.kind import Created, Kind, pascal, renamed

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties

_POOL = {
    "adminCreateUserConfig": "AdminCreateUserConfig",
    "autoVerifiedAttributes": "AutoVerifiedAttributes",
    "deletionProtection": "DeletionProtection",
    "tags": "UserPoolTags",
    "userPoolAddOns": "UserPoolAddOns",
    "userPoolTier": "UserPoolTier",
}
_POOL_FIXED = {
    "aliasAttributes": "AliasAttributes",
    "usernameAttributes": "UsernameAttributes",
    "usernameConfiguration": "UsernameConfiguration",
}
_CLIENT = {
    "accessTokenValidity": "AccessTokenValidity",
    "allowedOauthFlows": "AllowedOAuthFlows",
    "allowedOauthFlowsUserPoolClient": "AllowedOAuthFlowsUserPoolClient",
    "allowedOauthScopes": "AllowedOAuthScopes",
    "authSessionValidity": "AuthSessionValidity",
    "callbackUrls": "CallbackURLs",
    "defaultRedirectUri": "DefaultRedirectURI",
    "enableTokenRevocation": "EnableTokenRevocation",
    "explicitAuthFlows": "ExplicitAuthFlows",
    "idTokenValidity": "IdTokenValidity",
    "logoutUrls": "LogoutURLs",
    "preventUserExistenceErrors": "PreventUserExistenceErrors",
    "readAttributes": "ReadAttributes",
    "refreshTokenValidity": "RefreshTokenValidity",
    "supportedIdentityProviders": "SupportedIdentityProviders",
    "tokenValidityUnits": "TokenValidityUnits",
    "writeAttributes": "WriteAttributes",
}
_TAGS = frozenset({"UserPoolTags"})


def _pool(inputs: Properties, names: dict[str, str]) -> Properties:
    parameters = cast("Properties", pascal(renamed(inputs, names), keep=_TAGS))
    if policy := inputs.get("passwordPolicy"):
        parameters["Policies"] = {"PasswordPolicy": pascal(policy)}
    if recovery := cast("Properties", inputs.get("accountRecoverySetting") or {}):
        parameters["AccountRecoverySetting"] = {"RecoveryMechanisms": pascal(recovery["recoveryMechanisms"])}
    return parameters


def _create_pool(cloud: Cloud, name: str, inputs: Properties) -> Created:
    pool = cloud.call("cognito-idp.create_user_pool", PoolName=name, **_pool(inputs, _POOL | _POOL_FIXED))["UserPool"]
    outputs = {"arn": pool["Arn"], "endpoint": f"cognito-idp.{cloud.region}.amazonaws.com/{pool['Id']}"}
    return Created(pool["Id"], outputs)


def _update_pool(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    cloud.call("cognito-idp.update_user_pool", UserPoolId=record.id, **_pool(inputs, _POOL))
    return {}


def _set_mfa(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    cloud.call(
        "cognito-idp.set_user_pool_mfa_config",
        UserPoolId=record.id,
        SoftwareTokenMfaConfiguration=pascal(inputs.get("softwareTokenMfaConfiguration")),
        MfaConfiguration=inputs.get("mfaConfiguration", "OFF"),
    )
    return {}


def _client(inputs: Properties) -> Properties:
    return cast("Properties", pascal(renamed(inputs, _CLIENT)))


def _create_client(cloud: Cloud, name: str, inputs: Properties) -> Created:
    client = cloud.call(
        "cognito-idp.create_user_pool_client",
        UserPoolId=inputs["userPoolId"],
        ClientName=name,
        GenerateSecret=inputs.get("generateSecret", False),
        **_client(inputs),
    )["UserPoolClient"]
    return Created(client["ClientId"], {"clientSecret": client.get("ClientSecret", "")})


def _update_client(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    cloud.call(
        "cognito-idp.update_user_pool_client",
        UserPoolId=record.inputs["userPoolId"],
        ClientId=record.id,
        ClientName=record.name,
        **_client(inputs),
    )
    return {}


def _delete_client(cloud: Cloud, record: Record) -> None:
    cloud.forget("cognito-idp.delete_user_pool_client", UserPoolId=record.inputs["userPoolId"], ClientId=record.id)


def _create_domain(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del name
    cloud.call(
        "cognito-idp.create_user_pool_domain",
        Domain=inputs["domain"],
        UserPoolId=inputs["userPoolId"],
        ManagedLoginVersion=inputs.get("managedLoginVersion"),
    )
    return Created(str(inputs["domain"]), {"awsAccountId": cloud.account})


def _delete_domain(cloud: Cloud, record: Record) -> None:
    cloud.forget("cognito-idp.delete_user_pool_domain", Domain=record.id, UserPoolId=record.inputs["userPoolId"])


KINDS = {
    "aws:cognito/userPool:UserPool": Kind(
        _create_pool,
        update=_update_pool,
        configure=_set_mfa,
        delete=lambda cloud, record: cloud.forget("cognito-idp.delete_user_pool", UserPoolId=record.id),
        fixed=frozenset({*_POOL_FIXED, "schemas"}),
        named_by="name",
        longest_name=128,
    ),
    "aws:cognito/userPoolClient:UserPoolClient": Kind(
        _create_client,
        update=_update_client,
        delete=_delete_client,
        fixed=frozenset({"generateSecret", "userPoolId"}),
        named_by="name",
        longest_name=128,
    ),
    "aws:cognito/userPoolDomain:UserPoolDomain": Kind(_create_domain, delete=_delete_domain),
}
