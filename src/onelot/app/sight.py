"""Who looks: what screens and the API read goes by the sites of the person asking, whatever their code forgets.

The doors are given a house whose journal and reader see nothing until somebody has been recognised (`be_seen_as`), and
then what that person's sites may see (record/sight.py), as the database decides (revision 0003). Whoever looks is kept
for one request, and each look at a patient's values is logged (app/looks.py). The loop, the committer, the seals and
the side effects go on seeing everything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from fastapi.concurrency import run_in_threadpool

from onelot.app.context import Actor, Reader
from onelot.app.house import House
from onelot.app.looks import LoggedVault, nobody
from onelot.record.journal import Entry, Head, Journal, Payload, Reading, Seal, Stretch
from onelot.record.subjects import Person

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


@dataclass
class _Seat:
    """Who looks in one request; threads and tasks that serve it share it."""

    sites: frozenset[str] = frozenset()
    who: str = ""
    where: str = ""
    looked: set[tuple[str, str]] = field(default_factory=set)
    # Looks to be logged with one flush before the answer begins; None once it has begun, or outside a request.
    waiting: list[tuple[str, str, str]] | None = None


_seat: ContextVar[_Seat | None] = ContextVar("seat", default=None)


class Seats:
    """ASGI middleware: one empty seat a request, so that nobody looks through what an earlier request left."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], house: House) -> None:
        self._app, self._house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request on a seat of its own; its looks are on the disk before its answer is sent."""
        seat = _Seat(where=f"{scope.get('method', '')} {scope.get('path', '')}", waiting=[])

        async def after_looks(message: Scope) -> None:
            looks, seat.waiting = seat.waiting, None
            if looks:
                await run_in_threadpool(self._house.log_looks, looks)
            await send(message)

        kept = _seat.set(seat)
        try:
            await self._app(scope, receive, after_looks)
        finally:
            _seat.reset(kept)


def be_seen_as(actor: Actor) -> Actor:
    """From here on this request sees what the actor's sites may see; gives the actor back."""
    seat = _seat.get()
    if seat is None:
        seat = _Seat()
        _seat.set(seat)
    seat.sites, seat.who = actor.sites, actor.id
    return actor


def _sites() -> Collection[str]:
    seat = _seat.get()
    return seat.sites if seat else ()


class DoorJournal(Reading):
    """The journal as whoever looks may read it. It cannot write: doors write through the loop."""

    def __init__(self, whole: Journal) -> None:
        self._whole = whole

    @property
    def _seen(self) -> Reading:
        return self._whole.seen_by(_sites())

    def read(self, stream: str, after: int = 0) -> list[Entry]:
        """The stream's entries with a number above `after`, in order; empty for an unknown stream."""
        return self._seen.read(stream, after)

    def heads(self, prefix: str = "") -> dict[str, Head]:
        """The head of every stream whose name starts with `prefix`."""
        return self._seen.heads(prefix)

    def payload(self, address: str) -> Payload | None:
        """The sealed value at this address."""
        return self._seen.payload(address)

    def rows(self, view: str, keys: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
        """The rows of a view by key: all, or these."""
        return self._seen.rows(view, keys)

    def available(self, resource: str) -> Decimal:
        """What is left of a quantity; zero of an unknown one."""
        return self._seen.available(resource)

    def taken(self, resource: str) -> list[tuple[str, datetime, datetime]]:
        """The interval claims of their own therapies on a resource: claim, from, to."""
        return self._seen.taken(resource)

    def newest(self, before: datetime | None, most: int) -> Stretch:
        """The newest events of all streams at times below `before`, about `most` of them."""
        return self._seen.newest(before, most)

    def seals(self) -> list[Seal]:
        """All seals, oldest first."""
        return self._seen.seals()


class DoorReader(Reader):
    """Folds are shared with the house; the database is asked each time whether this person may have them.

    A kept fold is given only to who may read the event it ends with.
    """

    def __init__(self, journal: Reading, whole: Reader) -> None:
        super().__init__(journal)
        self._folds, self._last, self._recipes = whole._folds, whole._last, whole._recipes
        self._person = whole.person

    def person(self, login: str) -> Person:
        """The person; also before anybody is recognised, since that is how one is."""
        return self._person(login)

    def _grow(self, stream: str, fold: Callable[[list[Entry], Any], T], empty: T) -> T:
        seq, state = self._folds.get(stream, (0, empty))
        entries = self.journal.read(stream, max(seq - 1, 0))
        if not entries:
            return empty
        new = entries[1:] if seq else entries
        if new:
            state = fold(new, state)
            self._folds[stream] = (new[-1].seq, state)
            self._last[stream] = new[-1].at
        found: T = state
        return found


def behind_doors(house: House) -> House:
    """The house as screens and the API are given it: its journal and reader see what the person asking may see."""
    journal = DoorJournal(house.whole)
    loop = house.loop.looking_through(DoorReader(journal, house.loop.reader))

    def noted(stream: str, what: str) -> None:
        seat = _seat.get()
        if seat is None or not seat.who:
            raise nobody()
        if (stream, what) not in seat.looked:
            look = (seat.who, stream, f"{what}: {seat.where[:200]}")
            if seat.waiting is None:
                house.log_look(*look)
            else:
                seat.waiting.append(look)
            seat.looked.add((stream, what))

    vault = LoggedVault(house.vault, noted)
    return replace(house, journal=journal, loop=loop, whole_journal=house.whole, vault=vault)
