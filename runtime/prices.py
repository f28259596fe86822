"""What the vendors charge for a million tokens, in US dollars.

List prices, without discounts for volume or caches; what an account has for free counts as paid. Looked up on
2026-11-23. Claude: platform.claude.com/docs/en/models/<model>/overview, also for batches ("50% discount on input and
output"). Voyage: docs.voyageai.com/docs/pricing, as
quoted by usagepricing.com/blueprint/voyage-ai; a reranker's tokens have the query's once for each document. A model
that is not listed here has no known price.
"""

import re
from decimal import Decimal
from typing import NamedTuple

TOKENS_PER_PRICE = 1_000_000
LONG_PROMPT_TOKENS = 100_000
"""Requests with more input than this have the `long_prompt` price of their model, if it has one."""

IMAGE_TOKENS = (3600, 500)
"""In and out, of the analysis of one image, estimated: see "Tokens of an image" in docs/deploy.md."""
BATCH_SHARE = Decimal("0.5")
"""Of its price that a request in a Message Batch costs."""


class Price(NamedTuple):
    """US dollars per million tokens."""

    input: Decimal
    output: Decimal = Decimal(0)
    long_prompt: "Price | None" = None


PRICES = {
    "claude-opus-5-5": Price(Decimal(4), Decimal(20)),
    "claude-sonnet-5-5": Price(Decimal(2), Decimal(10)),
    "claude-haiku-5-5": Price(Decimal("0.10"), Decimal("0.50"), Price(Decimal("0.50"), Decimal("2.50"))),
    "voyage-4-large": Price(Decimal("0.12")),
    "voyage-4": Price(Decimal("0.06")),
    "voyage-4-lite": Price(Decimal("0.02")),
    "rerank-2.5": Price(Decimal("0.05")),
    "rerank-2.5-lite": Price(Decimal("0.02")),
}

_DATED = re.compile(r"-\d{8}$")


def cost_usd(model: str, input_tokens: int, output_tokens: int = 0, *, batch: bool = False) -> Decimal | None:
    """What one request of this many tokens costs by `model`, or by the dated release of it that a vendor says has
    answered, alone or in a `batch`; None where the price is not known."""
    price = PRICES.get(_DATED.sub("", model))
    if price is None:
        return None
    if price.long_prompt is not None and input_tokens > LONG_PROMPT_TOKENS:
        price = price.long_prompt
    cost = (price.input * input_tokens + price.output * output_tokens) / TOKENS_PER_PRICE
    return cost * BATCH_SHARE if batch else cost
