"""What a signed network allows a booking: which plant, on which day, by which way there and back. Pure.

Days are whole days in UTC, as in the search: a patient collected on day t is ready to travel at t + collection, holds a
line from the day the run starts for `manufacture_days`, is tested for `qc_days` and travels back; from collection to
return at most the limit. On a closed weekday of a lane, or a closed day of either end, nothing leaves or is taken in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from onelot.plan.network.signed import OpenedPlant, ReturnLane, ServedLane, Shipment, SignedNetwork
from onelot.plan.slots import Busy, Window, earliest
from onelot.record.errors import Held, Refused

T = TypeVar("T")
_DAY = timedelta(days=1)


class AnotherDay(Refused):
    """Refused for this day; another day may be allowed."""


class TooEarly(AnotherDay):
    """Refused for this day; a later day may be allowed."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a network: arrival and start at the plant, return to the hospital, days from collection."""

    plant: str
    mode_in: str | None
    mode_out: str | None
    arrives_on: date
    starts_on: date
    returns_on: date
    days: int


@dataclass(frozen=True)
class Rules:
    """A signed network read as rules for bookings. name: the document and version that a refusal names."""

    network: SignedNetwork
    name: str

    def limit(self, urgency: str) -> int:
        """Days from collection to return that a class of urgency may take; the network's own for none.

        Raises:
            Refused: the network knows no such class.
        """
        if not urgency:
            return self.network.limit_days
        for known in self.network.classes:
            if known.id == urgency:
                return known.limit_days
        names = ", ".join(known.id for known in self.network.classes) or "none"
        raise self._no(f"{urgency!r} is no class of this network", "classes", f"name one of: {names}")

    def may_collect(self, site: str, hospital: str, day: date, urgency: str = "") -> Way:
        """The fastest way for a patient collected at a site on a day.

        Raises:
            Refused: the site is not in the network, shut that day, or no plant can bring the product back in time.
        """
        self._at(site, hospital)
        self._open(site, day)
        limit = self.limit(urgency)
        plants = self.network.serving(site)
        if not plants:
            raise self._no(f"no plant makes for {site}", "lanes_in", "collect at a site that is served")
        found = [way for plant in plants for way in self._ways(plant, site, hospital, day, None)]
        if not found:
            what = f"what is collected at {site} on {_short(day)} can be started nowhere that serves it"
            raise self._no(
                what, "lanes, open_day, closed days", "collect on another day, or sign a new version", AnotherDay
            )
        best = min(found, key=lambda way: (way.days, way.plant))
        if best.days > limit:
            what = (
                f"collected at {site} on {_short(day)}, the product is back {_after(best)}; the limit is {limit} days"
            )
            raise self._no(
                what, "limit_days", "collect on another day, or sign a version with a faster lane", AnotherDay
            )
        return best

    def may_make(
        self, plant: str, site: str, hospital: str, collected_on: date | None, day: date, urgency: str = ""
    ) -> Way:
        """The fastest way with a run that starts at a plant on a day.

        Args:
            plant: where; site, hospital: where it was collected, and where it goes back to.
            collected_on: None where nothing is collected (a kit from stock); days then count from the start.

        Raises:
            Refused: the plant does not serve the site, is shut, not open yet, the material would come too late or wait
                too long, or the product would be back after the limit.
        """
        opened = self._plant(plant)
        self._serves(opened, site, hospital)
        for place in filter(None, (opened.id, opened.point_of_care_site)):
            self._open(place, day)
        opens_on = self.network.opens_on(opened)
        if day < opens_on:
            raise self._no(
                f"{plant} opens on {_short(opens_on)}", "open_day", "book a later day or another plant", TooEarly
            )
        found = list(self._ways(opened, site, hospital, collected_on, day))
        if not found:
            raise self._no_way(opened, site, hospital, collected_on, day)
        best, limit = min(found, key=lambda way: (way.days, way.mode_in or "", way.mode_out or "")), self.limit(urgency)
        if best.days > limit:
            what = f"started at {plant} on {_short(day)}, the product is back {_after(best)}; the limit is {limit} days"
            raise self._no(what, "limit_days", "start earlier, book a plant nearer by, or collect again")
        return best

    def may_serve(self, plant: str, site: str, hospital: str) -> None:
        """Refuse a plant that does not make for a site, whenever that would be."""
        self._serves(self._plant(plant), site, hospital)

    def may_give(self, plant: str, hospital: str, started_on: date, day: date) -> None:
        """Refuse a bedside slot before a product started at a plant on a day can be at the hospital."""
        opened = self._plant(plant)
        backs = self._back(opened, hospital, started_on)
        if not backs:
            raise self._no(f"no lane leads from {plant} to {hospital}", "lanes_out", "book at a hospital it reaches")
        first = min(home for _, home in backs)
        if day < first:
            what = f"the product started at {plant} on {_short(started_on)} is at {hospital} on {_short(first)} at the"
            raise self._no(
                f"{what} earliest, not on {_short(day)}", "lanes_out", f"book from {_short(first)}", TooEarly
            )

    def held_on(self, plant: str, day: date) -> list[date]:
        """The days on which a run that starts on a day holds a line."""
        return [day + _DAY * number for number in range(self._plant(plant).manufacture_days)]

    def free_lines(self, plant: str, held: Mapping[int, Collection[date]], days: Sequence[date]) -> list[int]:
        """For each day a line (1, 2, …) that is free; the lowest, so that two who ask at once want the same one.

        Args:
            held: line -> days on which a patient holds it; also lines that a newer version no longer has.

        Raises:
            Refused: on one of these days as many lines are held as the plant has.
        """
        lines, found = self._plant(plant).lines, []
        for day in days:
            used = {line for line, taken in held.items() if day in taken}
            if len(used) >= lines:
                what = f"all {lines} lines of {plant} are held on {_short(day)}"
                raise self._no(what, "lines", "book another day or another plant", AnotherDay)
            found.append(next(line for line in range(1, lines + 1) if line not in used))
        return found

    def longest_run(self, plant: str) -> timedelta:
        """How long a booked run may last at most."""
        return _DAY * self._plant(plant).manufacture_days

    def _no(self, what: str, part: str, remedy: str, kind: type[Refused] = Refused) -> Refused:
        return kind(what, rule=f"signed network {self.name}: {part}", remedy=remedy, place=self.name)

    def _at(self, site: str, hospital: str) -> None:
        known = self.network.site(site)
        if known is None:
            raise self._no(f"{site} is no collection site of this network", "sites", "book at one of its sites")
        if known.hospital != hospital:
            what = f"what is collected at {site} goes back to {known.hospital}; the patient is treated at {hospital}"
            raise self._no(what, "sites", f"collect at a site of {hospital}")

    def _plant(self, name: str) -> OpenedPlant:
        """A plant by its own name; a point of care also by the name of its site."""
        found = self.network.plant(name)
        if found is None:
            found = next((plant for plant in self.network.plants if plant.point_of_care_site == name), None)
        if found is None:
            names = ", ".join(plant.id for plant in self.network.plants)
            raise self._no(f"{name} is no plant of this network", "plants", f"book at one of: {names}")
        return found

    def _serves(self, plant: OpenedPlant, site: str, hospital: str) -> None:
        self._at(site, hospital)
        serving = [each.id for each in self.network.serving(site)]
        if plant.id not in serving:
            what = f"{plant.id} does not make for {site}; served by {', '.join(serving) or 'none'}"
            raise self._no(what, "lanes_in", "book at a plant that serves the site, or sign a version in which it does")

    def _open(self, place: str, day: date) -> None:
        if day in self.network.closed_days(place):
            raise self._no(f"{place} is closed on {_short(day)}", "closed", "book another day", AnotherDay)

    def _ways(
        self, plant: OpenedPlant, site: str, hospital: str, collected_on: date | None, day: date | None
    ) -> Iterator[Way]:
        """Ways through a plant, legal but for the limit; a given day is the day of the start."""
        for mode_in, arrives in self._there(plant, site, collected_on, day):
            if arrives < self.network.opens_on(plant):
                continue
            start = self._start(plant, arrives) if day is None else day
            if not arrives <= start <= arrives + _DAY * self.network.storage_days_max:
                continue
            for mode_out, home in self._back(plant, hospital, start):
                days = (home - (collected_on or start)).days
                yield Way(plant.id, mode_in, mode_out, arrives, start, home, days)

    def _start(self, plant: OpenedPlant, day: date) -> date:
        """The first day from this one on which a plant is not shut."""
        shut = self.network.closed_days(plant.id) | self.network.closed_days(plant.point_of_care_site or "")
        while day in shut:
            day += _DAY
        return day

    def _there(
        self, plant: OpenedPlant, site: str, collected_on: date | None, day: date | None
    ) -> list[tuple[str | None, date]]:
        """Mode and day of arrival of what is collected; of a kit, whose material is there, the day it starts."""
        if collected_on is None:
            return [(None, day)] if day is not None else []
        ready = collected_on + _DAY * self.network.durations.collection
        if plant.point_of_care_site is not None:
            return [(None, ready)]
        lanes: list[ServedLane] = [
            lane for lane in self.network.lanes_in if (lane.site, lane.plant) == (site, plant.id) and lane.served
        ]
        return [(lane.mode, self._travel(ready, lane, site, plant.id)) for lane in lanes]

    def _back(self, plant: OpenedPlant, hospital: str, start: date) -> list[tuple[str | None, date]]:
        done = start + _DAY * (plant.manufacture_days + plant.qc_days)
        if plant.point_of_care_site is not None:
            site = self.network.site(plant.point_of_care_site)
            return [(None, done)] if site is not None and site.hospital == hospital else []
        lanes: list[ReturnLane] = [
            lane for lane in self.network.lanes_out if (lane.plant, lane.hospital) == (plant.id, hospital)
        ]
        return [(lane.mode, self._travel(done, lane, plant.id, hospital)) for lane in lanes]

    def _travel(self, ready: date, lane: Shipment, origin: str, goal: str) -> date:
        leaves = self._next_open(ready, lane, origin)
        return self._next_open(leaves + _DAY * (lane.days + lane.customs_days), lane, goal)

    def _next_open(self, day: date, lane: Shipment, place: str) -> date:
        shut = self.network.closed_days(place)
        while day.weekday() in lane.closed_weekdays or day in shut:
            day += _DAY
        return day

    def _no_way(self, plant: OpenedPlant, site: str, hospital: str, collected_on: date | None, day: date) -> Refused:
        """Why no run can start at a plant on a day: too early, or the material would wait too long."""
        arrivals = [arrives for _, arrives in self._there(plant, site, collected_on, day)]
        arrivals = [arrives for arrives in arrivals if arrives >= self.network.opens_on(plant)]
        if not self._back(plant, hospital, day):
            return self._no(f"no lane leads from {plant.id} back to {hospital}", "lanes_out", "book at another plant")
        if not arrivals:
            what = f"what is collected on {_short(collected_on or day)} comes before {plant.id} opens"
            return self._no(what, "open_day", "book another plant, or collect later")
        first, last = min(arrivals), max(arrivals)
        if day < first:
            what = f"what is collected at {site} on {_short(collected_on or day)} is at {plant.id} on {_short(first)}"
            return self._no(f"{what} at the earliest", "lanes_in", f"start on {_short(first)} or later", TooEarly)
        what = f"the material would wait {(day - last).days} days at {plant.id} from {_short(last)}; it may wait"
        most = self.network.storage_days_max
        return self._no(f"{what} {most}", "storage_days_max", "start earlier, at another plant, or collect again")


