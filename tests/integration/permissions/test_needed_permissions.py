"""Taking any one permission away breaks what needs it, and giving it back mends it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from tests.gateway import gateway_event
from tests.integration.permissions.deployment import (
    EVENT_OF,
    UNSTARTED,
    USER,
    Attempt,
    Deployment,
    Outcome,
    Permission,
    new_image,
)
from tests.not_enforced import NOT_ENFORCED

Exercise = Callable[[Deployment], Attempt]
"""Prepares with all permissions, and returns what needs the one."""


def processing(deployment: Deployment) -> Attempt:
    """The image processor's work on an upload."""
    return deployment.delivery("image_processor", EVENT_OF["image_processor"], deployment.uploaded())


def analysis(deployment: Deployment) -> Attempt:
    return deployment.delivery("analyzer", EVENT_OF["analyzer"], deployment.processed())


def embedding(deployment: Deployment) -> Attempt:
    return deployment.delivery("embedder", EVENT_OF["embedder"], deployment.analyzed())


def putting_back(role: str) -> Exercise:
    """Having the queue deliver a message again, sooner than it would by itself."""
    return lambda deployment: lambda: deployment.put_back(role)


def exporting(deployment: Deployment) -> Attempt:
    """Everything of the user's put into a zip file."""
    deployment.processed()
    return deployment.account_delivery("POST", "/me/export", USER)[1]


def following_export(deployment: Deployment) -> Attempt:
    """The presigned address of an export."""
    request_id, deliver = deployment.account_delivery("POST", "/me/export", USER)
    outcome = deliver()
    assert outcome.succeeded, outcome.said
    export, _ = deployment.request("GET", f"/me/export/{request_id}")

    def attempt() -> Outcome:
        answer = httpx.get(export["url"], trust_env=False)
        return Outcome(answer.is_success, answer.text if answer.is_error else "")

    return attempt


def removing(folder: str = "originals") -> Exercise:
    """Somebody's whole account removed, with an object in this folder and a chat."""

    def prepare(deployment: Deployment) -> Attempt:
        user = deployment.person()
        deployment.keep(f"{folder}/{user}/{uuid4()}.png")
        deployment.chat(user)
        return deployment.account_delivery("DELETE", "/me", user)[1]

    return prepare


def going_on(deployment: Deployment) -> Attempt:
    """A deletion that has too little time, and asks for another run."""
    user = str(uuid4())
    deployment.keep(f"originals/{user}/{uuid4()}.png")
    deployment.keep(f"derived/{user}/{uuid4()}/thumb.webp")
    in_a_hurry = deployment.with_time("worker", TOO_SHORT_SECONDS)
    return deployment.account_delivery("DELETE", "/me", user, in_a_hurry)[1]


def sweep(deployment: Deployment) -> Attempt:
    """Removing a deleted item."""
    deployment.deleted()
    return lambda: deployment.invoke("sweeper", {})[1]


def sweep_derived(deployment: Deployment) -> Attempt:
    """The same where only derived objects are left: of a batch, the emulator looks at the first object."""
    deployment.remove_original(deployment.deleted())
    return lambda: deployment.invoke("sweeper", {})[1]


def sweep_dead_letter(role: str) -> Exercise:
    """Looking at a message that was given up."""

    def prepare(deployment: Deployment) -> Attempt:
        deployment.give_up(role)
        return lambda: deployment.invoke("sweeper", {})[1]

    return prepare


def sweep_lost(deployment: Deployment) -> Attempt:
    """Failing an item whose original has gone, and saying so."""
    item_id = deployment.processed()
    deployment.remove_original(item_id)
    deployment.age(item_id)
    return lambda: deployment.invoke("sweeper", {})[1]


def batching(deployment: Deployment) -> Attempt:
    """Giving the vendor an image that may wait."""
    deployment.waiting_for_batch()
    return lambda: deployment.invoke("batcher", {})[1]


