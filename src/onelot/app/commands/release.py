"""Quality: results, certificates, deviations, dispositions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from onelot import release
from onelot.app.commands import Command, handles
from onelot.app.commands.editing import compare_sequence
from onelot.app.commands.gate import Work, next_deviation, open_work
from onelot.app.context import Context, mode_of
from onelot.record.chain import canonical
from onelot.record.errors import BadInput
from onelot.record.events import journal as lot_events
from onelot.record.journal import AddQuantity, Effect, TakeName
from onelot.record.recipe import Test
from onelot.record.signature import second_person
from onelot.record.units import convert
from onelot.release import Basis

_BEFORE_RELEASE = ("planned", "received", "in_process", "quarantine")


@dataclass(frozen=True)
class RecordResult(Command):
    """Record a test result; the verdict follows from the specification. A second person verified it.

    value: for a test of a sequence the letters that were read: they are compared here, sealed, and stand nowhere else.
    """

    batch: str
    test: str
    value: str
    unit: str
    sampled_at: datetime
    verified_by: str


@handles(RecordResult)
def _record_result(context: Context, command: RecordResult) -> None:
    work = open_work(context, command.batch, held_too=True)
    second_person(context.actor.id, command.verified_by, what="a test result")
    test = _test(work, command.test)
    value, read = (command.value, None) if not test.sequence else compare_sequence(context, work, test, command.value)
    event = release.judge(
        test,
        value,
        command.unit,
        _bases(context, work),
        sampled_at=command.sampled_at,
        verified_by=command.verified_by,
        convert=convert,
    )
    context.add(work.stream, replace(event, read=read))
    context.answer["verdict"] = event.verdict
    if work.batch.state not in _BEFORE_RELEASE and event.verdict == "out_of_specification":
        # What follows from a late failure cites the result, so it can be written only once that is on the record.
        context.effect(
            Effect(
                f"late/{work.batch.batch}/{work.batch.seq + 1}",
                "late_result",
                {"batch": work.batch.batch, "seq": work.batch.seq + 1},
            )
        )


def _test(work: Work, name: str) -> Test:
    for test in work.recipe.specification:
        if test.name == name:
            return test
    raise BadInput(
        f"{name} is not in the specification",
        rule=f"specification of {work.recipe.identifier}",
        remedy=f"one of: {', '.join(test.name for test in work.recipe.specification)}",
    )


def _bases(context: Context, work: Work) -> dict[str, Basis]:
    """Amounts behind the bases of limits: a limit per kg body weight needs the weight."""
    known = work.therapy.facts.get("weight_kg") if work.therapy else None
    if known is None:
        return {}
    weight = context.open(known.fact.value)
    if not isinstance(weight, Decimal):
        return {}
    return {
        quantity.basis: Basis(weight, "kg")
        for test in work.recipe.specification
        for quantity in (test.low, test.high)
        if quantity is not None and "kg" in quantity.basis
    }


@dataclass(frozen=True)
class JudgeLateResult(Command):
    """Write down what follows from a result that failed after the batch had left quarantine."""

    batch: str
    seq: int


@handles(JudgeLateResult)
def _judge_late_result(context: Context, command: JudgeLateResult) -> None:
    work = open_work(context, command.batch, held_too=True)
    tested = next(found for found in work.batch.results if found.cite.seq == command.seq)
    if any(found.test == tested.cite for found in work.batch.late_failures):
        return
    for event in release.late_result(work.recipe, work.batch, work.therapy, tested):
        stream = work.stream if event.subject == "batch" else f"therapy/{work.therapy.coi if work.therapy else ''}"
        context.add(stream, event)


@dataclass(frozen=True)
class IssueCertificate(Command):
    """Issue the certificate of analysis over the results so far."""

    meaning: ClassVar[str] = "certifies these results"
    batch: str


@handles(IssueCertificate)
def _issue_certificate(context: Context, command: IssueCertificate) -> None:
    work = open_work(context, command.batch, held_too=True)
    mode = mode_of(context.journal)
    event, content = release.issue_certificate(
        work.recipe, work.batch, work.therapy, context.now, simulated=mode == "simulation"
    )
    context.add(work.stream, event, signed=True)
    text = canonical(content).decode()
    context.effect(Effect(f"document/{event.sha256}", "keep_document", {"sha256": event.sha256, "text": text}))


@dataclass(frozen=True)
class ReleaseBatch(Command):
    """Certify the batch: all evidence is in and complies."""

    meaning: ClassVar[str] = "certifies that this batch may be released"
    batch: str


@handles(ReleaseBatch)
def _release_batch(context: Context, command: ReleaseBatch) -> None:
    work = open_work(context, command.batch, held_too=True)
    for event in release.release_events(work.recipe, work.batch, work.therapy, context.now, by=context.actor.id):
        context.add(work.stream, event, signed=True)
    if work.recipe.kind == "stock":
        _into_stock(context, work)


def _into_stock(context: Context, work: Work) -> None:
    """A released stock batch gives its vials to a lot per kind, `BATCH--KIND`."""
    filled, certificate = work.batch.filled, work.batch.certificate
    if filled is None or certificate is None:
        return
    for kind in sorted({each.kind for each in filled.containers}):
        stream = f"lot/{work.batch.batch}--{kind}"
        amount = Decimal(sum(1 for each in filled.containers if each.kind == kind))
        context.new(stream)
        context.claim(TakeName(stream))
        context.claim(AddQuantity(stream, amount))
        context.add(stream, lot_events.LotMadeFromBatch(certificate, kind, amount, "{vials}", filled.expires_at))


@dataclass(frozen=True)
class ReleaseConditionally(Command):
    """Release on evidence that is negative to date, where the recipe allows it."""

    meaning: ClassVar[str] = "releases this batch conditionally; final results follow"
    batch: str


@handles(ReleaseConditionally)
def _release_conditionally(context: Context, command: ReleaseConditionally) -> None:
    work = open_work(context, command.batch, held_too=True)
    for event in release.conditional_release_events(
        work.recipe, work.batch, work.therapy, context.now, by=context.actor.id
    ):
        context.add(work.stream, event, signed=True)


@dataclass(frozen=True)
class RejectBatch(Command):
    """Decide that the batch may not be given."""

    meaning: ClassVar[str] = "rejects this batch"
    batch: str
    reason: str


@handles(RejectBatch)
def _reject_batch(context: Context, command: RejectBatch) -> None:
    work = open_work(context, command.batch, held_too=True)
    for event in release.reject_events(work.recipe, work.batch, reason=command.reason, now=context.now):
        context.add(work.stream, event, signed=True)


@dataclass(frozen=True)
class SupplyExceptionally(Command):
    """Supply out of specification at the physician's request (EU GMP Part IV 11.5); never a release."""

    meaning: ClassVar[str] = "supplies this batch out of specification, at the physician's request"
    batch: str
    request: str
    risk_evaluation: str
    acceptance: str
    authority: str


