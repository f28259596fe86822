"""What a stack needs for so many images a day: the tables in docs/scaling.md.

python -m local.scaling

Vendors' limits: Voyage's of usage tier 1 (docs.voyageai.com/docs/rate-limits), Anthropic's of its tiers Start and Scale
for its largest models (as quoted on 2026-10-17 by developersdigest.tech/rate-limits/anthropic); your account's are in
the vendors' consoles. Lambda: 1,000 executions at once, an account's first quota (AWS Lambda Developer Guide,
"Lambda quotas"). Bytes in Postgres: those of the tables in docs/benchmarks-search.md, a tenant's own indexes left out.
"""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

from components.settings_rules import INSTANCE_MEMORY_GIB, WORKER_CONCURRENCY, usable_connections
from local.costs import IMAGES, MEGABYTES, TOKENS_EMBEDDED, TOKENS_IN, TOKENS_OUT, per_images

DAILY = (10, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
SECONDS = {"image processor": 1.5, "analyzer": 8.0, "embedder": 1.0}
"""That a function works on an image, as `local.costs` estimates."""
PEAK = 4.0
"""The busiest hour has so many times the images of an average one."""
HEADROOM = 1.5
"""Functions beyond those that are busy on average, so that queues empty again."""
LAMBDA_CONCURRENCY = 1_000
CLAUDE = {"Start": (1_000, 500_000, 100_000), "Scale": (4_000, 4_000_000, 800_000)}
"""Requests, tokens in and tokens out of a minute."""
VOYAGE = (2_000, 3_000_000)
"""Requests and tokens of a minute."""
API_CONCURRENCY = 10
POOL_SIZE = 2
KILOBYTES_IN_POSTGRES = 26.0
"""Of one image: item, analysis, document, postings, vector, and their indexes."""
DAYS = 365
_MINUTE, _DAY = 60, 86_400
_CLASSES = sorted(INSTANCE_MEMORY_GIB, key=lambda name: (usable_connections(name), name))


class Need(NamedTuple):
    """What one load takes."""

    images_per_day: int
    peak_per_second: float
    """Images, in the busiest hour."""
    concurrency: dict[str, int]
    """Functions at work at once, by role; two is the fewest that a queue can be given."""
    connections: int
    """To the database, when all are at work."""
    claude_tokens_in: float
    """Of a minute in the busiest hour, as the next two."""
    claude_tokens_out: float
    voyage_tokens: float
    gigabytes_in_postgres: float
    """After a year, as the next one."""
    terabytes_in_s3: float
    dollars_per_day: float
    """Of models and Lambda, at list prices."""

    @property
    def at_once(self) -> int:
        """Functions of the pipeline together."""
        return sum(self.concurrency.values())

    @property
    def per_minute(self) -> float:
        """Images in the busiest hour: each is one request to Claude and one to Voyage."""
        return self.peak_per_second * _MINUTE

    @property
    def instance_class(self) -> str | None:
        """The smallest that has the connections; None where none has."""
        return next((name for name in _CLASSES if usable_connections(name) >= self.connections), None)

    @property
    def claude_tier(self) -> str | None:
        """The lowest that allows it; None where a limit of one's own has to be agreed upon."""
        wanted = (self.per_minute, self.claude_tokens_in, self.claude_tokens_out)
        fitting = (name for name, limits in CLAUDE.items() if all(map(float.__le__, wanted, map(float, limits))))
        return next(fitting, None)

    @property
    def voyage_times(self) -> float:
        """How often the limits of Voyage's first tier go into it."""
        requests, tokens = VOYAGE
        return max(self.per_minute / requests, self.voyage_tokens / tokens)


def need(images_per_day: int, model: str = "claude-sonnet-5-5", embedding: str = "voyage-4-large") -> Need:
    """What it takes to have `images_per_day` searchable within minutes, in the busiest hour too."""
    peak = images_per_day * PEAK / _DAY
    concurrency = {role: max(2, math.ceil(peak * seconds * HEADROOM)) for role, seconds in SECONDS.items()}
    dollars = sum(line.dollars for line in per_images(model, embedding) if not line.what.startswith("S3"))
    return Need(
        images_per_day=images_per_day,
        peak_per_second=peak,
        concurrency=concurrency,
        connections=POOL_SIZE * (API_CONCURRENCY + WORKER_CONCURRENCY) + sum(concurrency.values()),
        claude_tokens_in=peak * _MINUTE * TOKENS_IN,
        claude_tokens_out=peak * _MINUTE * TOKENS_OUT,
        voyage_tokens=peak * _MINUTE * TOKENS_EMBEDDED,
        gigabytes_in_postgres=images_per_day * DAYS * KILOBYTES_IN_POSTGRES / 1e6,
        terabytes_in_s3=images_per_day * DAYS * MEGABYTES / 1e6,
        dollars_per_day=images_per_day / IMAGES * dollars,
    )


def tables() -> str:
    """All of it, as Markdown."""
    needs = [need(images) for images in DAILY]
    return "\n\n".join([_machines(needs), _vendors(needs)])


def _machines(needs: list[Need]) -> str:
    rows = [
        "| images a day | at the peak, a second | processors, analyzers, embedders at once | connections"
        " | smallest database | Postgres after a year | S3 after a year |",
        "|---:|---:|---|---:|---|---:|---:|",
    ]
    rows += [
        f"| {each.images_per_day:,} | {_rounded(each.peak_per_second)}"
        f" | {', '.join(f'{count:,}' for count in each.concurrency.values())}"
        f"{' (above the quota)' if each.at_once > LAMBDA_CONCURRENCY else ''} | {each.connections:,}"
        f" | {each.instance_class or 'none: see below'} | {_rounded(each.gigabytes_in_postgres)} GB"
        f" | {_rounded(each.terabytes_in_s3)} TB |"
        for each in needs
    ]
    return "\n".join(rows)


def _vendors(needs: list[Need]) -> str:
    rows = [
        "| images a day | Claude, tokens a minute in / out | Claude's tier | Voyage, tokens a minute"
        " | times Voyage's tier 1 | models and Lambda, $ a day |",
        "|---:|---:|---|---:|---:|---:|",
    ]
    rows += [
        f"| {each.images_per_day:,} | {each.claude_tokens_in:,.0f} / {each.claude_tokens_out:,.0f}"
        f" | {each.claude_tier or 'by agreement'} | {each.voyage_tokens:,.0f} | {_rounded(each.voyage_times)}"
        f" | {each.dollars_per_day:,.2f} |"
        for each in needs
    ]
    return "\n".join(rows)


def _rounded(value: float) -> str:
    """Two digits that say something, or the whole number."""
    return f"{value:,.0f}" if value >= 100 else f"{float(f'{value:.2g}'):.10f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    sys.stdout.write(tables() + "\n")
