"""A small soak: `make soak` is the large one."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from local.ports import Ports
from local.progress import silent
from tests.soak.soaking import Soak


@pytest.mark.timeout(600)  # a minute on an idle machine; on one with ten times too much to do it still has to pass
def test_nothing_is_lost_or_paid_twice_while_everything_around_the_images_fails(tmp_path: Path) -> None:
    lines = Soak(images=25, seed=7, folder=tmp_path, ports=Ports.free(), console=Console(), progress=silent).run()

    broken = [f"{line.claim}: {line.found} {line.examples}" for line in lines if not line.met]
    assert not broken, "\n".join(broken)
