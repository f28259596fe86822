"""The machine that stands in for a NAT gateway: the stack `dev` has one."""

import os
import subprocess
from pathlib import Path

import pytest

from local.recorder import Resource
from tests.components.recording import recorded

# Each writes down how it was called. Installing packages fails at first, as it does while the system updates itself.
COMMANDS = {
    "dnf": 'echo tried >> "$TRIED"; test "$(wc -l < "$TRIED")" -gt 2',
    "ip": "echo default via 10.20.0.1 dev ens5 proto dhcp src 10.20.0.7 metric 512",
    "iptables-save": "echo saved rules",
    **dict.fromkeys(("dd", "chmod", "mkswap", "swapon", "sleep", "sysctl", "iptables", "systemctl"), ":"),
}


def of_dev(type_: str, name: str) -> Resource:
    return recorded("dev").one(type_, name)


def machine() -> Resource:
    return of_dev("aws:ec2/instance:Instance", "network-nat")


def test_it_starts_once_it_reaches_the_internet():
    needed = {recorded("dev").resources[urn].name for urn in machine().depends_on}

    assert {"network-public", "network-public-0", "network-nat-to-internet"} <= needed
    (subnet,) = (
        each for each in recorded("dev").of("aws:ec2/subnet:Subnet") if each.id == machine().inputs["subnetId"]
    )
    assert subnet.name == "network-public-0"


def test_it_takes_https_from_the_network_and_passes_on_nothing_else():
    group = of_dev("aws:ec2/securityGroup:SecurityGroup", "network-nat").id
    incoming = of_dev("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "network-nat-from-functions").inputs
    outgoing = of_dev("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "network-nat-to-internet").inputs

    (vpc,) = recorded("dev").of("aws:ec2/vpc:Vpc")
    assert machine().inputs["vpcSecurityGroupIds"] == [group]
    assert machine().inputs["sourceDestCheck"] is False
    for rule, addresses in ((incoming, vpc.inputs["cidrBlock"]), (outgoing, "0.0.0.0/0")):
        assert rule["securityGroupId"] == group
        assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 443, 443)
        assert rule["cidrIpv4"] == addresses


def test_nobody_takes_its_credentials_by_way_of_a_request():
    assert machine().inputs["metadataOptions"] == {"httpTokens": "required"}
    assert "iamInstanceProfile" not in machine().inputs


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """A folder in which its script has run, with commands that only write down how they were called."""
    commands = tmp_path / "bin"
    for folder in (commands, tmp_path / "etc" / "sysctl.d", tmp_path / "etc" / "sysconfig"):
        folder.mkdir(parents=True)
    for name, does in COMMANDS.items():
        (commands / name).write_text(f'#!/bin/bash\necho "{name} $*" >> "$CALLS"\n{does}\n')
        (commands / name).chmod(0o755)
    script = str(machine().inputs["userData"]).replace("/etc/", f"{tmp_path}/etc/")
    environment = {
        "PATH": f"{commands}:{os.environ['PATH']}",
        "CALLS": str(tmp_path / "calls"),
        "TRIED": str(tmp_path / "tried"),
    }
    done = subprocess.run(["bash"], input=script, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return tmp_path


def test_its_script_forwards_what_the_network_sends_now_and_after_a_restart(started: Path):
    calls = (started / "calls").read_text().splitlines()

    assert "iptables -t nat -A POSTROUTING -o ens5 -s 10.20.0.0/16 -j MASQUERADE" in calls
    assert (started / "etc/sysctl.d/90-nat.conf").read_text() == "net.ipv4.ip_forward=1\n"
    assert (started / "etc/sysconfig/iptables").read_text() == "saved rules\n"
    assert calls[-1] == "systemctl enable --now iptables"


def test_its_script_makes_room_for_what_it_installs_and_tries_until_that_works(started: Path):
    calls = (started / "calls").read_text().splitlines()

    assert calls.index("swapon /swap") < calls.index("dnf install -y -q iptables-services")
    assert calls.count("dnf install -y -q iptables-services") == 3
