"""One literal life table per subject, and the step along it.

Read a row as: in this state, these events may happen, and lead to that state. `ANYWHERE` events may happen in every
state that is not final and change none. What is in no row is refused with `OutOfOrder`.
"""

from __future__ import annotations

from collections.abc import Mapping

from onelot.record.errors import OutOfOrder

Table = Mapping[str, Mapping[str, str]]


def _guide(state: str) -> Mapping[str, str]:
    """Design and choice of a guide, from eligibility to the dose; a new choice makes the tailoring stale."""
    return dict.fromkeys(("GuidesDesigned", "GuideChosen", "GuideConfirmed"), state)


THERAPY: Table = {
    "new": {"TherapyOrdered": "ordered"},
    "ordered": {"ConsentRecorded": "consented", "ProfileRecorded": "ordered"},
    "consented": {"ProfileRecorded": "consented", "EligibilityConfirmed": "eligible"},
    "eligible": {
        **_guide("eligible"),
        "ProfileRecorded": "eligible",
        "EligibilityConfirmed": "eligible",
        "RecipeTailored": "tailored",
    },
    "tailored": {
        **_guide("tailored"),
        "ProfileRecorded": "tailored",
        "RecipeTailored": "tailored",
        "TailoringApproved": "tailored",
        "SlotBooked": "scheduled",
    },
    "scheduled": {
        **_guide("scheduled"),
        "ProfileRecorded": "scheduled",
        "RecipeTailored": "scheduled",
        "TailoringApproved": "scheduled",
        "SlotBooked": "scheduled",
        "SlotMoved": "scheduled",
        "Collected": "collected",
        "ConditioningCleared": "cleared",
        "DoseGiven": "dosed",
    },
    "collected": {
        "ProfileRecorded": "collected",
        "RecipeTailored": "collected",
        "TailoringApproved": "collected",
        "Collected": "collected",
        "CollectionAssessed": "collected",
        "SlotBooked": "collected",
        "SlotMoved": "collected",
        "ConditioningCleared": "cleared",
        "DoseGiven": "dosed",
    },
    "cleared": {
        "ProfileRecorded": "cleared",
        "ConditioningStarted": "conditioning",
        "RecipeTailored": "cleared",
        "TailoringApproved": "cleared",
        "SlotBooked": "cleared",
        "SlotMoved": "cleared",
        "DoseGiven": "dosed",
    },
    "conditioning": {
        "ProfileRecorded": "conditioning",
        "RecipeTailored": "conditioning",
        "TailoringApproved": "conditioning",
        "SlotBooked": "conditioning",
        "SlotMoved": "conditioning",
        "DoseGiven": "dosed",
    },
    "dosed": {"OutcomeRecorded": "followed_up"},
    "followed_up": {"OutcomeRecorded": "followed_up"},
    "ended": {},
}
THERAPY_ANYWHERE: Mapping[str, str | None] = {
    "ConsentRecorded": None,
    "ConsentWithdrawn": None,
    "FactCorrected": None,
    "InfectionMarkersRecorded": None,
    "EvidenceRecorded": None,
    "TherapyHeld": None,
    "HoldLifted": None,
    "DrugsWeighed": None,
    "Decided": None,
    "AliasAdded": None,
    "NoticeSent": None,
    "ScanRefused": None,
    "DeviationOpened": None,
    "DeviationAssessed": None,
    "DeviationClosed": None,
    "HealthKeyErased": None,
    "TherapyEnded": "ended",
}

