"""What an answer of a vendor's model cost."""

from decimal import Decimal

import pytest

from collections_cli.admin.prices import BATCH_SHARE, IMAGE_USD
from components.settings import StackSettings
from runtime.analysis import MODELS
from runtime.prices import BATCH_SHARE as PER_BATCH
from runtime.prices import IMAGE_TOKENS, LONG_PROMPT_TOKENS, PRICES, cost_usd


def test_input_and_output_have_prices_of_their_own() -> None:
    assert cost_usd("claude-sonnet-5-5", 1_500_000, 100_000) == Decimal(4)


def test_a_dated_release_costs_what_its_model_costs() -> None:
    assert (
        cost_usd("claude-opus-5-5-20261001", 1_000, 10) == cost_usd("claude-opus-5-5", 1_000, 10) == Decimal("0.0042")
    )


def test_a_long_prompt_costs_more_per_token_where_the_vendor_says_so() -> None:
    assert cost_usd("claude-haiku-5-5", LONG_PROMPT_TOKENS) == Decimal("0.01")
    assert cost_usd("claude-haiku-5-5", LONG_PROMPT_TOKENS * 2) == Decimal("0.1")


def test_in_a_batch_everything_costs_half() -> None:
    assert cost_usd("claude-sonnet-5-5", 1_500_000, 100_000, batch=True) == Decimal(2)
    assert cost_usd("local-vision", 1_000, 10, batch=True) is None


@pytest.mark.parametrize("model", MODELS)
def test_the_command_line_estimates_with_the_same_prices(model: str) -> None:
    assert IMAGE_USD[model] == pytest.approx(float(cost_usd(model, *IMAGE_TOKENS) or 0))
    assert pytest.approx(float(PER_BATCH)) == BATCH_SHARE


def test_what_an_unknown_model_costs_is_unknown_rather_than_nothing() -> None:
    assert cost_usd("local-vision", 1_000, 10) is None


@pytest.mark.parametrize("setting", ["analysis_model", "answer_model", "embedding_model", "query_embedding_model"])
def test_the_price_of_every_default_model_is_known(setting: str) -> None:
    assert StackSettings.model_fields[setting].default in PRICES


@pytest.mark.parametrize("model", ["rerank-2.5", "rerank-2.5-lite", *MODELS])
def test_the_price_of_every_model_that_can_be_asked_for_is_known(model: str) -> None:
    assert model in PRICES
