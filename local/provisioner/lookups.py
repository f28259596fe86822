"""Invokes: what a program asks for without creating anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud
    from local.recorder import Properties


def _caller(cloud: Cloud, inputs: Properties) -> Properties:
    del inputs
    me = cloud.call("sts.get_caller_identity")
    return {"accountId": me["Account"], "arn": me["Arn"], "userId": me["UserId"], "id": me["Account"]}


def _region(cloud: Cloud, inputs: Properties) -> Properties:
    del inputs
    region = cloud.region
    return {"region": region, "name": region, "id": region, "description": region, "endpoint": cloud.place.endpoint}


def _partition(cloud: Cloud, inputs: Properties) -> Properties:
    del cloud, inputs
    return {"partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws", "id": "aws"}


def _zones(cloud: Cloud, inputs: Properties) -> Properties:
    """Three, as most regions have; whatever is filtered by, they are ordinary zones and available.

    The emulator would say the same, but loading EC2's API description to ask it takes longer than all else.
    """
    del inputs
    region = cloud.region
    names = [f"{region}{letter}" for letter in "abc"]
    return {
        "groupNames": [region],
        "id": region,
        "names": names,
        "zoneIds": [f"{region}-az{number}" for number, _ in enumerate(names, 1)],
    }


def _registry_login(cloud: Cloud, inputs: Properties) -> Properties:
    """Nothing is pushed to a registry here; the program wants a name and a password all the same."""
    del inputs
    return {
        "authorizationToken": "",
        "expiresAt": "",
        "id": cloud.region,
        "password": "local",
        "proxyEndpoint": cloud.place.endpoint,
        "userName": "AWS",
    }


def _parameter(cloud: Cloud, inputs: Properties) -> Properties:
    parameter = cloud.call("ssm.get_parameter", Name=inputs["name"], WithDecryption=inputs.get("withDecryption", True))[
        "Parameter"
    ]
    return {
        "arn": parameter["ARN"],
        "id": parameter["Name"],
        "insecureValue": parameter["Value"],
        "name": parameter["Name"],
        "type": parameter["Type"],
        "value": parameter["Value"],
        "version": parameter["Version"],
    }


def _policy_document(cloud: Cloud, inputs: Properties) -> Properties:
    del cloud
    statements = [_statement(each) for each in cast("list[Properties]", inputs.get("statements") or [])]
    text = json.dumps({"Version": inputs.get("version", "2012-10-17"), "Statement": statements})
    return {"json": text, "minifiedJson": text, "id": "0"}


def _statement(given: Properties) -> Properties:
    statement: Properties = {"Effect": given.get("effect", "Allow")}
    if given.get("sid"):
        statement["Sid"] = given["sid"]
    for key in ("actions", "notActions", "resources", "notResources"):
        if given.get(key):
            statement[key[:1].upper() + key[1:-1]] = given[key]
    for key in ("principals", "notPrincipals"):
        for principal in cast("list[Properties]", given.get(key) or []):
            everyone = principal["type"] == "*"
            name = key[:1].upper() + key[1:-1]
            statement[name] = (
                "*" if everyone else {**statement.get(name, {}), principal["type"]: principal["identifiers"]}
            )
    for condition in cast("list[Properties]", given.get("conditions") or []):
        tests = statement.setdefault("Condition", {}).setdefault(condition["test"], {})
        tests[condition["variable"]] = condition["values"]
    return statement


LOOKUPS = {
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": _registry_login,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "aws:ssm/getParameter:getParameter": _parameter,
}
