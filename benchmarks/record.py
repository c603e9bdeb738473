"""How fast the record is, beside raw PostgreSQL and raw `cryptography`: `python benchmarks/record.py`, JSON on stdout.

Every writer awaits its acknowledgement before it appends again; fsync and synchronous_commit are on for all. The raw
baseline writes rows of the same size with asyncpg into a table with the same primary key, one commit per row
(PostgreSQL may still flush several commits at once) or grouped by hand; without chain, views or checks.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from record_writers import BOARD, NOON, draft

from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.adapters.postgres.schema import migrate
from onelot.record.chain import first_break, misplaced, start
from onelot.record.events.batch import BatchPlanned, Measured, PhaseCompleted, PhaseStarted
from onelot.record.journal import Append, Draft, Entry, Head, Part, link_part
from onelot.record.signature import Signed, Signing, is_signature
from onelot.record.subjects.batch import fold_batch
from onelot.record.terms.values import Cite

TARGETS = {
    "ratio_1_process_32_writers": 0.4,
    "ratio_4_processes_32_writers": 0.9,
    "verify_events_per_s": 300_000,
    "sign_ratio": 0.8,
    "verify_signature_ratio": 0.8,
    "view_of_5000_ms_max": 50,
}
WRITERS = str(Path(__file__).with_name("record_writers.py"))


def rate(**spec: Any) -> dict[str, Any]:
    """Run one cell: `writers` in all, spread over `processes`."""
    processes = spec["processes"]
    share = [spec["writers"] // processes + (n < spec["writers"] % processes) for n in range(processes)]
    running = []
    for number, writers in enumerate(share):
        if writers:
            told = json.dumps(spec | {"process": number, "writers": writers})
            running.append(subprocess.Popen([sys.executable, WRITERS, told],
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


Cell = dict[str, Any]
KINDS = {
    "raw": {"kind": "raw", "views": False},
    "journal": {"kind": "journal", "views": True},
    "journal_without_views": {"kind": "journal", "views": False},
    "raw_grouped": {"kind": "raw_grouped", "views": False},
    "journal_by_threads": {"kind": "threads", "views": True},
}


def appending(server: EmbeddedServer, seconds: float, rounds: int, body_bytes: int, writers: list[int]) -> list[Cell]:
    """Every cell in every round, so that each is measured beside its baseline; what counts are medians over rounds."""
    cells: dict[tuple[int, int, bool], dict[str, list[Cell]]] = {}
    run = 0
    for _ in range(rounds):
        for count, signed, processes in itertools.product(writers, (False, True), (1, 4)):
            cell = cells.setdefault((processes, count, signed), {})
            for name, kind in KINDS.items():
                if name == "journal_by_threads" and processes > 1:
                    continue
                run += 1
                dsn = server.dsn("owner" if name.startswith("raw") else "app")
                found = rate(**kind, run=run, dsn=dsn, seconds=seconds, body_bytes=body_bytes,
                             processes=processes, writers=count, signed=signed)  # fmt: skip
                cell.setdefault(name, []).append(found)
            last = {name: found[-1]["per_s"] for name, found in cell.items()}
            print(f"{processes} processes, {count} writers, signed {signed}: {last}", file=sys.stderr, flush=True)
    return [
        {"processes": processes, "writers": count, "signed": signed}
        | {name: _median(found) for name, found in cell.items()}
        | {"ratio_to_raw": _ratio(cell["journal"], cell["raw"])}
        | {"ratio_to_raw_of_1_process": _ratio(cell["journal"], cells[1, count, signed]["raw"])}
        for (processes, count, signed), cell in cells.items()
    ]


def _median(found: list[Cell]) -> Cell:
    return {key: round(statistics.median(one[key] for one in found), 2) for key in found[0]} | {
        "per_s_all": [one["per_s"] for one in found]
    }


def _ratio(ours: list[Cell], theirs: list[Cell]) -> float:
    """The median of the ratios round by round."""
    return round(statistics.median(a["per_s"] / b["per_s"] for a, b in zip(ours, theirs, strict=True)), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="wheel", choices=["wheel", "debian"])
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--quick", action="store_true", help="32 writers only")
    told = parser.parse_args()
    load = os.getloadavg()
    alone = verifying()
    with running_server(told.server) as server:
        version = server.version
        settings = asyncio.run(_make_raw(server.dsn("owner")))
        writers = [32] if told.quick else [1, 8, 32]
        cells = appending(server, told.seconds, told.rounds, alone["body_bytes"], writers)
        view = viewing(server)
    found = {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "postgres": version,
                    "settings": settings, "load_before": load, "load_after": os.getloadavg(),
                    "seconds": told.seconds, "rounds": told.rounds},
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
    """The figures that the targets speak of."""
    by = {(cell["processes"], cell["writers"], cell["signed"]): cell for cell in found["append"]}
    ratios = {}
    for processes in (1, 4):
        for signed in (False, True):
            name = f"ratio_{processes}_process{'es' if processes > 1 else ''}_32_writers{'_signed' if signed else ''}"
            cell = by[processes, 32, signed]
            ratios[name] = cell["ratio_to_raw"]
            if processes > 1:
                ratios[name + "_to_raw_of_1_process"] = cell["ratio_to_raw_of_1_process"]
    return ratios | {
        "verify_events_per_s": found["verify"]["verify_events_per_s"],
        "sign_ratio": found["verify"]["sign_ratio"],
        "verify_signature_ratio": found["verify"]["verify_signature_ratio"],
        "view_of_5000_ms": found["view"]["median_ms"],
    }


if __name__ == "__main__":
    main()
