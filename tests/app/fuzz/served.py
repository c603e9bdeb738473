"""A simulated house on a real database, in the middle of its work at this very moment, served as its own process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import TypeAdapter

from onelot.adapters.recipes import shipped
from onelot.app.api.server import desk_of
from onelot.app.commands import Command
from onelot.app.context import Actor
from onelot.app.demo import Cohort, Demo, prepare, tour_case
from tests.app.fuzz.recorded import Moment
from tests.app.fuzz.values import Known
from tests.app.web.plant import PASSWORD
from tests.browser.conftest import free_port

# Real people are held back when they ask as often as this; what does that has tests of its own.
PATIENT = {"requests_per_minute": 10**6, "address_requests_per_minute": 10**7, "failures_per_minute": 1000}
# Each patient's order lies so long ago: one is being made now, one was released and is on its way or given.
AGES = tuple(timedelta(days=each) for each in (1, 3, 7, 16, 19, 24, 45))
AGAIN_S = 2.0
ONELOT = [sys.executable, "-W", "ignore", "-m", "onelot.app.cli"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@dataclass(repr=False)
class Served:
    """The house as those who ask it see it; named as `Recorded` is, so that requests to either are made alike.

    moments: what was given, by command; their states are empty, since this house only goes on.
    """

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    everybody: dict[str, dict[str, Any]]
    moments: dict[str, list[Moment]]
    known: Known
    sessions: dict[str, str] = field(default_factory=dict)
    end: dict[str, Any] = field(default_factory=dict)
    _tried: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def people(self) -> set[str]:
        """What patients are called, and their numbers elsewhere."""
        told = [moment.given["identity"] for moment in self.moments["OrderTherapy"]]
        return {each["name"] for each in told} | {name.split("|")[1] for each in told for name in each["identifiers"]}

    def logins(self, role: str) -> list[str]:
        """Who has this role, by name."""
        return [login for login, row in self.everybody.items() if role in row["roles"]]

    def sign_in(self, login: str) -> str:
        """A new session's token; "" for somebody who is not let in any more."""
        answer = httpx.post(
            f"{self.address}/session", json={"login": login, "password": PASSWORD}, timeout=60, trust_env=False
        )
        return str(answer.json()["token"]) if answer.status_code == 200 and not answer.json()["needs"] else ""

    def let_in_again(self, login: str) -> None:
        """Somebody's session has ended; at most once in a while, since a name that is locked stays so for minutes."""
        with self._lock:
            if time.monotonic() - self._tried.get(login, 0.0) < AGAIN_S:
                return
            self._tried[login] = time.monotonic()
        if token := self.sign_in(login):
            self.sessions[login] = token


@contextmanager
def served() -> Iterator[Served]:
    """The house, served; afterwards it has ended by itself when it was asked to, and its record has been examined."""
    folder = Path(tempfile.mkdtemp(prefix="onelot-f-"))
    folder.chmod(0o755)  # the database's unprivileged account must be able to pass
    try:
        everybody, moments, known = _at_work(folder)
        port, log = free_port(), (folder / "said").open("wb")
        command = [*ONELOT, "serve", "--home", str(folder), "--port", str(port)]
        process = subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True)
        found = Served(folder, port, process, everybody, moments, known)
        try:
            _wait_for(found)
            for login in everybody:
                if token := found.sign_in(login):
                    found.sessions[login] = token
            yield found
        except BaseException as failure:
            failure.add_note((folder / "said").read_text(errors="replace")[-8000:])
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                ended = process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        said = (folder / "said").read_text(errors="replace")
        assert ended == 0 and "Traceback" not in said, f"ended with {ended}:\n{said[-6000:]}"
        examined = subprocess.run(
            [*ONELOT, "doctor", "--home", str(folder), "--json"], env=ENVIRONMENT, capture_output=True, timeout=300
        )
        findings = json.loads(examined.stdout)["findings"]
        assert any("chain" in each["what"] for each in findings), findings
        assert all(each["ok"] for each in findings), [each for each in findings if not each["ok"]]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(found: Served) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and found.process.poll() is None:
        try:
            if httpx.get(f"{found.address}/keys", timeout=10, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError((found.home / "said").read_text(errors="replace")[-6000:])


def _at_work(folder: Path) -> tuple[dict[str, dict[str, Any]], dict[str, list[Moment]], Known]:
    """Run the simulation until now; everybody, what they gave, and the names that are known then."""
    now, moments = datetime.now(UTC), defaultdict[str, list[Moment]](list)
    run = prepare(folder, 5, lambda recipes: _cohort(folder / "patients", now), lambda at, who, what: None)
    _watch(run, moments)
    run.driver.begin()
    while (due := run.driver.next_due()) is not None and due < now - timedelta(minutes=5):
        run.driver.step()
    everybody = run.house.whole.rows("people")
    desk = desk_of(run.house, folder)
    for login in everybody:
        desk.set_password(login, PASSWORD)
    known = _known(moments, list(run.house.whole.heads()))
    run.house.close()
    (folder / "sign-in.json").write_text(json.dumps(PATIENT))
    return everybody, moments, known


def _cohort(folder: Path, now: datetime) -> Cohort:
    recipes, cases = tuple(shipped().values()), {}
    for number, age in enumerate(AGES):
        case, _ = tour_case(folder / str(number), 5 + number, now - age, recipes)
        # Drawn alike, and two people all the same.
        person = replace(case.identity, identifiers=tuple(f"{each}-{number}" for each in case.identity.identifiers))
        cases[f"patient-{number}"] = replace(case, key=f"patient-{number}", identity=person)
    return Cohort(cases, {}, now - max(AGES), {})


def _watch(run: Demo, moments: dict[str, list[Moment]]) -> None:
    """Note the last commands of each kind: they are about what is in hand."""
    loop = run.house.loop
    given: Callable[..., Any] = loop.handle

    def handle(command: Command, actor: Actor, *args: Any, **named: Any) -> Any:
        name = type(command).__name__
        if actor.id.startswith("person/"):
            fields = TypeAdapter(type(command)).dump_python(command, mode="json")
            moments[name] = [*moments[name][-3:], Moment(name, actor.id.removeprefix("person/"), fields, {})]
        return given(command, actor, *args, **named)

    loop.handle = handle  # type: ignore[method-assign]


def _known(moments: dict[str, list[Moment]], streams: list[str]) -> Known:
    by_field: dict[str, set[str]] = defaultdict(set)

    def note(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                note(key, each)
        elif isinstance(value, list):
            for each in value:
                note(name, each)
        elif isinstance(value, str) and len(value) < 200:
            by_field[name].add(value)

    for each in moments.values():
        for moment in each:
            note("", {key: value for key, value in moment.given.items() if key != "identity"})
    for stream in streams:
        kind, _, name = stream.partition("/")
        by_field[kind].add(name)
        by_field["stream"].add(stream)
    named = {name: tuple(sorted(values)) for name, values in by_field.items() if name}
    return Known(named, tuple(sorted({each for values in named.values() for each in values[:40]})))
