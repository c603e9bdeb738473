"""What must be proven before a batch may be given, one requirement after the other.

Each requirement reads the record and answers with what it proves, what is missing and what is unusual. A requirement
is met by evidence that is there; what is absent, unknown or unsigned is missing. So leaving evidence out can only add
to what is missing: it never turns a deny into an allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from onelot.record.evidence_file import evidence_gaps, guide_gaps
from onelot.record.near_miss import said
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects.batch import STUDY_LABEL, Batch
from onelot.record.subjects.therapy import Therapy
from onelot.record.terms.values import Cite, Finding


@dataclass(frozen=True, slots=True)
class Proof:
    """Something the record proves: by which rule, in words, and the event it rests on, if it is one."""

    rule: str
    what: str
    cite: Cite | None = None


Answer = Proof | Finding


def needs_patient(recipe: MasterRecipe, batch: Batch) -> bool:
    """Whether the batch is for a patient; only a stock batch bound to nobody is not."""
    return recipe.kind != "stock" or bool(batch.therapies)


def making(recipe: MasterRecipe, batch: Batch) -> Iterator[Answer]:
    """Every phase of the recipe complete, every device command answered, containers filled and labels reconciled."""
    last = {run.phase: run.state for run in batch.runs}
    undone = [phase.name for phase in recipe.phases if last.get(phase.name) != "Complete"]
    rule = f"recipe {recipe.identifier}: the whole procedure, in the order approved"
    if undone or batch.completed is None or not recipe.phases:
        what = f"not complete: {', '.join(undone) or 'manufacture'}"
        yield Finding(rule, "procedure", batch.batch, what, "finish the phases, or reject the batch")
    else:
        yield Proof(rule, f"{len(recipe.phases)} phases complete")
    rule = "a command to a device is answered; unknown means held"
    silent = [key for key, command in batch.commands.items() if command.answer in ("", "unknown")]
    if silent:
        what = f"no answer to {', '.join(silent)}"
        yield Finding(rule, "commands", batch.batch, what, "ask the device and record what it says")
    elif batch.commands:
        yield Proof(rule, f"{len(batch.commands)} device commands answered")
    yield from _filling(batch)


def _filling(batch: Batch) -> Iterator[Answer]:
    rule = "label reconciliation: printed = used + destroyed (21 CFR 211.125(c), FACT D7)"
    filled = batch.filled
    if filled is None or not batch.containers:
        yield Finding(rule, "containers", batch.batch, "no filled container is recorded", "record the fill")
        return
    if filled.labels_printed != filled.labels_used + filled.labels_destroyed:
        what = f"{filled.labels_printed} labels printed, {filled.labels_used} used, {filled.labels_destroyed} destroyed"
        yield Finding(rule, "labels", batch.batch, what, "find the labels; open a deviation")
    else:
        yield Proof(rule, f"{filled.labels_printed} labels reconciled")


def shelf_life(batch: Batch, now: datetime) -> Iterator[Answer]:
    """Not expired. Silent once it was given, since a late certification says nothing about age at use."""
    rule = "shelf life (recipe logistics)"
    if batch.filled is None or batch.administered is not None:
        return
    if batch.filled.expires_at <= now:
        what = f"expired {batch.filled.expires_at.isoformat(timespec='minutes')}"
        yield Finding(rule, "expiry", batch.batch, what, "reject the batch")
    else:
        yield Proof(rule, f"expires {batch.filled.expires_at.isoformat(timespec='minutes')}")


def deviations(batch: Batch, therapy: Therapy | None = None) -> Iterator[Answer]:
    """No critical or major deviation is open, of the batch or of the collection it was made from; a class nobody knows
    counts as critical."""
    rule = "deviations are investigated before release (EU GMP Part IV 11, 21 CFR 211.192)"
    collected = therapy.open_deviations if therapy else ()
    blocking = [found for found in (*batch.open_deviations, *collected) if found.severity != "minor"]
    for found in blocking:
        what = f"{found.severity} deviation open: {found.what}"
        yield Finding(rule, found.deviation, batch.batch, what, "quality closes it with cause and impact, or rejects")
    if not blocking:
        closed = len(batch.deviations) - len(batch.open_deviations)
        closed += len(therapy.deviations) - len(collected) if therapy else 0
        yield Proof(rule, f"no critical or major deviation open; {closed} closed")


def holds(batch: Batch, therapy: Therapy | None) -> Iterator[Answer]:
    """Nothing holds the batch or its therapy."""
    rule = "a held batch goes nowhere"
    found = [(by, why) for by, why in batch.holds.items()]
    for by, why in found:
        yield Finding(by, "hold", batch.batch, f"held: {why}", "clear the reason, then lift the hold")
    if batch.terminated:
        yield Finding(rule, "terminated", batch.batch, f"terminated: {batch.terminated}", "none; start a new batch")
    if therapy is not None:
        for step, reasons in therapy.holds.items():
            what = f"therapy held at {step}: " + ("; ".join(each.what for each in reasons) or "no reason given")
            place = reasons[0].place if reasons else therapy.coi
            yield Finding(rule, step, place, what, "clear the reasons, then lift the hold")
        if therapy.ended:
            yield Finding(rule, "ended", therapy.coi, f"the therapy has ended: {therapy.ended}", "reject the batch")


def patient(recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, now: datetime) -> Iterator[Answer]:
    """Consent, eligibility, tailoring and identity of the patient it is for."""
    if not needs_patient(recipe, batch):
        yield Proof("made for stock", "bound to no patient")
        return
    if therapy is None or not therapy.coi or len(batch.therapies) != 1:
        what = f"the batch belongs to {len(batch.therapies)} therapies and {'one' if therapy else 'none'} is at hand"
        yield Finding("a batch for a patient is judged with its therapy", "therapy", batch.batch, what, "bind it")
        return
    yield from _consent(recipe, therapy, now)
    if not therapy.eligible:
        rule = f"recipe {recipe.identifier}: eligibility"
        yield Finding(rule, "eligibility", therapy.coi, "eligibility was never confirmed", "confirm it")
    yield from _tailored(batch, therapy)
    yield from _evidence_file(recipe, batch, therapy, now)
    yield from _identity(recipe, batch, therapy)


def _evidence_file(recipe: MasterRecipe, batch: Batch, therapy: Therapy, now: datetime) -> Iterator[Answer]:
    """The guide two people chose, and for a patient's lot every document the recipe asks for."""
    if recipe.editing is None:
        return
    gaps = guide_gaps(recipe, therapy) if batch.for_study else evidence_gaps(recipe, therapy, now, "release")
    yield from gaps
    if not gaps and therapy.guide is not None:
        what = "guide chosen and confirmed by two people"
        if not batch.for_study:
            what += f"; {len(recipe.editing.evidence)} documents of the evidence file stand"
        yield Proof(f"recipe {recipe.identifier}: evidence file", what, therapy.guide.confirmed)


