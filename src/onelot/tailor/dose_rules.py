"""Dose rules as data: product × indication × jurisdiction × dates, each limit with unit, basis and source.

A rule stands beside the recipe: the recipe says how a dose is set, the rule what it may be where the patient is
treated. A product that has rules has one for every patient or none is treated: where no rule applies, or two do, a
person decides. A value outside is refused, never clipped.

Per kg with a cap, flat range, weight band and minimum by disease subtype are one form: limits, in the unit of the
parameter or per kg of it, which may depend on weight and subtype.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from onelot.record.errors import BadInput, Held, Refused
from onelot.record.quantity import Quantity, Source, Strict
from onelot.record.recipe import MasterRecipe
from onelot.record.terms.opened import OpenFact, OpenParameter
from onelot.record.units import convert

FORMAT = "onelot-dose-rules/1"
WEIGHT, INDICATION, SUBTYPE = "weight_kg", "indication", "disease_subtype"
PER_KG = "/kg"
# Formulas count in doubles: a dose that equals its cap may come out a last digit above it.
SLACK = Decimal("1e-9")


@dataclass(frozen=True)
class DoseRule(Strict):
    """What one parameter may be, for whom, where and when.

    low, high: in the parameter's unit, or per kg of weight (unit ends in `/kg`); cap: the most, whatever the weight.
    weight_above (exclusive) and weight_up_to (inclusive): the band of weight it is for; subtype: "" for every one.
    verified: somebody has read the limit in the label itself.
    """

    name: str
    parameter: str
    indications: tuple[str, ...]
    jurisdiction: str
    effective_from: date
    effective_to: date | None
    verified: bool
    source: Source
    low: Quantity | None = None
    high: Quantity | None = None
    cap: Quantity | None = None
    weight_above: Quantity | None = None
    weight_up_to: Quantity | None = None
    subtype: str = ""

    @property
    def reads(self) -> tuple[str, ...]:
        """The facts it is chosen by and reckons with."""
        limits = (self.low, self.high)
        weighs = any(each and each.unit.endswith(PER_KG) for each in limits) or self.weight_above or self.weight_up_to
        return (INDICATION, *((WEIGHT,) if weighs else ()), *((SUBTYPE,) if self.subtype else ()))


@dataclass(frozen=True)
class DoseRules(Strict):
    """Every dose rule of one product."""

    schema: Literal["onelot-dose-rules/1"]
    product: str
    version: str
    rules: tuple[DoseRule, ...]


@cache
def _adapter() -> TypeAdapter[DoseRules]:
    return TypeAdapter(DoseRules)


def read_dose_rules(data: Any, *, place: str = "dose rules") -> DoseRules:
    """Dose rules from their JSON value.

    Raises:
        BadInput: with the path of the first thing that does not fit, or a rule without any limit.
    """
    try:
        found = _adapter().validate_python(data)
    except ValidationError as cause:
        first = cause.errors()[0]
        path = "/".join(str(part) for part in first["loc"])
        raise _bad(f"the dose rules do not fit the format: {first['msg']}", f"{place}#/{path}") from cause
    for number, rule in enumerate(found.rules):
        if rule.low is None and rule.high is None:
            raise _bad(f"rule {rule.name} limits nothing", f"{place}#/rules/{number}")
        if rule.effective_to is not None and rule.effective_to < rule.effective_from:
            raise _bad(f"rule {rule.name} ends before it begins", f"{place}#/rules/{number}/effective_to")
    if not found.rules:
        raise _bad("there is no rule", f"{place}#/rules")
    return found


def write_dose_rules(rules: DoseRules) -> dict[str, Any]:
    """The rules as JSON values."""
    value: dict[str, Any] = _adapter().dump_python(rules, mode="json")
    return value


def document_name(product: str) -> str:
    """The document that holds a product's dose rules: one product, one name."""
    plain = "".join(each if each.isascii() and each.isalnum() else "-" for each in product.lower())
    return f"dose-rules/{'-'.join(part for part in plain.split('-') if part)}"


def within_rules(
    rules: DoseRules,
    recipe: MasterRecipe,
    facts: Mapping[str, OpenFact],
    parameters: Sequence[OpenParameter],
    now: datetime,
) -> tuple[OpenParameter, ...]:
    """The parameters, each checked against its rule, and saying so; the facts a rule reads become inputs too.

    Raises:
        Held: no rule applies to this patient here and now, or two do, or a fact they read is not known.
        Refused: a value lies outside its rule.
    """
    ruled = {rule.parameter for rule in rules.rules}
    return tuple(
        _within(rules, recipe, facts, parameter, now) if parameter.name in ruled else parameter
        for parameter in parameters
    )


