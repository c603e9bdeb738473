"""What must hold of a whole journal, whatever happened: one function per rule, over streams that are folded here.

The order of events of one stream decides what was known when; between streams, times do. Nothing here asks the code
that made the records, so tests and the demo can hold it to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from onelot.record.errors import OutOfOrder
from onelot.record.events.batch import Administered, BatchPlanned, Filled, MaterialReceived
from onelot.record.events.editing import GuideChosen, GuideConfirmed
from onelot.record.events.journal import LotReceived
from onelot.record.events.therapy import Collected, ConsentRecorded, ConsentWithdrawn, DoseGiven, RecipeTailored
from onelot.record.identity import own_mark
from onelot.record.journal import Entry, Journal
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects.batch import Batch, fold_batch
from onelot.record.subjects.therapy import Therapy, fold_therapy
from onelot.twin.memory import Remembered

GIVEABLE = frozenset({"released", "conditionally_released", "exceptional_supply"})


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that does not hold, and where."""

    rule: str
    place: str
    what: str


@dataclass(frozen=True)
class House:
    """A whole journal at rest.

    streams: entries by stream, whole; intervals: resource -> (claim, from, to); commands: what the devices remember;
    recipes: the master recipe by batch stream, where it is at hand.
    """

    streams: Mapping[str, Sequence[Entry]]
    intervals: Mapping[str, Sequence[tuple[str, datetime, datetime]]] = field(default_factory=dict)
    commands: Sequence[Remembered] = ()
    recipes: Mapping[str, MasterRecipe] = field(default_factory=dict)

    @classmethod
    def of_journal(
        cls,
        journal: Journal,
        *,
        resources: Iterable[str] = (),
        commands: Sequence[Remembered] = (),
        recipes: Mapping[str, MasterRecipe] | None = None,
    ) -> House:
        """The whole of a journal; resources: whose interval claims are looked at (suites, units, couriers)."""
        return cls(
            streams={stream: journal.read(stream) for stream in journal.heads()},
            intervals={resource: journal.taken(resource) for resource in resources},
            commands=commands,
            recipes=recipes or {},
        )

    def of(self, subject: str) -> Iterator[tuple[str, Sequence[Entry]]]:
        """The streams of this subject, known by their first event."""
        for stream, entries in self.streams.items():
            if entries and entries[0].event.subject == subject:
                yield stream, entries

    def batches(self) -> Iterator[tuple[str, Sequence[Entry], Batch]]:
        """Every batch, folded."""
        for stream, entries in self.of("batch"):
            yield stream, entries, fold_batch(entries)

    def therapy(self, name: str) -> tuple[str, Therapy] | None:
        """The therapy a batch names, by stream or by the last part of its name."""
        for stream in (name, f"therapy/{name}"):
            if stream in self.streams:
                return stream, fold_therapy(self.streams[stream])
        return None


def one_patient_per_container(house: House) -> Iterator[Violation]:
    """No container stands under two chains of identity, or is filled by two batches for patients."""
    owners: dict[str, set[str]] = defaultdict(set)
    fillers: dict[str, set[str]] = defaultdict(set)
    for stream, entries in house.streams.items():
        for entry in entries:
            event = entry.event
            if isinstance(event, Filled | Collected):
                found = event.containers
            elif isinstance(event, MaterialReceived):
                found = (event.container,)
            else:
                continue
            for container in found:
                owners[container.identifier].add(container.coi)
                if isinstance(event, Filled) and container.coi:
                    fillers[container.identifier].add(stream)
    for name, cois in sorted(owners.items()):
        if len(cois - {""}) > 1:
            yield Violation("a container belongs to one patient", name, f"stands under {', '.join(sorted(cois))}")
    for name, streams in sorted(fillers.items()):
        if len(streams) > 1:
            yield Violation("a container is filled once", name, f"filled in {', '.join(sorted(streams))}")


def _given(house: House) -> Iterator[tuple[str, Entry, Administered, Batch]]:
    """Every administration with the batch as it stood just before."""
    for stream, entries in house.of("batch"):
        for number, entry in enumerate(entries):
            if isinstance(entry.event, Administered):
                yield stream, entry, entry.event, fold_batch(entries[:number])


