"""The journal on PostgreSQL, for synchronous callers: a committer in a thread of its own, and reads."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Coroutine, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

from onelot.adapters import refusals
from onelot.adapters.postgres.committer import PATIENCE_S, Committer
from onelot.adapters.postgres.reads import Reads
from onelot.adapters.postgres.seen import SeenReads, Shelf
from onelot.record.journal import Append, Entry, Projection, Reading

T = TypeVar("T")


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop for a committer: uvloop where it is installed, else the standard one."""
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


class PostgresJournal(Reads):
    """The journal of one database; any number of threads may use it. One per process and database is enough."""

    def __init__(
        self, dsn: str, projections: Sequence[Projection] = (), *, reader: str = "", patience_s: float = PATIENCE_S
    ) -> None:
        """Connect.

        Args:
            dsn: address of the database for the application's role.
            projections: the views, written in the transaction of each append.
            reader: address for the reader's role, for `seen_by`.
            patience_s: how long, in seconds, an append waits for a database that went away.

        Raises:
            Unreachable: the database does not answer.
        """
        super().__init__(dsn)
        self._reader, self._shelf = Reads(reader) if reader else None, Shelf()
        self._projections = tuple(projections)
        self._loop = new_loop()
        self._thread = Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()
        try:
            self._committer = self._in_loop(Committer.open(dsn, self._projections, patience_s=patience_s))
        except BaseException:
            self._end_loop()
            raise
        self._open = True
        self._name_kinds()

    def _run(self) -> None:
        # The thread's own frame keeps this object alive: connections of a running loop must never be collected by
        # another thread, as they would be after somebody forgot to close the journal.
        self._loop.run_forever()

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def submit(self, append: Append) -> Future[list[Entry]]:
        """Queue an append; the future gives its entries once durable, or raises Conflict."""
        return self._committer.submit(append)

    def append(self, append: Append) -> list[Entry]:
        """As `submit`, and wait."""
        return self._committer.submit(append).result()

    def seen_by(self, sites: Collection[str]) -> Reading:
        """The journal as somebody of these sites may read it.

        Raises:
            Unreachable: no address for the reader's role was given.
        """
        if self._reader is None:
            raise refusals.no_reader()
        return SeenReads(self._reader, sites, self._shelf)

    def _name_kinds(self) -> None:
        """Tell the policies whose the rows of each view are."""
        if self._projections:
            with self.connection() as connection:
                connection.execute(
                    "insert into view_kind select * from unnest(%s::text[], %s::text[]) on conflict (view)"
                    " do update set subject = excluded.subject where view_kind.subject <> excluded.subject",
                    [[one.name for one in self._projections], [one.of for one in self._projections]],
                )

    def rebuild(self, projections: Sequence[Projection] | None = None) -> dict[str, int]:
        """Project every view again from the streams; how many rows each has."""
        return super().rebuild(self._projections if projections is None else projections)

    def close(self) -> None:
        """Finish what is queued and let go."""
        if self._open:
            self._open = False
            self._in_loop(self._committer.close())
            self._end_loop()
        super().close()
        if self._reader:
            self._reader.close()

    def __enter__(self) -> PostgresJournal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
