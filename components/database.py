"""The PostgreSQL instance, its roles' passwords and the addresses that say how to reach it."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_random as random
from pulumi import Input, Output

from components.arguments import Arguments
from components.naming import children_of

ENGINE_VERSION = "18"
DATABASE = "collections"
# RDS makes the owner; the migration makes the others, with the passwords in their addresses.
OWNER = "collections_owner"
FUNCTIONS = "collections_functions"
SWEEPER = "collections_sweeper"

_PASSWORD_LENGTH = 40


class DatabaseArgs(TypedDict):
    """Size, place and safety of the database."""

    subnet_ids: Input[Sequence[Input[str]]]
    """Isolated subnets in at least two zones."""
    security_group_id: Input[str]
    """Decides who may connect."""
    instance_class: Input[str]
    """Such as `db.t4g.micro`."""
    storage_gb: Input[int]
    """Storage at first."""
    max_storage_gb: Input[int]
    """Storage that RDS may grow to by itself."""
    multi_az: NotRequired[Input[bool]]
    """Keep a standby in another zone. Default false."""
    backup_retention_days: Input[int]
    """Days of point-in-time recovery; 0 for no backups."""
    deletion_protection: NotRequired[bool]
    """Refuse deletion, and leave a last snapshot. Default true."""
    key_arn: NotRequired[Input[str]]
    """Key that encrypts storage, backups and snapshots; another one means another instance. Default: AWS's own."""
    tls: NotRequired[bool]
    """Addresses demand that the server's certificate be verified. Default true."""


class Database(pulumi.ComponentResource):
    """An encrypted, private PostgreSQL instance with a role that migrates, one that serves and one that sweeps."""

    endpoint: Output[str]
    """Where it listens, as `host:port`."""
    instance: Output[str]
    """Identifier, as metrics name it."""
    owner_url: Output[str]
    """Secret. For migrations."""
    functions_url: Output[str]
    """Secret. For the functions, whose role owns nothing."""
    functions_password: Output[str]
    """Secret. The password in `functions_url`."""
    sweeper_url: Output[str]
    """Secret. For the sweeper, which sees all users' rows."""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        Arguments(self, name, DatabaseArgs, args)
        super().__init__("collections:index:Database", name, props={}, opts=opts)
        protected = args.get("deletion_protection", True)
        child = children_of(self, opts)
        passwords = {
            role: random.RandomPassword(
                f"{name}-{role.removeprefix('collections_')}",
                length=_PASSWORD_LENGTH,
                special=False,  # It stands in an address.
                opts=child,
            ).result
            for role in (OWNER, FUNCTIONS, SWEEPER)
        }
        subnets = aws.rds.SubnetGroup(name, subnet_ids=args["subnet_ids"], opts=child)
        parameters = aws.rds.ParameterGroup(
            name, family=f"postgres{ENGINE_VERSION}", parameters=[{"name": "rds.force_ssl", "value": "1"}], opts=child
        )
        instance = aws.rds.Instance(
            name,
            engine="postgres",
            engine_version=ENGINE_VERSION,
            auto_minor_version_upgrade=True,
            instance_class=args["instance_class"],
            allocated_storage=args["storage_gb"],
            max_allocated_storage=args["max_storage_gb"],
            storage_type=aws.rds.StorageType.GP3,
            storage_encrypted=True,
            kms_key_id=args.get("key_arn"),
            db_name=DATABASE,
            username=OWNER,
            password=passwords[OWNER],
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args["security_group_id"]],
            publicly_accessible=False,
            parameter_group_name=parameters.name,
            multi_az=args.get("multi_az", False),
            backup_retention_period=args["backup_retention_days"],
            copy_tags_to_snapshot=True,
            database_insights_mode="standard",
            deletion_protection=protected,
            skip_final_snapshot=not protected,
            final_snapshot_identifier=f"{pulumi.get_project()}-{pulumi.get_stack()}-last" if protected else None,
            opts=children_of(self, opts, protect=protected),
        )
        mode = "verify-full" if args.get("tls", True) else "disable"

        def url(role: str) -> Output[str]:
            address = Output.concat(instance.address, ":", instance.port.apply(str))
            return Output.concat(
                "postgresql://", role, ":", passwords[role], "@", address, f"/{DATABASE}?sslmode={mode}"
            )

        self.endpoint, self.instance = instance.endpoint, instance.identifier
        self.owner_url, self.functions_url, self.sweeper_url = (
            Output.secret(url(role)) for role in (OWNER, FUNCTIONS, SWEEPER)
        )
        self.functions_password = Output.secret(passwords[FUNCTIONS])
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "instance": self.instance,
                "owner_url": self.owner_url,
                "functions_url": self.functions_url,
                "functions_password": self.functions_password,
                "sweeper_url": self.sweeper_url,
            }
        )
