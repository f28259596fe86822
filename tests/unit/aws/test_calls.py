"""What is called with JSON is sent and read as botocore does it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from runtime.aws.calls import call
from runtime.aws.connection import AwsError
from tests.unit.aws.service import Reply, Service, botocores, sent

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
ENTRY = st.fixed_dictionaries({"EventBusName": TEXT, "Source": TEXT, "DetailType": TEXT, "Detail": TEXT})
CALLS = st.one_of(
    st.tuples(
        st.just(("ssm", "GetParameter", "get_parameter")),
        st.fixed_dictionaries({"Name": TEXT, "WithDecryption": st.just(value=True)}),
    ),
    st.tuples(
        st.just(("events", "PutEvents", "put_events")),
        st.fixed_dictionaries({"Entries": st.lists(ENTRY, min_size=1, max_size=3)}),
    ),
    st.tuples(
        st.just(("sqs", "ReceiveMessage", "receive_message")),
        st.fixed_dictionaries(
            {
                "QueueUrl": TEXT,
                "MaxNumberOfMessages": st.integers(1, 10),
                "VisibilityTimeout": st.integers(0, 300),
                "MessageSystemAttributeNames": st.just(["SentTimestamp"]),
            }
        ),
    ),
    st.tuples(
        st.just(("sqs", "ChangeMessageVisibility", "change_message_visibility")),
        st.fixed_dictionaries({"QueueUrl": TEXT, "ReceiptHandle": TEXT, "VisibilityTimeout": st.integers(0, 43200)}),
    ),
)
CLIENTS: dict[str, Any] = {}


def theirs(service: str) -> Any:
    """Made once the environment says where the service is."""
    return CLIENTS.setdefault(service, botocores(service))


@given(CALLS)
def test_a_call_is_sent_as_botocore_sends_it(service: Service, called: tuple[tuple[Any, str, str], Any]) -> None:
    (name, operation, method), members = called
    service.expect(Reply(body=b"{}"))
    client = theirs(name)

    mine, sdks = sent(service, lambda: call(name, operation, **members), lambda: getattr(client, method)(**members))

    assert mine == sdks


@pytest.mark.parametrize(
    ("name", "operation", "method", "members", "answer"),
    [
        ("ssm", "GetParameter", "get_parameter", {"Name": "/a:3"}, {"Parameter": {"Name": "/a", "Value": "ü"}}),
        (
            "events",
            "PutEvents",
            "put_events",
            {"Entries": [{"Source": "s"}]},
            {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]},
        ),
        (
            "sqs",
            "ReceiveMessage",
            "receive_message",
            {"QueueUrl": "q"},
            {
                "Messages": [
                    {"MessageId": "m", "ReceiptHandle": "r", "Body": "{}", "Attributes": {"SentTimestamp": "1"}}
                ]
            },
        ),
        ("sqs", "ReceiveMessage", "receive_message", {"QueueUrl": "q"}, {}),
    ],
)
def test_an_answer_is_read_as_botocore_reads_it(
    service: Service, name: Any, operation: str, method: str, members: Any, answer: Any
) -> None:
    service.expect(Reply(body=json.dumps(answer).encode()))

    read = getattr(theirs(name), method)(**members)
    del read["ResponseMetadata"]

    assert call(name, operation, **members) == read == answer


def test_an_operation_without_members_to_answer_may_answer_nothing(service: Service) -> None:
    service.expect(Reply())

    assert call("sqs", "ChangeMessageVisibility", QueueUrl="q", ReceiptHandle="r", VisibilityTimeout=0) == {}


@pytest.mark.parametrize(
    "body",
    [
        {"__type": "ParameterNotFound", "message": "no such thing"},
        {"__type": "com.amazonaws.ssm#ParameterNotFound", "Message": "no such thing"},
        {"__type": "ParameterNotFound:http://internal.amazon.com/coral/", "message": "no such thing"},
    ],
)
def test_an_error_has_the_name_that_botocore_gives_it(service: Service, body: dict[str, str]) -> None:
    service.expect(Reply(400, json.dumps(body).encode()))

    with pytest.raises(ClientError) as sdks:
        theirs("ssm").get_parameter(Name="/a")
    with pytest.raises(AwsError, match="GetParameter failed with ParameterNotFound: no such thing") as mine:
        call("ssm", "GetParameter", Name="/a")

    assert mine.value.code == sdks.value.response.get("Error", {}).get("Code")
    assert mine.value.status == 400


def test_an_error_of_sqs_has_the_name_that_botocore_gives_it(service: Service) -> None:
    body = {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"}
    named = {"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"}
    service.expect(Reply(400, json.dumps(body).encode(), named))

    with pytest.raises(ClientError) as sdks:
        theirs("sqs").receive_message(QueueUrl="q")
    with pytest.raises(AwsError) as mine:
        call("sqs", "ReceiveMessage", QueueUrl="q")

    assert mine.value.code == sdks.value.response.get("Error", {}).get("Code")


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"[]"])
def test_an_error_that_is_not_the_services_has_its_status(service: Service, body: bytes) -> None:
    service.expect(Reply(403, body))

    with pytest.raises(AwsError, match="403"):
        call("ssm", "GetParameter", Name="/a")