def handing_on(deployment: Deployment) -> Attempt:
    """Saying that such an image is analysed."""
    deployment.waiting_for_batch()
    _, outcome = deployment.invoke("batcher", {})
    assert outcome.succeeded, outcome.said
    deployment.batches_end()
    return lambda: deployment.invoke("batcher", {})[1]


def uploading(deployment: Deployment) -> Attempt:
    """A file sent to the bucket by a form that the API signed."""
    body = new_image()
    announced = {"filename": "a.png", "content_type": "image/png", "size": len(body)}
    ticket, outcome = deployment.post("/uploads", announced)
    assert outcome.succeeded, outcome.said

    def attempt() -> Outcome:
        answer = httpx.post(ticket["url"], data=ticket["fields"], files={"file": body}, trust_env=False)
        return Outcome(answer.is_success, answer.text)

    return attempt


def following(link: str) -> Exercise:
    """A presigned address of a processed item."""

    def prepare(deployment: Deployment) -> Attempt:
        item, _ = deployment.request("GET", f"/items/{deployment.processed()}")

        def attempt() -> Outcome:
            answer = httpx.get(item[link], trust_env=False)
            return Outcome(answer.is_success, answer.text if answer.is_error else "")

        return attempt

    return prepare


def asking(deployment: Deployment) -> Attempt:
    """A user's command that sets the pipeline to work."""
    item_id = deployment.processed()
    return lambda: deployment.request("POST", f"/items/{item_id}/retry")[1]


def saying(deployment: Deployment) -> Attempt:
    """Beginning a conversation."""
    return lambda: deployment.post("/chat", {"message": "bread"})[1]


def chatting(method: str) -> Exercise:
    """Reading a conversation, or having it forgotten."""

    def prepare(deployment: Deployment) -> Attempt:
        begun, outcome = deployment.post("/chat", {"message": "bread"})
        assert outcome.succeeded, outcome.said
        return lambda: deployment.request(method, f"/chat/sessions/{begun['session_id']}")[1]

    return prepare


def listing_chats(deployment: Deployment) -> Attempt:
    return lambda: deployment.request("GET", "/chat/sessions")[1]


TOO_SHORT_SECONDS = 200
"""For the worker to begin anything more."""
DENIED_FORM = "<Code>AccessDenied</Code><Message>Access Denied</Message>"
"""What S3 tells the sender of a form, who is not to learn more."""

CHECKPOINTS = "collections-checkpoints-local"

