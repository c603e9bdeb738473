"""A therapy, folded from its stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import singledispatch

from onelot.record.events import batch, editing
from onelot.record.events import therapy as ev
from onelot.record.events.base import Event
from onelot.record.journal import Entry
from onelot.record.life import advance
from onelot.record.recipe_editing import CHOSEN_GUIDE
from onelot.record.subjects import departures
from onelot.record.terms.values import Advice, Cite, Fact, Finding, Input, Parameter, Sealed


@dataclass(frozen=True)
class KnownFact:
    """A fact and the event it stands in."""

    fact: Fact
    cite: Cite


@dataclass(frozen=True)
class Tailoring:
    """The control recipe's parameters, the event that set them, and whether somebody signed them."""

    cite: Cite
    recipe: Cite
    parameters: Mapping[str, Parameter]
    approved: bool = False
    approved_by: str = ""
    rules: tuple[Cite, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What a qualified person decided, on which inputs and documents; the content is sealed."""

    about: str
    inputs: tuple[Input, ...]
    documents: tuple[Cite, ...]
    content: Sealed
    by: str
    cite: Cite


@dataclass(frozen=True)
class Design:
    """The newest design of guides, the event it stands in, and who signed it."""

    event: editing.GuidesDesigned
    cite: Cite
    by: str


@dataclass(frozen=True)
class Guide:
    """The guide chosen last: the choice, who made it, and who else confirmed it ("" while nobody has)."""

    choice: editing.GuideChosen
    cite: Cite
    by: str
    confirmed_by: str = ""
    confirmed: Cite | None = None

    @property
    def sealed(self) -> Sealed:
        """The spacer."""
        return self.choice.guide


@dataclass(frozen=True)
class Evidence:
    """A document of the evidence file and the event it stands in; the newest per need counts."""

    event: editing.EvidenceRecorded
    cite: Cite
    by: str


@dataclass(frozen=True)
class Slot:
    """A booked window, where it is, and the signed network it was booked by (None: there was none)."""

    purpose: str
    resource: str
    starts_at: datetime
    ends_at: datetime
    site: str = ""
    network: Cite | None = None
    urgency: str = ""


@dataclass(frozen=True)
class Therapy:
    """One therapy event. `state` is its place in the life table; `seq` the number of its last event."""

    state: str = "new"
    seq: int = 0
    coi: str = ""
    patient: str = ""
    product: str = ""
    site: str = ""
    synthetic: bool = False
    ordered_at: datetime | None = None
    ordered_by: str = ""
    recipe: Cite | None = None
    consent: frozenset[str] = frozenset()
    consent_until: datetime | None = None
    withdrawn: frozenset[str] = frozenset()
    facts: Mapping[str, KnownFact] = field(default_factory=dict)
    superseded: tuple[KnownFact, ...] = ()
    markers: Mapping[str, KnownFact] = field(default_factory=dict)
    label: str | None = None
    eligible: bool = False
    holds: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    tailoring: Tailoring | None = None
    advice: Mapping[str, Advice] = field(default_factory=dict)
    weighed: Cite | None = None
    decisions: tuple[Decision, ...] = ()
    design: Design | None = None
    guide: Guide | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    slots: tuple[Slot, ...] = ()
    collections: tuple[ev.Collected, ...] = ()
    assessment: ev.CollectionAssessed | None = None
    clearance: Cite | None = None
    conditioning_started_at: datetime | None = None
    dose_given_at: datetime | None = None
    outcome: ev.OutcomeRecorded | None = None
    notices: tuple[ev.NoticeSent, ...] = ()
    aliases: tuple[str, ...] = ()
    ended: str = ""
    erased: bool = False
    deviations: departures.Deviations = field(default_factory=dict)
    near_misses: tuple[departures.NearMiss, ...] = ()
    collectors: frozenset[str] = frozenset()

    @property
    def open_deviations(self) -> tuple[departures.Deviation, ...]:
        """Deviations of the collection that nobody has closed."""
        return departures.still_open(self.deviations)

    @property
    def stale(self) -> frozenset[str]:
        """Parameters that used a fact which has since been corrected, or a guide that is the chosen one no more."""
        if self.tailoring is None:
            return frozenset()
        now = {name: known.fact.value.commitment for name, known in self.facts.items()}
        if self.guide is not None:
            now[CHOSEN_GUIDE] = self.guide.sealed.commitment
        return frozenset(
            name
            for name, parameter in self.tailoring.parameters.items()
            if any(now.get(given.name, given.commitment) != given.commitment for given in parameter.inputs)
        )

    @property
    def stale_advice(self) -> frozenset[str]:
        """Drugs whose advice rests on a gene that was called, corrected or called again since."""
        return frozenset(
            drug
            for drug, advice in self.advice.items()
            if {given.name: given.commitment for given in advice.inputs}
            != {name: self.facts[name].fact.value.commitment for name in _facts(advice) if name in self.facts}
        )


def _facts(advice: Advice) -> tuple[str, ...]:
    return tuple(f"pgx_{gene}" for gene in advice.genes)


def fold_therapy(entries: Iterable[Entry], state: Therapy | None = None) -> Therapy:
    """The therapy after these entries; refuses what its life table does not allow."""
    found = state or Therapy()
    for entry in entries:
        step = advance("therapy", found.state, entry.envelope["type"])
        found = _apply(entry.event, replace(found, state=step, seq=entry.seq), entry)
    return found


@singledispatch
def _apply(event: Event, state: Therapy, entry: Entry) -> Therapy:
    return state


@_apply.register
def _(event: ev.TherapyOrdered, state: Therapy, entry: Entry) -> Therapy:
    return replace(
        state,
        coi=event.coi,
        patient=event.patient,
        product=event.product,
        site=event.site,
        recipe=event.recipe,
        aliases=event.aliases,
        synthetic=event.synthetic,
        ordered_at=entry.at,
        ordered_by=entry.by,
    )


@_apply.register
def _(event: ev.AliasAdded, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, aliases=(*state.aliases, f"{event.issuer}:{event.number}"))


@_apply.register
def _(event: ev.ConsentRecorded, state: Therapy, entry: Entry) -> Therapy:
    return replace(
        state,
        consent=state.consent | set(event.scopes),
        withdrawn=state.withdrawn - set(event.scopes),
        consent_until=event.valid_until,
    )


@_apply.register
def _(event: ev.ConsentWithdrawn, state: Therapy, entry: Entry) -> Therapy:
    return replace(
        state,
        consent=state.consent - set(event.scopes),
        withdrawn=state.withdrawn | set(event.scopes),
    )


@_apply.register
def _(event: ev.ProfileRecorded, state: Therapy, entry: Entry) -> Therapy:
    known = {fact.name: KnownFact(fact, entry.cite) for fact in event.facts}
    old = tuple(state.facts[name] for name in known if name in state.facts)
    return replace(state, facts={**state.facts, **known}, superseded=(*state.superseded, *old))


@_apply.register
def _(event: ev.FactCorrected, state: Therapy, entry: Entry) -> Therapy:
    old = state.facts.get(event.fact.name)
    return replace(
        state,
        facts={**state.facts, event.fact.name: KnownFact(event.fact, entry.cite)},
        superseded=(*state.superseded, old) if old else state.superseded,
    )


@_apply.register
def _(event: ev.InfectionMarkersRecorded, state: Therapy, entry: Entry) -> Therapy:
    return replace(
        state,
        markers={**state.markers, **{fact.name: KnownFact(fact, entry.cite) for fact in event.markers}},
        label=event.label,
    )


@_apply.register
def _(event: ev.EligibilityConfirmed, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, eligible=True)


@_apply.register
def _(event: ev.TherapyHeld, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, holds={**state.holds, event.step: event.findings})


@_apply.register
def _(event: ev.HoldLifted, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, holds={step: found for step, found in state.holds.items() if step != event.step})


@_apply.register
def _(event: ev.RecipeTailored, state: Therapy, entry: Entry) -> Therapy:
    parameters = {parameter.name: parameter for parameter in event.parameters}
    return replace(state, tailoring=Tailoring(entry.cite, event.recipe, parameters, rules=event.rules))


@_apply.register
def _(event: ev.DrugsWeighed, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, advice={each.drug: each for each in event.advice}, weighed=entry.cite)


@_apply.register
def _(event: ev.Decided, state: Therapy, entry: Entry) -> Therapy:
    made = Decision(event.about, event.inputs, event.documents, event.content, entry.by, entry.cite)
    return replace(state, decisions=(*state.decisions, made))


@_apply.register
def _(event: ev.TailoringApproved, state: Therapy, entry: Entry) -> Therapy:
    if state.tailoring is None or event.tailoring != state.tailoring.cite:
        return state
    return replace(state, tailoring=replace(state.tailoring, approved=True, approved_by=entry.by))


@_apply.register
def _(event: editing.GuidesDesigned, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, design=Design(event, entry.cite, entry.by))


@_apply.register
def _(event: editing.GuideChosen, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, guide=Guide(event, entry.cite, entry.by))


@_apply.register
def _(event: editing.GuideConfirmed, state: Therapy, entry: Entry) -> Therapy:
    if state.guide is None or event.choice != state.guide.cite or entry.by == state.guide.by:
        return state
    return replace(state, guide=replace(state.guide, confirmed_by=entry.by, confirmed=entry.cite))


@_apply.register
def _(event: editing.EvidenceRecorded, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, evidence={**state.evidence, event.name: Evidence(event, entry.cite, entry.by)})


@_apply.register
def _(event: ev.SlotBooked, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, slots=(*state.slots, _slot(event)))


@_apply.register
def _(event: ev.SlotMoved, state: Therapy, entry: Entry) -> Therapy:
    kept = tuple(slot for slot in state.slots if slot.purpose != event.purpose)
    return replace(state, slots=(*kept, _slot(event)))


def _slot(event: ev.SlotBooked | ev.SlotMoved) -> Slot:
    return Slot(event.purpose, event.resource, event.starts_at, event.ends_at, event.site, event.network, event.urgency)


@_apply.register
def _(event: ev.Collected, state: Therapy, entry: Entry) -> Therapy:
    done = (*state.collections, event)
    return replace(state, collections=done, assessment=None, collectors=state.collectors | {entry.by})


@_apply.register
def _(event: ev.CollectionAssessed, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, assessment=event)


@_apply.register
def _(event: ev.ConditioningCleared, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, clearance=entry.cite)


@_apply.register
def _(event: ev.ConditioningStarted, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, conditioning_started_at=entry.at)


@_apply.register
def _(event: ev.DoseGiven, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, dose_given_at=event.given_at)


@_apply.register
def _(event: ev.OutcomeRecorded, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, outcome=event)


@_apply.register
def _(event: ev.NoticeSent, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, notices=(*state.notices, event))


@_apply.register
def _(event: batch.ScanRefused, state: Therapy, entry: Entry) -> Therapy:
    missed = departures.NearMiss(event, entry.cite, entry.by, entry.at)
    return replace(state, near_misses=(*state.near_misses, missed))


@_apply.register
def _(event: batch.DeviationOpened, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, deviations=departures.opened(state.deviations, event, entry))


@_apply.register
def _(event: batch.DeviationAssessed, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, deviations=departures.assessed(state.deviations, event, entry))


@_apply.register
def _(event: batch.DeviationClosed, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, deviations=departures.closed(state.deviations, event, entry))


@_apply.register
def _(event: ev.TherapyEnded, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, ended=event.reason)


@_apply.register
def _(event: ev.HealthKeyErased, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, erased=True)
