"""Logs shipped to real sockets of this machine: TLS, TCP, a socket's file; down, hanging, cut off, rotated."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import orjson
import pytest

from onelot.app.doctor import _logs
from onelot.app.shipping import Shipper, read_state, start
from onelot.app.sign_in.security_log import SecurityLog, Where
from onelot.app.syslog import Settings, read_log_settings
from onelot.record.errors import BadInput
from tests.app.security.test_served import certificate
from tests.browser.conftest import free_port

# RFC 5424, section 6, written out again: HEADER SP STRUCTURED-DATA SP MSG.
RFC5424 = re.compile(
    rb"<(?P<pri>\d{1,3})>1 (?P<at>-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) (?P<host>[!-~]{1,255})"
    rb" (?P<app>[!-~]{1,48}) (?P<proc>[!-~]{1,128}) (?P<id>[!-~]{1,32})"
    rb' (?P<sd>-|(?:\[[!-<>-\\^-~]{1,32}(?: [!-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\])+) (?P<msg>.*)',
    re.DOTALL,
)


class Listener:
    """A receiver. cut: how many connections are ended after their first message; deaf: it accepts and never reads."""

    def __init__(
        self, port: int = 0, context: ssl.SSLContext | None = None, *, cut: int = 0, deaf: bool = False
    ) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self.port = self._server.getsockname()[1]
        self.messages: list[bytes] = []
        self._context, self._cut, self._deaf, self._held = context, cut, deaf, list[socket.socket]()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            self._held.append(line)
            if not self._deaf:
                threading.Thread(target=self._read, args=(line,), daemon=True).start()

    def _read(self, line: socket.socket) -> None:
        try:
            if self._context:
                line = self._context.wrap_socket(line, server_side=True)
                self._held.append(line)
            with line.makefile("rb") as file:
                while length := _until_space(file):
                    self.messages.append(file.read(int(length)))
                    if self._cut:
                        self._cut -= 1
                        line.close()
                        return
        except (OSError, ValueError):
            return

    def close(self) -> None:
        with suppress(OSError):
            # Closed alone, the one that is being waited for would still be let in.
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for each in self._held:
            with suppress(OSError):
                # A file that is being read keeps its connection open, whatever is closed.
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def lines(self) -> list[bytes]:
        found = [RFC5424.fullmatch(each) for each in self.messages]
        assert all(found), self.messages
        return [each["msg"] for each in found if each]


def _until_space(file: BinaryIO) -> bytes:
    """The digits before a message; b"" at the end of the connection."""
    found = b""
    while (each := file.read(1)) not in (b" ", b""):
        found += each
    return found if each else b""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def until(what: Callable[[], Any], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def write(home: Path, *names: str) -> None:
    log = SecurityLog(lambda: datetime.now(UTC), home / "security.jsonl")
    for name in names:
        log.write("refused" if name.startswith("x") else "signed in", name, Where("192.0.2.7", "Firefox\n<1>"), how="é")


def file_lines(home: Path, name: str = "security.jsonl") -> list[bytes]:
    return (home / name).read_bytes().splitlines()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def shipper(home: Path, port: int) -> Shipper:
    return Shipper(home, Settings(ship_to=f"tcp://127.0.0.1:{port}"))


def test_lines_arrive_as_they_stand_once_and_in_order(home: Path, listener: Listener) -> None:
    write(home, "anna", "xerxes", "ben")
    look = {"at": "2026-11-22T09:00:00+00:00", "who": "person/anna", "stream": "patient/P-1", "what": "identity"}
    (home / "looks.jsonl").write_bytes(orjson.dumps(look) + b"\n" + b'{"at": "2026-11')
    made = shipper(home, listener.port)
    assert made.once() and made.once()
    write(home, "carl")
    assert made.once()
    until(lambda: len(listener.messages) == 5)
    assert listener.lines() == [*file_lines(home)[:3], orjson.dumps(look), file_lines(home)[3]]
    told = [RFC5424.fullmatch(each) for each in listener.messages]
    # authpriv (10) notice (5) and warning (4); log audit (13) notice.
    assert [each["pri"] for each in told if each] == [b"85", b"84", b"85", b"109", b"85"]
    assert [each["id"] for each in told if each] == [b"security"] * 3 + [b"looks", b"security"]
    assert told[3] and told[3]["at"] == b"2026-11-22T09:00:00.000000Z" and told[3]["app"] == b"onelot"
    # The line that is still being written follows when it is whole.
    with (home / "looks.jsonl").open("ab") as file:
        file.write(b'-23T09:00:00Z", "what": "b"}\n')
    assert made.once()
    until(lambda: len(listener.messages) == 6)
    assert (home / "shipping.json").stat().st_mode & 0o777 == 0o600


def test_what_a_receiver_missed_follows_also_to_the_next_process(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    (home / "logs.json").write_bytes(orjson.dumps({"ship_to": f"tcp://127.0.0.1:{port}"}))
    write(home, *(f"a{n}" for n in range(2500)))
    made = shipper(home, port)
    with caplog.at_level(logging.WARNING, "onelot.shipping"):
        assert not made.once() and not made.once()
    # Said once in the local log, and by the doctor for as long as it lasts.
    assert len([each for each in caplog.records if "not shipped" in each.getMessage()]) == 1
    ill = list(_logs(home))[0]
    assert not ill.ok and "not shipped since" in ill.what and str(port) in ill.remedy
    assert f"{(home / 'security.jsonl').stat().st_size} bytes wait" in ill.what
    # It comes back, and ends the first two connections after a message each: nothing that it lost stays lost.
    back = Listener(port, cut=2)
    try:
        again = shipper(home, port)
        with caplog.at_level(logging.WARNING, "onelot.shipping"):
            until(again.once)
        until(lambda: set(back.lines()) == set(file_lines(home)))
        # Twice at most, and the order is kept.
        assert list(dict.fromkeys(back.lines())) == file_lines(home)
        assert "shipped again" in caplog.text and all(each.ok for each in _logs(home))
        assert not read_state(home).get("failing_since")
    finally:
        back.close()


def test_nobody_waits_for_a_receiver_that_does_not_read(home: Path) -> None:
    deaf = Listener(deaf=True)
    (home / "logs.json").write_bytes(orjson.dumps({"ship_to": f"tcp://127.0.0.1:{deaf.port}"}))
    write(home, *(f"a{n}" for n in range(100)))
    with (home / "looks.jsonl").open("wb") as file:
        for n in range(60_000):
            file.write(orjson.dumps({"at": "2026-11-22T09:00:00+00:00", "who": "w" * 200, "n": n}) + b"\n")
    made = start(home)
    assert made
    try:
        time.sleep(1.5)
        log = SecurityLog(lambda: datetime.now(UTC), home / "security.jsonl")
        began = time.monotonic()
        log.write("signed in", "anna")
        logging.getLogger("onelot.server").error("something")
        assert time.monotonic() - began < 1
        until(lambda: read_state(home).get("failing_since"), 30)
    finally:
        deaf.close()
        made.stop()


def test_a_socket_s_file_takes_them_too(home: Path) -> None:
    path = home / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local:
        local.bind(str(path))
        local.settimeout(5)
        write(home, "anna", "ben")
        made = Shipper(home, Settings(ship_to=f"unix:{path}"))
        assert made.once()
        got = [RFC5424.fullmatch(local.recv(65536)) for _ in range(2)]
        assert [each["msg"] for each in got if each] == file_lines(home)
    path.unlink()
    write(home, "carl")
    assert not made.once() and read_state(home)["failing_since"]


def test_under_tls_to_the_receiver_that_the_certificate_names_only(home: Path) -> None:
    names = ("receiver", "other")
    for name in names:
        (home / name).mkdir()
    crt, key = certificate(home / "receiver")
    other, _ = certificate(home / "other")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    listener = Listener(context=context)
    try:
        write(home, "anna", "ben")
        for ca in (str(other), ""):
            made = Shipper(home, Settings(ship_to=f"tls://127.0.0.1:{listener.port}", ca=ca))
            assert not made.once() and "certificate" in read_state(home)["why"].lower()
        assert not listener.messages
        made = Shipper(home, Settings(ship_to=f"tls://127.0.0.1:{listener.port}", ca=str(crt)))
        assert made.once()
        until(lambda: len(listener.messages) == 2)
        assert listener.lines() == file_lines(home)
    finally:
        listener.close()


def test_a_rotated_file_is_finished_first_and_a_cut_one_is_said(home: Path, listener: Listener) -> None:
    (home / "logs.json").write_bytes(orjson.dumps({"ship_to": f"tcp://127.0.0.1:{listener.port}"}))
    write(home, "anna")
    made = shipper(home, listener.port)
    assert made.once()
    write(home, "ben")
    (home / "security.jsonl").rename(home / "security.jsonl.1")
    write(home, "carl")
    assert made.once() and made.once()
    until(lambda: len(listener.messages) == 3)
    assert [orjson.loads(each)["who"] for each in listener.lines()] == ["anna", "ben", "carl"]
    assert all(each.ok for each in _logs(home))
    (home / "security.jsonl").write_bytes(b"")
    write(home)
    assert made.once()
    assert [each.ok for each in _logs(home)] == [True, False]


def test_of_an_error_no_value_goes_out(home: Path, listener: Listener) -> None:
    made = shipper(home, listener.port)
    log = logging.getLogger("onelot.server")
    logging.getLogger("onelot").addHandler(made.operation)
    try:
        try:
            raise ValueError("Maria Musterfrau, born 1980-02-03")
        except ValueError as cause:
            log.error("unexpected, number %s, at %s %s", "0a1b", "GET", "/batches/{batch}", exc_info=cause)
        log.info("not of interest")
    finally:
        logging.getLogger("onelot").removeHandler(made.operation)
    assert made.once()
    until(lambda: listener.messages)
    [line] = listener.lines()
    found = orjson.loads(line)
    assert found.pop("at") and found == {
        "what": "unexpected, number 0a1b, at GET /batches/{batch}", "logger": "onelot.server", "error": "ValueError",
    }  # fmt: skip
    assert b"Musterfrau" not in listener.messages[0] and listener.messages[0].startswith(b"<27>1 ")


@pytest.mark.parametrize(
    "given",
    [
        {"ship_to": "udp://127.0.0.1:514"}, {"ship_to": "tcp://logs.example:601"}, {"ship_to": "unix:relative"},
        {"ship_to": "tls://user:secret@logs.example"}, {"ship_to": "tls://logs.example:99999"}, {"ship_to": ""}, {},
        {"ship_to": "unix:/dev/log", "other": 1}, [],
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_are_refused(home: Path, given: object) -> None:
    assert read_log_settings(home) is None
    (home / "logs.json").write_bytes(orjson.dumps(given))
    with pytest.raises(BadInput, match="settings of the logs"):
        read_log_settings(home)


def test_the_server_ships_while_it_serves(listener: Listener, served_home: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    onelot, where = [sys.executable, "-m", "onelot.app.cli"], served_home / "h"
    (served_home / "password").write_text("seven green kettles sing")
    made = [*onelot, "init", "--simulation", "--site", "plant", "--administrator", "admin", "--printed-name", "Admin"]
    subprocess.run(
        [*made, "--password-file", str(served_home / "password"), "--home", str(where)],
        check=True, env=environment, timeout=300,
    )  # fmt: skip
    (where / "logs.json").write_bytes(orjson.dumps({"ship_to": f"tcp://127.0.0.1:{listener.port}"}))
    port = free_port()
    local = served_home / "stderr"
    with local.open("wb") as file:
        server = subprocess.Popen(
            [*onelot, "serve", "--home", str(where), "--port", str(port)], env=environment, stderr=file
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as browser:

            def answers() -> bool:
                try:
                    return browser.get("/keys").status_code == 200
                except httpx.TransportError:
                    return False

            until(answers, 120)
            assert browser.post("/session", json={"login": "admin", "password": "wrong"}).status_code == 403
            until(lambda: any(b'"refused"' in each for each in listener.messages))
            assert listener.lines() == file_lines(where)
            # It goes away: people sign in as before, and the local log says so.
            listener.close()
            for n in range(3):
                assert browser.post("/session", json={"login": f"x{n}", "password": "wrong"}).status_code == 403
                time.sleep(1.2)
            until(lambda: b"logs are not shipped, since" in local.read_bytes())
            assert read_state(where)["failing_since"] and len(file_lines(where)) == 4
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


@pytest.fixture
def served_home() -> Iterator[Path]:
    """A folder that the database's unprivileged account can pass."""
    made = Path(tempfile.mkdtemp(prefix="onelot-l-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)
