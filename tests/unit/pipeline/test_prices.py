"""What an answer of a vendor's model cost."""

from decimal import Decimal

import pytest

from components.settings import StackSettings
from runtime.analysis import MODELS
from runtime.prices import LONG_PROMPT_TOKENS, PRICES, cost_usd


def test_input_and_output_have_prices_of_their_own() -> None:
    assert cost_usd("claude-sonnet-5-5", 1_500_000, 100_000) == Decimal(4)


def test_a_dated_release_costs_what_its_model_costs() -> None:
    assert (
        cost_usd("claude-opus-5-5-20261001", 1_000, 10) == cost_usd("claude-opus-5-5", 1_000, 10) == Decimal("0.0042")
    )


def test_a_long_prompt_costs_more_per_token_where_the_vendor_says_so() -> None:
    assert cost_usd("claude-haiku-5-5", LONG_PROMPT_TOKENS) == Decimal("0.01")
    assert cost_usd("claude-haiku-5-5", LONG_PROMPT_TOKENS * 2) == Decimal("0.1")


def test_what_an_unknown_model_costs_is_unknown_rather_than_nothing() -> None:
    assert cost_usd("local-vision", 1_000, 10) is None


@pytest.mark.parametrize("setting", ["analysis_model", "answer_model", "embedding_model", "query_embedding_model"])
def test_the_price_of_every_default_model_is_known(setting: str) -> None:
    assert StackSettings.model_fields[setting].default in PRICES


@pytest.mark.parametrize("model", ["rerank-2.5", "rerank-2.5-lite", *MODELS])
def test_the_price_of_every_model_that_can_be_asked_for_is_known(model: str) -> None:
    assert model in PRICES
