"""What goes wrong during a soak, from a seed: deaths, outages, bad answers, repeated and early events."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, cast

import httpx

from tests.soak.pipeline import CONSUMERS, STAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.stack import LocalStack
    from tests.soak.pipeline import Channel

FAULTS: tuple[dict[str, Any], ...] = (
    {"endpoint": "messages", "kind": "429", "probability": 0.3, "seconds": 3, "retry_after": 1},
    {"endpoint": "messages", "kind": "500", "probability": 0.3, "seconds": 3},
    {"endpoint": "messages", "kind": "529", "probability": 0.3, "seconds": 3},
    {"endpoint": "messages", "kind": "slow", "probability": 0.2, "seconds": 3, "delay": 2},
    # One at a time: an answer that is cut off twice means an image with too much in it, which is for good.
    {"endpoint": "messages", "kind": "cut-off", "count": 1, "seconds": 3},
    {"endpoint": "messages", "kind": "invalid-json", "probability": 0.2, "seconds": 3},
    {"endpoint": "embeddings", "kind": "429", "probability": 0.3, "seconds": 3, "retry_after": 1},
    {"endpoint": "embeddings", "kind": "500", "probability": 0.3, "seconds": 3},
    {"endpoint": "embeddings", "kind": "slow", "probability": 0.2, "seconds": 3, "delay": 2},
)
FAULT_EVERY = (3.0, 4.0)
"""Seconds between two plans: the plan before is over then."""
KILL_EVERY = (2.0, 6.0)
IMAGES_PER_KILL = 8
"""Where little is to be done, killing goes no further than this: it would be most of what happens."""
RESTART_EVERY = (40.0, 60.0)
FIRST_RESTART = 8.0
REPEATED_SHARE = 0.25
"""Of the events that are delivered once more."""
REPEATED_AFTER = (0, 0, 1, 3, 8, 20)
"""Seconds: at once, or so late that the item has long moved on."""
EARLY_SHARE = 0.05
"""Of the images about which later stages hear before the first one does."""


@dataclass
class Disturbances:
    """Runs until it is stopped, and counts what it has done."""

    stack: LocalStack
    channels: dict[str, Channel]
    recording: str
    """URL of the queue that gets a copy of each event."""
    user_id: str
    seed: int
    images: int
    """How many there will be."""
    counts: Counter[str] = field(default_factory=Counter[str])
    failure: BaseException | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def start(self) -> None:
        """Begin to disturb."""
        for name, body in (
            ("kill", self._kill),
            ("restart", self._restart),
            ("spoil", self._spoil),
            ("repeat", self._repeat),
        ):
            thread = threading.Thread(target=self._guarded, args=(body, Random(f"{self.seed} {name}")), name=name)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let everything be well again. Raises what went wrong with the disturbing itself."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        httpx.delete(f"{self.stack.models_url}/faults", trust_env=False).raise_for_status()
        if self.failure is not None:
            raise self.failure

    def announced(self, item_id: str) -> None:
        """Tell the later stages of some images, before their files are there, that the stages before are done."""
        dice = Random(f"{self.seed} {item_id}")
        if dice.random() >= EARLY_SHARE:
            return
        common = {"schema_version": 1, "correlation_id": "early", "item_id": item_id, "user_id": self.user_id}
        processed = {
            **common,
            "bucket": self.stack.outputs["imageBucket"],
            **dict.fromkeys(("original_key", "thumbnail_key", "preview_key"), "early"),
            "sha256": "0" * 64,
            "width": 1,
            "height": 1,
        }
        analyzed = {**common, "analysis_id": str(uuid.UUID(int=dice.getrandbits(128))), "version": 1}
        self._deliver("collections.imageprocessor", "ImageProcessed", processed)
        self._deliver("collections.analyzer", "AnalysisComplete", analyzed)
        self.counts["events before their time"] += 2

    def poison(self, count: int) -> None:
        """Put messages that nobody can understand into the queues, in turn."""
        bodies = (
            "this is no JSON",
            json.dumps({"id": "1", "source": "collections.api", "detail-type": "Unheard Of", "detail": {}}),
            json.dumps({"id": "1", "source": "aws.s3", "detail-type": "Object Created", "detail": {"nothing": 1}}),
        )
        channels = list(self.channels.values())
        for index in range(count):
            self._send(channels[index % len(channels)].url, bodies[index // len(channels) % len(bodies)])
        self.counts["poisoned messages"] += count

    def _guarded(self, body: Callable[[Random], None], dice: Random) -> None:
        try:
            body(dice)
        except BaseException as error:  # noqa: BLE001 - raised by `stop`, in the thread that waits for us
            self.failure = error

    def _kill(self, dice: Random) -> None:
        killed = 0
        while killed * IMAGES_PER_KILL < self.images and not self._stop.wait(dice.uniform(*KILL_EVERY)):
            workers = _workers(self.stack.emulator_pid)
            if workers:
                pid, role = dice.choice(workers)
                with suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
                    self.counts[f"killed: {role}"] += 1

    def _restart(self, dice: Random) -> None:
        pause = FIRST_RESTART
        while not self._stop.wait(pause):
            crash = self.counts["restarts of Postgres"] % 2 == 1  # in order and at once by turns
            self.stack.restart_database(crash=crash)
            self.counts["restarts of Postgres"] += 1
            self.counts["of these crashes"] += crash
            pause = dice.uniform(*RESTART_EVERY)

    def _spoil(self, dice: Random) -> None:
        while not self._stop.wait(dice.uniform(*FAULT_EVERY)):
            plan = {**dice.choice(FAULTS), "seed": dice.randrange(10**6)}
            httpx.post(f"{self.stack.models_url}/faults", json=plan, trust_env=False).raise_for_status()
            self.counts["bad spells of the vendors"] += 1

    def _repeat(self, dice: Random) -> None:
        sqs = self.stack.client("sqs")
        while not self._stop.is_set():
            received = sqs.receive_message(QueueUrl=self.recording, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            messages = cast("list[dict[str, str]]", received.get("Messages") or [])
            dice.shuffle(messages)
            for message in messages:
                sqs.delete_message(QueueUrl=self.recording, ReceiptHandle=message["ReceiptHandle"])
                role = CONSUMERS.get(json.loads(message["Body"])["detail-type"])
                if role is not None and dice.random() < REPEATED_SHARE:
                    self._send(self.channels[role].url, message["Body"], dice.choice(REPEATED_AFTER))
                    self.counts["events delivered twice"] += 1
            if not messages:
                time.sleep(0.2)

    def _deliver(self, source: str, detail_type: str, detail: dict[str, Any]) -> None:
        body = {"id": str(uuid.uuid4()), "source": source, "detail-type": detail_type, "detail": detail}
        self._send(self.channels[CONSUMERS[detail_type]].url, json.dumps(body))

    def _send(self, url: str, body: str, delay: int = 0) -> None:
        self.stack.client("sqs").send_message(QueueUrl=url, MessageBody=body, DelaySeconds=delay)


def _workers(emulator: int) -> list[tuple[int, str]]:
    """Process ids and roles of the pipeline's functions that the emulator runs."""
    workers: list[tuple[int, str]] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        roles = [role for role in STAGES if f"runtime.handlers.{role}.handler".encode() in command]
        if parent == emulator and roles:
            workers.append((int(folder.name), roles[0]))
    return sorted(workers)