def nothing_given_undecided(house: House) -> Iterator[Violation]:
    """Nothing is given without a disposition that allows it, on hold, or past its expiry."""
    for stream, entry, event, before in _given(house):
        place = f"{stream}#{entry.seq}"
        if before.disposition not in GIVEABLE:
            yield Violation("no disposition, no dose", place, f"the batch was {before.disposition or 'undecided'}")
        if before.holds or before.late_failures:
            yield Violation("nothing on hold is given", place, "; ".join(before.holds) or "a late result had failed")
        if before.for_study:
            yield Violation("a toxicology lot is given to nobody", place, stream)
        if before.filled is None or before.filled.expires_at <= event.started_at:
            yield Violation("nothing expired is given", place, "past its expiry, or never filled")


def identity_compared_before_dose(house: House) -> Iterator[Violation]:
    """What is given was compared and agreed, is the batch's own, and carries the identity of its therapy."""
    for stream, entry, event, before in _given(house):
        place = f"{stream}#{entry.seq}"
        if before.compared is None or not before.compared.agreed:
            yield Violation("identity agrees before a dose", place, "not compared, or not agreed")
        own = {container.identifier: container.coi for container in before.containers}
        foreign = [name for name in event.containers if name not in own]
        if foreign or not event.containers:
            yield Violation("only the batch's containers are given", place, ", ".join(foreign) or "none")
        therapies = [house.therapy(name) for name in before.therapies]
        cois = {found[1].coi for found in therapies if found}
        wrong = [name for name in event.containers if name in own and own[name] not in cois]
        if wrong:
            yield Violation("a container is given to its patient", place, ", ".join(wrong))


def containers_given_once(house: House) -> Iterator[Violation]:
    """No container is given twice."""
    given: dict[str, list[str]] = defaultdict(list)
    for stream, entry, event, _ in _given(house):
        for name in event.containers:
            given[name].append(f"{stream}#{entry.seq}")
    for name, places in given.items():
        if len(places) > 1:
            yield Violation("a container is given once", name, ", ".join(places))


def doses_name_their_batch(house: House) -> Iterator[Violation]:
    """A dose cites a batch that was made for this therapy and was given."""
    for stream, entries in house.of("therapy"):
        for entry in entries:
            if not isinstance(entry.event, DoseGiven):
                continue
            made = house.streams.get(entry.event.batch.stream, ())
            first = made[0].event if made else None
            named = first.therapies if isinstance(first, BatchPlanned) else ()
            if not any(stream in (name, f"therapy/{name}") for name in named):
                yield Violation(
                    "a dose is of a batch of its therapy", f"{stream}#{entry.seq}", entry.event.batch.stream
                )
            elif not any(isinstance(each.event, Administered) for each in made):
                yield Violation("a dose was administered", f"{stream}#{entry.seq}", entry.event.batch.stream)


def no_dose_without_consent(house: House) -> Iterator[Violation]:
    """Nothing is given while consent to manufacture is missing or withdrawn."""
    for stream, entry, _, before in _given(house):
        for name in before.therapies:
            found = house.therapy(name)
            if found is None:
                yield Violation("a batch is of a therapy on record", stream, f"{name} has no stream")
                continue
            standing = False
            for each in house.streams[found[0]]:
                if each.at > entry.at:
                    break
                if isinstance(each.event, ConsentRecorded):
                    standing = standing or "manufacture" in each.event.scopes
                elif isinstance(each.event, ConsentWithdrawn) and "manufacture" in each.event.scopes:
                    standing = False
            if not standing:
                yield Violation("consent stands when a dose is given", f"{stream}#{entry.seq}", name)


def own_lots_stay_own(house: House) -> Iterator[Violation]:
    """A lot made for one patient goes into batches of that patient's therapy alone."""
    owners = {
        stream: entries[0].event.made_for
        for stream, entries in house.of("lot")
        if isinstance(entries[0].event, LotReceived) and entries[0].event.made_for
    }
    for stream, _, batch in house.batches():
        for charged in batch.charged:
            owner = owners.get(charged.lot.stream)
            if owner is not None and owner not in {own_mark(name.removeprefix("therapy/")) for name in batch.therapies}:
                yield Violation("a lot of one patient's own stays theirs", stream, charged.lot.stream)


