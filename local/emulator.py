"""The AWS emulator: a child process on loopback that keeps its state in a folder of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from local.ports import HOST
from local.processes import Process, ProcessError

if TYPE_CHECKING:
    from pathlib import Path

_READY_SECONDS = 30
_IDLE_FUNCTION_SECONDS = 120


class Emulator:
    """ministack, in a venv of its own because it pins its dependencies exactly.

    It writes its state to disk only when it is stopped in order: see `checkpoint`.
    """

    def __init__(
        self, folder: Path, port: int, *, python: Path, region: str, log: Path, enforce_iam: bool = False
    ) -> None:
        """`enforce_iam` makes it check identity policies, as AWS does."""
        self.folder = folder
        self.url = f"http://{HOST}:{port}"
        self.process = Process(
            "the AWS emulator",
            [str(python), "-m", "ministack"],
            health=f"{self.url}/_ministack/health",
            log=log,
            environment=self._environment(port, region, enforce_iam),
            folder=folder,
            ready_within=_READY_SECONDS,
        )

    def _environment(self, port: int, region: str, enforce_iam: bool) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "AUTH": "true" if enforce_iam else "false",
            "AWS_ENDPOINT_URL": self.url,  # inherited by functions, which would talk to real AWS without it
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_WARM_TTL_SECONDS": str(_IDLE_FUNCTION_SECONDS),
            "MINISTACK_HOST": HOST,
            "MINISTACK_REGION": region,
            "PERSIST_STATE": "1",
            "S3_DATA_DIR": str(self.folder / "s3"),
            "S3_PERSIST": "1",
            "SFTP_ENABLED": "0",
            "STATE_DIR": str(self.folder / "state"),
        }

    def start(self) -> None:
        """Returns at once; wait with `wait_until_ready`."""
        for folder in (self.folder, self.folder / "tmp", self.folder / "state", self.folder / "s3"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.process.start()

    def wait_until_ready(self) -> None:
        """Raises ProcessError if it does not start."""
        self.process.wait_until_ready()

    def stop(self) -> bool:
        """Stops it in order, which writes its state to disk; False if that was not possible."""
        return self.process.stop()

    def checkpoint(self) -> None:
        """Restarts it, so that all that it holds is on disk. Raises ProcessError if that does not go in order."""
        if not self.stop():
            raise ProcessError(f"{self.process.name} did not stop in order; its state was not saved")
        self.start()
        self.wait_until_ready()

    def reset(self) -> None:
        """Makes it forget everything."""
        httpx.post(f"{self.url}/_ministack/reset", timeout=60, trust_env=False).raise_for_status()
