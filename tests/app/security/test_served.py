"""An installation served under TLS as its own process, attacked over real sockets (ASVS V4.2, V12, V13)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.browser.conftest import free_port

PASSWORD = "four words make one"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, signed by itself, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "tls.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip
    return folder / "tls.crt", folder / "tls.key"


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the database's unprivileged account can pass."""
    made = Path(tempfile.mkdtemp(prefix="onelot-s-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def raw(port: int, context: ssl.SSLContext, request: bytes) -> bytes:
    """What comes back for these bytes, until the server closes or is silent for five seconds."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as under,
    ):
        under.sendall(request)
        under.settimeout(5)
        found = b""
        try:
            while block := under.recv(65536):
                found += block
        except (TimeoutError, OSError):
            pass
        return found


def test_production_under_tls(home: Path) -> None:
    port, where = free_port(), home / "h"
    crt, key = certificate(home)
    (home / "password").write_text(PASSWORD)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    onelot = [sys.executable, "-W", "ignore", "-m", "onelot.app.cli"]
    subprocess.run(
        [*onelot, "init", "--site", "plant", "--administrator", "admin", "--printed-name", "Anna A", "--password-file",
         str(home / "password"), "--home", str(where)], check=True, env=environment, timeout=300,
    )  # fmt: skip
    # Production asks everybody for a second factor, until the site decides otherwise.
    assert orjson.loads((where / "sign-in.json").read_bytes()) == {"second_factor": {"roles": ["*"]}}
    for name in ("site.key", "vault.key"):
        assert (where / "keys" / name).stat().st_mode & 0o777 == 0o600
    assert (where / "keys").stat().st_mode & 0o777 == 0o700
    served = [*onelot, "serve", "--home", str(where), "--port", str(port), "--certificate", str(crt), "--key", str(key)]
    server = subprocess.Popen(served, env=environment)
    trusting = ssl.create_default_context(cafile=str(crt))
    try:
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", timeout=60, verify=trusting) as browser:
            for _ in range(600):
                try:
                    first = browser.get("/keys")
                    break
                except httpx.TransportError:
                    time.sleep(0.5)
            assert first.status_code == 200
            assert first.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
            # The server's name, and no version that could be looked up.
            assert first.headers.get("server", "") in ("", "granian")
            # The password alone opens nothing.
            half = browser.post("/session", json={"login": "admin", "password": PASSWORD})
            assert half.json()["needs"] == ["second_factor_enrolment"]
            assert half.headers["set-cookie"].startswith("__Host-onelot=")
            assert browser.get("/me").status_code == 401
            assert browser.request("TRACE", "/keys").status_code == 405
            for path in ("/.git/config", "/screen/static/", "/screen/static/../../pages.py", "/docs", "/redoc",
                         "/screen/static/%2e%2e/__init__.py", "/sign-in.json", "/metrics"):  # fmt: skip
                assert browser.get(path).status_code in (403, 404, 405), path
        # Older protocols are refused, and nothing is answered or redirected in the clear.
        with httpx.Client(timeout=30) as plain, pytest.raises(httpx.TransportError):
            plain.get(f"http://127.0.0.1:{port}/keys")
        for version in (ssl.TLSVersion.TLSv1_2,):
            old = ssl.create_default_context(cafile=str(crt))
            old.maximum_version = version
            with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", port), timeout=30) as reached:
                old.wrap_socket(reached, server_hostname="127.0.0.1")
        # A body whose end is said in two ways: never read as two requests.
        hidden = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        both = (b"POST /session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(hidden) + 5).encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                + hidden)  # fmt: skip
        assert raw(port, trusting, both).count(b"HTTP/1.1 200") == 0
        twice = (b"POST /session HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: "
                 + str(len(hidden)).encode() + b"\r\n\r\n" + hidden)  # fmt: skip
        assert b"smuggled" not in raw(port, trusting, twice)
        bent = raw(port, trusting, b"GET /keys HTTP/1.1\r\nHost: a\r\nX-A: b\rc: d\r\n\r\n")
        assert b" 200 " not in bent.split(b"\r\n")[0]
        log = where / "security.jsonl"
        assert log.stat().st_mode & 0o777 == 0o600 and PASSWORD not in log.read_text()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
