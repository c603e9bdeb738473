"""Beyond one machine: the chunks of a search spread over a Ray cluster (optional extra `ray`).

Every node opens the reference by its path through its own index and compares the digest, so that no node searches
another genome. What comes back is kept and put in order as on one machine; the answer is the same, byte for byte.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from onelot.adapters.cache import start_compiler
from onelot.app.offtarget import Spread
from onelot.record.errors import Mismatch, Refused, Unreachable
from onelot.tailor.offtarget.search import Chunk, Query, Sites, search_chunk

#: Chunks in one task: seconds of work, so that sending it costs little.
GROUP = 16
LOCAL = "local"

Numbered = Sequence[tuple[int, Chunk]]


def on_ray(reference: Path, digest: str, query: Query, address: str, *, cpus: int = 0) -> Spread:
    """How chunks are spread over a cluster.

    Args:
        reference: the genome's file, at the same path on every node.
        digest: SHA-256 of the reference, compared on every node.
        address: of the cluster's head, or `local` for one on this machine that ends with the search.
        cpus: of a local one; 0 for all.

    Raises:
        Refused: Ray is not installed.
    """
    # A plant sends nobody its figures.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as cause:
        raise Refused(
            "Ray is not installed here",
            rule="a search beyond one machine needs the optional extra `ray`",
            remedy="pip install 'onelot[ray]', or leave --ray out",
        ) from cause

    def spread(chunks: Numbered) -> Generator[tuple[int, Sites], None, None]:
        _connect(ray, address, cpus)
        try:
            work = ray.remote(_search)
            waiting = [
                work.remote(str(reference), digest, query, list(chunks[at : at + GROUP]))
                for at in range(0, len(chunks), GROUP)
            ]
            while waiting:
                ready, waiting = ray.wait(waiting, num_returns=1)
                yield from _fetched(ray, ready[0])
        finally:
            ray.shutdown()

    return spread


def _connect(ray: Any, address: str, cpus: int) -> None:
    given: dict[str, Any] = {"address": address}
    if address == LOCAL:
        given = {"address": LOCAL, "include_dashboard": False, "num_cpus": cpus or len(os.sched_getaffinity(0))}
    try:
        ray.init(logging_level="ERROR", log_to_driver=False, **given)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as cause:
        raise Unreachable(
            f"there is no Ray cluster at {address}",
            rule="a search is spread over a cluster that answers",
            remedy="check the address, start the head (`ray start --head`), or use --ray local",
            place="--ray",
        ) from cause


def _fetched(ray: Any, ready: Any) -> list[tuple[int, Sites]]:
    try:
        found: list[tuple[int, Sites]] = ray.get(ready)
    except ray.exceptions.RayTaskError as failed:
        # What a node refused is told as it was refused there.
        raise (failed.cause if isinstance(failed.cause, Exception) else failed) from failed
    except ray.exceptions.RayError as failed:
        raise Unreachable(
            f"a node of the cluster was lost: {type(failed).__name__}",
            rule="every chunk of a search is answered, or there is no answer",
            remedy="run the same command again: finished chunks are kept",
            place="--ray",
        ) from failed
    return found


def _search(reference: str, digest: str, query: Query, chunks: Numbered) -> list[tuple[int, Sites]]:
    """The work of one task, on a node."""
    start_compiler()
    from onelot.adapters.genome import open_genome

    genome = open_genome(Path(reference))
    if genome.digest != digest:
        raise Mismatch(
            "a node of the cluster has another genome at this path",
            rule="one reference for one search",
            remedy="put the same file at the same path on every node",
            place=reference,
        )
    return [(number, search_chunk(genome.planes, chunk, query)) for number, chunk in chunks]
