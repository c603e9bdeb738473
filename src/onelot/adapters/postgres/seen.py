"""The journal as one user may read it: the reader's role, and policies that go by the user's sites (revision 0003)."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg

from onelot.adapters.postgres.reads import Reads
from onelot.record.journal import Entry, Head, Payload, Seal

_SITES = "select set_config('onelot.sites', (%s::text[])::text, true)"


class _Scoped(Reads):
    """Reads inside transactions that carry the sites; connections come from, and go back to, a shared pool."""

    def __init__(self, pool: Reads, sites: frozenset[str]) -> None:
        self._pool, self._sites = pool, sorted(sites)

    @contextlib.contextmanager
    def connection(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection in a transaction of its own, at whose end the database forgets the sites."""
        with self._pool.connection() as taken, taken.transaction():
            taken.execute(_SITES, [self._sites], prepare=True)
            yield taken


class SeenReads:
    """What somebody of these sites may read (`journal.Reading`); has no way to write."""

    def __init__(self, pool: Reads, sites: Collection[str]) -> None:
        self._reads = _Scoped(pool, frozenset(sites))

    def read(self, stream: str, after: int = 0) -> list[Entry]:
        """The stream's entries with a number above `after`, in order; empty for an unknown stream."""
        return self._reads.read(stream, after)

    def heads(self, prefix: str = "") -> dict[str, Head]:
        """The head of every stream whose name starts with `prefix`."""
        return self._reads.heads(prefix)

    def payload(self, address: str) -> Payload | None:
        """The sealed value at this address."""
        return self._reads.payload(address)

    def rows(self, view: str, keys: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """The rows of a view by key: all, or these."""
        return self._reads.rows(view, None if keys is None else list(keys))

    def available(self, resource: str) -> Decimal:
        """What is left of a quantity; zero of an unknown one."""
        return self._reads.available(resource)

    def taken(self, resource: str) -> list[tuple[str, datetime, datetime]]:
        """The interval claims of their own therapies on a resource: claim, from, to."""
        return self._reads.taken(resource)

    def seals(self) -> list[Seal]:
        """All seals, oldest first."""
        return self._reads.seals()
