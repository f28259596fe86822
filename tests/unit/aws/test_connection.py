"""A call that failed is sent again where that may help, and told of in the trace."""

import json
import os
import socket
import subprocess
import sys
from typing import Any

import pytest

from runtime.aws import connection
from runtime.aws.calls import call
from runtime.aws.connection import ATTEMPTS, UNREACHABLE, UNREADABLE, AwsError
from tests.unit.aws.service import REGION, Reply, Service

BUSY = Reply(503, b"")
DONE = Reply(body=b'{"FailedEntryCount": 0, "Entries": []}')
TRACE = "1-5bef4de7-ad49b0e87f6ef6c87fc2e700"


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The longest that each could have been, instead of waiting."""
    taken: list[float] = []
    monkeypatch.setattr(connection, "uniform", max)
    monkeypatch.setattr(connection, "sleep", taken.append)
    return taken


def put() -> dict[str, Any]:
    return call("events", "PutEvents", Entries=[])


def refused(code: str) -> Reply:
    return Reply(400, json.dumps({"__type": code, "message": "no"}).encode())


@pytest.mark.parametrize("failure", [BUSY, Reply(500), refused("ThrottlingException")], ids=["busy", "failing", "many"])
def test_what_may_pass_is_tried_again(service: Service, pauses: list[float], failure: Reply) -> None:
    service.expect(failure, failure, DONE)

    assert put() == {"FailedEntryCount": 0, "Entries": []}

    assert len(service.received) == 3
    assert pauses == [1, 2]


def test_each_attempt_says_the_same(service: Service) -> None:
    service.expect(BUSY, DONE)

    put()

    first, second = service.received
    assert (first.method, first.path, first.body) == (second.method, second.path, second.body)


def test_what_does_not_pass_is_given_up(service: Service, pauses: list[float]) -> None:
    service.expect(BUSY)

    with pytest.raises(AwsError, match="PutEvents failed with 503"):
        put()

    assert len(service.received) == ATTEMPTS
    assert pauses == [1, 2, 4]


def test_what_is_refused_is_not_tried_again(service: Service, pauses: list[float]) -> None:
    service.expect(refused("AccessDeniedException"))

    with pytest.raises(AwsError, match="PutEvents failed with AccessDeniedException: no"):
        put()

    assert len(service.received) == 1
    assert pauses == []


def test_a_service_that_cannot_be_reached_is_tried_again(
    service: Service, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")

    with pytest.raises(AwsError) as error:
        put()

    assert (error.value.code, error.value.status, len(pauses)) == (UNREACHABLE, None, ATTEMPTS - 1)


def test_an_answer_that_breaks_off_is_asked_for_again(service: Service) -> None:
    service.expect(Reply(body=b"{", headers={"content-length": "100", "connection": "close"}), DONE)

    assert put() == {"FailedEntryCount": 0, "Entries": []}


@pytest.mark.parametrize("answer", [b"<html>Sign in to the hotel's network</html>", b"{"])
def test_an_answer_that_is_none_is_asked_for_again(service: Service, answer: bytes) -> None:
    service.expect(Reply(body=answer), DONE)
    assert put() == {"FailedEntryCount": 0, "Entries": []}

    service.expect(Reply(body=answer))
    with pytest.raises(AwsError) as error:
        put()
    assert error.value.code == UNREADABLE


def test_no_other_place_is_asked_than_the_one_that_was_signed_for(service: Service) -> None:
    service.expect(Reply(307, headers={"location": f"{service.url}/elsewhere"}), DONE)

    with pytest.raises(AwsError, match="PutEvents failed with 307"):
        put()

    assert len(service.received) == 1


def test_a_failure_says_by_what_support_finds_it(service: Service) -> None:
    service.expect(refused("AccessDeniedException")._replace(headers={"x-amzn-RequestId": "r-1"}))

    with pytest.raises(AwsError, match=r"AccessDeniedException: no \(request r-1\)"):
        put()


def test_a_call_is_told_of_in_the_trace_which_goes_on_where_it_leads(service: Service) -> None:
    service.expect(refused("InternalFailure")._replace(status=500), DONE._replace(headers={"x-amzn-RequestId": "r-2"}))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(20)
        environment = {
            **os.environ,
            "LAMBDA_TASK_ROOT": "/var/task",
            "POWERTOOLS_SERVICE_NAME": "test",
            "AWS_LAMBDA_FUNCTION_NAME": "test",
            "_X_AMZN_TRACE_ID": f"Root={TRACE};Parent=9a9197af755a6419;Sampled=1",
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
        }
        code = "from runtime.aws.calls import call; call('events', 'PutEvents', Entries=[])"
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        told = json.loads(daemon.recv(65_536).partition(b"\n")[2])

    assert (told["name"], told["namespace"], told["trace_id"]) == ("events", "aws", TRACE)
    assert told["aws"] == {"operation": "PutEvents", "region": REGION, "request_id": "r-2"}
    assert told["http"]["response"]["status"] == 200
    for each in service.received:
        assert each.headers["x-amzn-trace-id"] == f"Root={TRACE};Parent={told['id']};Sampled=1"
