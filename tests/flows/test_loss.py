"""A server that answers is not taken for one that is away."""

import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from prefect.settings import (
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_API_TLS_INSECURE_SKIP_VERIFY,
    temporary_settings,
)

from flows import loss

Serving = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a certificate that nobody else trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "here.pem"
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + made.public_bytes(pem))
    return path


@contextmanager
def serving(*, certificate: Path | None = None, seconds: float = 0.0) -> Iterator[str]:
    """A server that takes so long for an answer; gives its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(seconds)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def heard(url: str) -> bool:
    with loss.client_for(None) as client:
        return loss.answers(client, url)


def test_a_private_certificate_that_prefect_is_told_to_trust_is_trusted(certificate: Path) -> None:
    with serving(certificate=certificate) as url:
        assert not heard(url)
        with temporary_settings({PREFECT_API_SSL_CERT_FILE: str(certificate)}):
            assert heard(url)
        with temporary_settings({PREFECT_API_TLS_INSECURE_SKIP_VERIFY: True}):
            assert heard(url)


def test_a_server_that_is_slow_is_not_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "LOOK_SECONDS", 0.05)
    with serving(seconds=0.3) as url:
        assert heard(url)
    assert not heard(url)  # it is closed by then
