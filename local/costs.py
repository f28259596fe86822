"""What a stack costs in a month, by its settings: the table in docs/deploy.md.

python -m local.costs

List prices of us-east-1 in US dollars, without free tiers and discounts, looked up on 2026-11-24 where a source is
named; other regions cost up to a fifth more. RDS: infratally.com/articles/aws-rds-pricing-explained-2026.html and
usage.ai/blogs/aws/reserved-instances/rds/pricing-calculator. NAT gateway and public addresses:
cloudburn.io/blog/aws-nat-gateway-pricing. The others are AWS's list prices as we know them: check them before relying
on them. Prices of the models are in `runtime/prices.py`.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import NamedTuple

from local.program import load_config
from runtime.analysis import MODELS, ImageAnalysis
from runtime.prices import IMAGE_TOKENS, cost_usd

HOURS = 730
"""Of a month."""
STACKS = ("dev", "test", "prod")
SECRETS = {"anthropicApiKey": "", "voyageApiKey": ""}

DATABASE_PER_HOUR = {"db.t4g.micro": 0.016, "db.t4g.small": 0.032, "db.t4g.medium": 0.065}
STORAGE_PER_GB = 0.115
NAT_GATEWAY_PER_HOUR = 0.045
ADDRESS_PER_HOUR = 0.005
NAT_INSTANCE_PER_HOUR = 0.0042
NAT_VOLUME = 8 * 0.08
"""GB of a root volume, and the price of one."""
KEY = 1.00
ALARM = 0.10
DASHBOARD = 3.00
ALARMS = 43
"""Of a stack."""
METRICS, METRIC = 20, 0.30
"""Names and dimensions of the functions' own metrics in a month of use, estimated, and the price of one."""
RELEASES, BASE_GB, RELEASE_GB, IMAGE_PER_GB = 10, 0.2, 0.07, 0.10
"""Images in the repository, compressed: AWS's base once, estimated, our layers for each release (`make image`)."""

IMAGES = 1000
(TOKENS_IN, TOKENS_OUT), TOKENS_EMBEDDED = IMAGE_TOKENS, 400
"""Of one image, estimated: the preview and what is asked about it, the answer, and its text."""
PHOTO, PREVIEW = (4032, 3024), (1568, 1176)
"""Pixels of a phone's 12 megapixels, and of the preview of them (`runtime/imaging/rendering.py`)."""
PIXELS_PER_TOKEN, LETTERS_PER_TOKEN = 750, 4
"""The vendor's formula (Claude API documentation, "Vision"), and a rule of thumb for text."""
READ_UP_TO = {"2576 px and 4,784 tokens": (2576, 4784), "1568 px and 1,600 tokens": (1568, 1600)}
"""What a model reads of an image at most: those since 4.7, and those before. The vendor scales what is larger
(claudecodecamp.com/p/images-cost-3x-more-tokens-in-claude-opus-4-7, which quotes its documentation)."""
SMALLEST_CACHED = (512, 1024, 2048, 4096)
"""Tokens that a prompt has to begin with, always the same, to be cached; it depends on the model (Claude API
documentation, "Prompt caching", as quoted by news.creeta.com)."""
GB_SECONDS = 2 * 1.5 + 1 * 8 + 1 * 1
"""Of one image, estimated: processor 2 GB for 1.5 s, analyzer 1 GB for 8 s of waiting, embedder 1 GB for 1 s."""
LAMBDA_PER_GB_SECOND = 0.0000133334
MEGABYTES, STORED_PER_GB = 3.5, 0.023
"""Of one image with what is derived from it, and a month of keeping them."""


class Line(NamedTuple):
    """One item of the bill."""

    what: str
    arithmetic: str
    dollars: float


def monthly(stack: str, root: Path) -> list[Line]:
    """What a stack costs, whether images come or not."""
    config = load_config(root, stack, SECRETS).config

    def setting(name: str, default: str) -> str:
        return config.get(f"collections:{name}", default)

    instance, storage = setting("databaseInstanceClass", "db.t4g.micro"), int(setting("databaseStorageGb", "20"))
    copies = 2 if setting("multiAz", "false") == "true" else 1
    both = f"{copies} x " if copies > 1 else ""
    hourly = DATABASE_PER_HOUR[instance]
    return [
        Line(f"RDS {instance}", f"{both}{hourly} x {HOURS} h", copies * hourly * HOURS),
        Line("RDS storage, gp3", f"{both}{storage} GB x {STORAGE_PER_GB}", copies * storage * STORAGE_PER_GB),
        _way_out(int(setting("natGateways", "1"))),
        Line("KMS key", f"1 x {KEY:.2f}", KEY),
        Line("CloudWatch alarms", f"{ALARMS} x {ALARM:.2f}", ALARMS * ALARM),
        Line("CloudWatch dashboard", f"1 x {DASHBOARD:.2f}", DASHBOARD),
        Line("CloudWatch metrics of its own", f"{METRICS} x {METRIC:.2f}", METRICS * METRIC),
        Line(
            f"ECR, {RELEASES} releases",
            f"({BASE_GB} + {RELEASES} x {RELEASE_GB}) GB x {IMAGE_PER_GB:.2f}",
            (BASE_GB + RELEASES * RELEASE_GB) * IMAGE_PER_GB,
        ),
    ]


