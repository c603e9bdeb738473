"""How fast the record is, beside raw PostgreSQL and raw `cryptography`: `python benchmarks/record.py`, JSON on stdout.

Every writer awaits its acknowledgement before it appends again; fsync and synchronous_commit are on for all. The raw
baseline writes rows of the same size with asyncpg into a table with the same primary key, one commit per row
(PostgreSQL may still flush several commits at once) or grouped by hand; without chain, views or checks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from onelot.adapters.postgres.committer import Committer
from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.journal import PostgresJournal, new_loop
from onelot.adapters.postgres.schema import migrate
from onelot.record.chain import first_break, misplaced, start
from onelot.record.events.batch import BatchPlanned, Measured, PhaseCompleted, PhaseStarted
from onelot.record.journal import Append, Draft, Entry, Head, Part, Projection, link_part
from onelot.record.signature import Signed, Signing, is_signature
from onelot.record.subjects.batch import fold_batch
from onelot.record.terms.values import Cite

BATCHES = 500
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TARGETS = {
    "ratio_1_process_32_writers": 0.4,
    "ratio_4_processes_32_writers": 0.9,
    "verify_events_per_s": 300_000,
    "sign_ratio": 0.8,
    "verify_signature_ratio": 0.8,
    "view_of_5000_ms_max": 50,
}


def measured(seq: int) -> Measured:
    return Measured("expansion", "viable_cells", Decimal(1_000_000 + seq), "1", "image cytometry", NOON)


def draft(seq: int, signing: Signing | None = None) -> Draft:
    return Draft(measured(seq), NOON + timedelta(seconds=seq), "person/op-7", signing)


def own_signing() -> Signing:
    key = Ed25519PrivateKey.generate()
    return Signing(
        Signed("person/op-7", "A. Operator", "performed", key.public_key().public_bytes_raw().hex()), key.sign
    )


def board(row: dict[str, Any] | None, entry: Entry, key: str) -> dict[str, Any]:
    """A row as a board shows it: where the batch stands, and its last value."""
    said = entry.envelope
    before = row or {"batch": key, "patient": "COI-" + key[-6:], "site": "north", "open_deviations": 0, "events": 0}
    return before | {
        "events": before["events"] + 1, "last": said["type"], "last_at": said["at"], "phase": said["data"].get("phase"),
    }  # fmt: skip


BOARD = Projection("board", lambda entry: [entry.stream], board)


# --- writers, each in a process of its own


async def journal_writers(spec: dict[str, Any]) -> tuple[Callable[[int, int], Awaitable[object]], Callable[[], Any]]:
    committer = await Committer.open(spec["dsn"], [BOARD] if spec["views"] else [])
    signing = own_signing() if spec["signed"] else None
    streams = [f"batch/{spec['run']}-{n:04d}" for n in range(spec["process"], BATCHES, spec["processes"])]
    own = [streams[writer :: spec["writers"]] for writer in range(spec["writers"])]
    seqs = dict.fromkeys(streams, 0)

    async def write(writer: int, turn: int) -> None:
        stream = own[writer][turn % len(own[writer])]
        seq = seqs[stream]
        await committer.asubmit(Append((Part(stream, seq, (draft(seq, signing),)),)))
        seqs[stream] = seq + 1

    return write, committer.close


def raw_row(spec: dict[str, Any], process: int, writer: int, turn: int) -> tuple[Any, ...]:
    signature = bytes(64) if spec["signed"] else None
    return f"batch/{spec['run']}-{process}-{writer:04d}", turn + 1, bytes(spec["body_bytes"]), bytes(32), signature


async def raw_writers(spec: dict[str, Any]) -> tuple[Callable[[int, int], Awaitable[object]], Callable[[], Any]]:
    connections = [await asyncpg.connect(spec["dsn"]) for _ in range(spec["writers"])]
    inserts = [await one.prepare("insert into raw values ($1, $2, $3, $4, $5)") for one in connections]

    async def write(writer: int, turn: int) -> None:
        await inserts[writer].fetchval(*raw_row(spec, spec["process"], writer, turn))

    async def close() -> None:
        for one in connections:
            await one.close()

    return write, close


async def raw_grouped(spec: dict[str, Any]) -> tuple[Callable[[int, int], Awaitable[object]], Callable[[], Any]]:
    connection = await asyncpg.connect(spec["dsn"])
    insert = await connection.prepare(
        "insert into raw select * from unnest($1::text[], $2::int[], $3::bytea[], $4::bytea[], $5::bytea[])"
    )
    waiting: list[tuple[tuple[Any, ...], asyncio.Future[None]]] = []
    wake = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def run() -> None:
        nonlocal waiting
        while True:
            await wake.wait()
            wake.clear()
            while waiting:
                group, waiting = waiting, []
                await insert.fetchval(*map(list, zip(*(row for row, _ in group), strict=True)))
                for _, future in group:
                    future.set_result(None)
                await asyncio.sleep(0)

    task = asyncio.create_task(run())

    async def write(writer: int, turn: int) -> None:
        future = loop.create_future()
        waiting.append((raw_row(spec, spec["process"], writer, turn), future))
        wake.set()
        await future

    async def close() -> None:
        task.cancel()
        await connection.close()

    return write, close


KINDS = {"journal": journal_writers, "raw": raw_writers, "raw_grouped": raw_grouped}


async def work(spec: dict[str, Any]) -> None:
    write, close = await KINDS[spec["kind"]](spec)
    await asyncio.gather(*(write(writer, 0) for writer in range(spec["writers"])))  # statements planned, streams opened
    print("ready", flush=True)
    sys.stdin.readline()
    latencies: list[float] = []
    until = time.perf_counter() + spec["seconds"]

    async def writer(number: int) -> None:
        turn = 1
        while (began := time.perf_counter()) < until:
            await write(number, turn)
            turn += 1
            latencies.append(time.perf_counter() - began)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(writer(number) for number in range(spec["writers"])))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    await close()
    latencies.sort()
    print(json.dumps({"count": len(latencies), "seconds": took, "cpu": cpu / took,
                      "p50_ms": latencies[len(latencies) // 2] * 1000,
                      "p99_ms": latencies[len(latencies) * 99 // 100] * 1000}), flush=True)  # fmt: skip


def rate(**spec: Any) -> dict[str, Any]:
    """Run one cell: `writers` in all, spread over `processes`."""
    processes = spec["processes"]
    share = [spec["writers"] // processes + (n < spec["writers"] % processes) for n in range(processes)]
    running = []
    for number, writers in enumerate(share):
        if writers:
            told = json.dumps(spec | {"process": number, "writers": writers})
            running.append(subprocess.Popen([sys.executable, __file__, "--worker", told],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))  # fmt: skip
    for one in running:
        if one.stdout is None or one.stdout.readline().strip() != "ready":
            raise SystemExit("a writer did not start")
    for one in running:
        if one.stdin:
            one.stdin.write("go\n")
            one.stdin.flush()
    found = [json.loads(one.communicate()[0]) for one in running]
    return {
        "per_s": round(sum(one["count"] / one["seconds"] for one in found)),
        "p50_ms": round(statistics.median(one["p50_ms"] for one in found), 2),
        "p99_ms": round(max(one["p99_ms"] for one in found), 2),
        "cpu_per_process": round(statistics.mean(one["cpu"] for one in found), 2),
    }


# --- one core, no database


def best(action: Callable[[], object], count: int, seconds: float = 1.0) -> float:
    """Events per second of an action that handles `count`, the best of several runs within the time."""
    rates, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until or not rates:
        began = time.perf_counter()
        action()
        rates.append(count / (time.perf_counter() - began))
    return max(rates)


def chain_of(stream: str, drafts: list[Draft]) -> list[Entry]:
    return link_part(Head(0, start(stream)), Part(stream, 0, tuple(drafts)))


def verifying() -> dict[str, Any]:
    entries = chain_of("batch/v", [draft(n) for n in range(5000)])
    pairs = [(one.body, one.hash) for one in entries]
    bodies = [one.body for one in entries]
    key = Ed25519PrivateKey.generate()
    public = key.public_key()
    signing = Signing(Signed("person/op-7", "A. Operator", "performed", public.public_bytes_raw().hex()), key.sign)
    hashes = [one.hash for one in entries[:500]]
    signed = [(one, key.sign(one)) for one in hashes]

    def raw_verify() -> None:
        for one, signature in signed:
            public.verify(signature, one)

    def ours_verify() -> None:
        if not all(is_signature(signing.signed.key, one, signature) for one, signature in signed):
            raise SystemExit("a good signature was refused")

    raw_sign = best(lambda: [key.sign(one) for one in hashes], 500)
    ours_sign = best(lambda: [signing.sign(one) for one in hashes], 500)
    raw, ours = best(raw_verify, 500), best(ours_verify, 500)
    return {
        "body_bytes": round(statistics.mean(map(len, bodies))),
        "verify_events_per_s": round(best(lambda: first_break("batch/v", pairs), len(pairs))),
        "canonical_recheck_per_s": round(best(lambda: misplaced("batch/v", bodies), len(bodies))),
        "sign_per_s": round(ours_sign), "raw_sign_per_s": round(raw_sign), "sign_ratio": round(ours_sign / raw_sign, 3),
        "verify_signature_per_s": round(ours), "raw_verify_signature_per_s": round(raw),
        "verify_signature_ratio": round(ours / raw, 3),
    }  # fmt: skip


def folding() -> dict[str, Any]:
    """A batch of 200 events: planned, then phases with measurements."""
    cite = Cite("document/recipe", 1, "0" * 64)
    life = [Draft(BatchPlanned("B1", ("therapy/1",), cite, None, "north", "autologous"), NOON, "person/p")]
    for run in range(1, 21):
        life.append(Draft(PhaseStarted(f"phase-{run}", run, "bio-1"), NOON, "person/op-7"))
        life += [
            Draft(Measured(f"phase-{run}", "viable_cells", Decimal(run), "1", "count", NOON), NOON, "person/op-7")
        ] * 8
        life.append(Draft(PhaseCompleted(f"phase-{run}", run, "done"), NOON, "person/op-7"))
    entries = chain_of("batch/B1", life)
    fold_batch(entries)
    bare = [(one.stream, one.seq, one.body, one.hash, one.signature) for one in entries]
    return {
        "events": len(entries),
        "fold_events_per_s": round(best(lambda: fold_batch(entries), len(entries))),
        "fold_from_bytes_events_per_s": round(best(lambda: fold_batch(Entry(*one) for one in bare), len(entries))),
    }


def viewing(server: EmbeddedServer) -> dict[str, Any]:
    """A board of 5,000 open batches, read whole."""
    with PostgresJournal(server.dsn("app"), [BOARD]) as journal:
        for future in [journal.submit(Append((Part(f"batch/open-{n:05d}", 0, (draft(0),)),))) for n in range(5000)]:
            future.result()
        wanted = [f"batch/open-{n:05d}" for n in range(5000)]
        times = []
        for _ in range(9):
            began = time.perf_counter()
            rows = journal.rows("board", wanted)
            times.append((time.perf_counter() - began) * 1000)
        if len(rows) != 5000:
            raise SystemExit("the view misses rows")
        return {"rows": len(rows), "median_ms": round(statistics.median(times), 1), "worst_ms": round(max(times), 1)}


# --- all of it


@contextmanager
def running_server(which: str) -> Iterator[EmbeddedServer]:
    folder = Path(tempfile.mkdtemp(prefix="onelot-bench-"))
    folder.chmod(0o755)
    try:
        with EmbeddedServer.open(folder / "pg", which) as server:  # type: ignore[arg-type]
            migrate(server.dsn("owner"))
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def appending(
    server: EmbeddedServer, seconds: float, body_bytes: int, grid: list[tuple[int, int]]
) -> list[dict[str, Any]]:
    cells, run = [], 0
    for processes, writers in grid:
        for signed in (False, True):
            cell: dict[str, Any] = {"processes": processes, "writers": writers, "signed": signed}
            for kind, views in (("raw", False), ("journal", True), ("journal", False), ("raw_grouped", False)):
                run += 1
                dsn = server.dsn("app" if kind == "journal" else "owner")
                found = rate(kind=kind, views=views, run=run, dsn=dsn, seconds=seconds, body_bytes=body_bytes,
                             processes=processes, writers=writers, signed=signed)  # fmt: skip
                cell[kind if kind != "journal" or views else "journal_without_views"] = found
            cell["ratio_to_raw"] = round(cell["journal"]["per_s"] / cell["raw"]["per_s"], 3)
            print(json.dumps(cell), file=sys.stderr, flush=True)
            cells.append(cell)
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="wheel", choices=["wheel", "debian"])
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each measurement")
    parser.add_argument("--quick", action="store_true", help="32 writers only")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.worker:
        loop = new_loop()
        loop.run_until_complete(work(json.loads(told.worker)))
        return
    load = os.getloadavg()
    alone = verifying()
    grid = [(p, w) for p in (1, 4) for w in ((32,) if told.quick else (1, 8, 32))]
    with running_server(told.server) as server:
        version = server.version
        connection = asyncio.run(_make_raw(server.dsn("owner")))
        cells = appending(server, told.seconds, alone["body_bytes"], grid)
        view = viewing(server)
    found = {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "postgres": version,
                    "fsync": connection, "load_before": load, "load_after": os.getloadavg(),
                    "seconds_per_cell": told.seconds},
        "append": cells, "verify": alone, "fold": folding(), "view": view, "targets": TARGETS,
    }  # fmt: skip
    print(json.dumps(found | {"reached": _reached(found)}, indent=1))


async def _make_raw(dsn: str) -> dict[str, str]:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        'create table raw (stream text collate "C", seq int, body bytea, hash bytea, signature bytea,'
        " primary key (stream, seq))"
    )
    found = {name: await connection.fetchval(f"show {name}") for name in ("fsync", "synchronous_commit")}
    await connection.close()
    return found


def _reached(found: dict[str, Any]) -> dict[str, Any]:
    """The figures the targets speak of. Ratios: to raw one-row commits of 32 writers in ONE process, as the targets
    are meant, and to raw commits in as many processes as ours."""
    by = {(c["processes"], c["writers"], c["signed"]): c for c in found["append"]}
    base = by[1, 32, False]["raw"]["per_s"]
    return {
        "ratio_1_process_32_writers": by[1, 32, False]["ratio_to_raw"],
        "ratio_1_process_32_writers_signed": by[1, 32, True]["ratio_to_raw"],
        "ratio_4_processes_32_writers": round(by[4, 32, False]["journal"]["per_s"] / base, 3),
        "ratio_4_processes_32_writers_to_raw_in_4": by[4, 32, False]["ratio_to_raw"],
        "ratio_4_processes_32_writers_signed": round(by[4, 32, True]["journal"]["per_s"] / base, 3),
        "verify_events_per_s": found["verify"]["verify_events_per_s"],
        "sign_ratio": found["verify"]["sign_ratio"],
        "verify_signature_ratio": found["verify"]["verify_signature_ratio"],
        "view_of_5000_ms": found["view"]["median_ms"],
    }


if __name__ == "__main__":
    main()
