from components.checkpoints import Checkpoints
from runtime.chat.sessions import INDEX
from tests.components.declarations import Declare


def test_sessions_are_found_by_user_and_activity_and_forgotten_in_time(declare: Declare):
    table = declare(lambda: Checkpoints("checkpoints", {})).one("dynamodb/table:Table").inputs

    (index,) = table["globalSecondaryIndexes"]
    assert index["name"] == INDEX, "the functions ask for it by this name"
    assert table["name"] == "collections-checkpoints-dev"
    assert (table["hashKey"], table["rangeKey"]) == ("thread_id", "checkpoint_id")
    assert [key["attributeName"] for key in index["keySchemas"]] == ["user_id", "last_activity"]
    assert table["ttl"] == {"attributeName": "expires_at", "enabled": True}
    assert table["serverSideEncryption"] == {"enabled": True}
    assert table["deletionProtectionEnabled"] is True
