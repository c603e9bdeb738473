"""A group of appends on its way into one transaction: linked, projected, and laid out as columns. No I/O."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import orjson

from onelot.adapters import refusals
from onelot.record.chain import start
from onelot.record.journal import Append, Entry, GiveBack, Head, Projection, TakeInterval, TakeQuantity, link_part

Row = tuple[str, str]  # view, key
Stored = tuple[int, bytes | None]  # version, JSON; (0, None) for a row that is not there


@dataclass(eq=False)
class Item:
    """One append that waits for its acknowledgement."""

    append: Append
    future: Future[list[Entry]] | asyncio.Future[list[Entry]]
    entries: list[Entry] = field(default_factory=list)
    rows: list[tuple[Row, Entry, Projection]] = field(default_factory=list)

    def fail(self, why: Exception) -> None:
        """Refuse it."""
        if not self.future.done():
            self.future.set_exception(why)

    def acknowledge(self) -> None:
        """Its entries are durable."""
        if not self.future.done():
            self.future.set_result(self.entries)


@dataclass
class Group:
    """What one transaction will write. `deferred` holds appends that must wait for this group's end."""

    items: list[Item] = field(default_factory=list)
    deferred: list[Item] = field(default_factory=list)
    heads: dict[str, Head] = field(default_factory=dict)
    rows: dict[Row, Stored] = field(default_factory=dict)

    @property
    def streams(self) -> list[str]:
        """Every stream the group writes to."""
        return [part.stream for item in self.items for part in item.append.parts]

    @property
    def needed(self) -> set[Row]:
        """Every view row the group may change."""
        return {row for item in self.items for row, _, _ in item.rows}

    @property
    def has_extras(self) -> bool:
        """Whether anything goes along with the events and view rows."""
        return any(item.append.claims or item.append.payloads or item.append.effects for item in self.items)

    def columns(self) -> list[Sequence[Any]]:
        """The arguments of the database's `append_group`."""
        entries = [
            (entry.stream, entry.seq, type(draft.event).__name__, draft.at, entry.body, entry.hash, entry.signature)
            for item in self.items
            for entry, draft in zip(item.entries, (d for part in item.append.parts for d in part.drafts), strict=True)
        ]
        changed = sorted(self.rows)  # one order for every process: no two wait for each other
        return [
            *(list(column) for column in (zip(*entries, strict=True) if entries else [()] * 7)),
            [view for view, _ in changed],
            [key for _, key in changed],
            [self.rows[one][0] for one in changed],
            [(self.rows[one][1] or b"null").decode() for one in changed],
        ]


def stale_heads(items: Iterable[Item], known: Mapping[str, Head]) -> list[str]:
    """The streams whose head must be read before these appends can be linked or refused."""
    wanted = set()
    for item in items:
        for part in item.append.parts:
            head = known.get(part.stream)
            # A new stream needs no look: were it there, its first event would violate the primary key.
            if part.expected != (head.seq if head else 0):
                wanted.add(part.stream)
    return sorted(wanted)


def link_all(items: Iterable[Item], known: Mapping[str, Head], projections: Sequence[Projection]) -> Group:
    """Link what can be linked on these heads; refuse or defer the rest."""
    group, taken, blocked = Group(), set[str](), set[str]()
    for item in items:
        claims = item.append.claims
        given_back = {one.claim for one in claims if isinstance(one, GiveBack)} if claims else ()
        try:
            wait = any(part.stream in blocked for part in item.append.parts) or any(one in taken for one in given_back)
            new = None if wait else _link(item, group.heads, known)
            if new is not None:
                item.rows = [
                    ((view.name, key), entry, view)
                    for view in projections
                    for entry in item.entries
                    for key in view.keys(entry)
                ]
        except Exception as refused:  # this append's own fault: a stream moved on, a value without canonical form
            item.fail(refused)
            continue
        if new is None:
            blocked.update(part.stream for part in item.append.parts)
            group.deferred.append(item)
            continue
        group.heads.update(new)
        if claims:
            taken.update(one.claim for one in claims if isinstance(one, TakeInterval | TakeQuantity))
        group.items.append(item)
    return group


def _link(item: Item, pending: Mapping[str, Head], known: Mapping[str, Head]) -> dict[str, Head] | None:
    """Link one append; the new heads, or None when it depends on how this very group ends."""
    item.entries, new = [], {}
    for part in item.append.parts:
        head = pending.get(part.stream) or known.get(part.stream) or Head(0, start(part.stream))
        if head.seq != part.expected:
            if part.stream in pending:
                return None
            raise refusals.moved_on(part, head)
        entries = link_part(head, part)
        item.entries += entries
        new[part.stream] = Head(entries[-1].seq, entries[-1].hash)
    return new


def project_all(group: Group, before: Mapping[Row, Stored]) -> Item | None:
    """Fold the group's entries into their view rows; the append whose projection failed, or None."""
    group.rows = {}
    for item in group.items:
        try:
            for row, entry, view in item.rows:
                version = before[row][0]
                stored = (group.rows.get(row) or before[row])[1]
                after = view.project(orjson.loads(stored) if stored else None, entry, row[1])
                if after is not None:
                    group.rows[row] = (version + 1, orjson.dumps(after))
        except Exception as cause:
            item.fail(cause)
            return item
    return None
