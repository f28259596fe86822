"""The client's half of Cognito's Secure Remote Password sign-in: proves the password without sending it.

SRP-6a (RFC 2945, RFC 5054) over the 3072-bit group of RFC 3526 with SHA-256. What Cognito adds: numbers are hashed as
signed big-endian integers, the identity includes the pool's name, and the proof signs a server's secret and the time
with a key derived by HKDF (RFC 5869).
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from collections_cli.failures import InvalidChallengeError

PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
GENERATOR = 2
SECRET_BITS = 1024

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def encoded(number: int) -> bytes:
    """Signed big-endian, as short as possible: with a zero byte in front where the highest bit is set."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def hashed(*parts: bytes) -> int:
    """SHA-256 of the parts together, as a number."""
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


MULTIPLIER = hashed(encoded(PRIME), encoded(GENERATOR))


def password_exponent(pool_id: str, user_id: str, password: str, salt: int) -> int:
    """`x` of SRP: what the server's verifier is made from."""
    identity = hashlib.sha256(f"{pool_name(pool_id)}{user_id}:{password}".encode()).digest()
    return hashed(encoded(salt), identity)


def pool_name(pool_id: str) -> str:
    """`abc` of the pool `eu-central-1_abc`."""
    return pool_id.partition("_")[2]


def signing_key(shared: int, scrambler: int) -> bytes:
    """The 16 bytes that sign the proof."""
    extracted = hmac.digest(encoded(scrambler), encoded(shared), "sha256")
    return hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]


def timestamp(moment: datetime) -> str:
    """`moment` (UTC) as Cognito reads it, whatever the machine's language: `Tue Feb 3 04:05:06 UTC 2026`."""
    day = f"{_WEEKDAYS[moment.weekday()]} {_MONTHS[moment.month - 1]} {moment.day}"
    return f"{day} {moment:%H:%M:%S} UTC {moment.year}"


@dataclass(frozen=True)
class Exchange:
    """One sign-in: a secret number, and its public half that the server is sent as `SRP_A`."""

    secret: int = field(default_factory=lambda: secrets.randbits(SECRET_BITS), repr=False)

    @property
    def public(self) -> int:
        return pow(GENERATOR, self.secret, PRIME)

    def answer(self, challenge: dict[str, str], *, pool_id: str, password: str, moment: datetime) -> dict[str, str]:
        """The responses to a PASSWORD_VERIFIER challenge. Raises `InvalidChallengeError`."""
        user_id = challenge["USER_ID_FOR_SRP"]
        server_public = _number(challenge["SRP_B"])
        scrambler = hashed(encoded(self.public), encoded(server_public))
        if server_public % PRIME == 0 or scrambler == 0:
            raise InvalidChallengeError("the server's challenge is not safe to answer")
        exponent = password_exponent(pool_id, user_id, password, _number(challenge["SALT"]))
        base = server_public - MULTIPLIER * pow(GENERATOR, exponent, PRIME)
        shared = pow(base, self.secret + scrambler * exponent, PRIME)
        when = timestamp(moment)
        signed = f"{pool_name(pool_id)}{user_id}".encode() + base64.b64decode(challenge["SECRET_BLOCK"]) + when.encode()
        signature = hmac.digest(signing_key(shared, scrambler), signed, "sha256")
        return {
            "USERNAME": user_id,
            "TIMESTAMP": when,
            "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(signature).decode(),
        }


def _number(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError as error:
        raise InvalidChallengeError("the server's challenge is not a number") from error
