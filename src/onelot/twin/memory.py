"""What a device remembers of its commands, by key: in memory, or in a file that outlives the application."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Remembered:
    """One command a device got: whom it reached, what it said, how often it was sent and how often it took effect."""

    key: str
    device: str
    verb: str
    target: str
    result: str
    detail: str
    sends: int
    effects: int


class Memory(Protocol):
    """The memory of devices."""

    def first(self, command: Remembered) -> Remembered:
        """Note a command, or count one more sending of its key; what is remembered of the key after that."""

    def recall(self, key: str) -> Remembered | None:
        """What is remembered of a key."""

    def all(self) -> list[Remembered]:
        """Everything, by key."""

    def state(self, device: str) -> str:
        """The target the device last moved to, "" at first."""


class InMemory:
    """A memory that is gone with the process."""

    def __init__(self) -> None:
        self._commands: dict[str, Remembered] = {}
        self._states: dict[str, str] = {}
        self._lock = threading.Lock()

    def first(self, command: Remembered) -> Remembered:
        """Note a command, or count one more sending of its key."""
        with self._lock:
            known = self._commands.get(command.key)
            found = replace(known, sends=known.sends + 1) if known else command
            self._commands[command.key] = found
            if known is None and command.effects:
                self._states[command.device] = command.target
            return found

    def recall(self, key: str) -> Remembered | None:
        """What is remembered of a key."""
        return self._commands.get(key)

    def all(self) -> list[Remembered]:
        """Everything, by key."""
        return [self._commands[key] for key in sorted(self._commands)]

    def state(self, device: str) -> str:
        """The target the device last moved to."""
        return self._states.get(device, "")


_TABLES = """
CREATE TABLE IF NOT EXISTS command (
    key TEXT PRIMARY KEY, device TEXT NOT NULL, verb TEXT NOT NULL, target TEXT NOT NULL,
    result TEXT NOT NULL, detail TEXT NOT NULL, sends INTEGER NOT NULL, effects INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (device TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID;
"""
_COLUMNS = "key, device, verb, target, result, detail, sends, effects"


class InFile:
    """A memory in a SQLite file, shared by processes; what it has acknowledged survives kill -9.

    A connection is opened for each question, so that forks and threads are safe.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as file:
            file.executescript("PRAGMA journal_mode=WAL;" + _TABLES)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous=FULL")
            yield file

    def first(self, command: Remembered) -> Remembered:
        """Note a command, or count one more sending of its key."""
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            known = file.execute("UPDATE command SET sends = sends + 1 WHERE key = ?", (command.key,)).rowcount
            if not known:
                values = tuple(getattr(command, name) for name in _COLUMNS.split(", "))
                file.execute(f"INSERT INTO command ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
                if command.effects:
                    file.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (command.device, command.target))
            row = file.execute(f"SELECT {_COLUMNS} FROM command WHERE key = ?", (command.key,)).fetchone()
            file.execute("COMMIT")
            return Remembered(*row)

    def recall(self, key: str) -> Remembered | None:
        """What is remembered of a key."""
        with self._open() as file:
            row = file.execute(f"SELECT {_COLUMNS} FROM command WHERE key = ?", (key,)).fetchone()
        return Remembered(*row) if row else None

    def all(self) -> list[Remembered]:
        """Everything, by key."""
        with self._open() as file:
            return [Remembered(*row) for row in file.execute(f"SELECT {_COLUMNS} FROM command ORDER BY key")]

    def state(self, device: str) -> str:
        """The target the device last moved to."""
        with self._open() as file:
            row = file.execute("SELECT target FROM state WHERE device = ?", (device,)).fetchone()
        return row[0] if row else ""
