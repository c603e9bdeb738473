"""The journal in memory as one user may read it: the same rules as the database's policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from onelot.record import sight
from onelot.record.journal import Entry, Head, Payload, Reading, Seal, Stretch


class MemorySeen:
    """What somebody of these sites may read (`journal.Reading`).

    seen_at: which sites may see a stream or a patient; of: whose the rows of each view are.
    """

    def __init__(
        self, whole: Reading, sites: frozenset[str], seen_at: Mapping[str, set[str]], of: Mapping[str, str]
    ) -> None:
        self._whole, self._sites, self._seen_at, self._of = whole, sites, seen_at, of

    def _sees(self, what: str) -> bool:
        return bool(self._sites) and sight.may_see(self._sites, what, self._seen_at.get(what, ()))

    def read(self, stream: str, after: int = 0) -> list[Entry]:
        """The stream's entries with a number above `after`, in order; empty for an unknown stream."""
        return self._whole.read(stream, after) if self._sees(stream) else []

    def heads(self, prefix: str = "") -> dict[str, Head]:
        """The head of every stream whose name starts with `prefix`."""
        return {stream: head for stream, head in self._whole.heads(prefix).items() if self._sees(stream)}

    def payload(self, address: str) -> Payload | None:
        """The sealed value at this address."""
        found = self._whole.payload(address)
        return found if found and self._sees(f"patient/{found.patient}") else None

    def rows(self, view: str, keys: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
        """The rows of a view by key: all, or these."""
        of = self._of.get(view, sight.HOUSE)
        return {key: row for key, row in self._whole.rows(view, keys).items() if self._sees_row(of, key)}

    def _sees_row(self, of: str, key: str) -> bool:
        stream = sight.row_stream(of, key)
        return stream is not None and (self._sees(stream) if stream else bool(self._sites))

    def available(self, resource: str) -> Decimal:
        """What is left of a quantity; zero of an unknown one."""
        return self._whole.available(resource)

    def taken(self, resource: str) -> list[tuple[str, datetime, datetime]]:
        """The interval claims of their own therapies on a resource: claim, from, to."""
        claims = self._whole.taken(resource)
        return [one for one in claims if self._sees("therapy/" + (one[0].split("/") + [""])[1])]

    def newest(self, before: datetime | None, most: int) -> Stretch:
        """The newest events of all streams at times below `before`, about `most` of them."""
        found = self._whole.newest(before, most)
        return Stretch([entry for entry in found.entries if self._sees(entry.stream)], found.since)

    def seals(self) -> list[Seal]:
        """All seals, oldest first."""
        return self._whole.seals()
