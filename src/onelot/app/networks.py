"""The signed network in force, and how a booking is held to it.

Without a network document in force now or before, nothing here refuses anything. Once one has been in force for a
recipe, its bookings need one: when the last is withdrawn they are held.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from onelot.app.context import Context, Reader
from onelot.app.document_kinds import NETWORK
from onelot.plan import Rules, Way, Window, midnight, utc_day
from onelot.plan.network import SignedNetwork
from onelot.record.errors import Held, Refused
from onelot.record.journal import GiveBack, TakeInterval
from onelot.record.subjects import Document, Therapy
from onelot.record.subjects.therapy import Slot
from onelot.record.terms.values import Cite

COLLECTION, MANUFACTURE, BEDSIDE = "collection", "manufacture", "bedside"
_DAY = timedelta(days=1)
# How far ahead a collection is looked for when the first days are refused.
_AHEAD = 28 * _DAY


@dataclass(frozen=True)
class InForce:
    """A signed network, and the approval that put it in force."""

    cite: Cite
    document: Document
    network: SignedNetwork

    @property
    def name(self) -> str:
        """Document and version, e.g. `network/europe/3`."""
        return _name(self.cite)

    @property
    def rules(self) -> Rules:
        """The network read as rules for bookings."""
        return Rules(self.network, self.name)


def _name(cite: Cite) -> str:
    return cite.stream.removeprefix("document/")


def cited(reader: Reader, cite: Cite) -> InForce:
    """The network that a booking cites, whatever became of it since."""
    return InForce(cite, reader.document(_name(cite)), reader.network(cite))


def in_force(reader: Reader, recipe: str, now: datetime) -> InForce | None:
    """The network in force for a master recipe (its name); None where there never was one.

    Of several, the one that came into effect last; of those, the one approved last.

    Raises:
        Held: there was one, and it was withdrawn.
    """
    ended, best = "", None
    for each in approved(reader):
        taken_effect = each.document.effective_from is not None and each.document.effective_from <= now
        if not taken_effect or not each.network.is_for(recipe):
            continue
        if each.document.state != "approved":
            ended = each.name
        elif best is None or _rank(each) > _rank(best):
            best = each
    if best is None and ended:
        raise Held(
            f"network {ended} was withdrawn, and no other is in force for {recipe}",
            rule="bookings follow the signed network in force",
            remedy="approve a network document, or another version of this one",
            place=ended,
        )
    return best


def approved(reader: Reader) -> list[InForce]:
    """Every network document that was ever approved, withdrawn ones among them, by name."""
    found = []
    for name, row in sorted(reader.journal.rows("documents").items()):
        if row["kind"] == NETWORK and row["effective_from"]:
            entries = reader.journal.read(f"document/{name}")
            signed = next(each for each in reversed(entries) if each.envelope["type"] == "DocumentApproved")
            # The approval is cited, not the registration: it stands on the text and carries the signature.
            found.append(cited(reader, signed.cite))
    return found


def _rank(found: InForce) -> tuple[datetime, datetime, str]:
    document = found.document
    at = document.approved_at or datetime.min
    return document.effective_from or at, at, found.name


def recipe_of(therapy: Therapy) -> str:
    """Name of a therapy's master recipe, without the version."""
    stream = therapy.recipe.stream if therapy.recipe else ""
    return stream.removeprefix("document/recipe/").rsplit("/", 1)[0]


def last_slot(therapy: Therapy, purpose: str) -> Slot | None:
    """The slot booked last for a purpose; a second one carries a number (`collection-2`)."""
    return next((slot for slot in reversed(therapy.slots) if slot.purpose.split("-", 1)[0] == purpose), None)


def site_of(reader: Reader, slot: Slot) -> str:
    """Where a slot is; bookings of older versions name only the resource."""
    return slot.site or reader.equipment(slot.resource).site


