"""Every legal way of a group of patients: in, wait, manufacture, test, out; with its days, its cost and its loads.

All days are offsets from the day of collection. Of two ways with the same loads only the cheaper can be of use; where
time counts too, the faster stays as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from onelot.plan.network.demand import GroupKey
from onelot.plan.network.makers import Place
from onelot.plan.network.terms import Lane, LaneIn, LaneOut, Network
from onelot.record.errors import BadInput

LINES, STORAGE, QC, RELEASE, STAFF = range(5)
RESOURCES = ("lines", "storage", "qc", "release", "staff")
EVERY_DAY: tuple[int, ...] = ()
NO_LIMIT = 1 << 20


@dataclass(frozen=True)
class Use:
    """So much of one resource of the route's place, held on [begin, end)."""

    resource: int
    begin: int
    end: int
    amount: float


@dataclass(frozen=True)
class Attempt:
    """One manufacturing run of a patient: expected share of patients who need it, and its days."""

    number: int
    share: float
    start: int
    recollected: bool


@dataclass(frozen=True)
class Route:
    """One legal way. Costs are per patient; `parts` sums to `cost`."""

    place: int
    mode_in: str | None
    mode_out: str | None
    wait_days: int
    arrive: int
    start: int
    days: int
    cost: float
    parts: dict[str, float] = field(hash=False)
    uses: tuple[Use, ...]
    attempts: tuple[Attempt, ...]


def travel(ready: int, days: int, lane: Lane | None, weekday: int) -> int:
    """Day of arrival of a shipment ready on day `ready`; it waits for an open day to leave and to be taken in.

    Args:
        ready: offset in days from a day whose weekday is `weekday` (0 = Monday).
        days: days of the mode; the lane's customs days come on top.
        lane: the lane, or None where nothing moves (point of care).
        weekday: weekday of offset 0.
    """
    if lane is None:
        return ready
    closed = lane.closed_weekdays or EVERY_DAY
    leaves = ready
    while (weekday + leaves) % 7 in closed:
        leaves += 1
    arrives = leaves + days + lane.customs_days
    while (weekday + arrives) % 7 in closed:
        arrives += 1
    return arrives


