"""Reading the journal with psycopg: streams, heads, views, claims, payloads, seals; and the few single writes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from threading import Lock
from typing import Any

import orjson
import psycopg

from onelot.adapters import refusals
from onelot.adapters.postgres.text import storable
from onelot.record.journal import Effect, Entry, Head, Payload, Projection, Seal, Stretch

_Connection = psycopg.Connection[tuple[Any, ...]]
_HEADS = """
with recursive head as (
    (select stream, seq, hash from event where stream >= %(from)s and stream < %(to)s
     order by stream desc, seq desc limit 1)
    union all
    select following.* from head cross join lateral (
        select stream, seq, hash from event where stream >= %(from)s and stream < head.stream
        order by stream desc, seq desc limit 1) as following
)
select stream, seq, hash from head order by stream
"""  # one look into the index per stream, however long the streams are
_STRETCH = (
    "select stream, seq, body, hash, signature from event where at >= %s and at < %s order by at desc, number desc"
)
# Earlier and later than any moment that is let in (app/admission.py).
_NEVER, _FOREVER = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_EVENTS = "select seq, body, hash, signature from event where stream = %s and seq > %s order by seq"


class Reads:
    """Reads for any number of threads; connections are opened as needed, and kept."""

    def __init__(self, dsn: str) -> None:
        self._dsn, self._idle, self._lock, self._closed = dsn, list[_Connection](), Lock(), False

    @contextlib.contextmanager
    def connection(self) -> Iterator[_Connection]:
        """A connection in autocommit mode, taken for the length of a block.

        Raises:
            Unreachable: the database does not answer.
        """
        with self._lock:
            taken = self._idle.pop() if self._idle else None
        try:
            if taken is not None and not _alive(taken):
                taken.close()
                taken = None
            if taken is None:
                taken = psycopg.connect(self._dsn, autocommit=True)
            yield taken
        except psycopg.OperationalError as error:
            raise refusals.no_answer(str(error)) from error
        finally:
            if taken is not None:
                with self._lock:
                    if taken.closed or self._closed:
                        taken.close()
                    else:
                        self._idle.append(taken)

    def close(self) -> None:
        """Close what is idle; what is in use is closed when given back."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()

    def _all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        if not all(storable(each) for each in values if isinstance(each, str)):
            return []
        with self.connection() as connection:
            return connection.execute(query, values, prepare=True, binary=True).fetchall()

    def read(self, stream: str, after: int = 0) -> list[Entry]:
        """The stream's entries with a number above `after`, in order; empty for an unknown stream."""
        return [Entry(stream, *row) for row in self._all(_EVENTS, stream, after)]

    def heads(self, prefix: str = "") -> dict[str, Head]:
        """The head of every stream whose name starts with `prefix`, all of one moment."""
        if not storable(prefix):
            return {}
        with self.connection() as connection:
            found = connection.execute(_HEADS, {"from": prefix, "to": prefix + "\U0010ffff"}, binary=True)
            return {stream: Head(seq, last) for stream, seq, last in found}

    def payload(self, address: str) -> Payload | None:
        """The sealed value at this address."""
        found = self._all("select address, patient, data from payload where address = %s", address)
        return Payload(*found[0]) if found else None

    def erase_payloads(self, patient: str) -> int:
        """Remove the sealed values of a patient; how many there were."""
        with self.connection() as connection:
            return connection.execute("delete from payload where patient = %s", [patient]).rowcount

    def rows(self, view: str, keys: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
        """The rows of a view by key: all, or these."""
        if keys is None:
            found = self._all(
                "select key, row::text from view_row where view = %s and row is not null order by key", view
            )
            return {key: orjson.loads(row) for key, row in found}
        found = self._all(
            "select key, row::text from view_row where view = %s and key = any(%s) and row is not null",
            view,
            [key for key in keys if storable(key)],
        )
        by_key = dict(found)
        return {key: orjson.loads(by_key[key]) for key in dict.fromkeys(keys) if key in by_key}

    def available(self, resource: str) -> Decimal:
        """What is left of a quantity; zero of an unknown one."""
        found = self._all("select available from quantity join resource using (rid) where name = %s", resource)
        return found[0][0] if found else Decimal(0)

    def taken(self, resource: str) -> list[tuple[str, datetime, datetime]]:
        """The interval claims held on a resource: claim, from, to."""
        return [
            (claim, since, until)
            for claim, since, until in self._all(
                "select claim, lower(during), upper(during) from claim join resource using (rid)"
                " where name = %s and held and during is not null order by during",
                resource,
            )
        ]

    def effects(self, limit: int = 100) -> list[Effect]:
        """Side effects not yet done, oldest first."""
        found = self._all(
            "select key, kind, data::text from effect where done_at is null order by number limit %s", limit
        )
        return [Effect(key, kind, orjson.loads(data)) for key, kind, data in found]

    def effect_done(self, key: str) -> None:
        """Note that the side effect with this key was done."""
        with self.connection() as connection:
            connection.execute("update effect set done_at = now() where key = %s and done_at is null", [key])

    def note(self, name: str) -> bytes | None:
        """What was noted when this name was taken."""
        found = self._all("select data from note where name = %s", name)
        return found[0][0] if found else None

    def keep_seal(self, seal: Seal) -> None:
        """Keep a seal; refused when its number is taken."""
        fields = (seal.number, seal.at, seal.size, seal.root, seal.previous, seal.body, seal.signature)
        with self.connection() as connection:
            try:
                connection.execute(
                    "insert into seal (number, at, size, root, previous, body, signature)"
                    " values (%s, %s, %s, %s, %s, %s, %s)",
                    fields,
                )
            except psycopg.errors.UniqueViolation:
                raise refusals.name_taken(f"seal {seal.number}") from None

    def newest(self, before: datetime | None, most: int) -> Stretch:
        """The newest events of all streams at times below `before`, about `most` of them."""
        until = before or _FOREVER
        with self.connection() as connection:
            since = connection.execute("select events_reach(%s, %s)", [until, most]).fetchall()[0][0]
            found = connection.execute(_STRETCH, [since or _NEVER, until], prepare=True, binary=True)
            return Stretch([Entry(*row) for row in found], since and since.astimezone(UTC))

    def seals(self) -> list[Seal]:
        """All seals, oldest first."""
        query = "select number, at, size, root, previous, body, signature from seal order by number"
        return [Seal(*row) for row in self._all(query)]

    def rebuild(self, projections: Sequence[Projection]) -> dict[str, int]:
        """Project every view again from the streams, in the order they were written; how many rows each has.

        Writers of view rows wait meanwhile; one that started from a row changed here finds out by its version.
        """
        again: dict[str, dict[str, bytes]] = {one.name: {} for one in projections}
        with self.connection() as connection, connection.transaction():
            connection.execute("lock table view_row in exclusive mode")
            with connection.cursor("every_event", scrollable=False) as every:
                every.itersize = 5000
                every.execute("select stream, seq, body, hash, signature from event order by number", binary=True)
                for row in every:
                    _project(Entry(*row), projections, again)
            for view, rows in again.items():
                _replace(connection, view, rows)
        return {view: len(rows) for view, rows in again.items()}


def _alive(connection: _Connection) -> bool:
    """Whether a kept connection still answers: the server may have been restarted since."""
    try:
        connection.execute("")
    except psycopg.OperationalError:
        return False
    return not connection.closed


def _project(entry: Entry, projections: Sequence[Projection], rows: dict[str, dict[str, bytes]]) -> None:
    for view in projections:
        for key in view.keys(entry):
            stored = rows[view.name].get(key)
            after = view.project(orjson.loads(stored) if stored else None, entry, key)
            if after is not None:
                rows[view.name][key] = orjson.dumps(after)


def _replace(connection: _Connection, view: str, rows: dict[str, bytes]) -> None:
    keys = list(rows)
    for first in range(0, len(keys), 5000):
        some = keys[first : first + 5000]
        connection.execute(
            "insert into view_row (view, key, version, row)"
            " select %s, key, 1, row::json from unnest(%s::text[], %s::text[]) as rebuilt (key, row)"
            " on conflict (view, key) do update set version = view_row.version + 1, row = excluded.row"
            " where view_row.row::text is distinct from excluded.row::text",
            [view, some, [rows[key].decode() for key in some]],
        )
    connection.execute(
        "update view_row set version = version + 1, row = null where view = %s and row is not null and key <> all(%s)",
        [view, keys],
    )
