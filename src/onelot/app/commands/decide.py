"""Weighing the drugs around the product, and what a qualified person decides where no rule can."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import orjson

from onelot.app import advice, rules
from onelot.app.commands import Command, handles
from onelot.app.commands.profile import judge_now, settle
from onelot.app.context import Context
from onelot.record.errors import BadInput, Held
from onelot.record.events import therapy as ev
from onelot.record.subjects import Therapy
from onelot.record.terms.values import Advice, Cite, Finding, Input

REVIEW = "rule review"
DRUG, RULE, DOCUMENT = "drug/", "rule/", "review/"
LONGEST = 2_000


@dataclass(frozen=True)
class WeighDrugs(Command):
    """Weigh every drug of the regimen again: by the guidelines in effect, and the genes as they are known now."""

    coi: str


@handles(WeighDrugs)
def _weigh_drugs(context: Context, command: WeighDrugs) -> None:
    therapy = context.therapy(command.coi)
    if therapy.recipe is None or therapy.tailoring is None:
        raise Held("nothing is tailored yet", rule="tailoring weighs the drugs first", remedy="tailor the recipe")
    found = add_weighing(context, therapy)
    after = replace(therapy, advice={each.drug: each for each in found})
    mark(context, therapy, rules.reviews(context, after))


def add_weighing(context: Context, therapy: Therapy) -> tuple[Advice, ...]:
    """Weigh the regimen, put it on the record, and hold or free the therapy accordingly."""
    if therapy.recipe is None:
        return ()
    found = advice.weigh_regimen(context, therapy, context.reader.recipe(therapy.recipe))
    if not found:
        return ()
    weighed = tuple(each for each, _ in found)
    context.add(f"therapy/{therapy.coi}", ev.DrugsWeighed(therapy.recipe, weighed))
    _hold_or_free(context, therapy, advice.stand(therapy, found, advice.decisions_on(context, therapy, DRUG)))
    return weighed


def _hold_or_free(context: Context, therapy: Therapy, found: Iterable[advice.Standing]) -> None:
    """Put the hold of the gate on the record, or lift it."""
    held = tuple(each for each in found if each.holds)
    wanted = advice.findings(held)
    stream, before = f"therapy/{therapy.coi}", therapy.holds.get(advice.STEP, ())
    if wanted and wanted != before:
        context.add(stream, ev.TherapyHeld(advice.STEP, wanted))
    elif before and not wanted:
        context.add(stream, ev.HoldLifted(advice.STEP, "every drug is weighed, and decided on where it had to be"))
    context.answer["undecided"] = [each.drug for each in held]


@dataclass(frozen=True)
class Decide(Command):
    """Decide on what no rule can.

    about: `drug/NAME` (the gate holds it), `rule/NAME` (an eligibility rule leaves it to a person), or
    `review/DOCUMENT` (what the tailoring went by has a newer version; the values are confirmed); choice: what is done.
    """

    meaning: ClassVar[str] = "decides this for this patient, for the reason given"
    coi: str
    about: str
    choice: str
    reason: str


@handles(Decide)
def _decide(context: Context, command: Decide) -> None:
    therapy = context.therapy(command.coi)
    for name, text in (("choice", command.choice), ("reason", command.reason)):
        if not text.strip() or len(text) > LONGEST:
            raise BadInput(
                f"the {name} is {'empty' if not text.strip() else 'too long'}",
                rule=f"a decision says what is done and why, in at most {LONGEST} characters each",
                remedy=f"write the {name}",
                place=f"Decide.{name}",
            )
    kind, _, name = command.about.partition("/")
    deciders = {"drug": _on_drug, "rule": _on_rule, "review": _on_document}
    if kind not in deciders or not name:
        raise BadInput(
            f"{command.about[:80]!r} is nothing to decide on",
            rule="a decision is about drug/NAME, rule/NAME or review/DOCUMENT",
            remedy="see what is held: `onelot tailor pharmacogenomics --therapy COI`",
            place="Decide.about",
        )
    deciders[kind](context, therapy, command, name)


def _add(
    context: Context,
    therapy: Therapy,
    command: Decide,
    inputs: tuple[Input, ...],
    documents: tuple[Cite, ...],
    weighed: object,
) -> advice.Made:
    content = {"choice": command.choice.strip(), "reason": command.reason.strip(), "weighed": weighed}
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()
    sealed = context.seal(therapy.patient, text, f"therapy/{therapy.coi}/{therapy.seq}/decision/{command.about}")
    context.add(f"therapy/{therapy.coi}", ev.Decided(command.about, inputs, documents, sealed), signed=True)
    return advice.Made(command.about, documents, content, context.actor.id)


def _on_drug(context: Context, therapy: Therapy, command: Decide, drug: str) -> None:
    found = therapy.advice.get(drug)
    if found is None:
        raise _nothing(f"{drug} is not weighed for this patient", "tailor the recipe, or weigh the drugs")
    if drug in therapy.stale_advice:
        raise _nothing(f"the advice on {drug} is stale", "weigh the drugs again, then decide on what is found now")
    opened = [(each, orjson.loads(str(context.open(each.verdict)))) for each in therapy.advice.values()]
    weighed = next(value["weighed"] for each, value in opened if each is found)
    before = advice.decisions_on(context, therapy, DRUG)
    if not next(each for each in advice.stand(therapy, opened, before) if each.drug == drug).needs_decision:
        raise _nothing(f"the gate does not hold {drug}", "nothing is to be decided on it")
    documents = (found.guideline,) if found.guideline else ()
    made = _add(context, therapy, command, found.inputs, documents, weighed)
    decisions = [*advice.decisions_on(context, therapy, DRUG), made]
    _hold_or_free(context, therapy, advice.stand(therapy, opened, decisions))


def _on_rule(context: Context, therapy: Therapy, command: Decide, name: str) -> None:
    recipe = context.reader.recipe(therapy.recipe) if therapy.recipe else None
    rule = next((each for each in recipe.washouts if each.name == name and each.decided), None) if recipe else None
    if rule is None or rule.fact not in therapy.facts:
        raise _nothing(f"no rule {name} leaves anything to a person here", "supply the fact the rule asks for")
    known = therapy.facts[rule.fact]
    given = Input(known.fact.name, known.fact.value.commitment, known.cite)
    _add(context, therapy, command, (given,), (), None)
    if therapy.eligible:
        found = judge_now(context, therapy, decided=frozenset({name}))
        mine = tuple(each for each in found if rule.fact in each.fact.split(", "))
        settle(context, therapy, {rule.fact}, mine, f"{name} was decided on")


def _on_document(context: Context, therapy: Therapy, command: Decide, name: str) -> None:
    due = {each.name: each for each in rules.reviews(context, therapy)}
    if name not in due:
        raise _nothing(f"{name} is not for review here", "nothing is to be confirmed")
    documents = tuple(each for each in (due[name].used, due[name].now) if each is not None)
    _add(context, therapy, command, (), documents, None)
    mark(context, therapy, tuple(each for each in due.values() if each.name != name))


def _nothing(what: str, remedy: str) -> Held:
    return Held(what, rule="a decision stands for exactly what was found and held", remedy=remedy)


@dataclass(frozen=True)
class MarkForReview(Command):
    """Hold a therapy whose unissued tailoring went by a document that has a newer version, or free it again."""

    coi: str


@handles(MarkForReview)
def _mark_for_review(context: Context, command: MarkForReview) -> None:
    therapy = context.therapy(command.coi)
    mark(context, therapy, rules.reviews(context, therapy))


def mark(context: Context, therapy: Therapy, due: tuple[rules.Review, ...]) -> None:
    """Put what is due for review on the record as a hold, or lift it."""
    wanted = tuple(
        Finding(
            "an unissued tailoring goes by the rules in effect",
            f"{DOCUMENT}{each.name}",
            each.now.stream.removeprefix("document/") if each.now else each.name,
            f"{each.name} has changed since this was tailored",
            f"tailor again, weigh again, or confirm the values (Decide {DOCUMENT}{each.name})",
        )
        for each in due
    )
    stream, before = f"therapy/{therapy.coi}", therapy.holds.get(REVIEW, ())
    if wanted and wanted != before:
        context.add(stream, ev.TherapyHeld(REVIEW, wanted))
    elif before and not wanted:
        context.add(stream, ev.HoldLifted(REVIEW, "the tailoring goes by the rules in effect, or was confirmed"))


def check_reviews(context: Context, therapy: Therapy) -> None:
    """Refuse while a document the unissued tailoring went by is no longer the one in effect.

    Raises:
        Held: naming the documents.
    """
    due = rules.reviews(context, therapy)
    if due:
        raise Held(
            f"for review, since it has changed: {', '.join(each.name for each in due)}",
            rule="an unissued tailoring goes by the rules in effect; issued values never change",
            remedy=f"tailor again or weigh again, or confirm the values (Decide {DOCUMENT}{due[0].name})",
        )
