"""What came of a cohort: one row a patient, counts, and every chain verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from onelot.app.formulas import evaluate
from onelot.app.house import House
from onelot.app.learning import recipe_lines
from onelot.app.simulation.case import Case
from onelot.app.simulation.driver import Driver
from onelot.profile.eligibility import judge
from onelot.record import chain
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_check import tally
from onelot.record.subjects import Batch, Therapy
from onelot.record.terms.opened import numbers_of
from onelot.record.terms.values import Finding
from onelot.twin.cohort import Expected


@dataclass(frozen=True)
class Row:
    """One patient's line of the table."""

    patient: str
    product: str
    coi: str
    batch: str
    dose: str
    days: str
    disposition: str
    end: str
    why: str
    as_expected: bool | None
    dose_hit: bool | None = None


@dataclass(frozen=True)
class Report:
    """The table, and the figures under it."""

    rows: tuple[Row, ...]
    refused: tuple[dict[str, Any], ...]
    held: tuple[dict[str, Any], ...]
    deviations: int
    events: int
    streams: int
    chains_verified: bool
    assumptions: int
    unverified: int
    recipes: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """As one JSON object."""
        by_disposition: dict[str, int] = {}
        for row in self.rows:
            by_disposition[row.disposition or "none"] = by_disposition.get(row.disposition or "none", 0) + 1
        return {
            "mode": "SIMULATED",
            "patients": len(self.rows),
            "administered": sum(row.end == "administered" for row in self.rows),
            "by_disposition": dict(sorted(by_disposition.items())),
            "refused": list(self.refused),
            "held": list(self.held),
            "deviations": self.deviations,
            "events": self.events,
            "streams": self.streams,
            "chains_verified": self.chains_verified,
            "as_expected": all(row.as_expected is not False for row in self.rows),
            "assumptions_in_recipes": self.assumptions,
            "unverified_in_recipes": self.unverified,
            "recipes": list(self.recipes),
            "table": [vars(row) for row in self.rows],
        }


def report(
    house: House,
    driver: Driver,
    cases: Mapping[str, Case],
    expected: Mapping[str, Expected],
    recipes: Sequence[MasterRecipe],
) -> Report:
    """Read the cohort's ends from the record, and verify every chain of the journal."""
    rows, held = [], []
    for key, case in cases.items():
        therapy = driver.stage.therapy_of(case)
        batch = driver.stage.batch_of(therapy) if therapy else None
        findings = _findings(case, therapy)
        held += [
            {
                "patient": key,
                "rule": each.rule,
                "fact": each.fact,
                "place": each.place,
                "what": each.what,
                "remedy": each.remedy,
            }  # fmt: skip
            for each in findings
        ]
        rows.append(_row(driver, case, therapy, batch, findings, expected.get(key)))
    heads = house.journal.heads()
    deviations = sum(
        len(house.loop.reader.batch(stream.removeprefix("batch/")).deviations)
        for stream in heads
        if stream.startswith("batch/")
    )
    tallies = [tally(recipe) for recipe in recipes]
    return Report(
        rows=tuple(rows),
        refused=tuple(each for case in cases.values() for each in case.refused),
        held=tuple(held),
        deviations=deviations,
        events=sum(head.seq for head in heads.values()),
        streams=len(heads),
        chains_verified=all(chains_whole(house, stream) for stream in heads),
        assumptions=sum(each.assumptions for each in tallies),
        unverified=sum(each.unverified for each in tallies),
        recipes=tuple(recipe_lines(house.journal)),
    )


def chains_whole(house: House, stream: str) -> bool:
    """Whether a stream's hashes follow from its bodies."""
    entries = house.journal.read(stream)
    return chain.first_break(stream, [(entry.body, entry.hash) for entry in entries]) is None


def _findings(case: Case, therapy: Therapy | None) -> list[Finding]:
    """What holds a case: the record's findings; without an order, what its documents lack."""
    if therapy is not None:
        if therapy.dose_given_at is not None or therapy.ended:
            return []
        return [finding for found in therapy.holds.values() for finding in found]
    at = case.starts_at
    found = [case.order] if isinstance(case.order, Finding) else []
    consent = case.consent(at)
    gathered, markers = case.gathered(at), case.gathered_markers(at)
    if isinstance(consent, Finding):
        found.append(consent)
    scopes = frozenset(case.recipe.consent) if isinstance(consent, Finding) else frozenset(consent.scopes)
    judged = judge(
        case.recipe,
        gathered.facts,
        consent=scopes,
        consent_until=None,
        markers=markers.facts,
        now=at,
        evaluate=evaluate,
        gathered=(*gathered.findings, *markers.findings),
    )
    return [*found, *judged]


def _row(
    driver: Driver,
    case: Case,
    therapy: Therapy | None,
    batch: Batch | None,
    findings: Sequence[Finding],
    expected: Expected | None,
) -> Row:
    disposition = batch.disposition if batch else ""
    end, why = _end(driver, case, therapy, batch, findings)
    as_expected = None
    if expected is not None:
        as_expected = expected.end == end and (not expected.disposition or expected.disposition == disposition)
    return Row(
        patient=case.key,
        product=case.recipe.name,
        coi=therapy.coi if therapy else "",
        batch=batch.batch if batch else "",
        dose=_dose(driver, case, therapy),
        days=str(therapy.outcome.vein_to_vein_days) if therapy and therapy.outcome else "",
        disposition=disposition,
        end=end,
        why=expected.reason if expected is not None and as_expected else why,
        as_expected=as_expected,
        dose_hit=therapy.outcome.dose_hit if therapy and therapy.outcome else None,
    )


def _end(
    driver: Driver, case: Case, therapy: Therapy | None, batch: Batch | None, findings: Sequence[Finding]
) -> tuple[str, str]:
    """Where it ended, and why, in the words of the record."""
    if therapy is not None and therapy.dose_given_at is not None:
        late = f"; late failure of {batch.late_failures[0].where}" if batch and batch.late_failures else ""
        return "administered", f"given{late}"
    if batch is not None and batch.state in ("rejected", "returned", "terminated") and not _withdrawn(therapy):
        return batch.state, batch.rejected or batch.returned or batch.terminated
    if therapy is not None and therapy.ended:
        return "ended", therapy.ended
    if findings:
        return "held", "; ".join(f"{finding.what} [{finding.place}]" for finding in findings)
    refusal = driver.waiting_for(case.key)
    if refusal is not None:
        return "refused", f"{refusal.what} ({refusal.rule}); now: {refusal.remedy}"
    return (therapy.state if therapy else "not ordered"), ""


def _withdrawn(therapy: Therapy | None) -> bool:
    return therapy is not None and bool(therapy.withdrawn)


def _dose(driver: Driver, case: Case, therapy: Therapy | None) -> str:
    if therapy is None or therapy.tailoring is None:
        return ""
    opened = driver.stage.context().open_parameters(therapy)
    name = case.recipe.dose_parameter
    dose = numbers_of(opened).get(name)
    if dose is None:
        return ""
    value = f"{dose:.3g}" if dose >= Decimal(10000) else f"{dose.normalize():f}"
    return f"{value} {opened[name].unit.strip('{}')}"
