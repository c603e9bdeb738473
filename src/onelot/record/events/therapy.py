"""Everything that can happen to a therapy: one therapy event for one patient under one chain of identity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from onelot.record.events.base import Event, event
from onelot.record.terms.values import Advice, Cite, Container, Fact, Finding, Input, Parameter, Sealed


@event("therapy")
@dataclass(frozen=True)
class TherapyOrdered(Event):
    """A prescriber asked for a product for a patient.

    recipe: the approved recipe document; source: SHA-256 of the order's document; aliases: other parties' numbers.
    """

    coi: str
    patient: str
    product: str
    recipe: Cite
    site: str
    source: str
    place: str
    aliases: tuple[str, ...] = ()
    synthetic: bool = False


@event("therapy")
@dataclass(frozen=True)
class AliasAdded(Event):
    """Another party's number for the same chain of identity: who issues it, and the number."""

    issuer: str
    number: str


@event("therapy")
@dataclass(frozen=True)
class ConsentRecorded(Event):
    """What the patient agreed to: collection, manufacture, genome_use, follow_up."""

    scopes: tuple[str, ...]
    valid_until: datetime | None
    source: str
    place: str
    synthetic: bool = False


@event("therapy")
@dataclass(frozen=True)
class ConsentWithdrawn(Event):
    """The patient withdrew; every descendant (batches, containers, shipments) is held."""

    scopes: tuple[str, ...]
    reason: str


@event("therapy")
@dataclass(frozen=True)
class ProfileRecorded(Event):
    """The facts used, each sealed, with source, time, validity and place."""

    facts: tuple[Fact, ...]


@event("therapy")
@dataclass(frozen=True)
class FactCorrected(Event):
    """One fact was wrong or has changed: the new one, the commitment it replaces, and why."""

    fact: Fact
    replaces: str
    reason: str


@event("therapy")
@dataclass(frozen=True)
class InfectionMarkersRecorded(Event):
    """Donor testing: per marker its sealed result, when sampled, until when valid; the label statement it requires.

    label: "", "autologous use only", "autologous use only; not evaluated", "autologous use only; biohazard".
    """

    markers: tuple[Fact, ...]
    label: str
    rule: str


@event("therapy")
@dataclass(frozen=True)
class EligibilityConfirmed(Event):
    """Every eligibility rule of the recipe was met by a known, valid fact."""

    rules: tuple[str, ...]


@event("therapy")
@dataclass(frozen=True)
class TherapyHeld(Event):
    """The therapy may not go on, for these reasons. Nothing is lost; what clears them lifts the hold."""

    step: str
    findings: tuple[Finding, ...]


@event("therapy")
@dataclass(frozen=True)
class HoldLifted(Event):
    """The reasons of a hold at this step are gone."""

    step: str
    reason: str


@event("therapy")
@dataclass(frozen=True)
class RecipeTailored(Event):
    """A control recipe for this patient: every parameter with its reason; rules: dose rules beyond the recipe's own."""

    recipe: Cite
    parameters: tuple[Parameter, ...]
    rules: tuple[Cite, ...] = ()


@event("therapy")
@dataclass(frozen=True)
class DrugsWeighed(Event):
    """Every drug given around the product was weighed against what is known of the patient's genes."""

    recipe: Cite
    advice: tuple[Advice, ...]


@event("therapy")
@dataclass(frozen=True)
class Decided(Event):
    """A qualified person decided what no rule could: on a drug, an eligibility rule, or a rule that has changed.

    about: `drug/NAME`, `rule/NAME` or `review/DOCUMENT`; inputs and documents: what it was decided on; content: sealed,
    choice and reason. It stands only for exactly that.
    """

    about: str
    inputs: tuple[Input, ...]
    documents: tuple[Cite, ...]
    content: Sealed


@event("therapy")
@dataclass(frozen=True)
class TailoringApproved(Event):
    """A qualified person signed the tailored parameters."""

    tailoring: Cite


@event("therapy")
@dataclass(frozen=True)
class SlotBooked(Event):
    """A window is reserved: purpose (collection, manufacture, courier, bedside), resource, from, to.

    site: where the resource stands; network: the signed network whose rules the booking was held to, if there was one;
    urgency: the network's class that it was booked under, or "".
    """

    purpose: str
    resource: str
    starts_at: datetime
    ends_at: datetime
    site: str = ""
    network: Cite | None = None
    urgency: str = ""


@event("therapy")
@dataclass(frozen=True)
class SlotMoved(Event):
    """A booked window moved, and why. The booking stays under the network it was made by."""

    purpose: str
    resource: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    site: str = ""
    network: Cite | None = None
    urgency: str = ""


@event("therapy")
@dataclass(frozen=True)
class Collected(Event):
    """One donation: donation number, containers, and what was counted (sealed per quantity)."""

    donation: str
    containers: tuple[Container, ...]
    collected_at: datetime
    counts: tuple[Fact, ...]
    verified_by: str
    verified_how: str = ""


@event("therapy")
@dataclass(frozen=True)
class CollectionAssessed(Event):
    """Whether what was collected so far is enough to start: the rule, the verdict, what to do."""

    donation: str
    adequate: bool
    rule: str
    what: str


@event("therapy")
@dataclass(frozen=True)
class ConditioningCleared(Event):
    """A signed clearance: disposition, product at hand, and rescue cells where the recipe asks for them."""

    batch: Cite
    product_at: str
    rescue: str


@event("therapy")
@dataclass(frozen=True)
class ConditioningStarted(Event):
    """The first dose of conditioning was given under this clearance."""

    clearance: Cite
    regimen: str


@event("therapy")
@dataclass(frozen=True)
class DoseGiven(Event):
    """The product is in the patient: which batch, when, and the dose (sealed)."""

    batch: Cite
    dose: Sealed
    unit: str
    given_at: datetime


@event("therapy")
@dataclass(frozen=True)
class OutcomeRecorded(Event):
    """What became of it: dose hit or not, turnaround, response and toxicity (sealed)."""

    dose_hit: bool
    vein_to_vein_days: Decimal
    response: Sealed
    toxicity: Sealed


@event("therapy")
@dataclass(frozen=True)
class NoticeSent(Event):
    """A person was told something that cannot wait (a late failure, a recall, a refused bag)."""

    to: str
    about: str
    what: str


@event("therapy")
@dataclass(frozen=True)
class TherapyEnded(Event):
    """The therapy ends without a dose, for this reason."""

    reason: str
    rule: str


@event("therapy")
@dataclass(frozen=True)
class HealthKeyErased(Event):
    """The patient's health key was destroyed; values answer "erased", every chain stays valid."""

    patient: str
    reason: str
