"""Running a search on this machine: chunks in threads, progress told, and finished chunks kept for a restart.

The loops release the interpreter's lock, so threads use every core and share one mapped index. A run that lasts longer
than `KEEP_AFTER_S` keeps each finished chunk beside the output; the same command finds them again and goes on from
there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path

import numpy as np
import orjson

from onelot import __version__
from onelot.record.errors import Refused
from onelot.tailor.offtarget.planes import SequencePlanes
from onelot.tailor.offtarget.search import CHUNK, SITE, Chunk, Query, Sites, chunks, search_chunk

KEEP_AFTER_S = 5.0

#: Called with (chunks done, chunks in all).
Progress = Callable[[int, int], None]

#: Carries numbered chunks out and gives each answer with its number, in any order.
Spread = Callable[[Sequence[tuple[int, Chunk]]], Generator[tuple[int, Sites], None, None]]


class Kept:
    """Finished chunks of one search on disk, in a folder named after everything the answer depends on."""

    def __init__(self, out: Path, genome_digest: str, query: Query) -> None:
        limits = query.limits
        asked = orjson.dumps(
            [
                genome_digest, [[g.name, g.spacer] for g in query.guides], query.pam.pattern, query.pam.side,
                limits.mismatches, limits.dna_bulges, limits.rna_bulges, CHUNK, str(SITE), __version__,
            ]
        )  # fmt: skip
        self.folder = out.with_name(f".{out.name}.{hashlib.sha256(asked).hexdigest()[:16]}.part")

    def load(self, count: int) -> dict[int, Sites]:
        """Chunks kept by an earlier run; an unreadable one is done again."""
        found = {}
        for number in range(count) if self.folder.is_dir() else ():
            try:
                sites = np.load(self.folder / f"{number}.npy", allow_pickle=False)
            except (OSError, ValueError, EOFError):
                continue
            if sites.dtype == SITE:
                found[number] = sites
        return found

    def save(self, number: int, sites: Sites) -> None:
        """Keep one chunk, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "wb") as file:
            np.save(file, sites, allow_pickle=False)
        Path(name).replace(self.folder / f"{number}.npy")

    def forget(self) -> None:
        """Remove the folder once the answer is written."""
        shutil.rmtree(self.folder, ignore_errors=True)


def run_chunks(
    genome: Sequence[SequencePlanes],
    query: Query,
    *,
    workers: int,
    kept: Kept | None = None,
    progress: Progress | None = None,
    spread: Spread | None = None,
) -> list[Sites]:
    """The answers of all chunks, in order of place; raises what a chunk raises.

    spread: carries chunks out elsewhere and gives each back with its number, in any order; without one, threads here.
    """
    tasks = chunks(genome)
    done = kept.load(len(tasks)) if kept else {}
    begun, unsaved = time.monotonic(), []
    missing = [(number, task) for number, task in enumerate(tasks) if number not in done]
    answers = spread(missing) if spread else _in_threads(genome, query, missing, workers)
    # Closed also when progress or a chunk raises: nothing goes on in the background.
    with closing(answers):
        for number, sites in answers:
            done[number] = sites
            unsaved.append(number)
            if kept and time.monotonic() - begun > KEEP_AFTER_S:
                while unsaved:
                    ready = unsaved.pop()
                    kept.save(ready, done[ready])
            if progress:
                progress(len(done), len(tasks))
    return [done[number] for number in range(len(tasks))]


def _in_threads(
    genome: Sequence[SequencePlanes], query: Query, missing: Sequence[tuple[int, Chunk]], workers: int
) -> Generator[tuple[int, Sites], None, None]:
    def one(number: int, chunk: Chunk) -> tuple[int, Sites]:
        return number, search_chunk(genome, chunk, query)

    pool = ThreadPoolExecutor(max(1, workers))
    try:
        for finished in as_completed([pool.submit(one, number, task) for number, task in missing]):
            yield finished.result()
    finally:
        pool.shutdown(cancel_futures=True)


def write_whole(out: Path, lines: Iterable[str]) -> None:
    """Write a text file whole or not at all; raises `Refused` when it cannot be written."""
    name = ""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n", buffering=1 << 20) as file:
            os.fchmod(file.fileno(), 0o644)
            file.writelines(f"{line}\n" for line in lines)
        Path(name).replace(out)
    except OSError as problem:
        if name:
            Path(name).unlink(missing_ok=True)
        raise Refused(
            f"cannot write the table: {problem.strerror}",
            rule="a table is written whole or not at all",
            remedy="choose another place with -o, or make room",
            place=str(out),
        ) from problem
