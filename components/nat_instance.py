"""The cheapest way from private subnets to the internet: a small machine that forwards packets."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws
from pulumi import Output

_MACHINE = "t4g.nano"
_IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
# Its memory is too little for dnf, so it gets some to swap to. Installing is tried until it works: the system may be
# updating itself. Amazon Linux 2023 has neither iptables nor `service`.
_FORWARD = """#!/bin/bash
set -euo pipefail
dd if=/dev/zero of=/swap bs=1M count=1024 status=none
chmod 600 /swap
mkswap /swap > /dev/null
swapon /swap
until dnf install -y -q iptables-services; do sleep 5; done
echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-nat.conf
sysctl -q -p /etc/sysctl.d/90-nat.conf
out=$(ip -4 -o route show to default | awk '{{print $5; exit}}')
iptables -F FORWARD
iptables -t nat -A POSTROUTING -o "$out" -s {addresses} -j MASQUERADE
iptables-save > /etc/sysconfig/iptables
systemctl enable --now iptables
"""


def nat_instance(
    name: str,
    vpc: aws.ec2.Vpc,
    subnet: aws.ec2.Subnet,
    addresses: str,
    after: Sequence[pulumi.Resource],
    child: pulumi.ResourceOptions,
) -> Output[str]:
    """Start the machine in a public `subnet` and return its network interface, for a route of the private ones.

    It costs a fifth of a NAT gateway, and takes the way out with it when it or its zone fails. `addresses` is the
    VPC's block in CIDR notation. It installs packages when it starts: `after` is what the subnet reaches the internet
    by.
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
    outgoing = aws.vpc.SecurityGroupEgressRule(
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
    start = pulumi.ResourceOptions.merge(
        child, pulumi.ResourceOptions(ignore_changes=["ami"], depends_on=[*after, outgoing])
    )
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
        opts=start,
    )
    return machine.primary_network_interface_id
