"""Stamps from a real RFC 3161 responder: openssl's, behind a loopback server of the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from onelot.adapters.stamping import StampingService
from onelot.record.errors import Broken, Unreachable

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
[extensions]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
basicConstraints = critical,CA:false
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a stamping service, and the root its certificate leads to."""
    openssl = shutil.which("openssl")
    if openssl is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no openssl, and this is CI")
        pytest.skip("no openssl on this machine")
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], check=True, capture_output=True, cwd=folder, timeout=30)

    new = ("req", "-newkey", "rsa:2048", "-nodes", "-batch", "-config", "/dev/null")
    subject = "[req]\ndistinguished_name=dn\n[dn]\n"
    (folder / "req.cnf").write_text(subject)
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-config", "req.cnf")
    run(*new, "-subj", "/CN=root", "-keyout", "root.key", "-out", "root.csr")
    run("x509", "-req", "-in", "root.csr", "-signkey", "root.key", "-days", "9", "-out", "root.pem",
        "-extfile", "tsa.cnf", "-extensions", "ca")  # fmt: skip
    run(*new, "-subj", "/CN=tsa", "-keyout", "tsa.key", "-out", "tsa.csr")
    run("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "9",
        "-out", "tsa.pem", "-extfile", "tsa.cnf", "-extensions", "extensions")  # fmt: skip

    class Responder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            query = self.rfile.read(int(self.headers["Content-Length"]))
            (folder / "query.tsq").write_bytes(query)
            run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr")
            self.send_response(200)
            self.end_headers()
            self.wfile.write((folder / "reply.tsr").read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Responder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder / "root.pem"
    server.shutdown()


def test_a_stamp_is_over_the_seal_and_under_the_root(authority: tuple[str, Path]) -> None:
    service = StampingService(*authority)
    stamp = service.stamp(b"the seal")
    assert service.check(stamp, b"the seal").tzinfo is not None
    with pytest.raises(Broken):
        service.check(stamp, b"another seal")
    with pytest.raises(Broken):
        service.check(stamp[:-40], b"the seal")


def test_a_service_that_is_away_is_said_so() -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        StampingService("http://127.0.0.1:9").stamp(b"the seal")


def test_an_answer_that_sends_us_elsewhere_is_none() -> None:
    asked: list[str] = []

    class Sending(BaseHTTPRequestHandler):
        def _send(self) -> None:
            asked.append(self.path)
            self.send_response(302 if self.path == "/stamp" else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_POST = do_GET = _send  # noqa: N815 - http.server's own names

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Sending)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(Unreachable, match="302"):
            StampingService(f"http://127.0.0.1:{server.server_port}/stamp").stamp(b"the seal")
    finally:
        server.shutdown()
    assert asked == ["/stamp"]