_WORK = {
    "MaterialReceived": "in_process",
    "PhaseStarted": "in_process",
    "CommandRecorded": "in_process",
    "CommandAnswered": "in_process",
    "MaterialCharged": "in_process",
    "Measured": "in_process",
    "ParameterAdjusted": "in_process",
    "PhaseHeld": "in_process",
    "PhaseRestarted": "in_process",
    "PhaseCompleted": "in_process",
    "Filled": "in_process",
}
BATCH: Table = {
    "new": {"BatchPlanned": "planned"},
    "planned": {"MaterialReceived": "received", "PhaseStarted": "in_process"},
    "received": {"MaterialReceived": "received", "PhaseStarted": "in_process"},
    "in_process": {**_WORK, "Tested": "in_process", "ManufactureCompleted": "quarantine"},
    "quarantine": {
        "CertificateIssued": "quarantine",
        "ConditionallyReleased": "conditionally_released",
        "Released": "released",
        "ExceptionalSupply": "exceptional_supply",
        "Rejected": "rejected",
    },
    "conditionally_released": {
        "CertificateIssued": "conditionally_released",
        "Released": "released",
        "ExceptionalSupply": "exceptional_supply",
        "Rejected": "rejected",
        "Dispatched": "in_transit",
    },
    "released": {"Dispatched": "in_transit", "Rejected": "rejected"},
    "exceptional_supply": {"Dispatched": "in_transit", "Rejected": "rejected"},
    "in_transit": {
        "CertificateIssued": "in_transit",
        "CustodyTransferred": "in_transit",
        "Released": "in_transit",
        "ExceptionalSupply": "in_transit",
        "Rejected": "rejected",
        "ShipmentReceived": "at_site",
    },
    "at_site": {
        "CertificateIssued": "at_site",
        "CustodyTransferred": "at_site",
        "IdentityCompared": "at_site",
        "Released": "at_site",
        "ExceptionalSupply": "at_site",
        "Rejected": "rejected",
        "Administered": "administered",
    },
    "administered": {
        "CertificateIssued": "administered",
        "Released": "administered",
        "Rejected": "administered",
    },
    "rejected": {},
    "returned": {"Rejected": "returned"},
    "terminated": {},
}
BATCH_ANYWHERE: Mapping[str, str | None] = {
    "TailoringAdopted": None,
    "EntryCorrected": None,
    "ScanRefused": None,
    "DeviationOpened": None,
    "DeviationAssessed": None,
    "DeviationClosed": None,
    "Tested": None,
    "LateResultFailed": None,
    "BatchHeld": None,
    "BatchHoldLifted": None,
    "Returned": "returned",
    "BatchTerminated": "terminated",
}

LOT: Table = {
    "new": {"LotReceived": "quarantine", "LotMadeFromBatch": "released"},
    "quarantine": {"LotReleased": "released"},
    "released": {},
}
LOT_ANYWHERE: Mapping[str, str | None] = {"LotBlocked": "blocked"}

EQUIPMENT: Table = {
    "new": {"EquipmentRegistered": "registered"},
    "registered": {"EquipmentQualified": "qualified"},
    "qualified": {"EquipmentQualified": "qualified"},
    "taken_out": {"EquipmentQualified": "qualified"},
}
EQUIPMENT_ANYWHERE: Mapping[str, str | None] = {"ReadingsSealed": None, "EquipmentTakenOut": "taken_out"}

PERSON: Table = {"new": {"PersonRegistered": "active"}, "active": {}, "left": {}}
PERSON_ANYWHERE: Mapping[str, str | None] = {
    "KeyEnrolled": None,
    "EnrolmentAllowed": None,
    "RolesChanged": None,
    "Qualified": None,
    "PersonLeft": "left",
}

DOCUMENT: Table = {
    "new": {"DocumentRegistered": "draft"},
    "draft": {"DocumentApproved": "approved"},
    "approved": {},
}
DOCUMENT_ANYWHERE: Mapping[str, str | None] = {"DocumentWithdrawn": "withdrawn"}

SITE: Table = {"new": {"SiteRegistered": "known"}, "known": {"SiteRegistered": "known"}}
JOURNAL: Table = {"new": {"JournalOpened": "open"}, "open": {}}

TABLES: Mapping[str, tuple[Table, Mapping[str, str | None]]] = {
    "therapy": (THERAPY, THERAPY_ANYWHERE),
    "batch": (BATCH, BATCH_ANYWHERE),
    "lot": (LOT, LOT_ANYWHERE),
    "equipment": (EQUIPMENT, EQUIPMENT_ANYWHERE),
    "person": (PERSON, PERSON_ANYWHERE),
    "document": (DOCUMENT, DOCUMENT_ANYWHERE),
    "site": (SITE, {}),
    "journal": (JOURNAL, {}),
}

FINAL = {"ended", "terminated", "left"}
# After the end, only what quality still has to write down.
_AFTER_THE_END = {
    "ScanRefused",
    "DeviationOpened",
    "DeviationAssessed",
    "DeviationClosed",
    "Tested",
    "EntryCorrected",
    "NoticeSent",
    "ConsentWithdrawn",
    "HealthKeyErased",
    "BatchHeld",
    "LateResultFailed",
}


def advance(subject: str, state: str, name: str) -> str:
    """The state after event `name` in `state`.

    Raises:
        OutOfOrder: the life table of the subject has no such step.
    """
    table, anywhere = TABLES[subject]
    row = table.get(state, {})
    if name in row:
        return row[name]
    if name in anywhere and state != "new" and (state not in FINAL or name in _AFTER_THE_END):
        return anywhere[name] or state
    allowed = sorted(row) or ["nothing"]
    raise OutOfOrder(
        f"{name} cannot happen to a {subject} that is {state}",
        rule=f"life table of {subject}: in {state} there may follow {', '.join(allowed)}",
        remedy="look at the record's thread for what has to come first",
    )