@dataclass(frozen=True)
class Booking:
    """A booking of a therapy at a site, held to a network. purpose: as on the record, with its number."""

    context: Context
    therapy: Therapy
    purpose: str
    site: str
    standing: InForce
    urgency: str = ""

    @property
    def _kind(self) -> str:
        return self.purpose.split("-", 1)[0]

    @property
    def _urgency(self) -> str:
        collection = last_slot(self.therapy, COLLECTION)
        return self.urgency or (collection.urgency if collection else "")

    @property
    def collected_at(self) -> str:
        """The site where the patient is collected; for a kit, one that is treated here and served by this plant."""
        slot = last_slot(self.therapy, COLLECTION)
        if slot is not None:
            return site_of(self.context.reader, slot)
        network = self.standing.network
        for site in network.sites:
            plants = network.serving(site.id) if site.hospital == self.therapy.site else []
            if any(self.site in (plant.id, plant.point_of_care_site) for plant in plants):
                return site.id
        return self.therapy.site

    @property
    def collected_on(self) -> date | None:
        """The day of the last collection, done or booked; None for a recipe that needs none.

        Raises:
            Held: the recipe starts from a collection, and none is booked.
        """
        done = [each.collected_at for each in self.therapy.collections]
        slots = [slot for slot in self.therapy.slots if slot.purpose.split("-", 1)[0] == COLLECTION]
        booked = [slots[-1].starts_at] if len(slots) > len(done) else []
        if done or booked:
            return utc_day(max(*done, *booked) if done and booked else (done or booked)[-1])
        if self.therapy.recipe is not None and self.context.reader.recipe(self.therapy.recipe).intake is None:
            return None
        raise Held(
            "no collection is booked",
            rule=f"signed network {self.standing.name}: days count from the collection",
            remedy="book the collection first",
            place=self.standing.name,
        )

    @property
    def until(self) -> date:
        """The last day worth trying: four weeks on for a collection, as long as the limit for what follows it."""
        now = utc_day(self.context.now)
        if self._kind != MANUFACTURE:
            return now + _AHEAD
        return max(self.collected_on or now, now) + _DAY * self.standing.rules.limit(self._urgency)

    def may(self, window: Window) -> tuple[Way | None, tuple[TakeInterval, ...]]:
        """The way that this window leaves, and the claims on lines that go with it; refuses what the network does."""
        rules, day, hospital = self.standing.rules, utc_day(window.starts_at), self.therapy.site
        if self._kind == COLLECTION:
            return rules.may_collect(self.site, hospital, day, self._urgency), ()
        if self._kind == MANUFACTURE:
            way = rules.may_make(self.site, self.collected_at, hospital, self.collected_on, day, self._urgency)
            self._short_enough(window)
            return way, self._lines(day)
        made = last_slot(self.therapy, MANUFACTURE)
        if made is not None:
            rules.may_give(site_of(self.context.reader, made), hospital, utc_day(made.starts_at), day)
        return None, ()

    def give_back(self) -> list[GiveBack]:
        """The claims of this booking on lines of the site, to be given back before it moves."""
        taken = _taken(self.context.reader, self.site)
        return [GiveBack(claim) for found in taken.values() for claim, _, _ in found if claim.startswith(self._own)]

    def _short_enough(self, window: Window) -> None:
        most, lasts = self.standing.rules.longest_run(self.site), window.ends_at - window.starts_at
        if lasts > most:
            hours = lasts // timedelta(hours=1)
            raise Refused(
                f"a run of {hours} h is longer than the {most.days} days that the network counts at {self.site}",
                rule=f"signed network {self.standing.name}: manufacture_days",
                remedy="book the time the network counts, or sign a version with longer manufacture",
                place=self.standing.name,
            )

    @property
    def _own(self) -> str:
        return f"line/{self.therapy.coi}/{self.purpose}/"

    def _lines(self, day: date) -> tuple[TakeInterval, ...]:
        """A line of the plant for every day of the run, claimed so that two bookings can never take the same."""
        rules = self.standing.rules
        days = rules.held_on(self.site, day)
        # A claim's name is used once: a booking that moves takes new ones, told apart by where the therapy stands.
        name = f"{self._own}{self.therapy.seq}"
        held = {
            line: {utc_day(start) for claim, start, _ in found if not claim.startswith(self._own)}
            for line, found in _taken(self.context.reader, self.site).items()
        }
        lines = rules.free_lines(self.site, held, days)
        return tuple(
            TakeInterval(f"{name}/{number}", f"line/{self.site}/{line}", midnight(each), midnight(each + _DAY))
            for number, (line, each) in enumerate(zip(lines, days, strict=True), 1)
        )


def _taken(reader: Reader, plant: str) -> dict[int, list[tuple[str, datetime, datetime]]]:
    """Line -> who holds it when; over as many lines as any signed network ever gave the plant."""
    plants = [each for found in approved(reader) for each in found.network.plants]
    most = max((each.lines for each in plants if plant in (each.id, each.point_of_care_site)), default=0)
    return {line: reader.journal.taken(f"line/{plant}/{line}") for line in range(1, most + 1)}
