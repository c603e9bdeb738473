"""The committer when the database goes away, when processes compete, and when it is killed."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from onelot.adapters.postgres.committer import Committer
from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.adapters.postgres.schema import migrate
from onelot.record.chain import first_break
from onelot.record.errors import Conflict, Unreachable
from onelot.record.events.batch import PhaseStarted
from onelot.record.journal import Append, Draft, Part

pytestmark = pytest.mark.postgres
Database = tuple[EmbeddedServer, str]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def append(stream: str, expected: int) -> Append:
    return Append((Part(stream, expected, (Draft(PhaseStarted("thaw", expected + 1), NOON, "system"),)),))


def end_backends(server: EmbeddedServer, name: str) -> int:
    """End every connection of the application to this database, as a failing network would."""
    with psycopg.connect(server.dsn("super", "postgres"), autocommit=True) as connection:
        found = connection.execute(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            " where datname = %s and usename = 'onelot_app'",
            [name],
        ).fetchone()
    return found[0] if found else 0


def test_lost_connections_lose_nothing_and_write_nothing_twice(database: Database) -> None:
    server, name = database
    with PostgresJournal(server.dsn("app", name), patience_s=10) as journal:

        def write(writer: int) -> None:
            for n in range(30):
                journal.append(append(f"batch/lost-{writer}", n))

        with ThreadPoolExecutor(9) as pool:
            writers = [pool.submit(write, writer) for writer in range(8)]
            ended = 0
            while not all(writer.done() for writer in writers):
                ended += end_backends(server, name)
                time.sleep(0.05)
            for writer in writers:
                writer.result()
        assert ended > 0
        for writer_number in range(8):
            entries = journal.read(f"batch/lost-{writer_number}")
            assert len(entries) == 30
            assert first_break(f"batch/lost-{writer_number}", [(one.body, one.hash) for one in entries]) is None


def test_an_append_is_refused_when_the_database_stays_away(database: Database) -> None:
    server, name = database
    with PostgresJournal(server.dsn("app", name), patience_s=0.2) as journal:
        journal.append(append("batch/away", 0))
        with psycopg.connect(server.dsn("super", "postgres"), autocommit=True) as connection:
            connection.execute(f"alter database {name} with allow_connections false")
            end_backends(server, name)
            with pytest.raises(Unreachable, match="not known"):
                journal.append(append("batch/away", 1))
            with pytest.raises(Unreachable):
                journal.read("batch/away")
            connection.execute(f"alter database {name} with allow_connections true")
        assert journal.append(append("batch/away", 1))[0].seq == 2, "and goes on when it is back"


def test_no_database_is_said_at_once() -> None:
    with pytest.raises(Unreachable):
        PostgresJournal("postgresql://onelot_app@/onelot?host=/nonexistent&port=5432")


def test_a_closed_journal_takes_nothing_more(database: Database) -> None:
    server, name = database
    journal = PostgresJournal(server.dsn("app", name))
    queued = [journal.submit(append("batch/closed", n)) for n in range(50)]
    journal.close()
    assert [future.result()[0].seq for future in queued] == list(range(1, 51)), "what was queued is written"
    with pytest.raises(Unreachable, match="closed"):
        journal.append(append("batch/closed", 50))


def test_coroutines_share_one_transaction(database: Database) -> None:
    server, name = database

    async def go() -> tuple[int, list[object]]:
        committer = await Committer.open(server.dsn("app", name))
        done = await asyncio.gather(
            *(committer.asubmit(append(f"batch/co-{n % 40}", 0)) for n in range(80)), return_exceptions=True
        )
        groups = committer.groups
        await committer.close()
        return groups, list(done)

    groups, done = asyncio.run(go())
    assert sum(isinstance(one, list) for one in done) == 40
    assert sum(isinstance(one, Conflict) for one in done) == 40
    assert groups <= 3, "40 appends in a transaction or two, not in 40"


def test_a_database_that_refuses_to_write_is_told_apart_from_a_conflict(database: Database) -> None:
    server, name = database
    with PostgresJournal(server.dsn("app", name)) as journal:
        with psycopg.connect(server.dsn("owner", name), autocommit=True) as owner:
            owner.execute("revoke insert on event from onelot_app")
            with pytest.raises(Unreachable, match="refuses to write.*permission denied"):
                journal.append(append("batch/denied", 0))
            owner.execute("grant insert on event to onelot_app")
        journal.append(append("batch/denied", 0))


# --- kill -9

_WRITER = """
import sys
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.record.journal import Append, Effect, Part, TakeName
from threading import Thread
from datetime import UTC, datetime
from onelot.record.journal import Draft
from onelot.record.events.batch import PhaseStarted

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
journal = PostgresJournal(sys.argv[1], patience_s=float(sys.argv[2]))