def earliest_allowed(
    busy: Mapping[str, Iterable[Busy]],
    not_before: datetime,
    duration: timedelta,
    not_after: datetime | None,
    may: Callable[[Window], T],
    until: date,
) -> tuple[Window, T]:
    """The earliest free window that `may` does not refuse, day after day up to `until`; and what `may` gave for it.

    Raises:
        Refused: no day is allowed; the reason of the last day tried, or, where waiting for a better day made it too
            late, the reason of the day before. Held: nothing is free (see `earliest`).
    """
    taken = {name: list(found) for name, found in busy.items()}
    refused: AnotherDay | None = None
    while True:
        try:
            window = earliest(taken, not_before, duration, not_after)
        except Held:
            if refused is not None:
                raise refused from None
            raise
        day = utc_day(window.starts_at)
        if refused is not None and day > until:
            raise refused
        try:
            return window, may(window)
        except AnotherDay as reason:
            refused, not_before = reason, midnight(day + _DAY)
        except Refused as reason:
            if refused is None or isinstance(refused, TooEarly):
                raise
            raise refused from reason


def utc_day(moment: datetime) -> date:
    """The day of a moment, in UTC."""
    return moment.astimezone(UTC).date()


def midnight(day: date) -> datetime:
    """The moment at which a day begins, in UTC."""
    return datetime.combine(day, time(), UTC)


def _short(day: date) -> str:
    return f"{day:%a %d %b %Y}"


def _after(way: Way) -> str:
    return f"on {_short(way.returns_on)}, after {way.days} days"
