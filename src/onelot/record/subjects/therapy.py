"""A therapy, folded from its stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import singledispatch

from onelot.record.events import therapy as ev
from onelot.record.events.base import Event
from onelot.record.journal import Entry
from onelot.record.life import advance
from onelot.record.terms.values import Cite, Fact, Finding, Parameter


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

    @property
    def stale(self) -> frozenset[str]:
        """Parameters that used a fact which has since been corrected."""
        if self.tailoring is None:
            return frozenset()
        return frozenset(
            name
            for name, parameter in self.tailoring.parameters.items()
            if any(
                given.name in self.facts and self.facts[given.name].fact.value.commitment != given.commitment
                for given in parameter.inputs
            )
        )


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
    return replace(state, tailoring=Tailoring(entry.cite, event.recipe, parameters))


@_apply.register
def _(event: ev.TailoringApproved, state: Therapy, entry: Entry) -> Therapy:
    if state.tailoring is None or event.tailoring != state.tailoring.cite:
        return state
    return replace(state, tailoring=replace(state.tailoring, approved=True, approved_by=entry.by))


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
    return replace(state, collections=(*state.collections, event), assessment=None)


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
def _(event: ev.TherapyEnded, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, ended=event.reason)


@_apply.register
def _(event: ev.HealthKeyErased, state: Therapy, entry: Entry) -> Therapy:
    return replace(state, erased=True)