@handles(SupplyExceptionally)
def _supply_exceptionally(context: Context, command: SupplyExceptionally) -> None:
    work = open_work(context, command.batch, held_too=True)
    for event in release.exceptional_supply_events(
        work.recipe,
        work.batch,
        work.therapy,
        context.now,
        request=command.request,
        risk_evaluation=command.risk_evaluation,
        acceptance=command.acceptance,
        authority=command.authority,
        by=context.actor.id,
    ):
        context.add(work.stream, event, signed=True)


@dataclass(frozen=True)
class OpenDeviation(Command):
    """Open a deviation: severity minor, major or critical."""

    batch: str
    severity: str
    what: str
    rule: str


@handles(OpenDeviation)
def _open_deviation(context: Context, command: OpenDeviation) -> None:
    batch = context.batch(command.batch)
    number = next_deviation(batch)
    event = release.open_deviation(
        batch, deviation=number, severity=command.severity, what=command.what, rule=command.rule
    )
    context.add(f"batch/{batch.batch}", event)
    context.answer["deviation"] = number


@dataclass(frozen=True)
class AssessDeviation(Command):
    """Say of an open deviation how grave it is, what it touches, and what is decided until it is closed."""

    meaning: ClassVar[str] = "assesses this deviation"
    batch: str
    deviation: str
    severity: str
    impact: str
    meanwhile: str


@handles(AssessDeviation)
def _assess_deviation(context: Context, command: AssessDeviation) -> None:
    batch = context.batch(command.batch)
    event = release.assess_deviation(
        batch,
        deviation=command.deviation,
        severity=command.severity,
        impact=command.impact,
        meanwhile=command.meanwhile,
        by=context.actor.id,
    )
    context.add(f"batch/{batch.batch}", event, signed=True)


@dataclass(frozen=True)
class CloseDeviation(Command):
    """Close a deviation with cause and impact."""

    meaning: ClassVar[str] = "closes this deviation"
    batch: str
    deviation: str
    cause: str
    impact: str


@handles(CloseDeviation)
def _close_deviation(context: Context, command: CloseDeviation) -> None:
    batch = context.batch(command.batch)
    event = release.close_deviation(
        batch,
        deviation=command.deviation,
        cause=command.cause,
        impact=command.impact,
        by=context.actor.id,
    )
    context.add(f"batch/{batch.batch}", event, signed=True)
