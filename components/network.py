"""Where functions and database live, and the ways in and out."""

import ipaddress
from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Output

from components.arguments import Arguments
from components.naming import children_of
from components.nat_instance import nat_instance

POSTGRES_PORT = 5432
HTTPS_PORT = 443
ANYWHERE = "0.0.0.0/0"

_ADDRESSES = ipaddress.IPv4Network("10.20.0.0/16")
_MOST_ZONES = 6  # No region has more.
_FEWEST_ZONES = 2  # RDS wants subnets in two zones even for a single instance.
# Each kind of subnet takes its zones from a sixteenth of the addresses: public, isolated, private.
_PUBLIC, _ISOLATED, _PRIVATE = (list(block.subnets(new_prefix=23)) for block in list(_ADDRESSES.subnets(4))[:3])


class NetworkArgs(TypedDict):
    """How large the network is."""

    nat_gateways: int
    """Ways from the private subnets to the internet: 0 for one NAT instance, 1 NAT gateway for all zones, or as many
    zones as gateways, each with its own."""


class Network(pulumi.ComponentResource):
    """A VPC in which functions reach the database and the internet, and nobody reaches them.

    Public subnets hold the NAT, private ones the functions, isolated ones the database, which has no way out.
    """

    vpc_id: Output[str]
    """The VPC."""
    private_subnet_ids: Output[Sequence[str]]
    """Subnets of the functions."""
    isolated_subnet_ids: Output[Sequence[str]]
    """Subnets of the database."""
    function_security_group_id: Output[str]
    """May open connections to the database and to HTTPS anywhere; accepts none."""
    database_security_group_id: Output[str]
    """Accepts connections of the functions; opens none."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(self, name, NetworkArgs, args)
        super().__init__("collections:index:Network", name, props={}, opts=opts)
        self._name, self._child = name, children_of(self, opts)
        gateways = args["nat_gateways"]
        if not 0 <= gateways <= _MOST_ZONES:
            raise given.refuse("nat_gateways", f"is {gateways}; 0 to {_MOST_ZONES} are allowed.")
        zones = max(_FEWEST_ZONES, gateways)
        self._vpc = aws.ec2.Vpc(
            name, cidr_block=str(_ADDRESSES), enable_dns_hostnames=True, enable_dns_support=True, opts=self._child
        )
        public = self._subnets("public", _PUBLIC[:zones])
        isolated = self._subnets("isolated", _ISOLATED[:zones])
        private = self._subnets("private", _PRIVATE[:zones])

        internet = aws.ec2.InternetGateway(name, vpc_id=self._vpc.id, opts=self._child)
        to_internet = self._route_table("public")
        way_out = [
            self._route("public", to_internet, gateway_id=internet.id),
            *self._associate("public", to_internet, public),
        ]
        self._associate("isolated", self._route_table("isolated"), isolated)
        # One table for all private subnets, or one each when each zone has its own gateway.
        groups = [[subnet] for subnet in private] if gateways > 1 else [private]
        tables = [self._route_table(f"private-{index}") for index, _ in enumerate(groups)]
        for index, group in enumerate(groups):
            self._associate(f"private-{index}", tables[index], group)
        if gateways == 0:
            interface = nat_instance(name, self._vpc, public[0], str(_ADDRESSES), way_out, self._child)
            self._route("private-0", tables[0], network_interface_id=interface)
        else:
            for index, table in enumerate(tables):
                gateway = self._nat_gateway(index, public[index], internet)
                self._route(f"private-{index}", table, nat_gateway_id=gateway.id)
        self._gateway_endpoints(tables)
        functions, database = self._security_groups()

        self.vpc_id = self._vpc.id
        self.private_subnet_ids = Output.all(*(subnet.id for subnet in private))
        self.isolated_subnet_ids = Output.all(*(subnet.id for subnet in isolated))
        self.function_security_group_id = functions.id
        self.database_security_group_id = database.id
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "private_subnet_ids": self.private_subnet_ids,
                "isolated_subnet_ids": self.isolated_subnet_ids,
                "function_security_group_id": self.function_security_group_id,
                "database_security_group_id": self.database_security_group_id,
            }
        )

    def _subnets(self, kind: str, blocks: Sequence[ipaddress.IPv4Network]) -> list[aws.ec2.Subnet]:
        zones = aws.get_availability_zones_output(
            state="available",
            filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        return [
            aws.ec2.Subnet(
                f"{self._name}-{kind}-{index}",
                vpc_id=self._vpc.id,
                cidr_block=str(block),
                availability_zone=zones.names[index],
                tags={"Name": f"{self._name}-{kind}-{index}"},
                opts=self._child,
            )
            for index, block in enumerate(blocks)
        ]

    def _route_table(self, kind: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(f"{self._name}-{kind}", vpc_id=self._vpc.id, opts=self._child)

    def _associate(
        self, kind: str, table: aws.ec2.RouteTable, subnets: Sequence[aws.ec2.Subnet]
    ) -> list[aws.ec2.RouteTableAssociation]:
        return [
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{kind}-{index}", route_table_id=table.id, subnet_id=subnet.id, opts=self._child
            )
            for index, subnet in enumerate(subnets)
        ]

    def _route(
        self,
        kind: str,
        table: aws.ec2.RouteTable,
        *,
        gateway_id: Output[str] | None = None,
        nat_gateway_id: Output[str] | None = None,
        network_interface_id: Output[str] | None = None,
    ) -> aws.ec2.Route:
        return aws.ec2.Route(
            f"{self._name}-{kind}",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway_id,
            nat_gateway_id=nat_gateway_id,
            network_interface_id=network_interface_id,
            opts=self._child,
        )

    def _nat_gateway(self, index: int, subnet: aws.ec2.Subnet, internet: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        after_internet = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[internet]))
        address = aws.ec2.Eip(f"{self._name}-nat-{index}", domain="vpc", opts=after_internet)
        return aws.ec2.NatGateway(
            f"{self._name}-nat-{index}", allocation_id=address.id, subnet_id=subnet.id, opts=after_internet
        )

    def _gateway_endpoints(self, tables: Sequence[aws.ec2.RouteTable]) -> None:
        """Traffic to S3 and DynamoDB stays inside AWS, and costs nothing."""
        region = aws.get_region_output(opts=pulumi.InvokeOutputOptions(parent=self)).region
        for service in ("s3", "dynamodb"):
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self._vpc.id,
                vpc_endpoint_type="Gateway",
                service_name=Output.concat("com.amazonaws.", region, ".", service),
                route_table_ids=[table.id for table in tables],
                opts=self._child,
            )

    def _security_groups(self) -> tuple[aws.ec2.SecurityGroup, aws.ec2.SecurityGroup]:
        functions = self._security_group("functions", "Functions: out to the database and to HTTPS")
        database = self._security_group("database", "Database: in from the functions")
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-functions-to-https",
            security_group_id=functions.id,
            description="AWS's services and the vendors' APIs",
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            cidr_ipv4=ANYWHERE,
            opts=self._child,
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-functions-to-database",
            security_group_id=functions.id,
            description="PostgreSQL",
            ip_protocol="tcp",
            from_port=POSTGRES_PORT,
            to_port=POSTGRES_PORT,
            referenced_security_group_id=database.id,
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-database-from-functions",
            security_group_id=database.id,
            description="PostgreSQL",
            ip_protocol="tcp",
            from_port=POSTGRES_PORT,
            to_port=POSTGRES_PORT,
            referenced_security_group_id=functions.id,
            opts=self._child,
        )
        return functions, database

    def _security_group(self, kind: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{kind}", vpc_id=self._vpc.id, description=description, opts=self._child
        )
