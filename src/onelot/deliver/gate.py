"""What must still hold before the product moves, conditioning starts or a dose is given.

The same questions are asked again at every step, since a withdrawal, a correction or a late result may have come in
between. What is absent or unknown blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from onelot.record.errors import Held
from onelot.record.evidence_file import evidence_gaps
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects.batch import Batch
from onelot.record.subjects.therapy import Therapy
from onelot.record.terms.values import Finding

GIVEABLE = frozenset({"released", "conditionally_released", "exceptional_supply"})


def standing(recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, now: datetime) -> Iterator[Finding]:
    """Every reason for which the product may not go on at `now`."""
    place = batch.batch
    if batch.for_study:
        rule = "a toxicology lot is kept apart from the clinical lot"
        yield Finding(rule, "purpose", place, "this is a toxicology lot", "put it down; take the clinical lot")
    if batch.disposition not in GIVEABLE:
        what = f"the batch is {batch.disposition or 'not yet decided on'}"
        yield Finding("no disposition, no delivery", "disposition", place, what, "wait for quality's decision")
    if batch.rejected or batch.terminated or batch.returned:
        what = f"rejected, terminated or returned: {batch.rejected or batch.terminated or batch.returned}"
        yield Finding("life table of batch", "end", place, what, "do not use it")
    for rule, why in batch.holds.items():
        yield Finding(rule, "hold", place, f"the batch is held: {why}", "clear the reason, then lift the hold")
    for found in (*batch.open_deviations, *(therapy.open_deviations if therapy else ())):
        if found.severity != "minor":
            what = f"{found.severity} deviation open: {found.what}"
            yield Finding(found.rule, found.deviation, place, what, "quality closes it with cause and impact")
    yield from _results(batch)
    if batch.filled is None or batch.filled.expires_at <= now:
        until = batch.filled.expires_at.isoformat(timespec="minutes") if batch.filled else "unknown"
        yield Finding("shelf life", "expiry", place, f"expired or without expiry ({until})", "do not use it")
    if recipe.kind != "stock" or batch.therapies:
        yield from _patient(recipe, batch, therapy, now)


def _results(batch: Batch) -> Iterator[Finding]:
    """A failed result blocks unless quality decided on exceptional supply with that result on the table."""
    rule = "a failed result blocks what has not happened yet"
    weighed = batch.disposition == "exceptional_supply"
    for found in batch.results:
        known = weighed and batch.disposition_at is not None and found.at <= batch.disposition_at
        if found.result.verdict == "out_of_specification" and not known:
            what = f"{found.result.test} is out of specification"
            yield Finding(rule, found.result.test, batch.batch, what, "do not use it; ask quality and the physician")
    cites = {found.cite for found in batch.results}
    if any(each.test not in cites for each in batch.late_failures):
        yield Finding(rule, "late result", batch.batch, "a late result failed", "do not use it; ask quality")


def _patient(recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, now: datetime) -> Iterator[Finding]:
    if therapy is None or not therapy.coi:
        rule = "a batch for a patient moves with its therapy"
        yield Finding(rule, "therapy", batch.batch, "the therapy is not at hand", "read it")
        return
    place = therapy.coi
    for step, reasons in therapy.holds.items():
        what = f"the therapy is held at {step}: " + ("; ".join(each.what for each in reasons) or "no reason given")
        yield Finding("a held therapy goes nowhere", step, place, what, "clear the reasons, then lift the hold")
    if therapy.ended:
        yield Finding("life table of therapy", "end", place, f"the therapy has ended: {therapy.ended}", "return it")
    lacking = sorted((set(recipe.consent) - therapy.consent) | therapy.withdrawn)
    if lacking:
        what = f"consent withdrawn or lacking: {', '.join(lacking)}"
        yield Finding("consent", "consent", place, what, "use nothing; ask the treating physician")
    if therapy.consent_until is not None and therapy.consent_until <= now:
        yield Finding("consent", "consent", place, "consent has run out", "ask the patient anew")
    yield from evidence_gaps(recipe, therapy, now, "release")
    tailoring = therapy.tailoring
    if tailoring is None or not tailoring.approved or batch.tailoring != tailoring.cite:
        what = "the batch does not follow a signed tailoring of this therapy"
        yield Finding("signed control recipe", "tailoring", place, what, "tailor, sign, and let the batch adopt it")
    if therapy.stale:
        what = f"stale since a fact was corrected: {', '.join(sorted(therapy.stale))}"
        yield Finding("a stale parameter blocks", "tailoring", place, what, "tailor again and sign")
    wrong = [each.identifier for each in batch.containers if each.coi != therapy.coi]
    if wrong:
        what = f"not of this chain of identity: {', '.join(wrong)}"
        yield Finding("chain of identity", "containers", place, what, "stop; open a critical deviation")


def refuse(findings: Iterable[Finding], what: str) -> None:
    """Raise Held with every finding, when there is one."""
    found = list(findings)
    if found:
        raise Held(
            f"{what}: " + "; ".join(each.what for each in found),
            rule=found[0].rule,
            remedy=found[0].remedy,
            place=found[0].place,
        )
