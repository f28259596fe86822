"""What the user asks for while things go wrong: look again, try again, embed anew."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.soak.pictures import Fate
from tests.soak.verdict import FINAL

if TYPE_CHECKING:
    from random import Random

    from tests.soak.uploading import Sent, StubbornClient

AGAIN_SHARE = 0.02
"""Of the good images, to be analysed again; as many bad files are tried again."""
PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 200
"""For one image; whoever waits for all gives up later."""


@dataclass
class Commands:
    """Gives each command once the image that it is for has come to its end."""

    client: StubbornClient
    looked_again: list[str] = field(default_factory=list[str])
    """Items that have one analysis more."""
    tried_again: list[str] = field(default_factory=list[str])
    """Items of bad files, which fail again."""

    def give(self, sent: list[Sent], dice: Random) -> None:
        """Give them all, one after the other. Raises UploadError."""
        count = round(AGAIN_SHARE * len(sent) + 0.49)
        good = [each for each in sent if each.picture.fate is Fate.SEARCHABLE]
        for each in dice.sample(good, min(count, len(good))):
            if self._end_of(each) == "searchable":
                self.client.call("POST", f"/items/{each.item_id}/analyze", json={"force_reanalyze": True})
                self.looked_again.append(each.item_id)
        bad = [each for each in sent if each.picture.fate is Fate.FAILED]
        for each in dice.sample(bad, min(count, len(bad))):
            if self._end_of(each) == "failed":
                self.client.call("POST", f"/items/{each.item_id}/retry")
                self.tried_again.append(each.item_id)
        self.client.call("POST", "/reindex")

    def _end_of(self, each: Sent) -> str:
        """The status in which it ends, or in which it is stuck."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            item: dict[str, Any] = self.client.call("GET", f"/items/{each.item_id}").json()
            if item["status"] in FINAL or time.monotonic() > deadline:
                return item["status"]
            time.sleep(PAUSE_SECONDS)
