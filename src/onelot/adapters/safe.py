"""Where small secrets are kept: named byte strings by kind. The values are encrypted before they come here."""

from __future__ import annotations

from threading import Lock
from typing import Protocol


class Safe(Protocol):
    """A table of byte strings by (kind, name)."""

    def get(self, kind: str, name: str) -> bytes | None:
        """The value, or None."""

    def put(self, kind: str, name: str, data: bytes) -> None:
        """Set the value, durable on return."""

    def swap(self, kind: str, name: str, old: bytes | None, new: bytes) -> bool:
        """Set the value if it still is `old` (None: if there is none); whether it was. Of many at once, one may."""

    def remove(self, kind: str, name: str) -> bool:
        """Remove the value; whether there was one."""

    def names(self, kind: str) -> list[str]:
        """The names of a kind, sorted."""


class MemorySafe:
    """A safe in this process only."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], bytes] = {}
        self._lock = Lock()

    def get(self, kind: str, name: str) -> bytes | None:
        """The value, or None."""
        return self._held.get((kind, name))

    def put(self, kind: str, name: str, data: bytes) -> None:
        """Set the value."""
        with self._lock:
            self._held[(kind, name)] = data

    def swap(self, kind: str, name: str, old: bytes | None, new: bytes) -> bool:
        """Set the value if it still is `old`; whether it was."""
        with self._lock:
            if self._held.get((kind, name)) != old:
                return False
            self._held[(kind, name)] = new
            return True

    def remove(self, kind: str, name: str) -> bool:
        """Remove the value; whether there was one."""
        with self._lock:
            return self._held.pop((kind, name), None) is not None

    def names(self, kind: str) -> list[str]:
        """The names of a kind, sorted."""
        return sorted(name for held, name in list(self._held) if held == kind)
