"""kill -9 of the application and of the database at random moments of the demo: nothing acknowledged is lost, no
effect is repeated without its key showing it, and the demo ends right afterwards.

A kill counts only when it hit a process with an append or an effect in flight: a shared byte says so.
"""

from __future__ import annotations

import mmap
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from onelot.adapters.postgres.journal import PostgresJournal
from onelot.app import demo, home
from onelot.record.journal import Append, Entry
from onelot.twin.equipment import TwinDevice

SEED = 7


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="onelot-kill-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def play(folder: Path, only: tuple[str, ...], flag: mmap.mmap, log: Path) -> int:
    """The demo in this process, telling through `flag` when something is in flight and through `log` what was
    acknowledged. The exit code: 0 when every patient ended as expected."""
    acknowledged = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    class Watched(PostgresJournal):
        def append(self, append: Append) -> list[Entry]:
            flag[0] = 1
            entries = super().append(append)
            for entry in entries:
                os.write(acknowledged, f"{entry.stream} {entry.seq} {entry.hash.hex()}\n".encode())
            flag[0] = 0
            return entries

        def submit(self, append: Append) -> Future[list[Entry]]:
            raise AssertionError("the demo appends one by one")

    send = TwinDevice.send

    def watched_send(device: TwinDevice, key: str, verb: str, target: str) -> object:
        flag[0] = 2
        answer = send(device, key, verb, target)
        flag[0] = 0
        return answer

    home.PostgresJournal = Watched  # type: ignore[misc]
    TwinDevice.send = watched_send  # type: ignore[method-assign, assignment]

    def cohort(recipes: object) -> demo.Cohort:
        found = demo.own_cohort(folder / "cohort", SEED, recipes)  # type: ignore[arg-type]
        return replace(found, cases={key: case for key, case in found.cases.items() if key in only})

    run = demo.prepare(folder, SEED, cohort, lambda now, who, what: None)
    report = run.run()
    wrong = [(row.patient, row.end) for row in report.rows if row.as_expected is not True]
    run.house.close()
    if wrong or not report.chains_verified:
        sys.stderr.write(f"ended wrong: {wrong}\n")
        return 1
    return 0


def start(folder: Path, only: tuple[str, ...], flag: mmap.mmap, log: Path) -> int:
    """The demo in a child of its own; gives its process id."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        code = play(folder, only, flag, log)
    except BaseException as cause:
        sys.stderr.write(f"child: {type(cause).__name__}: {str(cause)[:300]}\n")
    finally:
        os._exit(code)


def ended(child: int) -> int | None:
    """The child's exit code, or None while it runs."""
    done, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


def postmaster(folder: Path) -> int | None:
    found = list((folder / "postgres").glob("*/postmaster.pid"))
    return int(found[0].read_text().split()[0]) if found else None


def storm(folder: Path, only: tuple[str, ...], wanted: int, chance: random.Random, seconds: float) -> dict[str, int]:
    """Kill until `wanted` kills counted, or the demo has ended; then let it end."""
    flag, log = mmap.mmap(-1, 1), folder / "acknowledged"
    counted = {"append": 0, "effect": 0, "database": 0, "missed": 0, "runs": 0}
    limit = time.monotonic() + seconds
    while sum(counted[each] for each in ("append", "effect", "database")) < wanted and time.monotonic() < limit:
        flag[0] = 0
        child = start(folder, only, flag, log)
        counted["runs"] += 1
        code = hit(child, folder, flag, chance, counted)
        if code == 0:
            return counted
        assert code is None, f"the demo ended with {code} before it was killed"
    for _ in range(3):
        child = start(folder, only, flag, log)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            return counted
    raise AssertionError(f"the demo did not end right after {counted}")


def hit(child: int, folder: Path, flag: mmap.mmap, chance: random.Random, counted: dict[str, int]) -> int | None:
    """Wait a random while from the first append on, then until something is in flight, and kill."""
    while flag[0] == 0:
        if (code := ended(child)) is not None:
            return code
        time.sleep(0.001)
    until = time.monotonic() + chance.random() * 0.5
    effect = chance.random() < 0.2
    server = postmaster(folder) if chance.random() < 0.3 else None
    give_up = until + 3
    while time.monotonic() < until or flag[0] != (2 if effect and time.monotonic() < give_up else 1):
        if (code := ended(child)) is not None:
            return code
    if server:
        # Stopped, so that what is in flight stays so until its database is dead; then it lives on for a moment.
        os.kill(child, signal.SIGSTOP)
        in_flight = flag[0]
        os.kill(server, signal.SIGKILL)
        os.kill(child, signal.SIGCONT)
        time.sleep(chance.random() * 0.2)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not server:
        in_flight = flag[0]
    if not in_flight:
        counted["missed"] += 1
        return None
    counted["database" if server else "append" if in_flight == 1 else "effect"] += 1
    return None


def check(folder: Path) -> tuple[int, int]:
    """Every acknowledged event stands in the journal with its hash; every key took effect once."""
    place = home.database(folder)
    journal = PostgresJournal(place.app)
    try:
        lines = [line.split() for line in (folder / "acknowledged").read_text().splitlines()]
        streams = {stream: journal.read(stream) for stream in {line[0] for line in lines if len(line) == 3}}
        for stream, seq, link in (line for line in lines if len(line) == 3 and len(line[2]) == 64):
            assert streams[stream][int(seq) - 1].hash.hex() == link, f"{stream}#{seq} was acknowledged and is not there"
    finally:
        journal.close()
        place.close()
    memory = sqlite3.connect(folder / "twin-devices")
    try:
        effects = memory.execute("select key, effects from command").fetchall()
    finally:
        memory.close()
    repeated = [key for key, count in effects if count > 1]
    assert not repeated, f"took effect twice: {repeated}"
    return len(lines), len(effects)


def test_a_few_kills(folder: Path) -> None:
    counted = storm(folder, ("p01", "p02", "p20"), 6, random.Random(1), seconds=60)
    events, effects = check(folder)
    assert sum(counted[each] for each in ("append", "effect", "database")) >= 3
    assert events > 300
    assert effects > 10


@pytest.mark.long
def test_a_hundred_kills(capsys: pytest.CaptureFixture[str]) -> None:
    total: dict[str, int] = {}
    chance = random.Random(2026)
    while sum(total.get(each, 0) for each in ("append", "effect", "database")) < 100:
        made = Path(tempfile.mkdtemp(prefix="onelot-kill-"))
        made.chmod(0o755)
        everybody = tuple(f"p{number:02d}" for number in range(1, 25))
        left = 100 - sum(total.get(each, 0) for each in ("append", "effect", "database"))
        found = storm(made, everybody, left, chance, seconds=900)
        events, effects = check(made)
        shutil.rmtree(made, ignore_errors=True)
        for name, count in (*found.items(), ("acknowledged", events), ("keys", effects)):
            total[name] = total.get(name, 0) + count
        with capsys.disabled():
            print(f"\n{found}, {events} acknowledged events there, {effects} keys took effect once")
    with capsys.disabled():
        print(f"in all: {total}")
