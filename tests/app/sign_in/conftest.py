"""The identity provider, started once for the tests of sign-in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

ADDRESS = "http://127.0.0.1:8400"


class Provider:
    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def how(self, what: str) -> None:
        httpx.put(f"{self.issuer}/test/how", content=what, timeout=5).raise_for_status()

    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.issuer}/test/last", timeout=5).json()
        return found

    def agree(self, address: str, subject: str) -> dict[str, str]:
        """What the browser brings back when this person signs in there."""
        answer = httpx.post(address, data={"sub": subject}, timeout=5)
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"].startswith(f"{ADDRESS}/screen/sign-in/oidc/back?")
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def settings(self, **more: Any) -> dict[str, Any]:
        return {"address": ADDRESS, "oidc": {"issuer": self.issuer, "client_id": "onelot", **more}}


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "AUTHLIB_INSECURE_TRANSPORT": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.app.sign_in.provider", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(150):
            try:
                httpx.get(f"http://127.0.0.1:{port}/jwks", timeout=2)
                break
            except httpx.TransportError:
                assert process.poll() is None, "the provider ended"
                time.sleep(0.1)
        yield Provider(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def provider(running: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    monkeypatch.setenv("ONELOT_OIDC_SECRET", "hush")
    running.how("")
    return running