def _consent(recipe: MasterRecipe, therapy: Therapy, now: datetime) -> Iterator[Answer]:
    rule = f"consent: {', '.join(recipe.consent)} (recipe {recipe.identifier})"
    lacking = sorted((set(recipe.consent) - therapy.consent) | therapy.withdrawn)
    if lacking:
        said = ["withdrawn" if scope in therapy.withdrawn else "never given" for scope in lacking]
        what = "; ".join(f"{scope} {how}" for scope, how in zip(lacking, said, strict=True))
        yield Finding(rule, "consent", therapy.coi, f"consent: {what}", "ask the treating physician; use nothing")
    elif therapy.consent_until is not None and therapy.consent_until <= now:
        what = f"consent ended {therapy.consent_until.isoformat(timespec='minutes')}"
        yield Finding(rule, "consent", therapy.coi, what, "ask the patient anew")
    else:
        yield Proof(rule, "consent stands")


def _tailored(batch: Batch, therapy: Therapy) -> Iterator[Answer]:
    rule = "the control recipe is signed, and rests on today's facts"
    tailoring = therapy.tailoring
    if tailoring is None:
        yield Finding(rule, "tailoring", therapy.coi, "there is no tailoring", "tailor the recipe and sign it")
        return
    if not tailoring.approved:
        yield Finding(rule, "tailoring", therapy.coi, "the tailoring is not signed", "have it checked and signed")
    if therapy.stale:
        what = f"stale since a fact was corrected: {', '.join(sorted(therapy.stale))}"
        yield Finding(rule, "tailoring", therapy.coi, what, "tailor again, sign, and let the batch adopt it")
    if batch.tailoring != tailoring.cite:
        what = "the batch follows another tailoring than the therapy's last"
        yield Finding(rule, "tailoring", batch.batch, what, "let the batch adopt the signed tailoring, with a reason")
    if batch.recipe is None or tailoring.recipe.stream != batch.recipe.stream:
        what = "the batch follows another recipe than was tailored"
        yield Finding(rule, "recipe", batch.batch, what, "reject the batch, or tailor its recipe and sign")
    if tailoring.approved and not therapy.stale and batch.tailoring == tailoring.cite:
        yield Proof(rule, f"{len(tailoring.parameters)} parameters signed and current", tailoring.cite)


