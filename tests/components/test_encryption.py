import json

from components.encryption import EncryptionKey
from tests.components.declarations import Declare


def test_the_key_rotates_and_waits_before_it_is_gone(declare: Declare):
    key = declare(lambda: EncryptionKey("data", {})).one("kms/key:Key").inputs

    assert key["enableKeyRotation"] is True
    assert key["deletionWindowInDays"] == 30


def test_besides_the_account_only_its_alarms_use_the_key(declare: Declare):
    key = declare(lambda: EncryptionKey("data", {})).one("kms/key:Key").inputs

    account, alarms = json.loads(key["policy"])["Statement"]
    assert account["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_the_key_has_a_name_that_people_find(declare: Declare):
    alias = declare(lambda: EncryptionKey("data", {})).one("kms/alias:Alias").inputs

    assert (alias["name"], alias["targetKeyId"]) == ("alias/collections-dev-data", "key-1")
