"""An installation served as its own process, with its identity provider as another: sign-in over real sockets."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from tests.app.sign_in.conftest import Provider
from tests.app.sign_in.test_codes import oracle
from tests.browser.conftest import free_port

PASSWORD = "four words make one"


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the database's unprivileged account can pass."""
    made = Path(tempfile.mkdtemp(prefix="onelot-s-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_the_provider_a_second_factor_and_the_log(home: Path, provider: Provider) -> None:
    port, where = free_port(), home / "h"
    address = f"http://127.0.0.1:{port}"
    (home / "password").write_text(PASSWORD)
    (home / "secret").write_text("kept in the safe")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("ONELOT_OIDC_SECRET", None)
    onelot = [sys.executable, "-m", "onelot.app.cli"]
    made = [*onelot, "init", "--simulation", "--site", "plant", "--administrator", "admin", "--printed-name", "Admin"]
    keep = [*onelot, "sign-in", "secret", "--secret-file", str(home / "secret")]
    for verb in ([*made, "--password-file", str(home / "password")], keep):
        subprocess.run([*verb, "--home", str(where)], check=True, env=environment, timeout=120)
    settings = {
        "address": address,
        "oidc": {"issuer": provider.issuer, "client_id": "onelot", "logins": {"a-1": "admin"}},
        "second_factor": {"roles": ["user_administrator"]},
    }
    (where / "sign-in.json").write_bytes(orjson.dumps(settings))
    server = subprocess.Popen([*onelot, "serve", "--home", str(where), "--port", str(port)], env=environment)
    try:
        with httpx.Client(base_url=address, timeout=10) as browser:
            for _ in range(150):
                try:
                    browser.get("/keys")
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            begun = browser.get("/screen/sign-in/oidc")
            assert begun.status_code == 303, begun.text
            answer = httpx.post(begun.headers["location"], data={"sub": "a-1"}, timeout=5)
            back = browser.get(answer.headers["location"])
            assert back.status_code == 200, back.text
            assert provider.last()["auth"] == "Basic " + b64encode(b"onelot:kept+in+the+safe").decode()
            assert browser.get("/me").status_code == 401
            page = browser.get("/screen/sign-in/next").text
            shown = page.split('<p class="ident">')[1].split("<")[0]
            csrf = page.split('name="csrf" value="')[1].split('"')[0]
            done = browser.post("/screen/sign-in/app", data={"csrf": csrf, "code": oracle(shown, time.time())})
            assert done.status_code == 303, done.text
            assert browser.get("/me").json()["roles"] == ["user_administrator"]
            assert browser.get(answer.headers["location"]).status_code == 403
            # The password alone is not enough from now on.
            half = browser.post("/session", json={"login": "admin", "password": PASSWORD}).json()
            assert half["needs"] == ["second_factor"]
        log = [orjson.loads(line) for line in (where / "security.jsonl").read_bytes().splitlines()]
        assert [each["how"] for each in log if each["what"] == "signed in"] == ["oidc, totp"]
        assert {each["from"] for each in log} == {"127.0.0.1"}
        assert not any(word in (where / "security.jsonl").read_text() for word in (shown, PASSWORD, "kept in the safe"))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