def _identity(recipe: MasterRecipe, batch: Batch, therapy: Therapy) -> Iterator[Answer]:
    rule = "chain of identity: every container belongs to this therapy and carries the label it needs"
    if batch.for_study:
        yield from _for_study(batch)
        return
    wrong = [each.identifier for each in batch.containers if each.coi != therapy.coi]
    if wrong:
        what = f"not of this chain of identity: {', '.join(wrong)}"
        yield Finding(rule, "containers", batch.batch, what, "stop; open a critical deviation")
    if recipe.markers and therapy.label is None:
        yield Finding(rule, "label", therapy.coi, "donor testing was never recorded", "record the infection markers")
    elif therapy.label:
        bare = [each.identifier for each in batch.containers if therapy.label not in (each.label or batch.label)]
        if bare:
            what = f"without the statement {therapy.label!r}: {', '.join(bare)}"
            yield Finding("21 CFR 1271.90(c)", "label", batch.batch, what, "label them anew and reconcile")
    if not wrong and batch.containers:
        yield Proof(rule, f"{len(batch.containers)} containers of {therapy.coi}")


def _for_study(batch: Batch) -> Iterator[Answer]:
    rule = "a toxicology lot is kept apart: no container carries a patient's identity, each says what it is"
    wrong = [each.identifier for each in batch.containers if each.coi or STUDY_LABEL not in each.label]
    if wrong:
        what = f"not labelled as a toxicology lot: {', '.join(wrong)}"
        yield Finding(rule, "label", batch.batch, what, "label them anew and reconcile")
    elif batch.containers:
        yield Proof(rule, f"{len(batch.containers)} containers, {STUDY_LABEL}")


def unusual(recipe: MasterRecipe, batch: Batch, therapy: Therapy | None) -> Iterator[Finding]:
    """What does not block and still deserves a look before somebody signs."""
    place = batch.batch
    for found in (*batch.deviations.values(), *(therapy.deviations.values() if therapy else ())):
        state = f"closed by {found.closed_by.removeprefix('person/')}" if found.closed_by else "open"
        yield Finding(found.rule, found.deviation, place, f"{found.severity}, {state}: {found.what}", "read it")
    for missed in (*(therapy.near_misses if therapy else ()), *batch.near_misses):
        refused = missed.refused
        at = f"{missed.cite.stream}#{missed.cite.seq}"
        what = f"{refused.where}: wrong {refused.thing} put down: {said(refused.seen, refused.number)}"
        yield Finding(refused.rule, "near_miss", at, f"{what} ({refused.severity})", "read it")
    for change in (each.change for each in batch.adjusted):
        what = f"{change.name} set to {change.value:f} {change.unit}: {change.reason}"
        yield Finding("parameters may change inside their range", change.phase, place, what, "read the reason")
    again = [run for run in batch.runs if run.run > 1]
    for run in again:
        yield Finding("repeated phase", run.phase, place, f"run {run.run}: {run.outcome or run.state}", "read it")
    for test in recipe.specification:
        for limit in (test.low, test.high):
            if limit is not None and limit.source.kind != "cited":
                what = f"{test.title}: limit {limit.value:f} {limit.unit} is {limit.source.shown}"
                yield Finding("every limit has a source", test.name, recipe.identifier, what, "verify the limit")
    if therapy is not None and therapy.superseded:
        names = ", ".join(sorted({known.fact.name for known in therapy.superseded}))
        yield Finding("corrected facts", "profile", therapy.coi, f"superseded: {names}", "read the corrections")
    if therapy is not None and therapy.label:
        yield Finding("donor testing", "label", therapy.coi, therapy.label, "see that the physician knows")
