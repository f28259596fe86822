"""The password is proved to a server that knows only a verifier of it."""

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from collections_cli.srp import (
    GENERATOR,
    MULTIPLIER,
    PRIME,
    Exchange,
    InvalidChallengeError,
    encoded,
    hashed,
    password_exponent,
    pool_name,
    signing_key,
    timestamp,
)

POOL = "eu-central-1_AbC"
USER = "0f1e"
MOMENT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


@dataclass
class Server:
    """The other half of the protocol (RFC 5054, section 2.6), for a user with `password`."""

    password: str
    salt: int = field(default_factory=lambda: secrets.randbits(128))
    secret: int = field(default_factory=lambda: secrets.randbits(1024))
    block: bytes = field(default_factory=lambda: secrets.token_bytes(64))

    @property
    def verifier(self) -> int:
        return pow(GENERATOR, password_exponent(POOL, USER, self.password, self.salt), PRIME)

    @property
    def public(self) -> int:
        return (MULTIPLIER * self.verifier + pow(GENERATOR, self.secret, PRIME)) % PRIME

    def challenge(self) -> dict[str, str]:
        return {
            "USER_ID_FOR_SRP": USER,
            "SALT": f"{self.salt:x}",
            "SRP_B": f"{self.public:x}",
            "SECRET_BLOCK": base64.b64encode(self.block).decode(),
        }

    def accepts(self, client_public: int, responses: dict[str, str]) -> bool:
        scrambler = hashed(encoded(client_public), encoded(self.public))
        shared = pow(client_public * pow(self.verifier, scrambler, PRIME), self.secret, PRIME)
        signed = f"{pool_name(POOL)}{USER}".encode() + self.block + responses["TIMESTAMP"].encode()
        expected = hmac.digest(signing_key(shared, scrambler), signed, "sha256")
        return hmac.compare_digest(expected, base64.b64decode(responses["PASSWORD_CLAIM_SIGNATURE"]))


def answer(exchange: Exchange, server: Server, password: str) -> dict[str, str]:
    return exchange.answer(server.challenge(), pool_id=POOL, password=password, moment=MOMENT)


@pytest.mark.parametrize("password", ["correct horse", "pässwörd-日本", ""])
def test_the_right_password_is_accepted(password: str) -> None:
    server, exchange = Server(password), Exchange()

    assert server.accepts(exchange.public, answer(exchange, server, password))


def test_another_password_is_not() -> None:
    server, exchange = Server("correct horse"), Exchange()

    assert not server.accepts(exchange.public, answer(exchange, server, "correct house"))


def test_nothing_that_is_sent_contains_the_password() -> None:
    server, exchange = Server("correct horse"), Exchange()

    sent = f"{exchange.public:x}{answer(exchange, server, 'correct horse')}"

    assert "correct horse" not in sent
    assert base64.b64encode(b"correct horse").decode() not in sent


@pytest.mark.parametrize("server_public", ["0", f"{PRIME:x}", f"{2 * PRIME:x}", "nonsense"])
def test_a_server_that_would_learn_the_password_is_not_answered(server_public: str) -> None:
    server = Server("correct horse")

    with pytest.raises(InvalidChallengeError):
        Exchange().answer(
            server.challenge() | {"SRP_B": server_public}, pool_id=POOL, password="correct horse", moment=MOMENT
        )


def test_the_group_is_safe() -> None:
    """The prime and half of it pass Fermat's test: a mistyped digit would not."""
    assert PRIME.bit_length() == 3072
    assert pow(3, PRIME - 1, PRIME) == 1
    half = (PRIME - 1) // 2
    assert pow(3, half - 1, half) == 1


def test_the_time_is_written_as_cognito_reads_it() -> None:
    assert timestamp(MOMENT) == "Tue Feb 3 04:05:06 UTC 2026"
