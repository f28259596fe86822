"""What the functions log: enough to follow an image, and nothing that is nobody's business."""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from runtime.events import AnalysisComplete, ImageProcessed, ItemSearchable
from runtime.keys import derived_key
from runtime.migrations.upgrade import FUNCTIONS_ROLE
from runtime.records import ItemRecord, Status
from tests.integration.pipeline.stage import Stage
from tests.unit.imaging.pictures import encoded, quarters

PNG = encoded(quarters(), "PNG")
SECRETS = {
    "ANTHROPIC_API_KEY": "sk-ant-known-secret",
    "VOYAGE_API_KEY": "pa-known-secret",
    "AWS_SECRET_ACCESS_KEY": "aws-known-secret",
}
CHUNK = 24


@pytest.fixture
def logged(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged, in the greatest detail that the setting allows."""
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    lines = io.StringIO()
    logger = Logger()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    before = logger.log_level
    logger.setLevel("DEBUG")
    yield lines
    logger.setLevel(before)


def bring_through_all_that_can_go_wrong(stage: Stage) -> ItemRecord:
    """An image that becomes searchable after each step has failed once."""
    item, uploaded = stage.uploaded("quarters.png", PNG)
    broken, damaged = stage.uploaded("broken.png", PNG[:40])
    assert stage.process(uploaded, damaged, "no JSON") == ["2"]
    assert (failed := stage.item(broken)) is not None
    assert failed.status == Status.FAILED
    (processed,) = stage.published(ImageProcessed, item)
    for fault in ("429", "invalid-json"):
        stage.spoil("messages", fault)
        assert stage.analyze(processed) == ["0"]
        stage.mend()
    assert stage.analyze(processed) == []
    (complete,) = stage.published(AnalysisComplete, item)
    stage.spoil("embeddings", "429")
    assert stage.embed(complete) == ["0"]
    stage.mend()
    assert stage.embed(complete) == []
    assert stage.published(ItemSearchable, item)
    return item


def test_neither_secrets_nor_images_are_logged(
    stage: Stage, logged: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    item = bring_through_all_that_can_go_wrong(stage)

    output = capfd.readouterr()
    text = logged.getvalue() + output.out + output.err
    assert text.count("\n") > 10
    secrets = (*SECRETS.values(), f"of-{FUNCTIONS_ROLE}")
    assert [secret for secret in secrets if secret in text] == []
    preview = stage.store.get(derived_key(item.user_id, item.id, "preview"), 1_000_000)
    for image in (PNG, preview):
        # From a place on where base64 begins anew.
        middle = image[len(image) // 3 // 3 * 3 :][:CHUNK]
        for shape in (base64.b64encode(middle).decode(), repr(middle)[2:-1], middle.hex()):
            assert shape not in text


def test_one_correlation_id_item_and_user_are_on_each_line_about_an_image(stage: Stage, logged: io.StringIO) -> None:
    item = bring_through_all_that_can_go_wrong(stage)

    lines: list[dict[str, Any]] = [json.loads(line) for line in logged.getvalue().splitlines()]
    about_it = [line for line in lines if line.get("item_id") == str(item.id)]
    assert len(about_it) > 7
    assert {(line["correlation_id"], line["user_id"]) for line in about_it} == {(str(item.id), item.user_id)}
    said = [line for line in lines if "item_id" not in line]
    assert "a message that cannot be understood" in [line["message"] for line in said]
    assert len({line["message_id"] for line in said}) == 1, "only of what nobody understands is nobody named"


def test_what_an_answer_cost_is_written_down_with_it_where_the_price_is_known(stage: Stage) -> None:
    item, uploaded = stage.uploaded("quarters.png", PNG)
    stage.process(uploaded)
    stage.analyze(stage.published(ImageProcessed, item)[0])
    stage.embed(stage.published(AnalysisComplete, item)[0])

    costs = {usage.model: usage.cost_usd for usage in stage.usage(item)}
    assert costs["local-vision"] is None, "the stand-in has no price"
    assert costs["voyage-4-large"] is not None
    assert costs["voyage-4-large"] > 0
