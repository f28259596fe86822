"""A soak: many images through the whole local stack while everything around them goes wrong."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import psycopg

from collections_cli.client import http_client
from local.stack import LocalStack
from tests.soak import evidence, pipeline, verdict
from tests.soak.commands import Commands
from tests.soak.disturbances import Disturbances
from tests.soak.pictures import pictures
from tests.soak.uploading import StubbornClient, Uploader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx
    from rich.console import Console

    from local.ports import Ports
    from local.progress import Progress
    from tests.soak.verdict import Line

CONCURRENCY = {"imageProcessorConcurrency": "3", "analyzerConcurrency": "3", "embedderConcurrency": "2"}
CALM_SHARE = 0.9
"""Of the images that have come to their end when the disturbances stop."""
IMAGES_PER_POISON = 50
PATIENCE_SECONDS = 240
"""Without any change, before the rest is given up for lost."""
LONGEST_SECONDS = 3600
POLL_SECONDS = 0.5
REPORT_SECONDS = 10


@dataclass(frozen=True)
class Soak:
    """How much, and which."""

    images: int
    seed: int
    folder: Path
    ports: Ports
    console: Console
    progress: Progress

    def run(self) -> list[Line]:
        """Start a stack of its own, soak it, and judge what it left. Nothing stays running."""
        with (
            LocalStack(
                folder=self.folder,
                ports=self.ports,
                keys={},
                overrides=CONCURRENCY,
                progress=self.progress,
                instant_models=True,
            ) as stack,
            http_client() as http,
        ):
            return self._soak(stack, http)

    def _soak(self, stack: LocalStack, http: httpx.Client) -> list[Line]:
        channels = pipeline.find_channels(stack)
        pipeline.hurry(stack, channels)
        recording = pipeline.record_events(stack)
        credentials = stack.create_user("soak@example.org")
        token = stack.token(credentials.email, credentials.password)
        user_id = _subject(token)
        disturbances = Disturbances(stack, channels, recording, user_id, self.seed, self.images)
        client = StubbornClient(stack.api_url, token, http)
        uploader = Uploader(stack, client, disturbances.announced)
        commands = Commands(client)
        poison = self.images // IMAGES_PER_POISON
        began = time.monotonic()
        disturbances.start()
        try:
            disturbances.poison(poison)
            watch = _Watch(self, stack, channels, user_id)
            using = threading.Thread(target=watch.use, args=(uploader, commands), name="use", daemon=True)
            using.start()
            watch.until_calm()
            watch.until(lambda _, __: not using.is_alive())
        finally:
            disturbances.stop()
        calm = time.monotonic()
        watch.until_settled()
        redriven = pipeline.redrive_all(stack)
        watch.until_settled()
        settled = time.monotonic()
        if watch.failure is not None:
            raise watch.failure
        swept = _sweep(stack)
        found = evidence.gather(stack, channels.values())
        disturbances.counts["functions that died at work"] = found.deaths
        disturbances.counts["dead letters redriven, poisoned ones included"] = redriven
        disturbances.counts["images to be analysed again"] = len(commands.looked_again)
        disturbances.counts["bad files to be tried again"] = len(commands.tried_again)
        self._tell(disturbances.counts, calm - began, settled - began)
        return verdict.judge(
            uploader.sent,
            found,
            poison=poison,
            looked_again=commands.looked_again,
            announcements_repeated=client.repeats,
            swept=swept,
        )

    def _tell(self, counts: Counter[str], calm: float, settled: float) -> None:
        self.console.print(
            f"\n{self.images} images, seed {self.seed}: disturbed for {calm:.0f} s, all done after {settled:.0f} s"
        )
        for name, count in sorted(counts.items()):
            self.console.print(f"  {count:6} {name}")


class _Watch:
    """Follows what becomes of the images."""

    def __init__(
        self,
        soak: Soak,
        stack: LocalStack,
        channels: dict[str, pipeline.Channel],
        user_id: str,
    ) -> None:
        self._soak = soak
        self._stack = stack
        self._channels = channels
        self._user_id = user_id
        self._began = time.monotonic()
        self._reported = 0.0
        self.failure: BaseException | None = None

    def use(self, uploader: Uploader, commands: Commands) -> None:
        """Upload everything, then ask for more; meant for a thread of its own."""
        try:
            uploader.send_all(pictures(self._soak.images, self._soak.seed))
            commands.give(uploader.sent, Random(f"{self._soak.seed} commands"))
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits for this thread
            self.failure = error

    def until_calm(self) -> None:
        """Until nearly all images have come to their end."""
        self.until(lambda statuses, _: _finished(statuses) >= CALM_SHARE * self._soak.images)

    def until_settled(self) -> None:
        """Until there is nothing more to be done in any queue."""
        self.until(lambda _, depths: not any(depths.values()))

    def until(self, reached: Callable[[Counter[str], dict[str, int]], bool]) -> None:
        """Until `reached`, given how many items have which status and how much is queued, or nothing has changed for
        long."""
        seen: object = None
        changed = time.monotonic()
        while time.monotonic() - self._began < LONGEST_SECONDS and self.failure is None:
            time.sleep(POLL_SECONDS)
            try:
                statuses = evidence.count_statuses(self._stack, self._user_id)
            except psycopg.OperationalError:  # it is being restarted
                continue
            depths = {role: pipeline.depth(self._stack, each.url) for role, each in self._channels.items()}
            if reached(statuses, depths):
                return
            now = time.monotonic()
            if (statuses, depths) != seen:
                seen, changed = (statuses, depths), now
            elif now - changed > PATIENCE_SECONDS:
                self._soak.console.print(f"nothing has changed for {PATIENCE_SECONDS} s")
                return
            self._report(statuses, depths)

    def _report(self, statuses: Counter[str], depths: dict[str, int]) -> None:
        now = time.monotonic()
        if now - self._reported >= REPORT_SECONDS:
            self._reported = now
            states = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
            queued = ", ".join(f"{count} {role}" for role, count in depths.items() if count)
            self._soak.console.print(f"{now - self._began:5.0f} s  {states}; queued: {queued or 'nothing'}")


def _finished(statuses: Counter[str]) -> int:
    return sum(statuses[status] for status in verdict.FINAL)


def _subject(token: str) -> str:
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]


def _sweep(stack: LocalStack) -> bool:
    """Have the sweeper run, as it does each hour."""
    name = stack.outputs["functions"]["sweeper"]
    return "FunctionError" not in stack.client("lambda").invoke(FunctionName=name, Payload=b"{}")
