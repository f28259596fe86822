from components.migration import Migration
from tests.components.declarations import FUNCTION, PLATFORM, Declare


def test_it_runs_again_for_another_image_or_password(declare: Declare):
    declared = declare(
        lambda: Migration("migrate", {"function": FUNCTION, "triggers": {"owner": "/collections/dev/database/url:7"}})
    )

    run = declared.one("lambda/invocation:Invocation").inputs
    assert run["functionName"] == "collections-dev-migrate"
    assert run["qualifier"] == "live"
    assert run["triggers"] == {"image": PLATFORM["image_uri"], "owner": "/collections/dev/database/url:7"}
