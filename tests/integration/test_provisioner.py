"""A small program is really deployed on the emulator, changed, broken and removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import bootstrap
from local.emulator import Emulator
from local.ports import Ports
from local.provisioner.catalog import KINDS, LOOKUPS
from local.provisioner.cloud import Cloud, Place
from local.provisioner.engine import Change, Deployment, Provisioner, ProvisionError
from local.provisioner.images import remove_unused
from local.provisioner.state import State
from tests.tiny_project import QUEUE, TinyProject

REGION = "eu-west-1"
BASIC = 9
"""Resources in the basic program; the queue comes with two more."""
Deploy = Callable[..., Deployment]


class NoDatabase:
    """The program has none."""

    host = "127.0.0.1"
    port = 1

    def create(self, *, username: str, password: str, database: str) -> None:
        raise AssertionError("no database was asked for")


@pytest.fixture(scope="module")
def running_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("emulator")
    emulator = Emulator(
        folder, Ports.free().emulator, python=bootstrap.python("emulator"), region=REGION, log=folder / "log"
    )
    emulator.start()
    emulator.wait_until_ready()
    yield emulator
    emulator.stop()


@pytest.fixture
def cloud(running_emulator: Emulator, tmp_path: Path) -> Cloud:
    running_emulator.reset()
    place = Place(running_emulator.url, tmp_path / "local", bootstrap.python("runtime"), NoDatabase(), REGION)
    return Cloud(place)


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    root = tmp_path / "project"
    root.mkdir()
    return TinyProject(root)


@pytest.fixture
def state(cloud: Cloud) -> State:
    return State(endpoint=cloud.place.endpoint)


@pytest.fixture
def changes() -> list[Change]:
    """What the last deployments did."""
    return []


@pytest.fixture
def deploy(cloud: Cloud, state: State, project: TinyProject, changes: list[Change]) -> Deploy:
    def run(**config: str) -> Deployment:
        changes.clear()
        return Provisioner(cloud, state, KINDS, LOOKUPS, changes.append).deploy(project.root, project.config(**config))

    return run


def greeting(cloud: Cloud, deployment: Deployment) -> dict[str, Any]:
    reply = cloud.call("lambda.invoke", FunctionName=deployment.exports["function"], Payload=b"{}")
    return json.loads(reply["Payload"].read())


def names(changes: list[Change], action: str) -> set[str]:
    return {change.name for change in changes if change.action == action}


def test_what_the_program_asks_for_exists_and_runs(cloud: Cloud, project: TinyProject, deploy: Deploy) -> None:
    project.program(QUEUE)

    deployment = deploy()

    assert deployment.counts == {"created": BASIC + 2}
    cloud.call("s3.head_bucket", Bucket=deployment.exports["bucket"])
    attributes = cloud.call("sqs.get_queue_attributes", QueueUrl=deployment.exports["queue"], AttributeNames=["All"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "30"
    assert greeting(cloud, deployment)["text"] == "hello world"


def test_a_function_sees_its_own_environment_and_nothing_of_this_machine(cloud: Cloud, deploy: Deploy) -> None:
    seen = set(greeting(cloud, deploy())["environment"])

    assert {"GREETING", "AWS_REGION", "AWS_ENDPOINT_URL", "LAMBDA_TASK_ROOT"} <= seen
    foreign = {name for name in seen if not name.startswith(("AWS_", "LAMBDA_", "_"))}
    assert foreign - {"LC_CTYPE", "PWD"} == {"GREETING", "LANG", "PATH", "PYTHONDONTWRITEBYTECODE", "TZ"}


def test_deploying_again_changes_nothing(deploy: Deploy, state: State) -> None:
    first = deploy()
    serial = state.serial

    second = deploy()

    assert second.counts == {"unchanged": BASIC}
    assert not second.changed
    assert second.exports == first.exports  # made-up names and the password, too
    assert state.serial == serial


def test_changed_inputs_are_updated_in_place(
    cloud: Cloud, project: TinyProject, deploy: Deploy, changes: list[Change]
) -> None:
    project.program(QUEUE)
    before = deploy()
    project.program(QUEUE.replace("=30", "=45"))

    after = deploy(greeting="good morning")

    assert names(changes, "updated") == {"mail", "greeter", "live"}
    assert names(changes, "replaced") == set()
    assert after.exports == before.exports
    attributes = cloud.call("sqs.get_queue_attributes", QueueUrl=after.exports["queue"], AttributeNames=["All"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "45"
    assert "mine" in attributes["Attributes"]["Policy"]
    assert greeting(cloud, after)["text"] == "good morning world"


def test_changed_code_is_another_image_and_updates_the_function(
    cloud: Cloud, project: TinyProject, deploy: Deploy, changes: list[Change], state: State
) -> None:
    deploy()
    project.greet_with("moon")

    after = deploy()
    remove_unused(cloud.place, state)

    assert names(changes, "updated") == {"image", "greeter", "live"}
    assert greeting(cloud, after)["text"] == "hello moon"
    assert len(list((cloud.place.folder / "images").iterdir())) == 1


def test_what_cannot_be_changed_is_replaced_with_all_that_is_made_from_it(
    cloud: Cloud, project: TinyProject, deploy: Deploy, changes: list[Change]
) -> None:
    project.program(QUEUE.replace('"mail", visib', '"mail", name="first", visib'))
    before = deploy()
    project.program(QUEUE.replace('"mail", visib', '"mail", name="second", visib'))

    after = deploy()

    assert [change.type for change in changes if change.action == "replaced"] == [
        "aws:sqs/queue:Queue",
        "aws:sqs/queuePolicy:QueuePolicy",
    ]
    assert cloud.call("sqs.list_queues")["QueueUrls"] == [after.exports["queue"]]
    assert after.exports["queue"] == before.exports["queue"].replace("first", "second")
    attributes = cloud.call("sqs.get_queue_attributes", QueueUrl=after.exports["queue"], AttributeNames=["Policy"])
    assert "mine" in attributes["Attributes"]["Policy"]


def test_what_has_another_parent_now_stays_as_it_is(
    project: TinyProject, deploy: Deploy, changes: list[Change], state: State
) -> None:
    project.program(QUEUE.replace('"mail", visib', '"mail", name="mail", visib'))
    before = deploy()
    alias = "urn:pulumi:local::tiny::aws:sqs/queue:Queue::mail"
    project.program(
        f"""
    class Office(pulumi.ComponentResource):
        def __init__(self):
            super().__init__("tiny:index:Office", "office")

    moved = pulumi.ResourceOptions(parent=Office(), aliases=["{alias}"])
    """,
        QUEUE.replace('"mail", visib', '"mail", name="mail", opts=moved, visib'),
    )

    after = deploy()

    assert after.counts == {"unchanged": BASIC + 2}
    assert after.exports == before.exports
    assert alias not in state.records
    assert [record.urn for record in state.of("aws:sqs/queue:Queue")] == [
        "urn:pulumi:local::tiny::tiny:index:Office$aws:sqs/queue:Queue::mail"
    ]


def test_what_left_the_program_is_deleted(
    cloud: Cloud, project: TinyProject, deploy: Deploy, changes: list[Change]
) -> None:
    project.program(QUEUE)
    deploy()
    project.program()

    deploy()

    assert [change.type for change in changes if change.action == "deleted"] == [
        "aws:sqs/queuePolicy:QueuePolicy",
        "aws:sqs/queue:Queue",
    ]
    assert not cloud.call("sqs.list_queues").get("QueueUrls")


def test_a_failed_deployment_says_what_failed_and_leaves_nothing_of_its_own(
    cloud: Cloud, project: TinyProject, deploy: Deploy, state: State
) -> None:
    good = deploy()
    before = dict(state.records)
    project.program(
        QUEUE,
        """
        aws.lambda_.Invocation(
            "try-it", function_name=function.name, input=json.dumps("fail"),
            opts=pulumi.ResourceOptions(depends_on=[queue]),
        )
        """,
    )

    with pytest.raises(ProvisionError) as failure:
        deploy()

    message = str(failure.value)
    assert message.startswith("aws:lambda/invocation:Invocation 'try-it': ValueError: asked to fail")
    assert state.records == before
    assert not cloud.call("sqs.list_queues").get("QueueUrls")
    assert greeting(cloud, good)["text"] == "hello world"
    project.program(QUEUE)
    assert deploy().counts == {"unchanged": BASIC, "created": 2}


def test_a_first_deployment_that_fails_leaves_an_empty_emulator(
    cloud: Cloud, project: TinyProject, deploy: Deploy, state: State
) -> None:
    project.handler("import nowhere")
    project.program('aws.lambda_.Invocation("try-it", function_name=function.name, input="{}")')

    with pytest.raises(ProvisionError, match=r"'try-it': .*No module named 'nowhere'"):
        deploy()

    assert state.records == {}
    assert cloud.call("s3.list_buckets")["Buckets"] == []
    assert cloud.call("lambda.list_functions")["Functions"] == []
    assert cloud.call("iam.list_roles")["Roles"] == []


@pytest.mark.parametrize(
    ("addition", "complaint"),
    [
        ('aws.kinesis.Stream("s")', "aws:kinesis/stream:Stream 's': this type is not known to the local stack"),
        ("aws.get_ip_ranges(services=[])", "aws:index/getIpRanges:getIpRanges is not known to the local stack"),
        ('aws.sqs.Queue.get("q", "x")', "aws:sqs/queue:Queue 'q': the local stack cannot read existing resources"),
    ],
)
def test_what_is_not_known_is_an_error_that_names_it(
    project: TinyProject, deploy: Deploy, addition: str, complaint: str
) -> None:
    project.program(addition)

    with pytest.raises(ProvisionError) as failure:
        deploy()

    assert complaint in str(failure.value)


def test_the_state_comes_back_from_its_file_and_only_its_owner_can_read_it(
    cloud: Cloud, deploy: Deploy, state: State, tmp_path: Path, project: TinyProject, changes: list[Change]
) -> None:
    deploy()
    file = tmp_path / "state.json"
    state.save(file)

    loaded = State.load(file, cloud.place.endpoint)
    again = Provisioner(cloud, loaded, KINDS, LOOKUPS, changes.append).deploy(project.root, project.config())

    assert again.counts == {"unchanged": BASIC}
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_vanished_behind_our_back_is_no_obstacle_to_deleting_it(
    cloud: Cloud, project: TinyProject, deploy: Deploy
) -> None:
    project.program(QUEUE)
    queue = deploy().exports["queue"]
    cloud.call("sqs.delete_queue", QueueUrl=queue)
    project.program()

    assert deploy().counts == {"unchanged": BASIC, "deleted": 2}
    with pytest.raises(ClientError):
        cloud.call("sqs.get_queue_attributes", QueueUrl=queue, AttributeNames=["All"])
