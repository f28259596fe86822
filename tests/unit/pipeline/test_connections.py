"""Whom the functions talk to has proved who it is."""

import ipaddress
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import certifi
import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from runtime import connections
from runtime.connections import pool
from tests.serving import Quiet, serving


@pytest.fixture(scope="module", name="certificate")
def _certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, with its key, signed by nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    moment = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(name="server")
def _server(certificate: Path) -> Iterator[str]:
    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(Handler, context) as url:
        yield url


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Certificates are read once in a process's life."""
    connections._secure.cache_clear()  # pyright: ignore[reportPrivateUsage]
    yield
    connections._secure.cache_clear()  # pyright: ignore[reportPrivateUsage]


def ask(server: str, host: str = "127.0.0.1") -> bytes:
    url = server.replace("127.0.0.1", host)
    return pool(url).request("GET", url, timeout=10).data


def test_certificates_are_read_once_whoever_is_first(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    where = certifi.where

    def counted() -> str:
        read.append("once more")
        return where()

    monkeypatch.setattr(certifi, "where", counted)
    with ThreadPoolExecutor(4) as threads:
        pools = set(threads.map(pool, ["https://127.0.0.1/"] * 8))

    assert (len(pools), len(read)) == (1, 1)


def test_a_certificate_that_nobody_known_has_signed_is_refused(server: str) -> None:
    with pytest.raises(urllib3.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        ask(server)


def test_a_certificate_of_a_known_authority_is_accepted_for_its_own_name_alone(
    server: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifi, "where", lambda: str(certificate))

    assert ask(server) == b"ok"
    with pytest.raises(urllib3.exceptions.SSLError, match="Hostname mismatch"):
        ask(server, "localhost")
