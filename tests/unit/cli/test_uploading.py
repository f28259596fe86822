"""Many files at once: each is dealt with once, and what fails says why."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from collections_cli import uploading
from collections_cli.client import Client
from collections_cli.failures import ApiError, NotSignedInError, UnreachableError
from collections_cli.uploading import Outcome, Result, Uploading

STORE = "https://bucket.example/"
CONTENT = 300_000


class Service:
    """An API and a store that know what they have been given, by hash."""

    def __init__(self) -> None:
        self.stored: Counter[str] = Counter()
        self.tickets: dict[str, str] = {}
        self.faults: list[httpx.Response] = []
        self.lock = threading.Lock()
        self.on_store: Callable[[], None] = lambda: None

    def answer(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            if self.faults:
                return self.faults.pop()
        if str(request.url) == STORE:
            self.on_store()
            body = request.read()
            with self.lock:
                self.stored[next(digest for digest in self.tickets if digest.encode() in body)] += 1
            return httpx.Response(204)
        digest = str(json.loads(request.content)["sha256"])
        with self.lock:
            if self.stored[digest]:
                return httpx.Response(200, json={"id": digest[:8]})
            self.tickets[digest] = digest[:8]
        return httpx.Response(201, json={"item_id": digest[:8], "url": STORE, "fields": {"key": digest}})

    def client(self) -> Client:
        return Client("https://api.example", lambda: "token", httpx.Client(transport=httpx.MockTransport(self.answer)))


class Nobody:
    """Watches nothing; `on_sent` is called for each piece."""

    def __init__(self) -> None:
        self.on_sent: Callable[[Path], None] = lambda path: None
        self.sent_bytes: Counter[Path] = Counter()
        self.finished_results: list[Result] = []

    def started(self, path: Path) -> None:
        pass

    def sent(self, path: Path, count: int) -> None:
        self.sent_bytes[path] += count
        self.on_sent(path)

    def again(self, path: Path) -> None:
        self.sent_bytes[path] = 0

    def finished(self, result: Result) -> None:
        self.finished_results.append(result)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def watcher() -> Nobody:
    return Nobody()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.png" for number in range(12)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]) * CONTENT)
    return paths


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(uploading, "LONGEST_PAUSE_SECONDS", 0.01)


def outcomes(run: Uploading) -> Counter[Outcome]:
    return Counter(result.outcome for result in run.results)


def test_each_file_is_sent_once_and_told_to_its_last_byte(service: Service, watcher: Nobody, files: list[Path]) -> None:
    run = Uploading(service.client(), watcher)

    run.run(files)

    assert outcomes(run) == {Outcome.UPLOADED: 12}
    assert set(service.stored.values()) == {1}
    assert set(watcher.sent_bytes.values()) == {CONTENT}
    assert watcher.finished_results == run.results


def test_what_is_there_is_not_sent_again(service: Service, watcher: Nobody, files: list[Path]) -> None:
    Uploading(service.client(), watcher).run(files[:5])
    run = Uploading(service.client(), watcher)

    run.run(files)

    assert outcomes(run) == {Outcome.EXISTED: 5, Outcome.UPLOADED: 7}
    assert set(service.stored.values()) == {1}


def test_stopped_in_the_middle_it_goes_on_where_it_was(service: Service, watcher: Nobody, files: list[Path]) -> None:
    first = Uploading(service.client(), watcher, workers=2)
    watcher.on_sent = lambda path: first.stop() if path == files[4] else None

    with pytest.raises(uploading.StoppedError):
        first.run(files)
    assert 0 < sum(service.stored.values()) < 12
    assert len(first.results) == sum(service.stored.values()), "what was sent is told"
    second = Uploading(service.client(), Nobody())
    second.run(files)

    assert outcomes(second)[Outcome.EXISTED] == len(first.results)
    assert service.stored == dict.fromkeys((sha256(path.read_bytes()).hexdigest() for path in files), 1)


def test_a_file_that_vanishes_is_told_and_the_others_are_sent(
    service: Service, watcher: Nobody, files: list[Path]
) -> None:
    files[3].unlink()
    run = Uploading(service.client(), watcher)

    run.run(files)

    assert outcomes(run) == {Outcome.UPLOADED: 11, Outcome.FAILED: 1}
    assert [result.reason for result in run.results if result.path == files[3]] == ["It vanished before it was sent."]


def test_a_file_that_shrinks_while_it_is_sent_is_not_kept(service: Service, watcher: Nobody, files: list[Path]) -> None:
    def shrink(path: Path) -> None:
        path.write_bytes(b"less")

    watcher.on_sent = shrink
    run = Uploading(service.client(), watcher, workers=1)

    run.run(files[:1])

    (result,) = run.results
    assert result.outcome is Outcome.FAILED
    assert "changed while it was being sent" in str(result.reason)
    assert not service.stored


def test_a_throttle_and_a_failure_that_pass_are_waited_for(
    service: Service, watcher: Nobody, files: list[Path]
) -> None:
    service.faults = [httpx.Response(429, json={"message": "Too Many Requests"}, headers={"retry-after": "1"})] * 2
    service.faults += [httpx.Response(503, json={"detail": "The database is busy."})]
    run = Uploading(service.client(), watcher)

    run.run(files)

    assert outcomes(run) == {Outcome.UPLOADED: 12}


def test_what_the_service_refuses_is_that_files_failure(service: Service, watcher: Nobody, files: list[Path]) -> None:
    service.faults = [httpx.Response(413, json={"detail": "size: too large."})]
    run = Uploading(service.client(), watcher, workers=1)

    run.run(files[:3])

    assert [result.reason for result in run.results if result.outcome is Outcome.FAILED] == ["size: too large."]
    assert outcomes(run)[Outcome.UPLOADED] == 2


def test_a_service_that_is_down_ends_the_run_and_not_each_file(watcher: Nobody, files: list[Path]) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    client = Client("https://api.example", lambda: "t", httpx.Client(transport=httpx.MockTransport(nobody)))
    run = Uploading(client, watcher)

    with pytest.raises(UnreachableError, match=r"https://api\.example does not answer"):
        run.run(files)
    assert run.results == []


@pytest.mark.parametrize("failure", [NotSignedInError("Your session has ended."), ApiError(401, "Unauthorized")])
def test_an_ended_session_ends_the_run(watcher: Nobody, files: list[Path], failure: Exception) -> None:
    def token() -> str:
        raise failure

    client = Client("https://api.example", token, httpx.Client(transport=httpx.MockTransport(Service().answer)))

    with pytest.raises(type(failure)):
        Uploading(client, watcher).run(files)