def _within(
    rules: DoseRules, recipe: MasterRecipe, facts: Mapping[str, OpenFact], parameter: OpenParameter, now: datetime
) -> OpenParameter:
    here = [
        rule
        for rule in rules.rules
        if rule.parameter == parameter.name
        and rule.jurisdiction == recipe.jurisdiction
        and rule.effective_from <= now.date()
        and (rule.effective_to is None or now.date() <= rule.effective_to)
    ]
    for name in sorted({name for rule in here for name in rule.reads}):
        if name not in facts:
            raise _held(rules, parameter, f"its dose rule reads {name}, which is not known", name)
    fitting = [rule for rule in here if _fits(rule, facts)]
    if len(fitting) != 1:
        what = "no dose rule applies" if not fitting else f"{len(fitting)} dose rules apply at once"
        raise _held(rules, parameter, f"{what} to this patient, in this jurisdiction and today", parameter.name)
    rule = fitting[0]
    _check(rule, parameter, facts)
    # What chose the rule decides too: a changed indication makes the dose stale, whoever computed it.
    reads = tuple(sorted({*parameter.inputs, *(name for each in here for name in each.reads)}))
    shown = f"{parameter.rule_source}; within dose rule {rule.name}/{rules.version} ({rule.source.shown}"
    return replace(parameter, inputs=reads, rule_source=shown + ("" if rule.verified else "; not verified") + ")")


def _fits(rule: DoseRule, facts: Mapping[str, OpenFact]) -> bool:
    if facts[INDICATION].value not in rule.indications:
        return False
    if rule.subtype and facts[SUBTYPE].value != rule.subtype:
        return False
    weight = _weight(facts) if rule.weight_above or rule.weight_up_to else Decimal(0)
    if rule.weight_above and not weight > convert(rule.weight_above.value, rule.weight_above.unit, "kg"):
        return False
    return not (rule.weight_up_to and not weight <= convert(rule.weight_up_to.value, rule.weight_up_to.unit, "kg"))


def _check(rule: DoseRule, parameter: OpenParameter, facts: Mapping[str, OpenFact]) -> None:
    low = _limit(rule.low, parameter, facts)
    highs = [
        each for each in (_limit(rule.high, parameter, facts), _limit(rule.cap, parameter, facts)) if each is not None
    ]
    high, value = min(highs) if highs else None, parameter.value
    if not isinstance(value, Decimal):
        raise BadInput(f"{parameter.name} is no number", rule=FORMAT, remedy="mend the rule: it limits a number")
    below = low is not None and value < low * (1 - SLACK)
    above = high is not None and value > high * (1 + SLACK)
    if below or above:
        raise Refused(
            f"{parameter.name} comes out {'below' if below else 'above'} what the dose rule allows",
            rule=f"dose rule {rule.name} ({rule.jurisdiction}; {rule.source.shown})",
            remedy="nothing is clipped: check the facts, order another recipe, or have the rule changed",
            place=parameter.name,
        )


def _limit(quantity: Quantity | None, parameter: OpenParameter, facts: Mapping[str, OpenFact]) -> Decimal | None:
    if quantity is None:
        return None
    if quantity.unit.endswith(PER_KG):
        return convert(quantity.value * _weight(facts), quantity.unit.removesuffix(PER_KG), parameter.unit)
    return convert(quantity.value, quantity.unit, parameter.unit)


def _weight(facts: Mapping[str, OpenFact]) -> Decimal:
    fact = facts[WEIGHT]
    if isinstance(fact.value, bool) or not isinstance(fact.value, Decimal):
        raise BadInput("the weight is no number", rule=FORMAT, remedy="correct the fact", place=fact.place)
    return convert(fact.value, fact.unit, "kg")


def _held(rules: DoseRules, parameter: OpenParameter, what: str, place: str) -> Held:
    return Held(
        f"{parameter.name}: {what}",
        rule=f"dose rules of {rules.product}, version {rules.version}",
        remedy="supply the fact, or have a rule approved for this indication and jurisdiction",
        place=place,
    )


def _bad(what: str, place: str) -> BadInput:
    return BadInput(what, rule=FORMAT, remedy="mend the file at this place", place=place)
