"""The deployed functions with their real roles, from which single permissions can be taken away."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any, NamedTuple, cast
from uuid import uuid4

import httpx
import psycopg
from msgspec import convert, to_builtins
from PIL import Image

from local.stack import LocalStack
from runtime.events import (
    AccountDeletionRequested,
    AnalysisRequested,
    EmbeddingRequested,
    ExportRequested,
    ItemEvent,
    ProcessingRequested,
)
from tests.gateway import JSON, gateway_event

USER = "0c8f2f3e-5a52-4f39-9d5c-7d3b3c1f6a10"
"""Whoever the gateway says is asking."""
LIVE, UNSTARTED = "live", "$LATEST"
"""The version that events and requests reach, and one that nobody has called yet."""


class Permission(NamedTuple):
    """One action on one resource, as one function's role has it."""

    role: str
    action: str
    resource: str
    """What the ARN names, without account and generated suffix."""

    def __str__(self) -> str:
        return " ".join(self)


class Outcome(NamedTuple):
    """How one attempt ended."""

    succeeded: bool
    said: str
    """Answer and log."""


Attempt = Callable[[], Outcome]
"""Does something once; may be called again."""


class Policy(NamedTuple):
    """The one policy of a function's role."""

    role_name: str
    name: str
    document: dict[str, Any]

    def grants(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Action, ARN and conditions, each combination by itself."""
        for statement in self.document["Statement"]:
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    yield action, resource, statement.get("Condition", {})


def resource_name(arn: str) -> str:
    """`originals/*` of `arn:aws:s3:::images-a1b2c3d/originals/*`, and the like."""
    if arn == "*":
        return arn
    service, name = arn.split(":")[2], arn.split(":", 5)[5]
    if service == "ssm":
        # Parameters have a second ARN here, for their versions: see the provisioner.
        return name.removeprefix("parameter/collections/local/").removesuffix(":*")
    if service == "dynamodb":
        return name.rpartition("/")[2]
    bucket, _, key = name.partition("/")
    return key if service == "s3" and key else re.sub(r"-[0-9a-f]{7}$", "", bucket)


@dataclass(frozen=True)
class Deployment:
    """The stack's functions. Their queues are not polled: a test delivers what it wants delivered."""

    stack: LocalStack

    @cached_property
    def functions(self) -> dict[str, str]:
        """Name by role."""
        return self.stack.outputs["functions"]

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """What each function's role is allowed."""
        iam, functions = self.stack.client("iam"), self.stack.client("lambda")
        found: dict[str, Policy] = {}
        for role, name in self.functions.items():
            role_name = functions.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
            (policy,) = iam.list_role_policies(RoleName=role_name)["PolicyNames"]
            document = iam.get_role_policy(RoleName=role_name, PolicyName=policy)["PolicyDocument"]
            found[role] = Policy(role_name, policy, document)
        return found

    @cached_property
    def permissions(self) -> set[Permission]:
        """Everything that all roles are allowed."""
        return {
            Permission(role, action, resource_name(arn))
            for role, policy in self.policies.items()
            for action, arn, _ in policy.grants()
        }

    @contextmanager
    def without(self, permission: Permission) -> Generator[None]:
        """Takes a permission away, and gives it back."""
        policy = self.policies[permission.role]
        left = [
            {"Effect": "Allow", "Action": [action], "Resource": [arn], **({"Condition": when} if when else {})}
            for action, arn, when in policy.grants()
            if (action, resource_name(arn)) != permission[1:]
        ]
        self._put(policy, {**policy.document, "Statement": left})
        try:
            yield
        finally:
            self._put(policy, policy.document)

    def _put(self, policy: Policy, document: dict[str, Any]) -> None:
        self.stack.client("iam").put_role_policy(
            RoleName=policy.role_name, PolicyName=policy.name, PolicyDocument=json.dumps(document)
        )

    def invoke(self, role: str, payload: object, version: str = LIVE) -> tuple[dict[str, Any], Outcome]:
        """Calls a function and waits. A failed message of a batch, and an HTTP error, are failures too."""
        name, started = self.functions[role], int(time.time() * 1000)
        reply = self.stack.client("lambda").invoke(
            FunctionName=name, Qualifier=version, Payload=json.dumps(payload).encode()
        )
        text = reply["Payload"].read().decode()
        # The end of the log, which an invocation can answer with, may be too short for a stack trace.
        events = self.stack.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", startTime=started)
        log = "\n".join(event["message"] for event in events["events"])
        answer = cast("dict[str, Any]", json.loads(text))
        failed = "FunctionError" in reply or answer.get("batchItemFailures") or answer.get("statusCode", 0) >= 400
        return answer, Outcome(not failed, f"{text}\n{log}")

    def request(
        self, method: str, path: str, body: bytes = b"", content_type: str | None = None
    ) -> tuple[Any, Outcome]:
        """Asks the API as `USER`, as the gateway would; its answer's JSON."""
        event = gateway_event(method, path, USER, {}, body, content_type, {})
        answer, outcome = self.invoke("api", event)
        return json.loads(answer["body"]) if outcome.succeeded else None, outcome

    def post(self, path: str, body: object) -> tuple[Any, Outcome]:
        return self.request("POST", path, json.dumps(body).encode(), JSON)

    def send(self) -> tuple[Any, Outcome]:
        """Sends the API an image that it does not have."""
        boundary = uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: '
        body = f"{head}image/png\r\n\r\n".encode() + new_image() + f"\r\n--{boundary}--\r\n".encode()
        return self.request("POST", "/items", body, f"multipart/form-data; boundary={boundary}")

    def uploaded(self) -> str:
        """The id of a new item whose object has arrived."""
        item, outcome = self.send()
        assert outcome.succeeded, outcome.said
        return item["id"]

    def processed(self) -> str:
        """One that has its preview."""
        return self._after("image_processor", ProcessingRequested, self.uploaded())

    def analyzed(self) -> str:
        """One that has been looked at."""
        return self._after("analyzer", AnalysisRequested, self.processed())

    def waiting_for_batch(self) -> str:
        """One that has been looked at, and is to be again by a batch."""
        item_id = self.analyzed()
        outcome = self.delivery("analyzer", AnalysisRequested, item_id, batch=True)()
        assert outcome.succeeded, outcome.said
        return item_id

    def batches_end(self) -> None:
        """Waits until the vendor is done with all batches."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            batches = httpx.get(f"{self.stack.models_url}/v1/messages/batches?limit=1000", trust_env=False).json()
            if all(batch["processing_status"] == "ended" for batch in batches["data"]):
                return
            time.sleep(0.1)
        raise TimeoutError("a batch does not end")

    def deleted(self) -> str:
        """One that its owner deleted, and that still has its objects."""
        item_id = self.processed()
        _, outcome = self.request("DELETE", f"/items/{item_id}")
        assert outcome.succeeded, outcome.said
        return item_id

    def remove_original(self, item_id: str) -> None:
        """As the bucket's owner, with all its versions."""
        s3, bucket = self.stack.client("s3"), self.stack.outputs["imageBucket"]
        for version in s3.list_object_versions(Bucket=bucket, Prefix=f"originals/{USER}/{item_id}")["Versions"]:
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])

    def give_up(self, role: str) -> None:
        """Puts a message into the dead-letter queue of a function's queue."""
        sqs = self.stack.client("sqs")
        queue = sqs.get_queue_url(QueueName=self._queues[role].rpartition(":")[2])["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]
        name = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], MessageBody="nobody understands it")

    def age(self, item_id: str) -> None:
        """Has nothing happened to an item for a day."""
        parameter = f"{self.stack.outputs['parameterPrefix']}/database/admin_url"
        url = self.stack.client("ssm").get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
        with psycopg.connect(url) as connection:
            connection.execute("update item set updated_at = updated_at - interval '1 day' where id = %s", [item_id])

    def _after(self, role: str, event: type[ItemEvent], item_id: str) -> str:
        outcome = self.delivery(role, event, item_id)()
        assert outcome.succeeded, outcome.said
        return item_id

    def delivery(self, role: str, event: type[ItemEvent], item_id: str, **more: object) -> Attempt:
        """Delivers an event about an item to a function, as a message that its queue really holds."""
        detail = convert({"correlation_id": str(uuid4()), "user_id": USER, "item_id": item_id, **more}, event)
        body = {
            "id": str(uuid4()),
            "source": event.source,
            "detail-type": event.detail_type,
            "detail": to_builtins(detail),
        }
        record = self._through_queue(role, json.dumps(body))
        return lambda: self.invoke(role, {"Records": [record]})[1]

    def account_delivery(self, method: str, path: str, user: str, version: str = LIVE) -> tuple[str, Attempt]:
        """Asks the API for something about a whole account; the request's id, and its delivery to the worker."""
        answer, outcome = self.invoke("api", gateway_event(method, path, user, {}, b"", None, {}))
        assert outcome.succeeded, outcome.said
        request_id = json.loads(answer["body"])["request_id"]
        event = ExportRequested if method == "POST" else AccountDeletionRequested
        body = {
            "id": str(uuid4()),
            "source": event.source,
            "detail-type": event.detail_type,
            "detail": {"correlation_id": request_id, "user_id": user, "request_id": request_id},
        }
        record = self._through_queue("worker", json.dumps(body))
        return request_id, lambda: self.invoke("worker", {"Records": [record]}, version)[1]

    def with_time(self, role: str, seconds: int) -> str:
        """A version of a function that may run this long; what events reach keeps its time."""
        functions, name = self.stack.client("lambda"), self.functions[role]
        functions.update_function_configuration(FunctionName=name, Timeout=seconds)
        return functions.publish_version(FunctionName=name)["Version"]

    def person(self) -> str:
        """The id of a new user who may sign in."""
        pool, email = self.stack.outputs["userPoolId"], f"{uuid4()}@example.org"
        created = self.stack.client("cognito-idp").admin_create_user(UserPoolId=pool, Username=email)["User"]
        return next(each["Value"] for each in created["Attributes"] if each["Name"] == "sub")

    def keep(self, key: str) -> None:
        """Puts an object into the bucket."""
        self.stack.client("s3").put_object(Bucket=self.stack.outputs["imageBucket"], Key=key, Body=b"something")

    def chat(self, user: str) -> None:
        """Has the table remember a session of the user's."""
        self.stack.client("dynamodb").put_item(
            TableName=self.stack.outputs["checkpointTable"],
            Item={
                "thread_id": {"S": f"{user}#{uuid4()}"},
                "checkpoint_id": {"S": "1"},
                "user_id": {"S": user},
                "last_activity": {"S": "2026-11-25T20:00:00Z"},
            },
        )

    def put_back(self, role: str) -> Outcome:
        """Delivers a message that a function cannot understand, and that it therefore has its queue deliver again."""
        record = self._through_queue(role, json.dumps({"source": "nobody", "detail-type": "Nonsense", "id": "1"}))
        _, outcome = self.invoke(role, {"Records": [record]})
        return Outcome(self._received(role, record["messageId"]) is not None, outcome.said)

    def _through_queue(self, role: str, body: str) -> dict[str, Any]:
        """A message that is in its first delivery, as Lambda hands it to the function."""
        sent = self.stack.client("sqs").send_message(QueueUrl=self._queue_url(role), MessageBody=body)["MessageId"]
        record = self._received(role, sent)
        assert record is not None, f"the queue of {role} does not deliver"
        return record

    def _received(self, role: str, message_id: str) -> dict[str, Any] | None:
        """The message, if the queue delivers it now; whatever else it delivers stays hidden for its while."""
        sqs, url, arn = self.stack.client("sqs"), self._queue_url(role), self._queues[role]
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], WaitTimeSeconds=0
        ).get("Messages"):
            for message in messages:
                if message["MessageId"] == message_id:
                    return {
                        "messageId": message_id,
                        "receiptHandle": message["ReceiptHandle"],
                        "body": message["Body"],
                        "attributes": message["Attributes"],
                        "messageAttributes": {},
                        "eventSource": "aws:sqs",
                        "eventSourceARN": arn,
                        "awsRegion": arn.split(":")[3],
                    }
        return None

    def _queue_url(self, role: str) -> str:
        name = self._queues[role].rpartition(":")[2]
        return self.stack.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]

    @cached_property
    def _queues(self) -> dict[str, str]:
        """ARN by role."""
        mappings = self.stack.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        queues = {mapping["FunctionArn"].split(":")[6]: mapping["EventSourceArn"] for mapping in mappings}
        return {role: queues[name] for role, name in self.functions.items() if name in queues}

    def poll(self, *, enabled: bool) -> None:
        """Has the queues polled, or not."""
        functions = self.stack.client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def new_image() -> bytes:
    """A small image like no other."""
    buffer = BytesIO()
    Image.frombytes("RGB", (24, 16), (uuid4().bytes * 72)).save(buffer, "PNG")
    return buffer.getvalue()


EVENT_OF = {
    "image_processor": ProcessingRequested,
    "analyzer": AnalysisRequested,
    "embedder": EmbeddingRequested,
}
"""A request for each step's work."""
