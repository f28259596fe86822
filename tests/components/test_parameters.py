import pulumi

from components.parameters import Parameters
from tests.components.declarations import Declare


def test_secrets_are_encrypted_and_stay_secret(declare: Declare):
    declared = declare(
        lambda: Parameters(
            "access",
            {
                "prefix": "/shop/dev",
                "secrets": {"database/url": "postgresql://"},
                "values": {"database/name": "shop"},
            },
        )
    )

    secret = declared.one("ssm/parameter:Parameter", "access-database/url")
    plain = declared.one("ssm/parameter:Parameter", "access-database/name")
    assert (secret.inputs["name"], secret.inputs["type"]) == ("/shop/dev/database/url", "SecureString")
    assert secret.secrets == {"value"}
    assert plain.inputs["type"] == "String"


def test_a_reference_names_the_version_so_that_a_new_value_reaches_functions(declare: Declare):
    found: list[object] = []
    secret: list[bool] = []

    def program() -> None:
        parameters = Parameters("access", {"prefix": "/shop/dev", "secrets": {"database/url": "postgresql://"}})
        reference = parameters.reference("database/url")
        reference.apply(found.append)
        parameters.references.apply(found.append)
        pulumi.Output.from_input(reference.is_secret()).apply(secret.append)

    declare(program)

    assert found == ["/shop/dev/database/url:1", {"database/url": "/shop/dev/database/url:1"}]
    assert secret == [False]
