"""What is told when something fails, and what the logs hold of an attack (ASVS V16)."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from onelot.app.api.refusals import MOST_LINES
from onelot.app.sign_in import SecurityLog, Where
from onelot.record.errors import Unreachable
from tests.app.security.house import PASSWORD, Attacked
from tests.app.sign_in.desk import Clock

SECRET = "postgresql://onelot_app:hunter2@10.0.0.3/db"


@pytest.fixture
def house() -> Attacked:
    made = Attacked(failing=True)
    made.enter()
    return made


@pytest.mark.parametrize(("path", "kind"), [("/board", "application/json"), ("/screen/board", "text/html")])
def test_what_nobody_foresaw_is_told_by_a_number_alone(
    house: Attacked, path: str, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot connect to {SECRET}")

    monkeypatch.setattr(house.house.whole, "seen_by", broken)
    with caplog.at_level(logging.ERROR, "onelot.server"):
        answer = house.browser.get(path)
    assert answer.status_code == 500 and answer.headers["content-type"].startswith(kind)
    for word in ("hunter2", "RuntimeError", "Traceback", ".py", "cannot connect"):
        assert word not in answer.text
    number = answer.text.split("(number ")[1].split(")")[0]
    assert number in caplog.text and "hunter2" in caplog.text, "the server's own log holds the cause"
    head = answer.headers
    assert head["cache-control"] == "no-store" and head["x-content-type-options"] == "nosniff"
    assert head["strict-transport-security"] and "default-src" in head["content-security-policy"]
    monkeypatch.undo()
    assert house.browser.get("/screen/board").status_code == 200, "the next request is served"


def test_an_outside_that_fails_is_named_without_its_address(
    house: Attacked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unreachable(f"the database does not answer: {SECRET}", rule="r", remedy="start it", place="/var/lib/x")

    monkeypatch.setattr(house.house.whole, "seen_by", away)
    for path in ("/board", "/screen/board"):
        answer = house.browser.get(path)
        assert answer.status_code == 503 and "the database does not answer" in answer.text
        assert "hunter2" not in answer.text and "/var/lib" not in answer.text
    assert "hunter2" in caplog.text


def test_what_was_sent_is_not_said_back(house: Attacked) -> None:
    for body in ({"login": ["secret-of-mine"], "password": 1}, {"login": "x" * 300, "password": "secret-of-mine"}):
        answer = house.browser.post("/session", json=body)
        assert answer.status_code == 422 and "secret-of-mine" not in answer.text


def test_an_attempt_at_what_is_not_allowed_leaves_a_line(house: Attacked) -> None:
    house.settled("cora")
    house.browser.cookies.clear()
    house.enter("cora", "quiet river stone lamp")
    seen = len(house.log())
    house.browser.get("/screen/people", headers={"User-Agent": "probe\r\nfake"})
    house.browser.get("/batches/B-OTHER")
    house.browser.post("/commands/RegisterSite", json={"site": "s", "name": "S", "kind": "hospital"})
    house.browser.post("/screen/lots/L-1/block", data={"csrf": "0" * 64})
    lines = house.log()[seen:]
    assert [(each["what"], each["who"]) for each in lines] == [("not allowed", "cora")] * 4
    assert [each["route"] for each in lines][:3] == [
        "GET /screen/people", "GET /batches/{batch}", "POST /commands/RegisterSite"]  # fmt: skip
    assert lines[1]["about"] == "B-OTHER" and all(each["at"].endswith("+00:00") and each["why"] for each in lines)
    assert lines[0]["agent"] == "probefake"


def test_the_courier_s_link_is_in_no_log(house: Attacked, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("/courier/wrong-link-XYZ", "/screen/courier/wrong-link-XYZ"):
        assert house.browser.get(path).status_code in (403, 404)
    assert house.log()[-1]["route"] == "GET /screen/courier/{shipment}"
    csrf = house.browser.get("/screen/courier").text.split('name="csrf" value="')[1].split('"')[0]
    given = {"code": "wrong-link-XYZ", "csrf": csrf}
    assert house.browser.post("/screen/courier", data=given).status_code == 403
    assert house.browser.post("/courier", json={"code": "wrong-link-XYZ"}).status_code == 403
    assert [each["route"] for each in house.log()[-2:]] == ["POST /screen/courier", "POST /courier"]
    assert "wrong-link-XYZ" not in str(house.log()) and "wrong-link-XYZ" not in caplog.text


def test_a_flood_of_refusals_fills_no_disk(house: Attacked) -> None:
    before = len(house.log())
    for _ in range(3 * MOST_LINES):
        house.browser.get("/batches/B-OTHER")
    assert MOST_LINES <= len(house.log()) - before <= MOST_LINES + 5


def test_no_line_can_be_forged(tmp_path: Path) -> None:
    log = SecurityLog(Clock(), tmp_path / "security.jsonl")
    evil = 'x"}\n{"at":"2026","what":"signed in","who":"root"}\r\n\x1b[31m'
    log.write("refused", "max", Where(evil, evil), why=evil, route=evil)
    assert len((tmp_path / "security.jsonl").read_bytes().splitlines()) == 1
    assert [each["who"] for each in log.last()] == ["max"] and b"\x1b" not in (tmp_path / "security.jsonl").read_bytes()
    assert (tmp_path / "security.jsonl").stat().st_mode & 0o777 == 0o600


def test_neither_log_holds_a_secret(house: Attacked) -> None:
    house.settled("cora")
    house.call("POST", "/session", login="my password in the wrong field", password="x")
    token = house.browser.cookies["__Host-onelot-session"]
    text = str(house.log())
    for secret in (PASSWORD, "quiet river stone lamp", "yellow boat seven winds", token, "my password in the wrong"):
        assert secret not in text
