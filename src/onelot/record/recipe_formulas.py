"""The formulas of a recipe, compiled over the names each may read, with the recipe's constants bound.

eligibility   facts and markers (a date is the whole days since then), constants            -> flag
parameters    facts, other parameters, constants                                            -> number
intake        counts (summed over collections), facts, parameters, constants                -> flag
repeat        parameters, measured values of the procedure, `day` of the culture, `run`     -> flag
dose_hit      parameters, `dose_given`                                                      -> flag
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from onelot.record.errors import BadInput
from onelot.record.formula import Formula, Kind, Value, compile_formula
from onelot.record.recipe import FactNeed, MasterRecipe, ParameterRule, Quantity, Repeat, Rule
from onelot.record.recipe_editing import CHOSEN_GUIDE

RESERVED = frozenset({"now", "day", "run", "dose_given", CHOSEN_GUIDE})


@dataclass(frozen=True)
class Bound:
    """A formula with its constants. uses: the names it still needs a value for, sorted."""

    formula: Formula
    constants: Mapping[str, Decimal]

    @property
    def uses(self) -> tuple[str, ...]:
        """The names it needs a value for."""
        return tuple(name for name in self.formula.uses if name not in self.constants)

    def evaluate(self, values: Mapping[str, Value]) -> Decimal | bool:
        """The value; see `Formula.evaluate`. A constant is never overruled by a value of the same name."""
        return self.formula.evaluate({**values, **self.constants})

    def number(self, values: Mapping[str, Value]) -> Decimal:
        """The value of a formula that gives a number."""
        found = self.evaluate(values)
        if isinstance(found, bool):
            raise _wrong(self.formula.text, "a number")
        return found

    def flag(self, values: Mapping[str, Value]) -> bool:
        """The value of a formula that says yes or no."""
        found = self.evaluate(values)
        if not isinstance(found, bool):
            raise _wrong(self.formula.text, "yes or no")
        return found


def rule_formula(recipe: MasterRecipe, rule: Rule) -> Bound:
    """The formula of an eligibility rule.

    Raises:
        BadInput: it does not compile over the recipe's facts and markers and the rule's constants.
    """
    names: dict[str, Kind] = {need.name: need.kind for need in (*recipe.facts, *recipe.markers)}
    return _bind(rule.formula, {**names, "now": "date"}, rule.constants, "flag")


def parameter_formula(recipe: MasterRecipe, parameter: ParameterRule) -> Bound:
    """The formula of a parameter over facts and other parameters; who sets them sees to it that these come earlier."""
    return _bind(parameter.formula, {**_facts(*recipe.facts), **_parameters(recipe)}, parameter.constants, "number")


def adequate_formula(recipe: MasterRecipe) -> Bound:
    """Whether what was collected is enough, for a recipe with intake.

    Raises:
        BadInput: the recipe has no intake, or the formula does not compile.
    """
    if recipe.intake is None:
        raise BadInput(
            "the recipe says nothing about collections",
            rule=f"recipe {recipe.identifier}",
            remedy="ask for intake of autologous recipes only",
        )
    names = {**_facts(*recipe.facts, *recipe.intake.counts), **_parameters(recipe)}
    return _bind(recipe.intake.adequate, names, recipe.intake.constants, "flag")


def repeat_formula(recipe: MasterRecipe, repeat: Repeat) -> Bound:
    """Whether a repeated phase is done."""
    measured = {measure.name: "number" for phase in recipe.phases for measure in phase.measures}
    names: dict[str, Kind] = {**_parameters(recipe), **_numbers(*measured), **_numbers("day", "run")}
    return _bind(repeat.until, names, {}, "flag")


def dose_hit_formula(recipe: MasterRecipe) -> Bound:
    """Whether the dose aimed at was reached; `dose_given` is in the unit of the dose parameter."""
    return _bind(recipe.dose_hit, {**_parameters(recipe), **_numbers("dose_given")}, {}, "flag")


def _facts(*needs: FactNeed) -> dict[str, Kind]:
    # What follows from a date belongs to eligibility: a parameter must not change while nobody changes a fact.
    return {need.name: need.kind for need in needs if need.kind != "date"}


def _parameters(recipe: MasterRecipe) -> dict[str, Kind]:
    return _numbers(*(each.name for each in recipe.parameters))


def _numbers(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, "number")


def _bind(
    text: str, names: Mapping[str, Kind], constants: Mapping[str, Quantity], result: Literal["number", "flag"]
) -> Bound:
    formula = compile_formula(text, {**names, **_numbers(*constants)}, result)
    return Bound(formula, {name: each.value for name, each in constants.items()})


def _wrong(text: str, wanted: str) -> BadInput:
    return BadInput(f"{text!r} does not give {wanted}", rule="recipe formulas", remedy="mend the recipe")