def a_guide_takes_two(house: House) -> Iterator[Violation]:
    """A guide stands in signed parameters only when one person chose it and another confirmed it before."""
    for stream, entries in house.of("therapy"):
        chosen: dict[str, str] = {}
        confirmed: set[str] = set()
        for entry in entries:
            if isinstance(entry.event, GuideChosen):
                chosen[entry.cite.hash] = entry.by
            elif isinstance(entry.event, GuideConfirmed) and chosen.get(entry.event.choice.hash, entry.by) != entry.by:
                confirmed.add(entry.event.choice.hash)
            elif isinstance(entry.event, RecipeTailored):
                used = {given.cite.hash for each in entry.event.parameters for given in each.inputs}
                for alone in used & chosen.keys() - confirmed:
                    yield Violation("two people choose a guide", f"{stream}#{entry.seq}", chosen[alone])


def effects_show_their_key(house: House) -> Iterator[Violation]:
    """A device acted once per key, only under keys on the record, and not against what the record says of it."""
    recorded = {}
    for stream, _, batch in house.batches():
        recorded.update({key: (stream, command) for key, command in batch.commands.items()})
    remembered = {each.key: each for each in house.commands}
    for key, seen in remembered.items():
        if seen.effects > 1:
            yield Violation("one effect per key", key, f"{seen.device} acted {seen.effects} times")
        if key not in recorded:
            yield Violation("a command is recorded before it is sent", key, f"{seen.device} was sent {seen.target}")
    for key, (stream, command) in recorded.items():
        known = remembered.get(key)
        by_person = command.detail.startswith("seen by ")
        if house.commands and command.answer == "done" and not by_person and (known is None or not known.effects):
            yield Violation("done means done", f"{stream} {key}", "the device knows nothing of it")


def claims_never_overlap(house: House) -> Iterator[Violation]:
    """Two claims never hold a resource at the same time, and no device runs two phases at once."""
    for resource, taken in house.intervals.items():
        yield from _overlaps("claims never overlap", resource, taken)
    used: dict[str, list[tuple[str, datetime, datetime]]] = defaultdict(list)
    for stream, entries, batch in house.batches():
        last = entries[-1].at
        for run in batch.runs:
            if run.equipment:
                ends = run.ended_at or last
                used[run.equipment].append((f"{stream} {run.phase}/{run.run}", run.started_at, ends))
    for device, runs in used.items():
        yield from _overlaps("a device runs one phase at a time", device, runs)


def _overlaps(rule: str, resource: str, taken: Sequence[tuple[str, datetime, datetime]]) -> Iterator[Violation]:
    # Each against the one that reaches furthest so far: a long claim can overlap more than its neighbour.
    furthest: tuple[str, datetime, datetime] | None = None
    for each in sorted(taken, key=lambda claim: (claim[1], claim[2], claim[0])):
        if furthest is not None and each[1] < furthest[2]:
            yield Violation(rule, resource, f"{furthest[0]} and {each[0]}")
        if furthest is None or each[2] > furthest[2]:
            furthest = each


def made_by_every_phase(house: House) -> Iterator[Violation]:
    """A batch that left manufacture completed every phase of its recipe, in the recipe's order."""
    for stream, _, batch in house.batches():
        recipe = house.recipes.get(stream)
        if recipe is None or batch.completed is None:
            continue
        wanted = [phase.name for phase in recipe.phases]
        done = [run.phase for run in batch.runs if run.state == "Complete" and run.outcome != "repeat"]
        if done != wanted:
            yield Violation("every phase, in order", stream, f"{', '.join(done)} instead of {', '.join(wanted)}")
        if any(run.state != "Complete" for run in batch.runs):
            yield Violation("no phase is left open", stream, "a phase was not complete when manufacture was")


RULES: tuple[Callable[[House], Iterator[Violation]], ...] = (
    one_patient_per_container,
    nothing_given_undecided,
    identity_compared_before_dose,
    containers_given_once,
    doses_name_their_batch,
    no_dose_without_consent,
    own_lots_stay_own,
    a_guide_takes_two,
    effects_show_their_key,
    claims_never_overlap,
    made_by_every_phase,
)


def lives_hold(house: House) -> Iterator[Violation]:
    """Every batch and therapy folds: no event stands where its life table does not allow it."""
    folds: Mapping[str, Callable[[Sequence[Entry]], object]] = {"batch": fold_batch, "therapy": fold_therapy}
    for subject, fold in folds.items():
        for stream, entries in house.of(subject):
            try:
                fold(entries)
            except OutOfOrder as refusal:
                yield Violation("the life table holds", stream, refusal.what)


def violations(house: House) -> tuple[Violation, ...]:
    """Every violation of every rule; empty when the house is in order. A stream that does not fold comes alone."""
    broken = tuple(lives_hold(house))
    return broken or tuple(found for rule in RULES for found in rule(house))
