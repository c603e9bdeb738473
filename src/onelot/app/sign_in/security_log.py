"""The log of sign-ins: who tried, when, from where, how, and what came of it. No secret is in it.

A name that nobody has is not written down: people type passwords into the wrong field.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from onelot.record.errors import Unreachable

UNKNOWN = "(unknown name)"
_KEPT = 10_000
_TAIL_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Where:
    """From where somebody asks: network address, and what the browser calls itself."""

    address: str = ""
    agent: str = ""


NOWHERE = Where()


class SecurityLog:
    """Lines of JSON in a file of its own (mode 0600), durable on return; in memory without one."""

    def __init__(self, clock: Callable[[], datetime], path: Path | None = None) -> None:
        self._clock, self._path = clock, path
        self._lines: deque[bytes] = deque(maxlen=_KEPT)
        self._lock = Lock()

    def write(self, what: str, who: str, where: Where = NOWHERE, **more: str) -> None:
        """Log one thing. what: e.g. `signed in`, `refused`, `locked`; who: a registered sign-in name.

        Raises:
            Unreachable: it cannot be written; then nobody signs in.
        """
        line = {"at": self._clock().isoformat(), "what": what, "who": who or UNKNOWN, "from": where.address[:64]}
        data = orjson.dumps({**line, "agent": _plain(where.agent), **more}) + b"\n"
        if self._path is None:
            self._lines.append(data)
            return
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(handle, data)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as cause:
            raise Unreachable(
                f"the security log cannot be written: {cause.strerror}",
                rule="every sign-in is logged before it counts",
                remedy="free space, or mend the permissions of the installation's folder",
                place=str(self._path),
            ) from cause

    def last(self, who: str = "", most: int = 200) -> list[dict[str, Any]]:
        """The newest lines first: of one person, or of all. Looks at the last 4 MiB of the file."""
        found: list[dict[str, Any]] = []
        for line in reversed(self._tail()):
            try:
                each = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue  # cut off by the tail, or by a crash
            if not who or each["who"] == who:
                found.append(each)
            if len(found) == most:
                break
        return found

    def _tail(self) -> list[bytes]:
        if self._path is None:
            return list(self._lines)
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(max(0, self._path.stat().st_size - _TAIL_BYTES))
            return file.read().splitlines()


def _plain(agent: str) -> str:
    return "".join(each for each in agent[:120] if each.isprintable())