def per_images(model: str, embedding: str) -> list[Line]:
    """What a thousand images cost, once; keeping them, each month."""
    analysis = float(cost_usd(model, TOKENS_IN, TOKENS_OUT) or 0)
    embedded = float(cost_usd(embedding, TOKENS_EMBEDDED) or 0)
    gigabytes = IMAGES * MEGABYTES / 1000
    return [
        Line(f"{model}", f"{IMAGES} x ({TOKENS_IN} tokens in, {TOKENS_OUT} out)", IMAGES * analysis),
        Line(f"{embedding}", f"{IMAGES} x {TOKENS_EMBEDDED} tokens", IMAGES * embedded),
        Line(
            "Lambda, arm64",
            f"{IMAGES} x {GB_SECONDS:g} GB-s x {LAMBDA_PER_GB_SECOND}",
            IMAGES * GB_SECONDS * LAMBDA_PER_GB_SECOND,
        ),
        Line("S3, each month", f"{gigabytes:g} GB x {STORED_PER_GB}", gigabytes * STORED_PER_GB),
    ]


def tables(root: Path) -> list[str]:
    """All of it, as Markdown."""
    parts = [_table(f"`{stack}`, a month", monthly(stack, root)) for stack in STACKS]
    parts.append(_table(f"{IMAGES:,} images, besides", per_images("claude-sonnet-5-5", "voyage-4-large")))
    parts += [analyses(), tokens()]
    return parts


def analyses() -> str:
    """What having a thousand images looked at costs by model, alone and in batches, as Markdown."""
    rows = [f"| {IMAGES:,} images looked at by | tokens in, out | $ | $ in batches |", "|---|---|---:|---:|"]
    for model in MODELS:
        alone, batched = (IMAGES * (cost_usd(model, *IMAGE_TOKENS, batch=batch) or 0) for batch in (False, True))
        rows.append(f"| {model} | {TOKENS_IN:,}, {TOKENS_OUT} | {alone:.2f} | {batched:.2f} |")
    return "\n".join(rows)


def image_tokens(width: int, height: int) -> int:
    """Tokens of an image that nobody scales."""
    return math.ceil(width * height / PIXELS_PER_TOKEN)


def asked_tokens() -> tuple[int, int]:
    """Tokens of the prompt and of the schema that go with every image, about."""
    # Only this needs the SDK, whose import takes a second.
    import anthropic

    from runtime.vision import PROMPT

    schema = json.dumps(anthropic.transform_schema(ImageAnalysis))
    return math.ceil(len(PROMPT) / LETTERS_PER_TOKEN), math.ceil(len(schema) / LETTERS_PER_TOKEN)


def tokens() -> str:
    """What one image has of tokens: sent as it is, scaled by the vendor, and scaled here, as Markdown."""
    rows = ["| a photo of 12 megapixels | pixels | tokens |", "|---|---|---:|"]
    rows.append(f"| as it is, if nobody scaled it | {PHOTO[0]} x {PHOTO[1]} | {image_tokens(*PHOTO):,} |")
    for what, (longest, most) in READ_UP_TO.items():
        scaled = (longest, longest * PHOTO[1] // PHOTO[0])
        read = min(image_tokens(*scaled), most)
        rows.append(f"| as it is, to a model that reads {what} | at most {scaled[0]} x {scaled[1]} | {read:,} |")
    rows.append(f"| its preview | {PREVIEW[0]} x {PREVIEW[1]} | {image_tokens(*PREVIEW):,} |")
    prompt, schema = asked_tokens()
    rows += [
        "",
        "| what goes with every image | tokens |",
        "|---|---:|",
        f"| the prompt | {prompt:,} |",
        f"| the schema of the answer | {schema:,} |",
        f"| the fewest that are cached, by model | {', '.join(f'{least:,}' for least in SMALLEST_CACHED)} |",
    ]
    return "\n".join(rows)


def _way_out(gateways: int) -> Line:
    if gateways == 0:
        arithmetic = f"({NAT_INSTANCE_PER_HOUR} + {ADDRESS_PER_HOUR}) x {HOURS} h + {NAT_VOLUME:.2f}"
        dollars = (NAT_INSTANCE_PER_HOUR + ADDRESS_PER_HOUR) * HOURS + NAT_VOLUME
        return Line("NAT instance, t4g.nano", arithmetic, dollars)
    each = NAT_GATEWAY_PER_HOUR + ADDRESS_PER_HOUR
    arithmetic = f"{gateways} x ({NAT_GATEWAY_PER_HOUR} + {ADDRESS_PER_HOUR}) x {HOURS} h"
    return Line("NAT gateways", arithmetic, gateways * each * HOURS)


def _table(title: str, lines: list[Line]) -> str:
    rows = [f"| {title} | arithmetic | $ |", "|---|---|---:|"]
    rows += [f"| {line.what} | {line.arithmetic} | {line.dollars:.2f} |" for line in lines]
    rows.append(f"| **together** | | **{sum(line.dollars for line in lines):.2f}** |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.stdout.write("\n\n".join(tables(Path(__file__).parent.parent)) + "\n")
