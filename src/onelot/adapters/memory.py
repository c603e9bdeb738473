"""The journal in memory: for tests, examples and throw-away runs. Same port, same refusals, nothing durable."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future
from datetime import datetime
from decimal import Decimal
from threading import RLock
from typing import Any

import orjson

from onelot.adapters import refusals
from onelot.adapters.claims import Claims
from onelot.adapters.memory_seen import MemorySeen
from onelot.record import sight
from onelot.record.chain import start
from onelot.record.journal import (
    Append,
    Effect,
    Entry,
    Head,
    Payload,
    Projection,
    Reading,
    Seal,
    Stretch,
    link_part,
)


class MemoryJournal:
    """A journal that lives as long as this object; any number of threads may use it."""

    def __init__(self, projections: Sequence[Projection] = ()) -> None:
        self._lock = RLock()
        self._projections = tuple(projections)
        self._streams: dict[str, list[Entry]] = {}
        self._log: list[Entry] = []
        self._claims = Claims()
        self._payloads: dict[str, Payload] = {}
        self._effects: dict[str, Effect] = {}
        self._done: set[str] = set()
        self._rows: dict[str, dict[str, bytes]] = {one.name: {} for one in self._projections}
        self._seals: list[Seal] = []
        self._sight: dict[str, set[str]] = {}

    def read(self, stream: str, after: int = 0) -> list[Entry]:
        """The stream's entries with a number above `after`, in order; empty for an unknown stream."""
        with self._lock:
            return self._streams.get(stream, [])[max(after, 0) :]

    def heads(self, prefix: str = "") -> dict[str, Head]:
        """The head of every stream whose name starts with `prefix`."""
        with self._lock:
            return {name: self._head(name) for name in sorted(self._streams) if name.startswith(prefix)}

    def _head(self, stream: str) -> Head:
        entries = self._streams.get(stream)
        return Head(entries[-1].seq, entries[-1].hash) if entries else Head(0, start(stream))

    def submit(self, append: Append) -> Future[list[Entry]]:
        """Append at once; the future is done when this returns."""
        future: Future[list[Entry]] = Future()
        try:
            future.set_result(self.append(append))
        except Exception as refused:
            future.set_exception(refused)
        return future

    def append(self, append: Append) -> list[Entry]:
        """Append all or nothing.

        Raises:
            Conflict: a stream has moved on or a claim is taken.
            BadInput: the append is malformed.
        """
        refusals.check(append)
        with self._lock:
            entries: list[Entry] = []
            for part in append.parts:
                head = self._head(part.stream)
                if head.seq != part.expected:
                    raise refusals.moved_on(part, head)
                entries += link_part(head, part)
            changed = self._projected(entries, self._rows)
            effects = [(one.key, orjson.loads(orjson.dumps(one.data))) for one in append.effects]
            self._claims.work_off(append.claims)
            # Nothing below can refuse.
            for entry in entries:
                self._streams.setdefault(entry.stream, []).append(entry)
            self._log += entries
            for entry in entries:
                for what, site in sight.sights(entry, self._ordered):
                    self._sight.setdefault(what, set()).add(site)
            for (view, key), row in changed.items():
                self._rows[view][key] = row
            for payload in append.payloads:
                self._payloads.setdefault(payload.address, payload)
            for effect, (key, data) in zip(append.effects, effects, strict=True):
                self._effects.setdefault(key, Effect(key, effect.kind, data))
            return entries

    def _projected(self, entries: Sequence[Entry], before: dict[str, dict[str, bytes]]) -> dict[tuple[str, str], bytes]:
        changed: dict[tuple[str, str], bytes] = {}
        for entry in entries:
            for view in self._projections:
                for key in view.keys(entry):
                    stored = changed.get((view.name, key)) or before[view.name].get(key)
                    row = view.project(orjson.loads(stored) if stored else None, entry, key)
                    if row is not None:
                        changed[(view.name, key)] = orjson.dumps(row)
        return changed

    def payload(self, address: str) -> Payload | None:
        """The sealed value at this address."""
        with self._lock:
            return self._payloads.get(address)

    def erase_payloads(self, patient: str) -> int:
        """Remove the sealed values of a patient; how many there were."""
        with self._lock:
            mine = [address for address, one in self._payloads.items() if one.patient == patient]
            for address in mine:
                del self._payloads[address]
            return len(mine)

    def rows(self, view: str, keys: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
        """The rows of a view by key: all, or these."""
        with self._lock:
            stored = self._rows.get(view, {})
            wanted = sorted(stored) if keys is None else [key for key in dict.fromkeys(keys) if key in stored]
            return {key: orjson.loads(stored[key]) for key in wanted}

    def _ordered(self, coi: str) -> tuple[str, str] | None:
        first = self._streams.get(f"therapy/{coi}", [])[:1]
        if not first or first[0].envelope["type"] != "TherapyOrdered":
            return None
        data = first[0].envelope["data"]
        return data["patient"], data["site"]

    def seen_by(self, sites: Collection[str]) -> Reading:
        """The journal as somebody of these sites may read it."""
        of = {one.name: one.of for one in self._projections}
        return MemorySeen(self, frozenset(sites), self._sight, of)

    def rebuild(self) -> dict[str, int]:
        """Project every view again from the streams; how many rows each has."""
        with self._lock:
            again: dict[str, dict[str, bytes]] = {one.name: {} for one in self._projections}
            for entry in self._log:
                for (view, key), row in self._projected([entry], again).items():
                    again[view][key] = row
            self._rows = again
            return {view: len(rows) for view, rows in again.items()}

    def available(self, resource: str) -> Decimal:
        """What is left of a quantity; zero of an unknown one."""
        with self._lock:
            return self._claims.available[resource]

    def taken(self, resource: str) -> list[tuple[str, datetime, datetime]]:
        """The interval claims held on a resource: claim, from, to."""
        with self._lock:
            return self._claims.intervals(resource)

    def effects(self, limit: int = 100) -> list[Effect]:
        """Side effects not yet done, oldest first."""
        with self._lock:
            return [one for key, one in self._effects.items() if key not in self._done][:limit]

    def effect_done(self, key: str) -> None:
        """Note that the side effect with this key was done."""
        with self._lock:
            self._done.add(key)

    def note(self, name: str) -> bytes | None:
        """What was noted when this name was taken."""
        with self._lock:
            return self._claims.names.get(name) or None

    def newest(self, before: datetime | None, most: int) -> Stretch:
        """The newest events of all streams at times below `before`, about `most` of them."""
        with self._lock:
            found = sorted((one for one in self._log if before is None or one.at < before), key=lambda one: one.at)
        if len(found) <= max(most, 1):
            return Stretch(found[::-1], None)
        since = found[-max(most, 1) - 1].at.replace(second=0, microsecond=0)
        return Stretch([one for one in reversed(found) if one.at >= since], since)

    def keep_seal(self, seal: Seal) -> None:
        """Keep a seal; refused when its number is taken."""
        with self._lock:
            if any(one.number == seal.number for one in self._seals):
                raise refusals.name_taken(f"seal {seal.number}")
            self._seals.append(seal)

    def seals(self) -> list[Seal]:
        """All seals, oldest first."""
        with self._lock:
            return sorted(self._seals, key=lambda one: one.number)

    def close(self) -> None:
        """Nothing is queued and nothing is held."""
