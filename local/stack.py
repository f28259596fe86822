"""The whole system on this machine: database, AWS emulator, model stand-ins, and the program deployed onto them.

with LocalStack(root, progress=show) as stack:
    stack.api_url, stack.demo_user
    stack.watch()  # until Ctrl-C, or until something dies
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from psycopg.conninfo import make_conninfo

from collections_cli.admin.users import Users, make_password
from local import bootstrap
from local.configuration import REGION, local_config, needs_stand_ins, read_keys
from local.emulator import Emulator
from local.lock import FolderLock
from local.ports import HOST, Ports
from local.postgres import Postgres, PostgresError
from local.processes import Process, ProcessError, last_lines
from local.progress import Event, Progress, phase, silent
from local.provisioner.catalog import KINDS, LOOKUPS
from local.provisioner.cloud import ACCOUNT, Cloud, Place
from local.provisioner.engine import Change, Deployment, Provisioner
from local.provisioner.images import remove_unused
from local.provisioner.serial import read_serial
from local.provisioner.state import State
from local.users import DEMO_EMAIL, Credentials, sign_in, user_exists

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from local.recorder import Properties

CHECKOUT = Path(__file__).resolve().parent.parent
STATE_FOLDER = ".local"

_MODELS_READY_SECONDS = 90
_WATCH_SECONDS = 0.5


class LocalStack:
    """Everything that the system consists of; a context manager that starts it and stops it in order.

    What it holds is kept in `folder` and is there again at the next start, after a kill as well.
    """

    def __init__(
        self,
        root: Path = CHECKOUT,
        folder: Path | None = None,
        *,
        ports: Ports | None = None,
        keys: Mapping[str, str] | None = None,
        overrides: Mapping[str, str] | None = None,
        progress: Progress = silent,
        durable: bool = True,
        enforce_iam: bool = False,
        instant_models: bool = False,
    ) -> None:
        """`root` holds the program. `ports` default to those in the environment, else fixed ones (see `Ports`), `keys`
        to the vendors' keys in `.env`; `overrides` are other values of the stack's configuration. `durable` False is
        faster, and may lose data in a crash of the machine; `enforce_iam` lets functions do what their roles allow
        and no more; with `instant_models` the stand-ins answer at once, without reading the text in images.

        Raises ConfigError if the configuration is not complete, ValueError if the environment names no port.
        """
        self._root = root.absolute()
        self._folder = (folder or root / STATE_FOLDER).absolute()
        self._ports = ports or Ports.from_environment()
        self._progress = progress
        keys = read_keys(self._root) if keys is None else keys
        self._config = local_config(self._root, keys, self._ports.models, overrides or {})
        region = self._config.config[REGION]
        logs = self._folder / "logs"
        self._postgres = Postgres(self._folder / "postgres", self._ports.postgres, durable)
        self._emulator = Emulator(
            self._folder / "emulator",
            self._ports.emulator,
            python=bootstrap.python("emulator"),
            region=region,
            log=logs / "emulator.log",
            enforce_iam=enforce_iam,
        )
        self._models = self._model_stand_ins(logs, instant_models) if needs_stand_ins(keys) else None
        runtime = bootstrap.python("runtime")
        self._cloud = Cloud(Place(self._emulator.url, self._folder, runtime, self._postgres, region))
        self._state_file = self._folder / "state.json"
        self._state: State | None = None
        self._deployment: Deployment | None = None
        self._cleanup = ExitStack()

    def _model_stand_ins(self, logs: Path, instant: bool) -> Process:
        command = [sys.executable, "-m", "local.models", "--port", str(self._ports.models)]
        return Process(
            "the model stand-ins",
            [*command, "--instant"] if instant else command,
            health=f"http://{HOST}:{self._ports.models}/health",
            log=logs / "models.log",
            environment={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(Path.home())},
            folder=CHECKOUT,
            ready_within=_MODELS_READY_SECONDS,
        )

    def __enter__(self) -> Self:
        """Starts and deploys everything; whatever fails, nothing stays running.

        Raises StackInUseError, PortInUseError, PostgresError, ProcessError or ProvisionError, each with a sentence
        that says what to do, and whatever the program raises.
        """
        try:
            self._start()
        except BaseException as error:
            dead = self._dead_child()
            self.stop()
            if dead is not None and isinstance(error, Exception):
                raise dead from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops everything in order, last started first."""
        self._cleanup.close()

    def watch(self) -> None:
        """Returns only by raising ProcessError, with the last lines of the log of whatever ended by itself."""
        while True:
            self.require_alive()
            time.sleep(_WATCH_SECONDS)

    def require_alive(self) -> None:
        """Raises ProcessError if a part has ended by itself."""
        if dead := self._dead_child():
            raise dead

    @property
    def outputs(self) -> Properties:
        """The program's exports."""
        if self._deployment is None:
            raise RuntimeError("the local stack is not started")
        return self._deployment.exports

    def deploy_again(self) -> None:
        """Brings what is deployed to what the program and its sources are now.

        Raises ProvisionError, and leaves what was there before, if that fails.
        """
        if self._state is None:
            raise RuntimeError("the local stack is not started")
        self._deploy(self._state)

    @property
    def api_url(self) -> str:
        """Where the emulator serves the API: a URL without a slash at its end."""
        return str(self.outputs["apiUrl"])

    @property
    def demo_user(self) -> Credentials:
        """The user that is there from the start."""
        return Credentials(DEMO_EMAIL, self._known_users[DEMO_EMAIL])

    @property
    def folder(self) -> Path:
        """Where everything is kept."""
        return self._folder

    @property
    def models_url(self) -> str:
        """Where the model stand-ins listen."""
        return f"http://{HOST}:{self._ports.models}"

    def database_address(self, database: str) -> str:
        """Of one of the server's databases, as its superuser, who sees every tenant's rows: for tests that look behind
        the API."""
        return make_conninfo(self._postgres.superuser_url, dbname=database)

    def restart_database(self, *, crash: bool = False) -> None:
        """Stops Postgres and starts it again. `crash` ends it at once, so that it has to recover."""
        self._postgres.stop(at_once=crash)
        self._postgres.start()

    @property
    def emulator_pid(self) -> int:
        """The emulator's process, for measuring it and for tests that kill it."""
        return self._emulator.process.pid

    def client(self, service: str) -> Any:
        """A boto3 client for the emulator."""
        return self._cloud.client(service)

    def create_user(self, email: str) -> Credentials:
        """Makes a user who can sign in at once."""
        credentials = Credentials(email, make_password())
        Users(self.outputs["userPoolId"], self.client("cognito-idp")).create(email, credentials.password)
        self._known_users[email] = credentials.password
        return credentials

    def token(self, email: str, password: str) -> str:
        """An access token for the API, valid for an hour."""
        return sign_in(self._cloud, self.outputs["userPoolClientId"], Credentials(email, password))

    @property
    def _known_users(self) -> dict[str, str]:
        if self._state is None:
            raise RuntimeError("the local stack is not started")
        return self._state.users

    def _start(self) -> None:
        self._cleanup.enter_context(FolderLock(self._folder))
        self._ports.require_free()
        self._cleanup.callback(self._postgres.stop)
        if self._models:
            self._cleanup.callback(self._models.stop)
            self._models.start()  # they take longest, and nothing needs them until all else is there
        self._cleanup.callback(self._stop_emulator)  # first of all: its functions use the others
        with phase(self._progress, "AWS emulator") as starting:
            self._emulator.start()
            self._emulator.wait_until_ready()
            starting.done(self._emulator.url)
        state = self._recall()
        with phase(self._progress, "PostgreSQL") as starting:
            self._postgres.start()
            starting.done(f"port {self._postgres.port}")
        self._state = state
        self._deploy(state)
        if self._models:
            with phase(self._progress, "model stand-ins") as starting:
                self._models.wait_until_ready()
                starting.done(self.models_url)

    def _recall(self) -> State:
        """Reads what has been deployed; if it is not what the emulator holds, forgets both."""
        state = State.load(self._state_file, self._emulator.url)
        held = read_serial(self._cloud)
        if held == state.serial and (self._postgres.folder.is_dir() or not state.records):
            return state
        note = "what is stored does not fit together, after an unclean end; starting again from nothing"
        self._progress(Event("deploy", "note", note))
        self._state_file.unlink(missing_ok=True)
        self._emulator.reset()
        for folder in (self._postgres.folder, self._folder / "images"):
            shutil.rmtree(folder, ignore_errors=True)
        return State(endpoint=self._emulator.url)

    def _deploy(self, state: State) -> None:
        with phase(self._progress, "deploy") as deploying:
            finished = 0

            def show(change: Change) -> None:
                nonlocal finished
                finished += 1
                deploying.running(f"{finished} resources, {change.action} {change.name}")

            provisioner = Provisioner(self._cloud, state, KINDS, LOOKUPS, show)
            self._deployment = provisioner.deploy(self._root, self._config)
            user_is_new = self._ensure_demo_user(state)
            if self._deployment.changed or user_is_new:
                deploying.running("saving")
                self._emulator.checkpoint()
                state.save(self._state_file)
            self._describe()
            remove_unused(self._cloud.place, state)
            counts = self._deployment.counts
            deploying.done(", ".join(f"{count} {action}" for action, count in counts.items() if count))

    def _describe(self) -> None:
        """Tell the operators' commands where everything is, in a file that only its owner can read."""
        place = self._cloud.place
        aws = {
            "endpoint_url": place.endpoint,
            "region_name": place.region,
            "aws_access_key_id": ACCOUNT,
            "aws_secret_access_key": "local",
        }
        file = self._folder / "stack.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({"outputs": self.outputs, "aws": aws}))
        self._cleanup.callback(file.unlink, missing_ok=True)

    def _ensure_demo_user(self, state: State) -> bool:
        pool = str(self.outputs["userPoolId"])
        if DEMO_EMAIL in state.users and user_exists(self._cloud, pool, DEMO_EMAIL):
            return False
        self.create_user(DEMO_EMAIL)
        return True

    def _stop_emulator(self) -> None:
        saved = self._emulator.stop()
        if saved and self._state is not None:  # or the two would not fit together
            self._state.save(self._state_file)

    def _dead_child(self) -> ProcessError | None:
        for process in (self._emulator.process, self._models):
            if process is not None and process.died:
                return process.obituary()
        if self._postgres_died():
            return ProcessError(f"PostgreSQL ended by itself{last_lines(self._postgres.log)}")
        return None

    def _postgres_died(self) -> bool:
        try:
            return self._postgres.process.poll() is not None
        except PostgresError:  # it is not started
            return False
