"""The API over a house in memory: sign-in, roles, commands, refusals, courier links; once over a real socket."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.api.server import _tend
from onelot.app.commands import all_commands
from onelot.app.entropy import from_seed
from onelot.app.house import SIMULATION, House, assemble, open_journal
from onelot.app.sign_in import MOST_FAILURES, SignIn
from onelot.app.simulation.site import PLANT, Site, login_of, set_up
from onelot.app.views import PROJECTIONS
from onelot.record.events.journal import SiteRegistered
from onelot.record.journal import Append, Draft, Effect, Part

PASSWORD = "four words make one"
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def house() -> House:
    entropy, journal = from_seed(5), MemoryJournal(PROJECTIONS)
    keys = make_site_keys(entropy)
    open_journal(
        journal, mode=SIMULATION, site=PLANT, site_keys=keys, now=NOW, administrator="admin", printed_name="Admin"
    )
    house = assemble(journal=journal, safe=MemorySafe(), site_keys=keys, site=PLANT, clock=lambda: NOW, entropy=entropy)
    house.enrol("admin", PASSWORD, house.loop.actor("admin"))
    set_up(Site(house, lambda login: f"signing password of {login}", "admin"), shipped().values(), NOW)
    return house


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    sign_in = SignIn(MemorySafe(), lambda: datetime.now(UTC), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for login in house.journal.rows("people"):
        sign_in.set_password(login, f"sign-in of {login}")
    with TestClient(create_app(house, sign_in), raise_server_exceptions=True) as found:
        yield found


def signed_in(client: TestClient, login: str) -> dict[str, str]:
    answer = client.post("/session", json={"login": login, "password": f"sign-in of {login}", "bearer": True})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def lot(number: str) -> dict[str, Any]:
    return {
        "lot": number,
        "item": "medium-tcell",
        "supplier_lot": "S1",
        "certificate_sha256": "0" * 64,
        "amount": "10",
        "unit": "mL",
        "expires_at": (NOW + timedelta(days=30)).isoformat(),
    }


def test_nothing_but_the_public_key_is_open(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, verbs in document["paths"].items():
        for verb in verbs:
            if path in ("/session", "/keys", "/courier") or path.startswith("/courier/"):
                continue
            filled = path.replace("{", "").replace("}", "")
            answer = client.request(verb, filled, json={})
            assert answer.status_code in (401, 403, 422), (verb, path, answer.status_code)
    assert client.get("/keys").json()["site_key"]
    assert client.get("/docs").status_code == 404


def test_every_command_a_person_may_give_is_in_the_document(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    offered = {path.rsplit("/", 1)[1] for path in paths if path.startswith("/commands/")}
    assert set(all_commands()) - offered == {"AnswerCommand", "JudgeLateResult", "MarkForReview"}


def test_a_command_its_role_and_its_signature(client: TestClient, house: House) -> None:
    operator, qc = signed_in(client, login_of("operator", PLANT)), signed_in(client, login_of("qc", PLANT))
    assert client.post("/commands/ReceiveLot", json=lot("L-1"), headers=qc).status_code == 403
    done = client.post("/commands/ReceiveLot", json=lot("L-1"), headers=operator)
    assert done.status_code == 200, done.text
    assert done.json()["events"] == [{"stream": "lot/L-1", "seq": 1, "type": "LotReceived"}]
    fields = {"lot": "L-1", "finding": "complies"}
    unsigned = client.post("/commands/ReleaseLot", json=fields, headers=qc)
    assert unsigned.status_code == 403
    assert set(unsigned.json()) == {"error", "what", "rule", "remedy", "place"}
    wrong = client.post("/commands/ReleaseLot", json=fields, headers={**qc, "X-Signing-Password": "no"})
    assert wrong.status_code == 403
    password = f"signing password of {login_of('qc', PLANT)}"
    signed = client.post("/commands/ReleaseLot", json=fields, headers={**qc, "X-Signing-Password": password})
    assert signed.status_code == 200, signed.text
    entry = house.journal.read("lot/L-1")[-1]
    assert entry.signature is not None
    again = client.post("/commands/ReceiveLot", json=lot("L-1"), headers=operator)
    assert again.status_code == 409
    once = {**operator, "Idempotency-Key": "scan-17"}
    block = {"lot": "L-1", "reason": "a bag leaks"}
    quality = {**qc, "Idempotency-Key": "scan-17"}
    first = client.post("/commands/BlockLot", json=block, headers=quality)
    assert first.status_code == 200
    repeated = client.post("/commands/BlockLot", json=block, headers=quality)
    assert (repeated.status_code, repeated.json()) == (200, first.json())
    other = client.post("/commands/BlockLot", json={**block, "reason": "another"}, headers=quality)
    assert other.status_code == 409 and "another request" in other.json()["what"]
    assert len([entry for entry in house.journal.read("lot/L-1") if entry.envelope["type"] == "LotBlocked"]) == 1
    assert client.post("/commands/ReceiveLot", json=lot("L-9"), headers=once).status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"lot": 3}, {**lot("L-2"), "amount": "many"}, {**lot("L-2"), "released": True}, [1], "x"]
)
def test_what_does_not_fit_is_refused_with_its_place(client: TestClient, body: Any) -> None:
    operator = signed_in(client, login_of("operator", PLANT))
    answer = client.post("/commands/ReceiveLot", json=body, headers=operator)
    assert answer.status_code == 422
    assert answer.json()["place"]


def test_what_cannot_be_carried_out_hinders_nothing(client: TestClient, house: House) -> None:
    operator = signed_in(client, login_of("operator", PLANT))
    waiting = Effect("nobody-does-this", "strange", {})
    event = Draft(SiteRegistered("Far", "hospital"), NOW, "system")
    house.journal.append(Append((Part("site/far", 0, (event,)),), effects=(waiting,)))
    answer = client.post("/commands/ReceiveLot", json=lot("L-7"), headers=operator)
    assert answer.status_code == 200, answer.text
    stopped, before = threading.Event(), len(house.journal.seals())
    stopped.set()
    _tend(house, stopped)
    assert len(house.journal.seals()) == before + 1
    assert [each.key for each in house.journal.effects()] == ["nobody-does-this"]
    house.journal.effect_done("nobody-does-this")


def test_wrong_signing_passwords_lock_too(client: TestClient, house: House) -> None:
    qc = {**signed_in(client, login_of("qc", PLANT)), "X-Signing-Password": "wrong"}
    fields = {"lot": "LOT-none", "finding": "complies"}
    answers = [client.post("/commands/ReleaseLot", json=fields, headers=qc) for _ in range(MOST_FAILURES + 1)]
    assert {each.status_code for each in answers} == {403}
    assert ["locked" in each.json()["what"] for each in answers] == [False] * MOST_FAILURES + [True]


def test_a_number_beyond_reason_and_a_body_of_unsaid_size(client: TestClient) -> None:
    operator = signed_in(client, login_of("operator", PLANT))
    huge = client.post("/commands/ReceiveLot", json={**lot("L-8"), "amount": "1e999999"}, headers=operator)
    assert huge.status_code == 422
    request = client.build_request("POST", "/session", json={"login": "x", "password": "y"})
    del request.headers["Content-Length"]
    assert client.send(request).status_code == 413


def test_a_cookie_alone_gives_no_command(client: TestClient) -> None:
    login = login_of("operator", PLANT)
    answer = client.post("/session", json={"login": login, "password": f"sign-in of {login}"})
    cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
    client.cookies.clear()
    assert client.get("/me", headers=cookie).json()["id"] == f"person/{login}"
    assert client.post("/commands/ReceiveLot", json=lot("L-3"), headers=cookie).status_code == 403
    assert client.post("/commands/ReceiveLot", json=lot("L-3"), headers={**cookie, "X-Onelot": "1"}).status_code == 200


def test_wrong_passwords_lock_the_name_and_sessions_end(client: TestClient) -> None:
    login = login_of("metrology", PLANT)
    for _ in range(MOST_FAILURES):
        assert client.post("/session", json={"login": login, "password": "wrong"}).status_code == 403
    right = client.post("/session", json={"login": login, "password": f"sign-in of {login}"})
    assert right.status_code == 403
    assert "locked" in right.json()["what"]
    headers = signed_in(client, login_of("auditor", PLANT))
    assert client.get("/me", headers=headers).status_code == 200
    client.delete("/session", headers=headers)
    assert client.get("/me", headers=headers).status_code == 401


def test_people_are_shown_to_few_and_strangers_look_like_nothing(client: TestClient) -> None:
    it, auditor = signed_in(client, login_of("it", PLANT)), signed_in(client, login_of("auditor", PLANT))
    assert client.get("/views/people", headers=it).status_code == 403
    assert client.get("/views/people", headers=auditor).status_code == 200
    assert client.get("/batches/B-NONE", headers=auditor).json()["what"] == "there is no batch B-NONE for you"
    assert client.get("/board", headers=auditor).json()["mode"] == SIMULATION
    for path in ("/batches/B-NONE", "/board", "/therapies"):
        assert client.get(path, headers=it).json()["what"] == "this is not for your role"


def test_a_made_up_courier_link_opens_nothing(client: TestClient) -> None:
    for code in ("x", "AAAA", "A" * 200, "%00", ""):
        assert client.post("/courier", json={"code": code}).status_code == 403
        assert client.get(f"/courier/{code}").status_code == 404


def test_too_much_is_refused_before_it_is_read(client: TestClient) -> None:
    answer = client.post("/session", content=b"x" * 100, headers={"Content-Length": str(10**9)})
    assert answer.status_code == 413


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the database's unprivileged account can pass."""
    made = Path(tempfile.mkdtemp(prefix="onelot-a-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_served_over_a_socket(home: Path) -> None:
    secret = home / "password"
    secret.write_text(PASSWORD)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    onelot = [sys.executable, "-m", "onelot.app.cli"]
    made = [*onelot, "init", "--simulation", "--site", "plant", "--administrator", "admin", "--printed-name", "Admin"]
    subprocess.run(
        [*made, "--password-file", str(secret), "--home", str(home / "h")], check=True, env=environment, timeout=120
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([*onelot, "serve", "--home", str(home / "h"), "--port", str(port)], env=environment)
    try:
        address, found = f"http://127.0.0.1:{port}", None
        for _ in range(150):
            try:
                found = httpx.get(f"{address}/keys", timeout=2)
                break
            except httpx.TransportError:
                time.sleep(0.2)
        assert found is not None
        assert found.headers["X-Onelot-Mode"] == "SIMULATED"
        session = httpx.post(
            f"{address}/session", json={"login": "admin", "password": PASSWORD, "bearer": True}, timeout=10
        )
        assert session.status_code == 200, session.text
        headers = {"Authorization": f"Bearer {session.json()['token']}"}
        assert httpx.get(f"{address}/me", headers=headers, timeout=5).json()["roles"] == ["user_administrator"]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
