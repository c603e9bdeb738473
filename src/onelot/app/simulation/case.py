"""A case: one patient's documents on their way into the house; and the stage the whole cohort plays on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from onelot.adapters.fhir import ConsentFound, Order, consent_of
from onelot.adapters.vault import Identity
from onelot.app import genome
from onelot.app.commands import make as making
from onelot.app.commands import order
from onelot.app.context import SYSTEM, Context
from onelot.app.simulation.filling import STUDY_MG, vial_ml
from onelot.app.simulation.site import PLANT, Site
from onelot.profile.document import Document
from onelot.profile.facts import Gathered, gather
from onelot.profile.samples import Origin
from onelot.record.durations import span
from onelot.record.errors import Held, OnelotError
from onelot.record.identity import own_mark
from onelot.record.recipe import MasterRecipe, Measure, Quantity, Test
from onelot.record.subjects import Batch, Therapy
from onelot.record.terms.opened import numbers_of
from onelot.record.terms.values import Finding
from onelot.record.units import convert
from onelot.twin.faults import Kind
from onelot.twin.memory import Memory
from onelot.twin.probes import PROBES
from onelot.twin.qc import NUMBERS
from onelot.twin.state import PARTICLES
from onelot.twin.world import SEED_CELLS, World


@dataclass
class Case:
    """One patient of a cohort.

    key: the file's name; later: documents that come only at `later_at`; order: found, or what is missing;
    vcf: the patient's variant file; outside: calls made elsewhere; sample: kind and tissue of the sample as the clinic
    states it, e.g. `germline-blood`, "" where nobody did; reference, genes: what the variants are read against, where
    that is the patient's own; genome_findings: what reading it found, None before that.
    """

    key: str
    documents: tuple[Document, ...]
    recipe: MasterRecipe
    hospital: str
    starts_at: datetime
    identity: Identity
    order: Order | Finding
    later: tuple[Document, ...] = ()
    later_at: datetime | None = None
    vcf: Path | None = None
    outside: Path | None = None
    sample: str = ""
    reference: Path | None = None
    genes: Path | None = None
    genome_findings: tuple[Finding, ...] | None = None
    refused: list[dict[str, Any]] = field(default_factory=list)

    @property
    def synthetic(self) -> bool:
        """Whether the order was made up for a demonstration."""
        return isinstance(self.order, Order) and self.order.synthetic

    @property
    def order_source(self) -> str:
        """Digest of the order's document."""
        return self.order.source if isinstance(self.order, Order) else ""

    @property
    def order_place(self) -> str:
        """Where the order stands in its document."""
        return self.order.place

    def origin(self, now: datetime) -> Origin | None:
        """Where the sample comes from; whether a transplant came before is what the documents say."""
        return genome.origin_of(self.sample, genome.transplant_before(self._known(now), now)) if self.sample else None

    def consent(self, now: datetime) -> ConsentFound | Finding:
        """What the patient agreed to, as the documents say now."""
        return consent_of(self.documents[0], now)

    def gathered(self, now: datetime) -> Gathered:
        """The facts the recipe asks for, as far as they are known now."""
        return gather(self._known(now), self.recipe.facts, now, convert=convert)

    def gathered_markers(self, now: datetime) -> Gathered:
        """The infection markers the recipe asks for."""
        return gather(self._known(now), self.recipe.markers, now, convert=convert)

    def _known(self, now: datetime) -> list[Document]:
        there = self.later_at is not None and now >= self.later_at
        return [*self.documents, *(self.later if there else ())]


