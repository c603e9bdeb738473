"""Writers for the benchmark of the record, each process started by `record.py` with its part of the work as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from onelot.adapters.postgres.committer import Committer
from onelot.adapters.postgres.journal import PostgresJournal, new_loop
from onelot.record.events.batch import Measured
from onelot.record.journal import Append, Draft, Entry, Part, Projection
from onelot.record.signature import Signed, Signing

BATCHES = 500
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


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


async def thread_writers(spec: dict[str, Any]) -> tuple[Callable[[int, int], Awaitable[object]], Callable[[], Any]]:
    """The same through the synchronous port, a thread per writer: how the application's loop appends."""
    journal = PostgresJournal(spec["dsn"], [BOARD] if spec["views"] else [])
    pool = ThreadPoolExecutor(spec["writers"])
    loop = asyncio.get_running_loop()
    signing = own_signing() if spec["signed"] else None
    streams = [f"batch/{spec['run']}-{n:04d}" for n in range(BATCHES)]

    def write_many(writer: int, turn: int) -> list[float]:
        own, latencies = streams[writer :: spec["writers"]], []
        seqs = dict.fromkeys(own, 0) if turn == 0 else known[writer]
        known[writer] = seqs
        until = time.perf_counter() + (spec["seconds"] if turn else 0)
        while (began := time.perf_counter()) < until or not latencies:
            stream = own[(turn + len(latencies)) % len(own)]
            journal.append(Append((Part(stream, seqs[stream], (draft(seqs[stream], signing),)),)))
            seqs[stream] += 1
            latencies.append(time.perf_counter() - began)
        return latencies

    known: dict[int, dict[str, int]] = {}

    async def write(writer: int, turn: int) -> list[float]:
        return await loop.run_in_executor(pool, write_many, writer, turn)

    async def close() -> None:
        journal.close()

    return write, close


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


KINDS = {"journal": journal_writers, "threads": thread_writers, "raw": raw_writers, "raw_grouped": raw_grouped}


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
            done = await write(number, turn)
            turn += 1
            latencies.extend(done if isinstance(done, list) else [time.perf_counter() - began])

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(writer(number) for number in range(spec["writers"])))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    await close()
    latencies.sort()
    print(json.dumps({"count": len(latencies), "seconds": took, "cpu": cpu / took,
                      "p50_ms": latencies[len(latencies) // 2] * 1000,
                      "p99_ms": latencies[len(latencies) * 99 // 100] * 1000}), flush=True)  # fmt: skip


if __name__ == "__main__":
    new_loop().run_until_complete(work(json.loads(sys.argv[1])))
