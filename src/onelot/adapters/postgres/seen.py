"""The journal as one user may read it: the reader's role, and policies that go by the user's sites (revision 0003)."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import psycopg

from onelot.adapters.postgres.reads import Reads
from onelot.record.journal import Entry, Head, Payload, Seal, Stretch

_KEPT_MAX = 100_000
_VERSIONS = "select key, version from view_row where view = %s and row is not null"
_BEHIND = "select key, version, row::text from view_row where view = %s and key = any(%s) and row is not null"
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


class Shelf:
    """Rows of views as they were last read, by their version: a board of thousands is not sent again for each look.

    It decides nothing: a row is taken from here only by its key and version, and those the database gives or not.
    """

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, tuple[int, dict[str, Any]]]] = {}

    def rows(self, view: str, reads: _Scoped) -> dict[str, dict[str, Any]]:
        """Every row of a view that these reads are given, by key, in the order of keys."""
        with reads.connection() as connection:
            # Both in one transaction, and the second finds what the first has named, or newer.
            found = connection.execute(_VERSIONS, [view], prepare=True, binary=True).fetchall()
            kept = self._rows.setdefault(view, {})
            behind = [key for key, version in found if key not in kept or kept[key][0] != version]
            if behind:
                for key, version, row in connection.execute(_BEHIND, [view, behind], prepare=True, binary=True):
                    kept[key] = (version, orjson.loads(row))
        if len(kept) > _KEPT_MAX:
            self._rows[view] = {}
        return {key: dict(kept[key][1]) for key, _ in sorted(found) if key in kept}


class SeenReads:
    """What somebody of these sites may read (`journal.Reading`); has no way to write."""

    def __init__(self, pool: Reads, sites: Collection[str], shelf: Shelf) -> None:
        self._reads, self._shelf = _Scoped(pool, frozenset(sites)), shelf

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
        if keys is None:
            return self._shelf.rows(view, self._reads)
        return self._reads.rows(view, list(keys)) if keys else {}

    def available(self, resource: str) -> Decimal:
        """What is left of a quantity; zero of an unknown one."""
        return self._reads.available(resource)

    def taken(self, resource: str) -> list[tuple[str, datetime, datetime]]:
        """The interval claims of their own therapies on a resource: claim, from, to."""
        return self._reads.taken(resource)

    def newest(self, before: datetime | None, most: int) -> Stretch:
        """The newest events of all streams at times below `before`, about `most` of them."""
        return self._reads.newest(before, most)

    def seals(self) -> list[Seal]:
        """All seals, oldest first."""
        return self._reads.seals()
