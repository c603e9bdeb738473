"""A master recipe bound to one patient: every parameter with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from onelot.record.errors import BadInput, Held
from onelot.record.recipe import FactNeed, MasterRecipe, ParameterRule
from onelot.record.recipe_editing import CHOSEN_GUIDE
from onelot.record.recipe_formulas import parameter_formula
from onelot.record.terms.opened import OpenFact, OpenParameter, Value
from onelot.record.units import convert
from onelot.tailor.dose import by_band, by_formula, within_range


def tailor(
    recipe: MasterRecipe, facts: Mapping[str, OpenFact], now: datetime, guide: str = ""
) -> tuple[OpenParameter, ...]:
    """Set every parameter of a recipe for one patient. Pure: the same facts give the same parameters.

    Args:
        recipe: the approved master recipe.
        facts: the patient's facts by name, opened; more than the recipe asks for is ignored.
        now: with zone; a fact valid until before it blocks.
        guide: for a recipe that edits, the spacer two people chose; "" while they have not.

    Returns:
        The parameters in the recipe's order. `inputs` are the facts a value rests on, also through other parameters.

    Raises:
        Held: a fact is missing or outdated (all are named), a weight lies outside the bands, a formula has no value,
            or no guide is chosen.
        Refused: a value lies outside the parameter's approved range.
        BadInput: a fact is of the wrong kind or unit, or the recipe is broken.
    """
    needs = {need.name: need for need in recipe.facts}
    used = sorted({name for parameter in recipe.parameters for name in facts_used(recipe, parameter.name)})
    _refuse_missing(recipe, [needs[name] for name in used], facts, now)
    values: dict[str, Value] = {name: _opened(recipe, needs[name], facts[name]) for name in used}
    done: list[OpenParameter] = []
    for parameter in recipe.parameters:
        if parameter.band:
            by = values[recipe.bands.by] if recipe.bands else None
            if not isinstance(by, Decimal):
                raise _broken(recipe, parameter.name, "its band is chosen by no number among the facts it uses")
            value, how, source = by_band(recipe, parameter, by)
        else:
            value, how, source = by_formula(recipe, parameter, values)
        within_range(recipe, parameter, value)
        values[parameter.name] = value
        rule = f"recipe {recipe.identifier} parameter {parameter.name}"
        inputs = facts_used(recipe, parameter.name)
        done.append(OpenParameter(parameter.name, value, parameter.unit, parameter.basis, how, rule, source, inputs))
    return (*done, *_guide(recipe, facts, guide))


def _guide(recipe: MasterRecipe, facts: Mapping[str, OpenFact], guide: str) -> Iterator[OpenParameter]:
    """The patient's own part of an editing product, as a parameter like any other."""
    editing = recipe.editing
    if editing is None:
        return
    rule = f"recipe {recipe.identifier} parameter {editing.parameter}"
    if not guide or editing.fact not in facts:
        raise Held(
            "no guide is chosen and confirmed" if editing.fact in facts else f"{editing.fact} is missing",
            rule=f"{rule}: chosen by one person, confirmed by another ({editing.source.shown})",
            remedy="design guides for the causal variant, choose one with a reason, and have another person confirm it",
            place=editing.parameter,
        )
    how = "chosen by one person, confirmed by another"
    basis = "spacer as DNA, 5' to 3'"
    yield OpenParameter(
        editing.parameter, guide, "", basis, how, rule, editing.source.shown, (editing.fact, CHOSEN_GUIDE)
    )


def facts_used(recipe: MasterRecipe, parameter: str) -> tuple[str, ...]:
    """The facts a parameter rests on, sorted; facts of parameters it is computed from count as its own.

    Raises:
        BadInput: no such parameter, or it reads something that is neither fact nor earlier parameter nor constant.
    """
    order = {each.name: number for number, each in enumerate(recipe.parameters)}
    if parameter not in order:
        raise _broken(recipe, parameter, "the recipe has no such parameter")
    facts = {need.name for need in recipe.facts}

    def walk(name: str) -> Iterator[str]:
        rule = recipe.parameters[order[name]]
        for used in _names(recipe, rule):
            if used in facts:
                yield used
            elif order.get(used, len(order)) < order[name]:
                yield from walk(used)
            else:
                raise _broken(recipe, name, f"it reads {used}, which is no fact and no earlier parameter")

    return tuple(sorted(set(walk(parameter))))


def _names(recipe: MasterRecipe, rule: ParameterRule) -> tuple[str, ...]:
    """What a parameter reads besides its constants: from the formula itself, not from what it says it uses."""
    if rule.band:
        return (recipe.bands.by,) if recipe.bands else ()
    return parameter_formula(recipe, rule).uses


def _refuse_missing(recipe: MasterRecipe, needs: list[FactNeed], facts: Mapping[str, OpenFact], now: datetime) -> None:
    missing = [need for need in needs if need.name not in facts]
    outdated = [need for need in needs if need not in missing and _is_outdated(facts[need.name], now)]
    if not missing and not outdated:
        return
    parts = [f"{need.name} is missing" for need in missing]
    parts += [f"{need.name} is outdated" for need in outdated]
    first = (missing + outdated)[0]
    codes = ", ".join(first.codes) or "entered by a person"
    raise Held(
        "; ".join(parts),
        rule=f"recipe {recipe.identifier}: every fact a parameter uses is known and valid",
        remedy="record " + ", ".join(f"{need.title.lower()} ({need.name})" for need in missing + outdated) + " anew",
        place=facts[first.name].place if first.name in facts else codes,
    )


def _is_outdated(fact: OpenFact, now: datetime) -> bool:
    return fact.valid_until is not None and fact.valid_until < now


def _opened(recipe: MasterRecipe, need: FactNeed, fact: OpenFact) -> Value:
    """The value of a fact, a number in the recipe's unit."""
    if need.kind != "number":
        return fact.value
    if isinstance(fact.value, bool) or not isinstance(fact.value, Decimal):
        raise BadInput(
            f"{need.name} is no number",
            rule=f"recipe {recipe.identifier} fact {need.name}: a number in {need.unit}",
            remedy="correct the fact at its source",
            place=fact.place,
        )
    if not need.unit:
        return fact.value
    try:
        return convert(fact.value, fact.unit, need.unit)
    except BadInput as cause:
        raise BadInput(
            f"{need.name} cannot be read in {need.unit}: {cause.what}",
            rule=f"recipe {recipe.identifier} fact {need.name}; {cause.rule}",
            remedy=cause.remedy,
            place=fact.place,
        ) from cause


def _broken(recipe: MasterRecipe, parameter: str, why: str) -> BadInput:
    return BadInput(
        f"parameter {parameter} cannot be set: {why}",
        rule=f"recipe {recipe.identifier}",
        remedy="mend the recipe; `onelot recipe check` lists everything",
    )
