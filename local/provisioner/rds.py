"""Databases: metadata in the emulator, the data in the PostgreSQL server of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from local.provisioner.kind import Created, Kind, renamed, tag_list

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties

_CHANGEABLE = {
    "allocatedStorage": "AllocatedStorage",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "deletionProtection": "DeletionProtection",
    "instanceClass": "DBInstanceClass",
    "maxAllocatedStorage": "MaxAllocatedStorage",
    "multiAz": "MultiAZ",
    "parameterGroupName": "DBParameterGroupName",
    "password": "MasterUserPassword",
    "publiclyAccessible": "PubliclyAccessible",
    "vpcSecurityGroupIds": "VpcSecurityGroupIds",
}
_INSTANCE = _CHANGEABLE | {
    "dbName": "DBName",
    "kmsKeyId": "KmsKeyId",
    "engine": "Engine",
    "engineVersion": "EngineVersion",
    "storageEncrypted": "StorageEncrypted",
    "username": "MasterUsername",
}


def _create_instance(cloud: Cloud, name: str, inputs: Properties) -> Created:
    instance = cloud.call(
        "rds.create_db_instance", DBInstanceIdentifier=name, Tags=tag_list(inputs), **renamed(inputs, _INSTANCE)
    )["DBInstance"]
    resource_id = str(instance.get("DbiResourceId", name))
    return Created(resource_id, {"arn": instance["DBInstanceArn"], "resourceId": resource_id})


def _update_instance(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    cloud.call(
        "rds.modify_db_instance",
        DBInstanceIdentifier=record.name,
        ApplyImmediately=True,
        **renamed(inputs, _CHANGEABLE),
    )
    return {}


def _provide_database(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    """Creates the master user and the database where they are really going to be used."""
    del record
    server = cloud.place.database
    server.create(username=str(inputs["username"]), password=str(inputs["password"]), database=str(inputs["dbName"]))
    return {
        "address": server.host,
        "port": server.port,
        "endpoint": f"{server.host}:{server.port}",
        "engineVersionActual": inputs.get("engineVersion"),
        "status": "available",
    }


def _observe_server(cloud: Cloud, inputs: Properties) -> Properties:
    del inputs
    return {"host": cloud.place.database.host, "port": cloud.place.database.port}


def _delete_instance(cloud: Cloud, record: Record) -> None:
    cloud.forget("rds.delete_db_instance", DBInstanceIdentifier=record.name, SkipFinalSnapshot=True)


def _create_subnet_group(cloud: Cloud, name: str, inputs: Properties) -> Created:
    group = cloud.call(
        "rds.create_db_subnet_group",
        DBSubnetGroupName=name,
        DBSubnetGroupDescription=inputs.get("description", "Managed by Pulumi"),
        SubnetIds=inputs["subnetIds"],
        Tags=tag_list(inputs),
    )["DBSubnetGroup"]
    return Created(name, {"arn": group["DBSubnetGroupArn"]})


def _create_parameter_group(cloud: Cloud, name: str, inputs: Properties) -> Created:
    group = cloud.call(
        "rds.create_db_parameter_group",
        DBParameterGroupName=name,
        DBParameterGroupFamily=inputs["family"],
        Description=inputs.get("description", "Managed by Pulumi"),
        Tags=tag_list(inputs),
    )["DBParameterGroup"]
    return Created(name, {"arn": group["DBParameterGroupArn"]})


def _set_parameters(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    parameters: list[Properties] = [
        {
            "ParameterName": each["name"],
            "ParameterValue": str(each["value"]),
            "ApplyMethod": each.get("applyMethod", "immediate"),
        }
        for each in cast("list[Properties]", inputs.get("parameters") or [])
    ]
    if parameters:
        cloud.call("rds.modify_db_parameter_group", DBParameterGroupName=record.id, Parameters=parameters)
    return {}


KINDS = {
    "aws:rds/instance:Instance": Kind(
        _create_instance,
        update=_update_instance,
        configure=_provide_database,
        delete=_delete_instance,
        fixed=frozenset({"dbName", "engine", "engineVersion", "storageEncrypted", "username"}),
        named_by="identifier",
        longest_name=63,
        observe=_observe_server,
    ),
    "aws:rds/subnetGroup:SubnetGroup": Kind(
        _create_subnet_group,
        delete=lambda cloud, record: cloud.forget("rds.delete_db_subnet_group", DBSubnetGroupName=record.id),
        named_by="name",
        longest_name=255,
    ),
    "aws:rds/parameterGroup:ParameterGroup": Kind(
        _create_parameter_group,
        configure=_set_parameters,
        delete=lambda cloud, record: cloud.forget("rds.delete_db_parameter_group", DBParameterGroupName=record.id),
        fixed=frozenset({"family"}),
        named_by="name",
        longest_name=255,
    ),
}