@dataclass
class Ways:
    """Lanes indexed for the search of routes; built once a network."""

    network: Network
    places: list[Place]
    lanes_in: dict[tuple[str, str], list[LaneIn]] = field(init=False)
    lanes_out: dict[tuple[str, str], list[LaneOut]] = field(init=False)

    def __post_init__(self) -> None:
        self.lanes_in, self.lanes_out = defaultdict(list), defaultdict(list)
        for lane in self.network.cost_in:
            self.lanes_in[lane.site, lane.plant].append(lane)
        for back in self.network.cost_out:
            self.lanes_out[back.plant, back.hospital].append(back)
        self.days_in = {mode.id: mode.days_in for mode in self.network.modes}
        self.days_out = {mode.id: mode.days_out for mode in self.network.modes}
        self.limits = {urgency.id: urgency.limit_days for urgency in self.network.classes}
        self.timed = self.network.minimise != "cost"
        self.opens_late = any(place.terms.opening_days != [0] for place in self.places)

    def limit_of(self, group: GroupKey) -> int:
        """Turnaround limit of a group in days: its class's own, else the network's."""
        return self.network.limit_days if group[1] is None else self.limits[group[1]]

    def routes(self, group: GroupKey, limit: int | None = None) -> list[Route]:
        """Useful legal routes of one group, by place and cost; `limit` overrides the group's own (for diagnosis)."""
        legal = self.limit_of(group) if limit is None else limit
        found: list[Route] = []
        for number, place in enumerate(self.places):
            best: dict[tuple[object, ...], list[Route]] = defaultdict(list)
            for route in self._through(group, number, place, legal):
                best[route.uses, route.arrive if self.opens_late else 0].append(route)
            for same in best.values():
                found.extend(self._undominated(same))
        return sorted(found, key=lambda route: (route.place, route.cost, route.days, route.start))

    def route_of(self, group: GroupKey, number: int, mode_in: str | None, mode_out: str | None, wait: int) -> Route:
        """The one route through place `number` with these modes and this wait, legal or not (to open an answer up).

        Raises:
            BadInput: the network has no such lanes.
        """
        place, site = self.places[number], self.network.sites[group[0]]
        lane_in = next((n for n in self.lanes_in.get((site.id, place.id), ()) if n.mode == mode_in), None)
        lane_out = next((n for n in self.lanes_out.get((place.id, site.hospital), ()) if n.mode == mode_out), None)
        if (lane_in is None or lane_out is None) and place.site != site.id:
            raise BadInput(
                f"There is no way {site.id} - {place.id} by {mode_in} and back by {mode_out}.",
                rule="a flow runs on lanes of its network",
                remedy="Open the answer with the network it was made for.",
            )
        arrive = self._arrival(self.network.durations.collection, lane_in, group[2])
        route = self._route(group, number, place, (lane_in, lane_out), arrive, wait, NO_LIMIT)
        if route is None:
            raise BadInput(
                "The last attempt on this way ends too late.",
                rule="$.failure.limit_days",
                remedy="Open the answer with the network it was made for.",
            )
        return route

    def _undominated(self, same: list[Route]) -> list[Route]:
        ranked = sorted(same, key=lambda r: (r.cost, r.days, r.mode_in or "", r.mode_out or ""))
        if not self.timed:
            return ranked[:1]
        kept: list[Route] = []
        for route in ranked:
            if not kept or route.days < kept[-1].days:
                kept.append(route)
        return kept

    def _through(self, group: GroupKey, number: int, place: Place, limit: int) -> Iterator[Route]:
        """All ways of a group through one place that end within the limit."""
        site = self.network.sites[group[0]]
        ins: list[LaneIn | None] = list(self.lanes_in.get((site.id, place.id), ()))
        outs: list[LaneOut | None] = list(self.lanes_out.get((place.id, site.hospital), ()))
        if place.site is not None:
            ins, outs = ([None], [None]) if place.site == site.id else ([], [])
        for lane_in in ins:
            arrive = self._arrival(self.network.durations.collection, lane_in, group[2])
            for wait in range(self.network.storage.max_days + 1 if self.network.storage else 1):
                for lane_out in outs:
                    route = self._route(group, number, place, (lane_in, lane_out), arrive, wait, limit)
                    if route is not None:
                        yield route

    def _arrival(self, ready: int, lane: LaneIn | None, weekday: int) -> int:
        return travel(ready, self.days_in[lane.mode] if lane else 0, lane, weekday)

    def _home(self, ready: int, lane: LaneOut | None, weekday: int) -> int:
        return travel(ready, self.days_out[lane.mode] if lane else 0, lane, weekday)

    def _route(
        self,
        group: GroupKey,
        number: int,
        place: Place,
        lanes: tuple[LaneIn | None, LaneOut | None],
        arrive: int,
        wait: int,
        limit: int,
    ) -> Route | None:
        lane_in, lane_out = lanes
        start = arrive + wait
        steps = place.manufacture + place.qc
        days = self._home(start + steps, lane_out, group[2])
        if days > limit:
            return None
        attempts = tuple(self._attempts(place, lane_in, start, group[2]))
        failure = self.network.failure
        if failure is not None and failure.limit_days is not None:
            last = max(self._home(attempt.start + steps, lane_out, group[2]) for attempt in attempts)
            if last > failure.limit_days:
                return None
        parts = self._parts(place, lane_in, lane_out, wait, attempts)
        return Route(
            place=number,
            mode_in=lane_in.mode if lane_in else None,
            mode_out=lane_out.mode if lane_out else None,
            wait_days=wait,
            arrive=arrive,
            start=start,
            days=days,
            cost=sum(parts.values()),
            parts=parts,
            uses=tuple(self._uses(place, arrive, attempts)),
            attempts=attempts,
        )

    def _attempts(self, place: Place, lane: LaneIn | None, start: int, weekday: int) -> Iterator[Attempt]:
        """The first run, and the expected share of each later one, by where its material comes from."""
        failure = self.network.failure
        waiting = [Attempt(1, 1.0, start, False)]
        while waiting:
            attempt = waiting.pop(0)
            yield attempt
            if failure is None or attempt.number >= failure.max_attempts or place.failure_rate == 0:
                continue
            again = attempt.start + place.manufacture + place.qc + failure.delay_days
            failed = attempt.share * place.failure_rate
            if failure.recollect_share < 1:
                waiting.append(Attempt(attempt.number + 1, failed * (1 - failure.recollect_share), again, False))
            if failure.recollect_share > 0:
                anew = self._arrival(again + self.network.durations.collection, lane, weekday)
                waiting.append(Attempt(attempt.number + 1, failed * failure.recollect_share, anew, True))

    def _parts(
        self, place: Place, lane_in: LaneIn | None, lane_out: LaneOut | None, wait: int, attempts: tuple[Attempt, ...]
    ) -> dict[str, float]:
        runs = sum(attempt.share for attempt in attempts)
        recollected = sum(attempt.share for attempt in attempts if attempt.recollected)
        failure, storage = self.network.failure, self.network.storage
        lost = place.failure_rate**failure.max_attempts if failure else 0.0
        parts = {
            "transport_in": (lane_in.cost if lane_in else 0.0) * (1 + recollected),
            "transport_out": (lane_out.cost if lane_out else 0.0) * (1 - lost),
            "therapy": place.therapy_cost * runs,
        }
        if storage is not None:
            parts["storage"] = storage.freeze_cost + storage.cost_per_day * wait if wait else 0.0
        if failure is not None:
            parts["failure"] = failure.recollection_cost * recollected + failure.loss_cost * lost
        return parts

    def _uses(self, place: Place, arrive: int, attempts: tuple[Attempt, ...]) -> Iterator[Use]:
        """What a route holds of its place. Only a run that passes is released."""
        terms, staff = place.terms, self.network.staff
        first = attempts[0]
        if terms.storage_capacity is not None and first.start > arrive:
            yield Use(STORAGE, arrive, first.start, 1.0)
        for attempt in attempts:
            done = attempt.start + place.manufacture
            tested, passed = done + place.qc, attempt.share * (1 - place.failure_rate)
            yield Use(LINES, attempt.start, done, attempt.share)
            if terms.qc_capacity is not None and place.qc:
                yield Use(QC, done, tested, attempt.share)
            if terms.release_per_day is not None:
                yield Use(RELEASE, tested, tested + 1, passed)
            if staff is not None and terms.staff_hours is not None:
                for begin, end, hours in (
                    (attempt.start, done, attempt.share * staff.manufacture_hours),
                    (done, tested, attempt.share * staff.qc_hours),
                    (tested, tested + 1, passed * staff.release_hours),
                ):
                    if hours and end > begin:
                        yield Use(STAFF, begin, end, hours)