def write(stream):
    seq = len(journal.read(stream))
    while True:
        key = f"{stream}-{seq + 1}"
        sys.stdout.write(f"sent {key}\\n")
        entry = journal.append(Append(
            (Part(stream, seq, (Draft(PhaseStarted("thaw", seq + 1), NOON, "system"),)),),
            claims=(TakeName(key),), effects=(Effect(key, "label", {}),),
        ))[0]
        seq = entry.seq
        sys.stdout.write(f"done {stream} {seq} {entry.hash.hex()}\\n")
        sys.stdout.flush()

for n in range(6):
    Thread(target=write, args=(f"batch/{n}",)).start()
"""


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    """A server of this test's own, since it is going to be killed."""
    folder = Path(tempfile.mkdtemp(prefix="onelot-t-"))
    folder.chmod(0o755)
    with EmbeddedServer.open(folder / "pg") as server:
        migrate(server.dsn("owner"))
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def kill_once(server: EmbeddedServer, chance: random.Random, victim: str) -> tuple[set[tuple[str, int, str]], bool]:
    """Let a program append, kill it or the server, and give what it was told is durable, and whether it was waiting."""
    server.ensure()
    with tempfile.TemporaryFile("w+") as said:
        program = subprocess.Popen(
            [sys.executable, "-c", _WRITER, server.dsn("app"), "0.1"], stdout=said, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 20
        while "done" not in (text := Path(f"/proc/self/fd/{said.fileno()}").read_text()) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.15))
        if victim == "application":
            program.kill()
        else:
            os.kill(server.pid() or 0, signal.SIGKILL)
            time.sleep(0.1)
            program.kill()
        program.wait()
        said.seek(0)
        text = said.read()
    lines = [line.split() for line in text[: text.rfind("\n") + 1].splitlines()]
    done = {(line[1], int(line[2]), line[3]) for line in lines if len(line) == 4 and line[0] == "done"}
    sent = sum(line[0] == "sent" for line in lines)
    assert done, "the program was killed before it wrote anything"
    return done, sent > len(done)


def check_after(server: EmbeddedServer, acknowledged: set[tuple[str, int, str]]) -> None:
    server.ensure()
    with PostgresJournal(server.dsn("app")) as journal:
        found, keys = set(), []
        for stream in journal.heads("batch/"):
            entries = journal.read(stream)
            assert first_break(stream, [(one.body, one.hash) for one in entries]) is None
            found |= {(stream, one.seq, one.hash.hex()) for one in entries}
            keys += [f"{stream}-{one.seq}" for one in entries]
        assert acknowledged <= found, f"acknowledged and lost: {sorted(acknowledged - found)[:3]}"
        # What belongs to one append came through together, or not at all.
        assert sorted(one.key for one in journal.effects(limit=1_000_000)) == sorted(keys)
    with psycopg.connect(server.dsn("app")) as connection:
        names = [row[0] for row in connection.execute("select name from taken_name")]
    assert sorted(names) == sorted(keys)


def kill_often(server: EmbeddedServer, kills: int, seed: int) -> int:
    chance, acknowledged, in_flight = random.Random(seed), set[tuple[str, int, str]](), 0
    for n in range(kills):
        done, waiting = kill_once(server, chance, "server" if n % 2 else "application")
        acknowledged |= done
        in_flight += waiting
        check_after(server, acknowledged)
    return in_flight


def test_what_was_acknowledged_survives_kill_9(own_server: EmbeddedServer) -> None:
    assert kill_often(own_server, kills=2, seed=1) >= 1


@pytest.mark.long
def test_what_was_acknowledged_survives_kill_9_a_hundred_times(own_server: EmbeddedServer) -> None:
    in_flight = kill_often(own_server, kills=100, seed=7)
    print(f"{in_flight} of 100 kills hit an append in flight")
    assert in_flight >= 90
