"""An operator moves what was given up back to its queue, and it is done after all."""

import json
from typing import Any
from uuid import uuid4

from collections_cli.admin.redrive import Redriven, redrive
from local.stack import LocalStack
from tests.integration.stack.conftest import SAMPLES, User

SAMPLE = SAMPLES / "coffee-break.jpg"


def dead_letters(stack: LocalStack, function: str) -> str:
    """URL of the queue that keeps what `function` gave up."""
    sqs = stack.client("sqs")
    (url,) = (url for url in sqs.list_queues()["QueueUrls"] if f"{function}-dead" in url)
    return url


def visible(sqs: Any, url: str) -> int:
    """Messages that somebody who looks into the queue would see."""
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def analyze_again(item: dict[str, Any], user_id: str) -> str:
    detail = {"correlation_id": str(uuid4()), "user_id": user_id, "item_id": item["id"], "force": True}
    return json.dumps(
        {"id": str(uuid4()), "source": "collections.api", "detail-type": "AnalysisRequested", "detail": detail}
    )


def test_dead_letters_move_back_and_are_worked_on(stack: LocalStack, ada: User) -> None:
    item = ada.upload(SAMPLE)
    user_id = item_owner(stack, item["id"])
    sqs, url = stack.client("sqs"), dead_letters(stack, "analyzer")
    for body in (analyze_again(dict(item), user_id), "nobody understands this"):
        sqs.send_message(QueueUrl=url, MessageBody=body)

    result = redrive(stack.client("lambda"), sqs, "local", "analysis")

    assert result.moved == 2
    ada.wait_for(lambda: len(ada.request("GET", f"/items/{item['id']}/analyses").json()["analyses"]) == 2)
    ada.wait_for(lambda: visible(sqs, url) == 1)


def test_what_comes_back_meanwhile_can_be_looked_at_at_once(stack: LocalStack, ada: User) -> None:
    sqs, url = stack.client("sqs"), dead_letters(stack, "embedder")
    for number in range(30):
        sqs.send_message(QueueUrl=url, MessageBody=f"nobody understands {number}")

    result = redrive(stack.client("lambda"), sqs, "local", "embedding")

    assert result.moved == 30
    hidden_for_seconds = int(
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["VisibilityTimeout"]
    )
    ada.wait_for(lambda: visible(sqs, url) == 30, seconds=hidden_for_seconds / 2)
    sqs.purge_queue(QueueUrl=url)


def test_where_nothing_was_given_up_nothing_moves(stack: LocalStack) -> None:
    assert redrive(stack.client("lambda"), stack.client("sqs"), "local", "embedding") == Redriven(0, 0)


def item_owner(stack: LocalStack, item_id: str) -> str:
    """Whose item it is, as its object's key says."""
    listed = stack.client("s3").list_objects_v2(Bucket=stack.outputs["imageBucket"], Prefix="originals/")
    (owner,) = (each["Key"].split("/")[1] for each in listed["Contents"] if item_id in each["Key"])
    return owner
