"""Ships the logs to the site's own receiver: syslog as RFC 5424, over TLS (RFC 5425), local TCP, or a socket's file.

The files are the queue. A thread of its own reads what was appended, sends it, and keeps in HOME/shipping.json how far
it got; so no request waits for the receiver, and what it missed while it was down follows when it is back, also after
a restart. A line may arrive twice, which its time shows; none is left out while its file is there. What goes out is
the lines as they stand in the files, and of unexpected errors their place, kind and number, without the traceback.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from onelot.app.syslog import Receiver, Settings, message, read_log_settings

LOG = logging.getLogger("onelot.shipping")
STATE = "shipping.json"
# Kind of log -> its file, and its syslog facility: authpriv, log audit.
FILES = {"security": ("security.jsonl", 10), "looks": ("looks.jsonl", 13)}
DAEMON = 3
_ERROR, _WARNING, _NOTICE = 3, 4, 5
_CHUNK = 256 * 1024
_KEPT = 1000
_NAMED = 20
EVERY_SECONDS, _PATIENCE = 1.0, 60.0
# What says that somebody was not let do something; a receiver can wake people by it.
_WARNINGS = {"refused", "locked", "not allowed"}


class Shipper:
    """Ships one installation's logs until it is stopped. `start` begins; `once` is one round, for whoever waits."""

    def __init__(self, home: Path, settings: Settings) -> None:
        self._home, self._settings = home, settings
        self._receiver = Receiver(settings)
        self._state = read_state(home)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shipper", daemon=True)
        self.operation = Operation()

    def start(self) -> None:
        """Ship from now on, beside everything else."""
        ours = logging.getLogger("onelot")
        if not ours.hasHandlers() and logging.lastResort:
            # Python's own handler writes to the local log only as long as there is no other.
            ours.addHandler(logging.lastResort)
        ours.addHandler(self.operation)
        self._thread.start()

    def stop(self) -> None:
        """Ship what is there, as far as the receiver takes it at once, and end."""
        logging.getLogger("onelot").removeHandler(self.operation)
        self._stop.set()
        self._thread.join(10)
        self._receiver.close()

    def _run(self) -> None:
        wait = EVERY_SECONDS
        while not self._stop.wait(wait):
            wait = EVERY_SECONDS if self.once() else min(wait * 2, _PATIENCE)
        self.once()

    def once(self) -> bool:
        """One round; whether everything that waited is at the receiver."""
        try:
            for kind in FILES:
                while self._file(kind):
                    pass
            self._operation()
        except OSError as cause:
            self._failed(cause)
            return False
        except Exception:
            # Whatever it was, the next round tries again, and nobody else notices.
            LOG.exception("logs not shipped; tried again")
            return False
        with suppress(OSError):
            self._well()
        return True

    def _file(self, kind: str) -> bool:
        """Ship a part of a file; whether there is more."""
        name, facility = FILES[kind]
        path = self._home / name
        if not path.exists():
            return False
        with self._rotated(name, path).open("rb") as file:
            about = os.fstat(file.fileno())
            place = self._state["files"].setdefault(name, {"inode": about.st_ino, "offset": 0})
            if place["inode"] != about.st_ino or place["offset"] > about.st_size:
                place.update(inode=about.st_ino, offset=0)
            file.seek(place["offset"])
            data = file.read(_CHUNK)
        whole = data[: data.rfind(b"\n") + 1]
        if not whole and len(data) == _CHUNK:
            whole = data  # a line longer than any of ours: sent as it is, rather than waited on for ever
        if not whole:
            return False
        self._receiver.send([message(kind, facility, *_told(line), line) for line in whole.splitlines() if line])
        place["offset"] += len(whole)
        self._keep()
        return len(data) == _CHUNK

    def _operation(self) -> None:
        waiting = self.operation.waiting
        while waiting:
            level, line = waiting[0]
            self._receiver.send([message("operation", DAEMON, *_told(line)[:1], level, line)])
            waiting.popleft()

    def _rotated(self, name: str, path: Path) -> Path:
        """The file to go on with: the one before, where the site's rotation moved it away before it was all shipped."""
        place, now = self._state["files"].get(name), path.stat()
        if place is None or (place["inode"] == now.st_ino and place["offset"] <= now.st_size):
            return path
        for other in self._home.glob(f"{name}*"):
            about = other.stat()
            if about.st_ino == place["inode"] and other != path:
                return other if about.st_size > place["offset"] else path
        self._state["missed"] = [*self._state.get("missed", []), f"{name} at {_now()}"][-_NAMED:]
        LOG.error("%s was cut or replaced, and what was before is gone: lines of it may not have been shipped", name)
        place.update(inode=now.st_ino, offset=0)
        self._keep()
        return path

    def _failed(self, cause: OSError) -> None:
        why = str(cause)[:200]
        self._receiver.close()
        if not self._state.get("failing_since"):
            self._state.update(failing_since=_now(), why=why)
            with suppress(OSError):  # a full disk is said by whoever writes to it next
                self._keep()
            LOG.error("logs are not shipped, since %s does not take them: %s", self._settings.ship_to, why)

    def _well(self) -> None:
        if since := self._state.pop("failing_since", ""):
            self._state.pop("why", None)
            LOG.warning("logs are shipped again; they were not since %s, and have followed", since)
            self._keep()

    def _keep(self) -> None:
        path = self._home / STATE
        new = path.with_suffix(".new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps(self._state))
        new.replace(path)


class Operation(logging.Handler):
    """Our own server's log, warnings and errors: the newest thousand wait here; journald has them all."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.waiting: deque[tuple[int, bytes]] = deque(maxlen=_KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Take one, without the traceback, whose values are nobody else's business."""
        what = f"{record.exc_info[0].__name__}" if record.exc_info and record.exc_info[0] else ""
        said = record.getMessage().splitlines()[:1]
        line = {
            "at": _now(),
            "what": (said or [""])[0][:500],
            "logger": record.name,
            **({"error": what} if what else {}),
        }
        self.waiting.append((_ERROR if record.levelno >= logging.ERROR else _WARNING, orjson.dumps(line)))


def start(home: Path) -> Shipper | None:
    """Begin to ship this installation's logs, if the site has named a receiver."""
    settings = read_log_settings(home)
    if settings is None:
        return None
    shipper = Shipper(home, settings)
    shipper.start()
    return shipper


def read_state(home: Path) -> dict[str, Any]:
    """How far the logs were shipped: files (inode, offset), failing_since and why where they are not, and missed."""
    try:
        found = orjson.loads((home / STATE).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return {"files": {}}
    return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else {"files": {}}


def waiting_bytes(home: Path) -> int:
    """How many bytes of the files are not shipped yet."""
    files = read_state(home)["files"]
    return sum(
        max(0, (home / name).stat().st_size - files.get(name, {}).get("offset", 0))
        for name, _ in FILES.values()
        if (home / name).exists()
    )


def _told(line: bytes) -> tuple[str, int]:
    """Time and severity of a line; of what cannot be read (cut off by a crash), none and a warning."""
    try:
        found = orjson.loads(line)
        at = datetime.fromisoformat(found["at"]).astimezone(UTC)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return "-", _WARNING
    return f"{at:%Y-%m-%dT%H:%M:%S.%fZ}", _WARNING if found.get("what") in _WARNINGS else _NOTICE


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
