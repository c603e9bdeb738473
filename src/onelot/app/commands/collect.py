"""Collection: one donation, its containers and counts, and whether it is enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from onelot.app.commands import Command, handles
from onelot.app.commands.gate import check_scope
from onelot.app.commands.profile import judge_now, settle
from onelot.app.commands.stops import collection_stop
from onelot.app.commands.tailor import check_tailoring
from onelot.app.context import Context
from onelot.app.formulas import evaluate
from onelot.record.errors import BadInput, Held
from onelot.record.events import therapy as ev
from onelot.record.identity import differing
from onelot.record.journal import TakeName
from onelot.record.recipe import Intake
from onelot.record.signature import second_person
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import OpenFact, Value, numbers_of
from onelot.record.terms.values import Container


@dataclass(frozen=True)
class RecordCollection(Command):
    """Record a donation: wristband and bag scanned and compared, containers, counts; a second person verified.

    scans: what was scanned on `wristband`, `bag` and, where a page asks for it, `paperwork`; each must
    read the therapy's chain of identity.
    """

    coi: str
    donation: str
    containers: tuple[str, ...]
    collected_at: datetime
    counts: tuple[OpenFact, ...]
    scans: dict[str, str]
    verified_by: str


@handles(RecordCollection)
def _record_collection(context: Context, command: RecordCollection) -> None:
    therapy = context.therapy(command.coi)
    check_tailoring(therapy)
    check_scope(therapy, "collection", context.now)
    second_person(context.actor.id, command.verified_by, what="labelling a collection")
    things = ("wristband", "bag", "paperwork") if "paperwork" in command.scans else ("wristband", "bag")
    wrong = differing(dict.fromkeys(things, therapy.coi), command.scans)
    if wrong:
        collection_stop(context, therapy.coi, wrong[0], command.scans.get(wrong[0], ""))
        return
    if therapy.recipe is None:
        raise Held("the therapy has no recipe", rule="an order names a recipe", remedy="order again")
    if not _still_eligible(context, therapy):
        return
    recipe = context.reader.recipe(therapy.recipe)
    if recipe.intake is None:
        raise Held(
            "this product needs no collection",
            rule=f"recipe {recipe.identifier} has no intake",
            remedy="plan the batch instead",
        )
    label = f"therapy/{therapy.coi}/{therapy.seq}"
    collected = ev.Collected(
        donation=command.donation,
        containers=tuple(
            Container(name, "bag", therapy.coi, Decimal(1), "1", therapy.label or "") for name in command.containers
        ),
        collected_at=command.collected_at,
        counts=tuple(context.seal_fact(therapy.patient, fact, label) for fact in command.counts),
        verified_by=command.verified_by,
    )
    context.claim(TakeName(f"donation/{command.donation}"))
    for name in command.containers:
        context.claim(TakeName(f"container/{name}"))
    context.add(f"therapy/{therapy.coi}", collected)
    totals = _totals(context, therapy, command.counts)
    _assess(context, therapy, recipe.intake, command.donation, totals)


def _still_eligible(context: Context, therapy: Therapy) -> bool:
    """Facts, markers and washouts are asked again on the day: what has run out since holds, and stays on the record."""
    found = judge_now(context, therapy)
    if not found:
        return True
    settle(context, therapy, {name for each in found for name in each.fact.split(", ")}, found, "asked at collection")
    context.refuse(
        Held(
            "; ".join(each.what for each in found),
            rule="eligibility is asked again at collection: a fact or marker past its validity blocks",
            remedy="; ".join(dict.fromkeys(each.remedy for each in found)),
            place=found[0].place,
        )
    )
    return False


def _totals(context: Context, therapy: Therapy, counts: tuple[OpenFact, ...]) -> dict[str, Decimal]:
    """Counts summed over all collections of the therapy."""
    totals: dict[str, Decimal] = {}
    for collected in therapy.collections:
        for fact in collected.counts:
            _plus(totals, fact.name, context.open(fact.value))
    for given in counts:
        _plus(totals, given.name, given.value)
    return totals


def _plus(totals: dict[str, Decimal], name: str, value: Value) -> None:
    if isinstance(value, bool | str) or value < 0:
        raise BadInput(
            f"{name} is not a count",
            rule="a count is a number that is not negative",
            remedy="enter the count again, with its unit",
        )
    totals[name] = totals.get(name, Decimal(0)) + value


def _assess(context: Context, therapy: Therapy, intake: Intake, donation: str, totals: dict[str, Decimal]) -> None:
    values: dict[str, Value] = {name: fact.value for name, fact in context.open_facts(therapy).items()}
    values |= numbers_of(context.open_parameters(therapy))
    values |= {name: constant.value for name, constant in intake.constants.items()}
    values |= totals
    missing = [need.name for need in intake.counts if need.required and need.name not in totals]
    if missing:
        raise Held(
            f"count {', '.join(missing)} is missing",
            rule="the recipe's intake counts are all needed",
            remedy="count and enter it",
        )
    adequate = bool(evaluate(intake.adequate, values))
    done = len(therapy.collections) + 1
    if adequate:
        what = "enough to start"
    elif done < intake.at_most.value:
        what = f"not enough: collect again ({done} of at most {intake.at_most.value})"
    else:
        what = f"not enough after {done} collections: the prescriber decides"
    context.add(f"therapy/{therapy.coi}", ev.CollectionAssessed(donation, adequate, intake.source.shown, what))
    context.answer.update(adequate=adequate, what=what)
