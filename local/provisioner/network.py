"""Networks: stored by the emulator, not enforced, and so without their tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from local.provisioner.kind import Created, Kind, renamed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Record
    from local.recorder import Properties


def _ec2(
    operation: str,
    parameters: Mapping[str, str],
    found_at: tuple[str, ...],
    deletion: tuple[str, str],
    outputs: Callable[[Cloud, Properties, str], Properties] = lambda _cloud, _reply, _id: {},
    configure: Callable[[Cloud, Record, Properties], Properties] | None = None,
) -> Kind:
    """A type that one operation makes: `parameters` maps inputs to its parameters, `found_at` leads to the new id in
    its reply, and `deletion` is the operation that deletes, with the name of its parameter.
    """

    def create(cloud: Cloud, name: str, inputs: Properties) -> Created:
        del name
        reply = cloud.call(f"ec2.{operation}", **renamed(inputs, parameters))
        found = reply
        for step in found_at:
            found = cast("Properties", found[step])
        return Created(str(found), outputs(cloud, reply, str(found)))

    def delete(cloud: Cloud, record: Record) -> None:
        method, parameter = deletion
        cloud.forget(f"ec2.{method}", **{parameter: [record.id] if parameter.endswith("Ids") else record.id})

    return Kind(create, delete=delete, configure=configure, fixed=frozenset(parameters))


def _vpc_outputs(cloud: Cloud, reply: Properties, id_: str) -> Properties:
    del reply
    return {"arn": cloud.arn("ec2", f"vpc/{id_}")}


def _set_dns(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    for key, name in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        if key in inputs:
            cloud.call("ec2.modify_vpc_attribute", VpcId=record.id, **{name: {"Value": inputs[key]}})
    return {}


def _subnet_outputs(cloud: Cloud, reply: Properties, id_: str) -> Properties:
    del reply
    return {"arn": cloud.arn("ec2", f"subnet/{id_}")}


def _attach_gateway(cloud: Cloud, record: Record, inputs: Properties) -> Properties:
    if inputs.get("vpcId"):
        cloud.call("ec2.attach_internet_gateway", InternetGatewayId=record.id, VpcId=inputs["vpcId"])
    return {}


def _delete_gateway(cloud: Cloud, record: Record) -> None:
    if record.inputs.get("vpcId"):
        cloud.forget("ec2.detach_internet_gateway", InternetGatewayId=record.id, VpcId=record.inputs["vpcId"])
    cloud.forget("ec2.delete_internet_gateway", InternetGatewayId=record.id)


def _create_gateway(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del name, inputs
    id_ = cloud.call("ec2.create_internet_gateway")["InternetGateway"]["InternetGatewayId"]
    return Created(id_, {"arn": cloud.arn("ec2", f"internet-gateway/{id_}")})


def _create_route(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del name
    cloud.call(
        "ec2.create_route",
        RouteTableId=inputs["routeTableId"],
        DestinationCidrBlock=inputs["destinationCidrBlock"],
        GatewayId=inputs.get("gatewayId"),
        NatGatewayId=inputs.get("natGatewayId"),
        NetworkInterfaceId=inputs.get("networkInterfaceId"),
    )
    return Created(f"{inputs['routeTableId']}_{inputs['destinationCidrBlock']}", {})


def _delete_route(cloud: Cloud, record: Record) -> None:
    cloud.forget(
        "ec2.delete_route",
        RouteTableId=record.inputs["routeTableId"],
        DestinationCidrBlock=record.inputs["destinationCidrBlock"],
    )


def _create_security_group(cloud: Cloud, name: str, inputs: Properties) -> Created:
    if inputs.get("ingress") or inputs.get("egress"):
        raise ValueError("rules inside a security group are not known to the local stack: use aws.vpc.*Rule")
    id_ = cloud.call(
        "ec2.create_security_group",
        GroupName=name,
        Description=inputs.get("description", "Managed by Pulumi"),
        VpcId=inputs.get("vpcId"),
    )["GroupId"]
    return Created(id_, {"arn": cloud.arn("ec2", f"security-group/{id_}"), "ownerId": cloud.account})


def _rule(direction: str) -> Kind:
    def create(cloud: Cloud, name: str, inputs: Properties) -> Created:
        del name
        reply = cloud.call(
            f"ec2.authorize_security_group_{direction}",
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
        )
        id_ = str(reply["SecurityGroupRules"][0]["SecurityGroupRuleId"])
        return Created(id_, {"securityGroupRuleId": id_, "arn": cloud.arn("ec2", f"security-group-rule/{id_}")})

    def delete(cloud: Cloud, record: Record) -> None:
        cloud.forget(
            f"ec2.revoke_security_group_{direction}",
            GroupId=record.inputs["securityGroupId"],
            IpPermissions=[_permission(record.inputs)],
        )

    return Kind(create, delete=delete)


def _permission(inputs: Properties) -> Properties:
    permission: Properties = {"IpProtocol": inputs["ipProtocol"]}
    for key, name in (("fromPort", "FromPort"), ("toPort", "ToPort")):
        if key in inputs:
            permission[name] = inputs[key]
    if inputs.get("cidrIpv4"):
        permission["IpRanges"] = [{"CidrIp": inputs["cidrIpv4"]}]
    if inputs.get("referencedSecurityGroupId"):
        permission["UserIdGroupPairs"] = [{"GroupId": inputs["referencedSecurityGroupId"]}]
    if inputs.get("prefixListId"):
        permission["PrefixListIds"] = [{"PrefixListId": inputs["prefixListId"]}]
    return permission


KINDS = {
    "aws:ec2/vpc:Vpc": _ec2(
        "create_vpc",
        {"cidrBlock": "CidrBlock", "instanceTenancy": "InstanceTenancy"},
        ("Vpc", "VpcId"),
        ("delete_vpc", "VpcId"),
        _vpc_outputs,
        _set_dns,
    ),
    "aws:ec2/subnet:Subnet": _ec2(
        "create_subnet",
        {"vpcId": "VpcId", "cidrBlock": "CidrBlock", "availabilityZone": "AvailabilityZone"},
        ("Subnet", "SubnetId"),
        ("delete_subnet", "SubnetId"),
        _subnet_outputs,
    ),
    "aws:ec2/internetGateway:InternetGateway": Kind(
        _create_gateway, configure=_attach_gateway, delete=_delete_gateway, fixed=frozenset({"vpcId"})
    ),
    "aws:ec2/routeTable:RouteTable": _ec2(
        "create_route_table",
        {"vpcId": "VpcId"},
        ("RouteTable", "RouteTableId"),
        ("delete_route_table", "RouteTableId"),
    ),
    "aws:ec2/route:Route": Kind(_create_route, delete=_delete_route),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _ec2(
        "associate_route_table",
        {"routeTableId": "RouteTableId", "subnetId": "SubnetId", "gatewayId": "GatewayId"},
        ("AssociationId",),
        ("disassociate_route_table", "AssociationId"),
    ),
    "aws:ec2/eip:Eip": _ec2(
        "allocate_address",
        {"domain": "Domain"},
        ("AllocationId",),
        ("release_address", "AllocationId"),
        lambda _cloud, reply, id_: {"allocationId": id_, "publicIp": reply["PublicIp"]},
    ),
    "aws:ec2/natGateway:NatGateway": _ec2(
        "create_nat_gateway",
        {"allocationId": "AllocationId", "subnetId": "SubnetId", "connectivityType": "ConnectivityType"},
        ("NatGateway", "NatGatewayId"),
        ("delete_nat_gateway", "NatGatewayId"),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _ec2(
        "create_vpc_endpoint",
        {
            "vpcId": "VpcId",
            "serviceName": "ServiceName",
            "vpcEndpointType": "VpcEndpointType",
            "routeTableIds": "RouteTableIds",
            "subnetIds": "SubnetIds",
            "securityGroupIds": "SecurityGroupIds",
            "privateDnsEnabled": "PrivateDnsEnabled",
            "policy": "PolicyDocument",
        },
        ("VpcEndpoint", "VpcEndpointId"),
        ("delete_vpc_endpoints", "VpcEndpointIds"),
    ),
    "aws:ec2/securityGroup:SecurityGroup": Kind(
        _create_security_group,
        delete=lambda cloud, record: cloud.forget("ec2.delete_security_group", GroupId=record.id),
        named_by="name",
        longest_name=255,
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule("egress"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule("ingress"),
}
