from urllib.parse import urlsplit

import pulumi

from components.database import Database, DatabaseArgs
from tests.components.declarations import Declarations, Declare

DATABASE: DatabaseArgs = {
    "subnet_ids": ["subnet-1", "subnet-2"],
    "security_group_id": "sg-database",
    "instance_class": "db.t4g.micro",
    "storage_gb": 20,
    "max_storage_gb": 50,
    "backup_retention_days": 7,
}


def addresses(declare: Declare, args: DatabaseArgs) -> tuple[Declarations, dict[str, str], list[bool]]:
    found: dict[str, str] = {}
    secret: list[bool] = []

    def program() -> None:
        database = Database("database", args)
        for role in ("owner", "functions", "sweeper"):
            url: pulumi.Output[str] = getattr(database, f"{role}_url")
            url.apply(lambda value, role=role: found.update({role: value}))
            pulumi.Output.from_input(url.is_secret()).apply(secret.append)

    return declare(program), found, secret


def test_each_role_has_an_address_of_its_own_which_is_a_secret(declare: Declare):
    _, found, secret = addresses(declare, DATABASE)

    urls = {role: urlsplit(url) for role, url in found.items()}
    assert {role: url.username for role, url in urls.items()} == {
        "owner": "collections_owner",
        "functions": "collections_functions",
        "sweeper": "collections_sweeper",
    }
    assert len({url.password for url in urls.values()}) == 3
    assert {(url.port, url.path, url.query) for url in urls.values()} == {(5432, "/collections", "sslmode=verify-full")}
    assert secret == [True, True, True]


def test_without_tls_the_addresses_say_so(declare: Declare):
    _, found, _ = addresses(declare, {**DATABASE, "tls": False})

    assert {urlsplit(url).query for url in found.values()} == {"sslmode=disable"}


def test_the_instance_is_private_and_encrypted_and_refuses_plain_connections(declare: Declare):
    declared, _, _ = addresses(declare, DATABASE)

    instance = declared.one("rds/instance:Instance")
    assert instance.inputs["storageEncrypted"] is True
    assert instance.inputs["publiclyAccessible"] is False
    assert instance.inputs["vpcSecurityGroupIds"] == ["sg-database"]
    assert "password" in instance.secrets
    assert instance.inputs["databaseInsightsMode"] == "standard"
    # Deprecated in favour of the above.
    assert "performanceInsightsEnabled" not in instance.inputs
    parameters = declared.one("rds/parameterGroup:ParameterGroup")
    assert parameters.inputs["parameters"] == [{"name": "rds.force_ssl", "value": "1"}]
    assert instance.inputs["parameterGroupName"] == parameters.name


def test_a_protected_instance_leaves_a_last_snapshot(declare: Declare):
    protected = addresses(declare, DATABASE)[0].one("rds/instance:Instance").inputs
    disposable = addresses(declare, {**DATABASE, "deletion_protection": False})[0].one("rds/instance:Instance").inputs

    assert (protected["deletionProtection"], protected["skipFinalSnapshot"]) == (True, False)
    assert protected["finalSnapshotIdentifier"] == "collections-dev-last"
    assert (disposable["deletionProtection"], disposable["skipFinalSnapshot"]) == (False, True)
