"""Who holds what: the rules of claims, in one place for every journal.

Memory works claims off on it; PostgreSQL has the same rules as constraints, and asks it for the reason afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

from onelot.adapters import refusals
from onelot.record.journal import AddQuantity, Claim, GiveBack, TakeInterval, TakeName, TakeQuantity

Held = TakeInterval | TakeQuantity


class Claims:
    """What is held, and what is left. Works off all claims of an append, or none."""

    def __init__(self) -> None:
        self.known: dict[str, Held] = {}
        self.held: defaultdict[str, set[str]] = defaultdict(set)  # resource -> claims
        self.available: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.names: dict[str, bytes] = {}  # name -> note

    def work_off(self, claims: Sequence[Claim]) -> None:
        """Work off all of them, given back first, then added, then taken.

        Raises:
            Conflict: the first that cannot be; nothing has changed then.
        """
        undo: list[Callable[[], object]] = []
        try:
            for claim in sorted(claims, key=_turn):
                self._one(claim, undo)
        except BaseException:
            for step in reversed(undo):
                step()
            raise

    def _one(self, claim: Claim, undo: list[Callable[[], object]]) -> None:
        if isinstance(claim, GiveBack):
            given = self.known.get(claim.claim)
            if given is None or claim.claim not in self.held[given.resource]:
                raise refusals.not_held(claim.claim)
            self.held[given.resource].remove(claim.claim)
            undo.append(partial(self.held[given.resource].add, claim.claim))
            if isinstance(given, TakeQuantity):
                self._add(given.resource, given.amount, undo)
        elif isinstance(claim, AddQuantity):
            self._add(claim.resource, claim.amount, undo)
        elif isinstance(claim, TakeName):
            if claim.name in self.names:
                raise refusals.name_taken(claim.name)
            self.names[claim.name] = claim.note
            undo.append(partial(self.names.pop, claim.name))
        else:
            self._take(claim, undo)

    def _take(self, claim: Held, undo: list[Callable[[], object]]) -> None:
        if claim.claim in self.known:
            raise refusals.claim_used(claim.claim)
        if isinstance(claim, TakeInterval):
            if any(claim.starts_at < to and since < claim.ends_at for _, since, to in self.intervals(claim.resource)):
                raise refusals.interval_taken(claim)
        else:
            if self.available[claim.resource] < claim.amount:
                raise refusals.not_enough(claim)
            self._add(claim.resource, -claim.amount, undo)
        self.known[claim.claim] = claim
        self.held[claim.resource].add(claim.claim)
        undo.append(partial(self.known.pop, claim.claim))
        undo.append(partial(self.held[claim.resource].remove, claim.claim))

    def _add(self, resource: str, amount: Decimal, undo: list[Callable[[], object]]) -> None:
        undo.append(partial(self.available.__setitem__, resource, self.available[resource]))
        self.available[resource] += amount

    def intervals(self, resource: str) -> list[tuple[str, datetime, datetime]]:
        """The intervals held on a resource by their start: claim, from, to."""
        found = (self.known[claim] for claim in self.held[resource])
        rows = [(one.claim, one.starts_at, one.ends_at) for one in found if isinstance(one, TakeInterval)]
        return sorted(rows, key=lambda row: row[1])


def _turn(claim: Claim) -> int:
    return 0 if isinstance(claim, GiveBack) else 1 if isinstance(claim, AddQuantity) else 2
