"""A body that crawls is refused after a while, in the form of every refusal; one that comes in parts is read whole."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI

from onelot.adapters.safe import MemorySafe
from onelot.app.api import patience
from onelot.app.api.application import create_app
from onelot.app.api.server import wall_clock
from onelot.app.sign_in import SignIn
from tests.app.fuzz.recorded import QUICK
from tests.app.web.plant import PASSWORD, make_house

BODY = json.dumps({"login": "operator.plant", "password": PASSWORD}).encode()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    house, _ = make_house(tmp_path_factory.mktemp("patience"))
    desk = SignIn(MemorySafe(), wall_clock, QUICK)
    desk.set_password("operator.plant", PASSWORD)
    return create_app(house, desk)


def ask(app: FastAPI, path: str, parts: list[bytes], kind: str, *, ends: bool) -> tuple[int, bytes]:
    """Status and body of the answer to a POST whose body comes in these parts, and never ends where it does not."""

    async def run() -> tuple[int, bytes]:
        waiting, answer = list(parts), [0, b""]

        async def receive() -> dict[str, Any]:
            if not waiting:
                await asyncio.sleep(60)
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting) or not ends}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer[0] = message["status"]
            answer[1] += message.get("body", b"")

        headers = {"host": "x", "content-type": kind, "content-length": str(len(BODY)), "cookie": "onelot=a"}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "client": ("127.0.0.1", 9),
            "server": ("127.0.0.1", 80), "root_path": "", "state": {},
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        await asyncio.wait_for(app(scope, receive, send), 30)
        return answer[0], answer[1]  # type: ignore[return-value]

    return asyncio.run(run())


def test_a_body_that_never_ends_is_refused(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "BODY_WITHIN_S", 0.2)
    for parts in ([BODY[:9]], []):
        status, said = ask(app, "/session", parts, "application/json", ends=False)
        assert status == 400 and json.loads(said)["what"] == "the body of this request cannot be read"
        status, said = ask(app, "/screen/sign-in", parts, "application/x-www-form-urlencoded", ends=False)
        assert status == 400 and b'role="alert"' in said


def test_a_body_in_parts_is_read_whole(app: FastAPI) -> None:
    status, said = ask(app, "/session", [BODY[:9], b"", BODY[9:]], "application/json", ends=True)
    assert status == 200 and json.loads(said)
