"""The committer: one asyncio task that writes whatever waits in one transaction, then acknowledges it.

There is no timer: while one group is on its way to the disk, the next one gathers. An append is acknowledged only
after the commit that holds it. The primary key (stream, seq) is the guard between processes; heads and view rows are
kept in memory and forgotten whenever the database knows better.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Self

import asyncpg

from onelot.adapters import refusals
from onelot.adapters.postgres import extras
from onelot.adapters.postgres.group import Group, Item, Row, Stored, link_all, project_all, stale_heads
from onelot.record.chain import start
from onelot.record.journal import Append, Entry, Head, Projection

GROUP_MAX = 512  # appends in one transaction
KEPT_MAX = 200_000  # heads and view rows kept in memory
ATTEMPTS = 50
PATIENCE_S = 30.0  # how long a database that went away may take to come back

_APPEND = (
    "select append_group($1::text[], $2::integer[], $3::text[], $4::timestamptz[], $5::bytea[], $6::bytea[],"
    " $7::bytea[], $8::text[], $9::text[], $10::integer[], $11::text[])"
)
_AGAIN = {"OL001", "40001", "40P01"}  # a view row moved on (see append_group), serialisation, deadlock
_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,  # shut down, crashed, or still starting
    asyncpg.InternalClientError,  # what asyncpg says when the server ended an idle connection
    OSError,
)


class Committer:
    """Takes appends from coroutines of its loop and from other threads, and writes them in groups."""

    def __init__(self, dsn: str, projections: Sequence[Projection] = (), *, patience_s: float = PATIENCE_S) -> None:
        self._dsn, self._projections, self._patience_s = dsn, tuple(projections), patience_s
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._idle = False
        self._closing = False
        self._heads: dict[str, Head] = {}
        self._rows: dict[Row, Stored] = {}
        self.groups = 0
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, dsn: str, projections: Sequence[Projection] = (), *, patience_s: float = PATIENCE_S) -> Self:
        """Connect and start.

        Raises:
            Unreachable: the database does not answer.
        """
        made = cls(dsn, projections, patience_s=patience_s)
        try:
            await made._connect()
        except (*_GONE, asyncpg.PostgresError) as error:
            raise refusals.no_answer(str(error)) from error
        made._task = asyncio.create_task(made._run())
        return made

    def submit(self, append: Append) -> Future[list[Entry]]:
        """Queue an append from any thread; the future gives its entries once durable, or its refusal."""
        future: Future[list[Entry]] = Future()
        future.set_running_or_notify_cancel()  # a queued append cannot be called back
        self._enqueue(Item(append, future))
        # The order matters: the committer says it is idle, and only then looks a last time whether something waits.
        if self._idle:
            self._loop.call_soon_threadsafe(self._wake.set)
        return future

    def asubmit(self, append: Append) -> asyncio.Future[list[Entry]]:
        """The same for coroutines of the committer's own loop."""
        future = self._loop.create_future()
        self._enqueue(Item(append, future))
        self._wake.set()
        return future

    def _enqueue(self, item: Item) -> None:
        try:
            refusals.check(item.append)
        except Exception as refused:
            item.fail(refused)
            return
        if self._closing:
            item.fail(refusals.unwritable("this journal is closed"))
        else:
            self._waiting.append(item)

    async def close(self) -> None:
        """Write what waits, then let go."""
        self._closing = True
        self._wake.set()
        if self._task:
            await self._task
        while self._waiting:  # submitted from another thread in the last moment
            self._waiting.popleft().fail(refusals.unwritable("this journal is closed"))
        await self._connection.close()

    async def _connect(self) -> None:
        settings = {"application_name": "onelot", "synchronous_commit": "on", "jit": "off"}
        self._connection = await asyncpg.connect(self._dsn, server_settings=settings, timeout=10)
        self._append = await self._connection.prepare(_APPEND)
        self._backend = await self._connection.fetchrow(
            "select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()"
        )

    async def _run(self) -> None:
        while True:
            if not self._waiting:
                if self._closing:
                    return
                self._idle = True
                if not self._waiting:
                    await self._wake.wait()
                self._idle = False
                self._wake.clear()
                continue
            items = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_MAX))]
            try:
                await self._settle(items)
            except Exception as error:  # a fault of ours must not leave anyone waiting for ever
                self._connection.terminate()
                for item in items:
                    item.fail(refusals.unknown_outcome(repr(error)))

    async def _settle(self, items: list[Item]) -> None:
        """Bring each of these appends to its end: written and acknowledged, refused, or queued again."""
        refused: Exception | None = None
        unanswered: Group | None = None  # sent, and the connection lost before the answer
        for attempt in range(ATTEMPTS):
            items = [item for item in items if not item.future.done()]
            if not items:
                return
            try:
                if unanswered and await self._is_written(unanswered):
                    self._acknowledge(unanswered)
                    return
                unanswered = None
                if refused and len(items) == 1 and await self._judge(items[0], refused):
                    return
                refused = None
                unanswered = group = await self._prepare(items)
                await self._write(group)
            except _GONE as gone:
                if not await self._reconnect():
                    for item in items:
                        item.fail(refusals.unknown_outcome(str(gone)))
                    return
            except (extras.ClaimLost, asyncpg.PostgresError) as error:
                refused, unanswered = error, None
                self._forget(items)
                if getattr(error, "sqlstate", "") in _AGAIN:
                    refused = None
                    await asyncio.sleep(0.0005 * attempt)
                elif len(items) > 1:  # so that only the one in conflict fails
                    for item in items:
                        await self._settle([item])
                    return
            else:
                self._acknowledge(group)
                return
        for item in items:
            item.fail(refusals.unwritable(f"given up after {ATTEMPTS} attempts"))

    async def _prepare(self, items: Iterable[Item]) -> Group:
        while True:
            if stale := stale_heads(items, self._heads):
                await self._read_heads(stale)
            group = link_all(items, self._heads, self._projections)
            if missing := sorted(group.needed - self._rows.keys()):
                found = await self._connection.fetch(
                    "select view, key, version, row::text from view_row"
                    " join unnest($1::text[], $2::text[]) as wanted (view, key) using (view, key)",
                    *map(list, zip(*missing, strict=True)),
                )
                self._rows.update(dict.fromkeys(missing, (0, None)))
                self._rows.update({(v, k): (n, None if row is None else row.encode()) for v, k, n, row in found})
            if project_all(group, self._rows) is None:
                return group
            items = [item for item in items if not item.future.done()]

    async def _read_heads(self, streams: Sequence[str]) -> None:
        self._heads.update({stream: Head(0, start(stream)) for stream in streams})
        found = await self._connection.fetch(
            "select stream, seq, hash from unnest($1::text[]) as wanted (stream) cross join lateral"
            " (select seq, hash from event where event.stream = wanted.stream order by seq desc limit 1) as last",
            streams,
        )
        self._heads.update({stream: Head(seq, last) for stream, seq, last in found})

    async def _write(self, group: Group) -> None:
        if not group.items:
            return
        self.groups += 1
        if not group.has_extras:
            await self._append.fetchval(*group.columns())
            return
        async with self._connection.transaction():
            await self._append.fetchval(*group.columns())
            await extras.write(self._connection, [item.append for item in group.items])

    def _acknowledge(self, group: Group) -> None:
        for kept in (self._heads, self._rows):
            if len(kept) > KEPT_MAX:
                kept.clear()
        self._heads.update(group.heads)
        self._rows.update(group.rows)
        self._waiting.extendleft(reversed(group.deferred))
        for item in group.items:
            item.acknowledge()

    def _forget(self, items: Iterable[Item]) -> None:
        for item in items:
            for part in item.append.parts:
                self._heads.pop(part.stream, None)
            for row, _, _ in item.rows:
                self._rows.pop(row, None)

    async def _judge(self, item: Item, error: Exception) -> bool:
        """Refuse an append that failed alone, if it cannot be; False when it is to be tried again."""
        if not isinstance(error, extras.ClaimLost | asyncpg.IntegrityConstraintViolationError):
            item.fail(refusals.unwritable(str(error)))
            return True
        # With fresh heads a stream that moved on is found out when the append is linked again.
        await self._read_heads([part.stream for part in item.append.parts])
        if refusal := await extras.why_not(self._connection, item.append):
            item.fail(refusal)
            return True
        return False

    async def _reconnect(self) -> bool:
        """Connect again within our patience, and see to it that nothing of the lost connection still runs."""
        self._connection.terminate()
        until = self._loop.time() + self._patience_s
        pid, since = self._backend
        while True:
            try:
                await self._connect()
                while await self._connection.fetchval(
                    "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2",
                    pid, since,
                ):  # fmt: skip
                    await asyncio.sleep(0.01)
                return True
            except (*_GONE, asyncpg.PostgresError):
                if self._loop.time() > until:
                    return False
                await asyncio.sleep(0.1)

    async def _is_written(self, group: Group) -> bool:
        """Whether the group's transaction was committed although nobody told us; one event of it shows that."""
        for item in group.items:
            if item.entries:
                first = item.entries[0]
                found = await self._connection.fetchval(
                    "select hash from event where stream = $1 and seq = $2", first.stream, first.seq
                )
                return bool(found == first.hash)
        for item in group.items:  # only claims: nothing shows it, and taking them twice would be wrong
            item.fail(refusals.unknown_outcome("the connection was lost"))
        return False
