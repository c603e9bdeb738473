"""The safe on PostgreSQL: durable on return; values are encrypted before they come here."""

from __future__ import annotations

from threading import Lock

import psycopg

from onelot.adapters.postgres.text import storable
from onelot.record.errors import Unreachable


class PostgresSafe:
    """A table of byte strings by (kind, name); any number of threads may use it."""

    def __init__(self, dsn: str) -> None:
        self._dsn, self._lock = dsn, Lock()
        self._connection: psycopg.Connection[tuple[bytes]] | None = None

    def _run(self, statement: str, *values: object) -> list[tuple[bytes]]:
        with self._lock:
            for last in (False, True):
                try:
                    if self._connection is None or self._connection.closed:
                        self._connection = psycopg.connect(self._dsn, autocommit=True)
                    found = self._connection.execute(statement, values)
                    return found.fetchall() if found.description else []
                except psycopg.OperationalError as cause:
                    # A connection that went away is opened once more; a server that went away is not waited for.
                    self._connection = None
                    if last:
                        raise Unreachable(
                            f"the database does not answer: {cause}",
                            rule="keys and identities lie in the safe, in the database",
                            remedy="start the database; `onelot doctor` tells what is wrong",
                        ) from cause
            raise AssertionError

    def get(self, kind: str, name: str) -> bytes | None:
        """The value, or None."""
        if not storable(name):
            return None
        found = self._run("select data from safe where kind = %s and name = %s", kind, name)
        return bytes(found[0][0]) if found else None

    def put(self, kind: str, name: str, data: bytes) -> None:
        """Set the value, durable on return."""
        self._run(
            "insert into safe values (%s, %s, %s) on conflict (kind, name) do update set data = excluded.data",
            kind,
            name,
            data,
        )

    def swap(self, kind: str, name: str, old: bytes | None, new: bytes) -> bool:
        """Set the value if it still is `old` (None: if there is none); whether it was."""
        if old is not None and not storable(name):
            return False
        if old is None:
            statement = "insert into safe values (%s, %s, %s) on conflict do nothing returning data"
            return bool(self._run(statement, kind, name, new))
        statement = "update safe set data = %s where kind = %s and name = %s and data = %s returning data"
        return bool(self._run(statement, new, kind, name, old))

    def remove(self, kind: str, name: str) -> bool:
        """Remove the value; whether there was one."""
        return storable(name) and bool(
            self._run("delete from safe where kind = %s and name = %s returning data", kind, name)
        )

    def names(self, kind: str) -> list[str]:
        """The names of a kind, sorted."""
        found = self._run("select convert_to(name, 'UTF8') from safe where kind = %s order by name", kind)
        return [bytes(name).decode() for (name,) in found]

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