NEEDED: dict[Permission, Exercise] = {
    Permission("image_processor", "s3:GetObject", "originals/*"): processing,
    Permission("image_processor", "s3:PutObject", "derived/*"): processing,
    Permission("image_processor", "events:PutEvents", "event-bus"): processing,
    Permission("analyzer", "s3:GetObject", "derived/*"): analysis,
    Permission("analyzer", "events:PutEvents", "event-bus"): analysis,
    Permission("embedder", "events:PutEvents", "event-bus"): embedding,
    **{
        Permission(role, "sqs:ChangeMessageVisibility", f"{role}-queue"): putting_back(role)
        for role in (*EVENT_OF, "worker")
    },
    Permission("worker", "s3:GetObject", "originals/*"): exporting,
    Permission("worker", "s3:PutObject", "exports/*"): exporting,
    Permission("worker", "s3:ListBucketVersions", "images"): removing(),
    Permission("worker", "dynamodb:Query", CHECKPOINTS): removing(),
    Permission("worker", "dynamodb:Query", "by_activity"): removing(),
    Permission("worker", "dynamodb:DeleteItem", CHECKPOINTS): removing(),
    Permission("worker", "events:PutEvents", "event-bus"): going_on,
    **{
        Permission("worker", "s3:DeleteObject", f"{folder}/*"): removing(folder)
        for folder in ("originals", "derived", "exports")
    },
    **{
        Permission("worker", f"cognito-idp:{action}", "userpool"): removing()
        for action in ("AdminDeleteUser", "AdminDisableUser", "AdminUserGlobalSignOut")
    },
    Permission("api", "s3:GetObject", "exports/*"): following_export,
    Permission("batcher", "s3:GetObject", "derived/*"): batching,
    Permission("batcher", "events:PutEvents", "event-bus"): handing_on,
    Permission("sweeper", "s3:ListBucketVersions", "images"): sweep,
    Permission("sweeper", "s3:DeleteObject", "originals/*"): sweep,
    Permission("sweeper", "s3:DeleteObject", "derived/*"): sweep_derived,
    Permission("api", "events:PutEvents", "event-bus"): asking,
    Permission("sweeper", "events:PutEvents", "event-bus"): sweep_lost,
    **{
        Permission("sweeper", action, f"{role}-dead-letters"): sweep_dead_letter(role)
        for action in ("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility")
        for role in EVENT_OF
    },
    Permission("api", "s3:PutObject", "originals/*"): uploading,
    Permission("api", "dynamodb:PutItem", CHECKPOINTS): saying,
    Permission("api", "dynamodb:GetItem", CHECKPOINTS): chatting("GET"),
    Permission("api", "dynamodb:Query", CHECKPOINTS): chatting("GET"),
    Permission("api", "dynamodb:BatchWriteItem", CHECKPOINTS): chatting("DELETE"),
    Permission("api", "dynamodb:Query", "by_activity"): listing_chats,
    Permission("api", "s3:GetObject", "originals/*"): following("image_url"),
    Permission("api", "s3:GetObject", "derived/*"): following("thumbnail_url"),
}

VOYAGE = ("voyage/api_key", "voyage/embedding_model", "voyage/embedding_dimensions")
PARAMETERS = [
    Permission(role, "ssm:GetParameter", parameter)
    for role, parameters in {
        "migrate": ("database/admin_url", "database/url", "database/sweeper_url"),
        "image_processor": ("database/url", "s3/bucket_name"),
        "analyzer": ("database/url", "s3/bucket_name", "anthropic/api_key"),
        "embedder": ("database/url", *VOYAGE),
        "sweeper": ("database/sweeper_url", "s3/bucket_name"),
        "batcher": ("database/url", "database/sweeper_url", "s3/bucket_name", "anthropic/api_key"),
        "worker": ("database/url", "s3/bucket_name"),
        "api": ("database/url", "s3/bucket_name", "anthropic/api_key", "checkpoint/ttl_hours", *VOYAGE),
    }.items()
    for parameter in parameters
]


def first_call(role: str) -> object:
    """What a function can be called with that does no harm."""
    if role == "api":
        return gateway_event("GET", "/health", None, {}, b"", None, {})
    return {}


def test_every_permission_that_is_enforced_is_tested_here(deployment: Deployment) -> None:
    tested = NEEDED.keys() | set(PARAMETERS)

    assert tested <= deployment.permissions
    assert {each.action for each in deployment.permissions - tested} == NOT_ENFORCED.keys()


@pytest.mark.parametrize("permission", NEEDED, ids=str)
def test_each_permission_is_needed(deployment: Deployment, permission: Permission) -> None:
    attempt = NEEDED[permission](deployment)

    with deployment.without(permission):
        denied = attempt()
    assert not denied.succeeded, "it works as well without"
    assert any(denial in denied.said for denial in (f"not authorized to perform: {permission.action}", DENIED_FORM))

    again = attempt()
    assert again.succeeded, again.said


@pytest.mark.parametrize("permission", PARAMETERS, ids=str)
def test_no_function_starts_without_each_of_its_parameters(deployment: Deployment, permission: Permission) -> None:
    with deployment.without(permission):
        _, denied = deployment.invoke(permission.role, first_call(permission.role), UNSTARTED)

    assert not denied.succeeded
    assert "not authorized to perform: ssm:GetParameter" in denied.said
