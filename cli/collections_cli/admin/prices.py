"""What having images analysed costs, estimated before anything is paid."""

from __future__ import annotations

from collections_cli.terminal import counted

IMAGE_USD = {"claude-opus-5-5": 0.0244, "claude-sonnet-5-5": 0.0122, "claude-haiku-5-5": 0.00061}
"""US dollars for one image by model, alone: list prices, for a preview and a description of usual size."""
BATCH_SHARE = 0.5
"""Of that, what an image in a batch costs."""


def analysis_price(model: str, images: int, *, batch: bool) -> str:
    """What so many images are likely to cost, in a sentence, with and without a batch."""
    many = f"{counted(images, 'image', 'images')} by {model}"
    if model not in IMAGE_USD:
        return f"{many}: what they cost is not known here. In batches they cost half."
    alone = images * IMAGE_USD[model]
    batched = alone * BATCH_SHARE
    if batch:
        return f"{many}: about ${batched:,.2f} in batches, instead of ${alone:,.2f}; ${alone - batched:,.2f} saved."
    return f"{many}: about ${alone:,.2f}. With --batch, within a day: about ${batched:,.2f}."