@dataclass
class Stage:
    """Site, world and cohort together."""

    site: Site
    world: World
    memory: Memory
    cases: dict[str, Case]
    clock: Callable[[], datetime]
    begun: set[str] = field(default_factory=set)
    ordered: dict[str, str] = field(default_factory=dict)
    ready_to_search: Callable[[], None] = lambda: None

    @property
    def now(self) -> datetime:
        """The time now."""
        return self.clock()

    def context(self) -> Context:
        """A context to look through, as the system."""
        house = self.site.house
        return Context(house.loop.reader, house.vault, SYSTEM, self.now, house.loop.entropy)

    def last_event(self, stream: str) -> datetime:
        """When something last happened in a stream."""
        reader = self.site.house.loop.reader
        return reader.last_at(stream) or self.now

    def number(self, case: Case, kind: Kind, name: str) -> Decimal | None:
        """A number of a fault of this case."""
        fault = self.world.fault(case.key, kind)
        found = fault.settings.get(name) if fault else None
        return found if isinstance(found, Decimal) else None

    def word(self, case: Case, kind: Kind, name: str) -> str | None:
        """A word of a fault of this case."""
        fault = self.world.fault(case.key, kind)
        found = fault.settings.get(name) if fault else None
        return found if isinstance(found, str) else None

    def therapy_of(self, case: Case) -> Therapy | None:
        """The case's therapy, once it is ordered."""
        house = self.site.house
        if case.key not in self.ordered:
            patient = next(filter(None, map(house.vault.pseudonym_of, case.identity.identifiers)), None)
            for coi, row in house.journal.rows("therapies").items() if patient else ():
                if row["patient"] == patient and row["recipe"] == case.recipe.identifier:
                    self.ordered[case.key] = coi
        ordered = self.ordered.get(case.key)
        return house.loop.reader.therapy(ordered) if ordered else None

    def held_at(self, therapy: Therapy) -> datetime | None:
        """When the therapy was last held."""
        entries = self.site.house.journal.read(f"therapy/{therapy.coi}")
        return next((each.at for each in reversed(entries) if each.envelope["type"] == "TherapyHeld"), None)

    def batch_of(self, therapy: Therapy) -> Batch | None:
        """The therapy's newest batch."""
        row = self.site.house.journal.rows("therapies", [therapy.coi]).get(therapy.coi, {})
        numbers = row.get("batches", [])
        return self.site.house.loop.reader.batch(numbers[-1]) if numbers else None

    def weight(self, therapy: Therapy) -> Decimal:
        """The patient's true weight, as the world knows it."""
        value = self.context().open(therapy.facts["weight_kg"].fact.value)
        return value if isinstance(value, Decimal) else Decimal(0)

    def suite_hours(self, recipe: MasterRecipe) -> int:
        """How long a suite is booked: every phase once, repeats to their end, and a day's margin."""
        total = timedelta(days=1)
        for phase in recipe.phases:
            once = span(phase.duration) if phase.duration else timedelta()
            total += once if phase.repeat is None else span(phase.repeat.every) * int(phase.repeat.at_most.value)
        return int(total.total_seconds() // 3600) + 1

    def shelf_life(self, recipe: MasterRecipe) -> timedelta:
        """From filling to expiry."""
        return span(recipe.logistics.shelf_life)

    def begin(self, batch: Batch, therapy: Therapy | None, case: Case | None) -> None:
        """Tell the world of a batch, from the record; told again it changes nothing."""
        context = self.context()
        if batch.batch not in self.begun:
            started = batch.runs[0].started_at if batch.runs else self.now
            collected: dict[str, Decimal] = {}
            for donation in therapy.collections if therapy else ():
                for fact in donation.counts:
                    value = context.open(fact.value)
                    if isinstance(value, Decimal):
                        collected[fact.name] = collected.get(fact.name, Decimal(0)) + value
            aimed = self._aimed(therapy)
            self.world.begin(
                batch.batch,
                case.key if case else "",
                started,
                self.weight(therapy) if therapy else Decimal(0),
                collected,
                seed_cells=aimed.get("cells_to_seed", SEED_CELLS),
                given=self._given(batch, aimed),
            )
            self.begun.add(batch.batch)
        if batch.filled is not None and f"{batch.batch}/filled" not in self.begun:
            self.fill(batch, therapy, _filled_at(batch) or self.now)

    def fill(self, batch: Batch, therapy: Therapy | None, at: datetime) -> Decimal:
        """The product goes into its containers; how much stands in them, in the unit of the dose."""
        aimed = self._aimed(therapy)
        recipe = self.site.house.loop.reader.recipe(batch.recipe) if batch.recipe else None
        wanted = aimed.get(recipe.dose_parameter, Decimal(1)) if recipe else Decimal(1)
        put = None
        if recipe is not None and recipe.kind == "kit":
            put = sum((each.amount * vial_ml(each.lot.stream) for each in batch.charged), Decimal(0))
        elif recipe is not None and recipe.kind == "individual":
            put = wanted = STUDY_MG if batch.for_study else wanted.quantize(Decimal("0.001"))
        self.begun.add(f"{batch.batch}/filled")
        return self.world.fill(batch.batch, at, wanted, put=put)

    def _given(self, batch: Batch, aimed: dict[str, Decimal]) -> dict[str, Decimal] | None:
        """What people bring to a batch that is made of no cells."""
        recipe = self.site.house.loop.reader.recipe(batch.recipe) if batch.recipe else None
        if recipe is not None and recipe.kind == "individual":
            return {PARTICLES: Decimal(1)}
        return {"vials": aimed["vials"]} if "vials" in aimed else None

    def sequence_read(self, batch: Batch, therapy: Therapy | None, name: str) -> str:
        """What the laboratory reads of the patient's guide in this batch: RNA, as its lot was made."""
        found = self.context().open_parameters(therapy)[name].value if therapy else ""
        other = self.world.fault(self._key(therapy), "wrong_guide")
        letters = str(found).replace("T", "U")
        return letters[::-1] if other is not None and not batch.for_study else letters

    def _key(self, therapy: Therapy | None) -> str:
        return next((key for key, coi in self.ordered.items() if therapy is not None and coi == therapy.coi), "")

    def _aimed(self, therapy: Therapy | None) -> dict[str, Decimal]:
        if therapy is None:
            return {}
        return numbers_of(self.context().open_parameters(therapy))

    def measure(self, batch: str, measure: Measure) -> Decimal:
        """What an operator reads now, in the measure's unit.

        Where the twin has no model, as for a value that a reader's own recipe asks for, something within its limits is
        made up: it shows the step and no process.
        """
        if measure.name in PROBES:
            return self.world.measure(batch, measure.name, self.now)
        return _within(measure.low, measure.high)

    def test(self, batch: str, test: Test, sampled: datetime) -> str:
        """What the laboratory reports now on a sample of that moment; made up as in `measure` without a model."""
        if test.equals or test.name in NUMBERS:
            return self.world.test(batch, test, self.now, sampled)
        return f"{_within(test.low, test.high):f}"

    def free_equipment(self, equipment_class: str, batch: Batch) -> str:
        """A qualified unit of the class at the plant that no other open batch runs on."""
        rows = self.site.rows("equipment")
        busy = set()
        for number, row in self.site.rows("board").items():
            if row["open"] and number != batch.batch:
                run = self.site.house.loop.reader.batch(number).running
                if run is not None:
                    busy.add(run.equipment)
        free = [
            name
            for name, row in sorted(rows.items())
            if row["equipment_class"] == equipment_class
            and row["site"] == PLANT
            and row["state"] == "qualified"
            and name not in busy
        ]
        if not free:
            raise Held(
                f"no {equipment_class} is free",
                rule="one unit, one batch",
                remedy="wait until one is free",
            )
        return free[0]

    def lot_for(self, item: str, amount: Decimal, therapy: str = "") -> tuple[str, Decimal]:
        """A released lot of the item, and how much of the amount it can give; of this patient's alone, where asked."""
        for name, row in sorted(self.site.rows("lots").items()):
            if (
                row["item"] == item
                and row["state"] == "released"
                and row["made_for"] == (own_mark(therapy) if therapy else "")
            ):
                left = self.site.house.journal.available(f"lot/{name}")
                if left > 0:
                    return name, min(left, amount)
        raise Held(f"no released lot of {item}", rule="only released lots are charged", remedy="receive a lot")

    def asks_exceptionally(self, case: Case) -> bool:
        """Whether the physician asks for exceptional supply."""
        fault = self.world.fault(case.key, "low_viability")
        return fault is not None and fault.settings.get("exceptional") is True

    def terminate(self, batch: Batch, reason: str, rule: str) -> None:
        """Stop a batch for good."""
        self.site.give(making.TerminateBatch(batch.batch, reason, rule), "supervisor", PLANT)

    def end(self, case: Case, therapy: Therapy, reason: str, rule: str) -> None:
        """End a therapy without a dose."""
        self.site.give(order.EndTherapy(therapy.coi, reason, rule), "prescriber", case.hospital)

    def note_refusal(self, case: Case, refusal: OnelotError) -> None:
        """Remember what was refused, for the report."""
        case.refused.append(
            {"patient": case.key, "rule": refusal.rule, "fact": refusal.what, "place": refusal.place or ""}
        )


def _within(low: Quantity | None, high: Quantity | None) -> Decimal:
    if low is not None and high is not None:
        return (low.value + high.value) / 2
    found = low or high
    return found.value if found is not None else Decimal(1)


def _filled_at(batch: Batch) -> datetime | None:
    """When the containers were filled: the fill phase's end, or its start while it runs."""
    runs = [run for run in batch.runs if run.phase == "fill" or run.phase == "label"]
    return runs[-1].started_at if runs else None
