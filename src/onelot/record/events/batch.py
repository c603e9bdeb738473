"""Everything that can happen to a batch: one run of one control recipe, for a patient or for stock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from onelot.record.events.base import Event, event, upcast
from onelot.record.events.departures import DeviationAssessed as DeviationAssessed
from onelot.record.events.departures import DeviationClosed as DeviationClosed
from onelot.record.events.departures import DeviationOpened as DeviationOpened
from onelot.record.events.departures import ScanRefused as ScanRefused
from onelot.record.terms.values import Cite, Container, Sealed


@event("batch")
@dataclass(frozen=True)
class BatchPlanned(Event):
    """A batch will be made: for these therapies (none: for stock), by this recipe and tailoring, at this site.

    purpose: patient, stock, or toxicology (made as for the patient, for a safety study, and never given to anybody).
    network: the signed network by which this site makes for the patient, if there was one.
    """

    batch: str
    therapies: tuple[str, ...]
    recipe: Cite
    tailoring: Cite | None
    site: str
    purpose: str
    label: str = ""
    network: Cite | None = None


@event("batch")
@dataclass(frozen=True)
class TailoringAdopted(Event):
    """The batch goes on by a newer, signed tailoring of its therapy."""

    tailoring: Cite
    reason: str


@event("batch")
@dataclass(frozen=True)
class MaterialReceived(Event):
    """Starting material came in; container, batch and patient were compared."""

    container: Container
    donation: str
    condition: str
    verified_by: str = ""
    verified_how: str = ""


@event("batch")
@dataclass(frozen=True)
class PhaseStarted(Event):
    """An ISA-88 phase runs: Idle -> Running."""

    phase: str
    run: int
    equipment: str = ""


@event("batch")
@dataclass(frozen=True)
class CommandRecorded(Event):
    """A command is about to be sent to a device; the key makes repeating it harmless."""

    key: str
    phase: str
    equipment: str
    verb: str
    target: str


@event("batch")
@dataclass(frozen=True)
class CommandAnswered(Event):
    """What the device said: done, refused, or unknown (then the phase is held and a person decides)."""

    key: str
    answer: str
    detail: str = ""


@event("batch")
@dataclass(frozen=True)
class MaterialCharged(Event):
    """A quantity of a lot went in."""

    phase: str
    lot: Cite
    amount: Decimal
    unit: str
    verified_by: str = ""
    verified_how: str = ""


@event("batch")
@dataclass(frozen=True)
class Measured(Event):
    """An in-process value: what, how much, in which unit, by which method, and the cited readings if any."""

    phase: str
    name: str
    value: Decimal
    unit: str
    method: str
    measured_at: datetime
    readings: Cite | None = None


@event("batch")
@dataclass(frozen=True)
class EntryCorrected(Event):
    """An entry was wrong: the event, the right value, and why. The wrong one stays visible."""

    corrects: Cite
    value: str
    reason: str


@event("batch")
@dataclass(frozen=True)
class ParameterAdjusted(Event):
    """A process parameter was changed inside its approved range, for this reason."""

    phase: str
    name: str
    value: Decimal
    unit: str
    reason: str


@event("batch")
@dataclass(frozen=True)
class PhaseHeld(Event):
    """The phase waits for a person: Running -> Held."""

    phase: str
    reason: str


@event("batch")
@dataclass(frozen=True)
class PhaseRestarted(Event):
    """A person decided that the phase goes on: Held -> Running."""

    phase: str
    reason: str


@event("batch")
@dataclass(frozen=True)
class PhaseCompleted(Event):
    """The phase is complete, with its outcome (e.g. `repeat`, `done`)."""

    phase: str
    run: int
    outcome: str
    verified_by: str = ""
    verified_how: str = ""


@event("batch", 2)
@dataclass(frozen=True)
class Filled(Event):
    """The drug product stands in these labelled containers; labels printed, used and destroyed reconcile.

    contents: for a patient's batch, how much each container holds in `contents_unit`, sealed: a dose per kg can be
    turned back into a weight. The containers themselves then count as one each.
    """

    containers: tuple[Container, ...]
    labels_printed: int
    labels_used: int
    labels_destroyed: int
    expires_at: datetime
    contents: tuple[Sealed, ...] = ()
    contents_unit: str = ""
    verified_by: str = ""
    verified_how: str = ""


@upcast("Filled", 1)
def _filled_before_its_second_person(data: dict[str, Any]) -> dict[str, Any]:
    # Version 1 asked for the second person and did not write down who it was (decision 0063).
    return {**data, "verified_by": "", "verified_how": ""}


@event("batch")
@dataclass(frozen=True)
class ManufactureCompleted(Event):
    """Every phase is complete; the batch is in quarantine."""

    yield_amount: Decimal
    yield_unit: str


@event("batch")
@dataclass(frozen=True)
class Tested(Event):
    """One result against the specification: verdict is pass, out_of_specification, or negative_to_date.

    read: where a sequence was compared, what was read, sealed; `value` then says `match` or `mismatch`.
    """

    test: str
    value: str
    unit: str
    method: str
    verdict: str
    sampled_at: datetime
    limit: str
    verified_by: str = ""
    read: Sealed | None = None
    verified_how: str = ""


@event("batch")
@dataclass(frozen=True)
class CertificateIssued(Event):
    """The certificate of analysis as a document, by digest; signed."""

    sha256: str
    results: tuple[Cite, ...]
    stage: str


@event("batch")
@dataclass(frozen=True)
class ConditionallyReleased(Event):
    """Released on evidence that is negative to date; these tests are still out."""

    certificate: Cite
    outstanding: tuple[str, ...]
    rule: str


@event("batch")
@dataclass(frozen=True)
class Released(Event):
    """All evidence is in and complies; a qualified person certified the batch."""

    certificate: Cite
    rule: str


@event("batch")
@dataclass(frozen=True)
class ExceptionalSupply(Event):
    """Out of specification, supplied at the physician's request (EU GMP Part IV 11.5). Never a release.

    request: the physician's; risk_evaluation: the manufacturer's; acceptance: the physician's; authority: notified.
    """

    request: str
    risk_evaluation: str
    acceptance: str
    authority: str
    tests: tuple[str, ...]


@event("batch")
@dataclass(frozen=True)
class Rejected(Event):
    """May not be given, for this reason."""

    reason: str
    tests: tuple[str, ...] = ()


@event("batch")
@dataclass(frozen=True)
class LateResultFailed(Event):
    """A result that came after conditional release fails; the physician is told within the recipe's limit."""

    test: Cite
    where: str


