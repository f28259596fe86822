"""The cheapest way from private subnets to the internet: a small machine that forwards packets."""

import pulumi
import pulumi_aws as aws
from pulumi import Output

_MACHINE = "t4g.nano"
_IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
_FORWARD = """#!/bin/bash
set -euo pipefail
dnf install -y -q iptables-services
echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-nat.conf
sysctl -q -p /etc/sysctl.d/90-nat.conf
out=$(ip -4 -o route show to default | awk '{{print $5; exit}}')
iptables -F FORWARD
iptables -t nat -A POSTROUTING -o "$out" -s {addresses} -j MASQUERADE
service iptables save
systemctl enable --now iptables
"""


def nat_instance(
    name: str, vpc: aws.ec2.Vpc, subnet: aws.ec2.Subnet, addresses: str, child: pulumi.ResourceOptions
) -> Output[str]:
    """Start the machine in a public `subnet` and return its network interface, for a route of the private ones.

    It costs a tenth of a NAT gateway, and takes the way out with it when it or its zone fails. `addresses` is the
    VPC's block in CIDR notation.
    """
    group = aws.ec2.SecurityGroup(
        f"{name}-nat", vpc_id=vpc.id, description="NAT: HTTPS of the private subnets passes through", opts=child
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-nat-from-functions",
        security_group_id=group.id,
        description="What functions send to the internet",
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        cidr_ipv4=addresses,
        opts=child,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-nat-to-internet",
        security_group_id=group.id,
        description="The internet, and the packages of its own system",
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        cidr_ipv4="0.0.0.0/0",
        opts=child,
    )
    image = aws.ssm.get_parameter_output(
        name=_IMAGE_PARAMETER, opts=pulumi.InvokeOutputOptions(parent=child.parent)
    ).insecure_value
    # A newer machine image is no reason to cut the functions off: replace the machine on purpose.
    keep_image = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(ignore_changes=["ami"]))
    machine = aws.ec2.Instance(
        f"{name}-nat",
        ami=image,
        instance_type=_MACHINE,
        subnet_id=subnet.id,
        associate_public_ip_address=True,
        source_dest_check=False,
        vpc_security_group_ids=[group.id],
        metadata_options={"http_tokens": "required"},
        root_block_device={"encrypted": True},
        user_data=_FORWARD.format(addresses=addresses),
        user_data_replace_on_change=True,
        tags={"Name": f"{name}-nat"},
        opts=keep_image,
    )
    return machine.primary_network_interface_id
