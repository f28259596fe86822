from ipaddress import ip_network
from itertools import combinations

import pytest

from components.network import Network
from tests.components.declarations import Declarations, Declare


def network(declare: Declare, nat_gateways: int) -> Declarations:
    return declare(lambda: Network("network", {"nat_gateways": nat_gateways}))


@pytest.mark.parametrize(
    ("gateways", "zones", "ways_out"),
    [
        (0, 2, {"networkInterfaceId": "eni-nat"}),
        (1, 2, {"natGatewayId": "network-nat-0-id"}),
        (2, 2, {"natGatewayId": "network-nat-0-id"}),
        (3, 3, {"natGatewayId": "network-nat-0-id"}),
    ],
)
def test_private_subnets_reach_the_internet_through_a_nat(
    declare: Declare, gateways: int, zones: int, ways_out: dict[str, str]
):
    declared = network(declare, gateways)

    route = declared.one("ec2/route:Route", "network-private-0").inputs
    assert {key: value for key, value in route.items() if key in ways_out} == ways_out
    assert len(declared.of("natGateway:NatGateway")) == gateways
    assert len(declared.of("ec2/instance:Instance")) == (1 if gateways == 0 else 0)
    assert len({each.inputs["availabilityZone"] for each in declared.of("ec2/subnet:Subnet")}) == zones


def test_the_databases_subnets_have_no_way_out(declare: Declare):
    declared = network(declare, 1)

    tables = {
        each.name: each.inputs["routeTableId"] for each in declared.of("routeTableAssociation:RouteTableAssociation")
    }
    routed = {each.inputs["routeTableId"] for each in declared.of("ec2/route:Route")}
    isolated = {table for name, table in tables.items() if "isolated" in name}
    assert len(isolated) == 1
    assert not isolated & routed


def test_subnets_do_not_overlap(declare: Declare):
    blocks = [ip_network(each.inputs["cidrBlock"]) for each in network(declare, 3).of("ec2/subnet:Subnet")]

    assert len(blocks) == 9
    assert not any(one.overlaps(other) for one, other in combinations(blocks, 2))


def test_nothing_comes_in_but_postgres_from_functions_and_nothing_goes_out_but_that_and_https(declare: Declare):
    declared = network(declare, 1)

    (incoming,) = declared.of("securityGroupIngressRule:SecurityGroupIngressRule")
    outgoing = declared.of("securityGroupEgressRule:SecurityGroupEgressRule")
    functions, database = "network-functions-id", "network-database-id"
    assert (incoming.inputs["securityGroupId"], incoming.inputs["referencedSecurityGroupId"]) == (database, functions)
    assert {(each.inputs["securityGroupId"], each.inputs["fromPort"], each.inputs["toPort"]) for each in outgoing} == {
        (functions, 443, 443),
        (functions, 5432, 5432),
    }


def test_s3_and_dynamodb_are_reached_without_the_nat(declare: Declare):
    endpoints = network(declare, 2).of("vpcEndpoint:VpcEndpoint")

    assert {each.inputs["serviceName"] for each in endpoints} == {
        "com.amazonaws.eu-west-1.s3",
        "com.amazonaws.eu-west-1.dynamodb",
    }
    assert {tuple(each.inputs["routeTableIds"]) for each in endpoints} == {
        ("network-private-0-id", "network-private-1-id")
    }