@event("batch")
@dataclass(frozen=True)
class Dispatched(Event):
    """Containers left in a shipper on a lane: when, until when it holds its temperature, to where."""

    shipment: str
    containers: tuple[str, ...]
    shipper: str
    lane: str
    to_site: str
    hold_until: datetime


@event("batch")
@dataclass(frozen=True)
class CustodyTransferred(Event):
    """Who gave, who took, where, at what temperature (degrees Celsius; None when no logger was read)."""

    shipment: str
    from_party: str
    to_party: str
    at_site: str
    temperature_cel: Decimal | None


@event("batch")
@dataclass(frozen=True)
class ShipmentReceived(Event):
    """The shipment is at the place of treatment; condition accepted or not, and why."""

    shipment: str
    at_site: str
    warmest_cel: Decimal
    accepted: bool
    reason: str


@event("batch")
@dataclass(frozen=True)
class IdentityCompared(Event):
    """Bag, paperwork and wristband were scanned before use: they agree (a mismatch is a deviation)."""

    where: str
    things: tuple[str, ...]
    agreed: bool
    verified_by: str
    verified_how: str = ""


@event("batch")
@dataclass(frozen=True)
class Administered(Event):
    """Given to the patient it was made for."""

    containers: tuple[str, ...]
    started_at: datetime
    verified_by: str
    verified_how: str = ""


@event("batch")
@dataclass(frozen=True)
class Returned(Event):
    """Came back unused."""

    reason: str


@event("batch")
@dataclass(frozen=True)
class BatchHeld(Event):
    """Nothing may be done with the batch until the hold is lifted (consent withdrawn, stale parameter ...)."""

    reason: str
    rule: str


@event("batch")
@dataclass(frozen=True)
class BatchHoldLifted(Event):
    """The reason of the hold is gone."""

    reason: str
    rule: str


@event("batch")
@dataclass(frozen=True)
class BatchTerminated(Event):
    """Stopped for good, for this reason."""

    reason: str
    rule: str
