"""Every formula compiles over declared names, says what it uses, and holds no number without a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from onelot.record.errors import BadInput
from onelot.record.recipe import MasterRecipe, Quantity
from onelot.record.recipe_check.finding import Finding, error, notice
from onelot.record.recipe_formulas import (
    Bound,
    adequate_formula,
    dose_hit_formula,
    parameter_formula,
    repeat_formula,
    rule_formula,
)

# Literals that are arithmetic: nothing, all, powers of ten and percent. Any other number is a constant with a source.
_ARITHMETIC = frozenset({0.0, 1.0, 10.0, 100.0})


def formula_findings(recipe: MasterRecipe) -> Iterator[Finding]:
    """Findings about all formulas of a recipe."""
    for rule in recipe.eligibility:
        yield from _one(f"/eligibility/{rule.name}", partial(rule_formula, recipe, rule), rule.uses, rule.constants)
    yield from _parameters(recipe)
    if recipe.intake:
        intake = recipe.intake
        yield from _one("/intake", partial(adequate_formula, recipe), intake.uses, intake.constants)
    for phase in recipe.phases:
        if phase.repeat:
            yield from _one(f"/procedure/{phase.name}/repeat", partial(repeat_formula, recipe, phase.repeat))
            yield from _repeat_measures(recipe, phase.name)
    yield from _clear_amounts(recipe)
    if recipe.kind != "stock":
        yield from _one("/dose_hit", partial(dose_hit_formula, recipe))
    read = {name for rule in recipe.eligibility for name in rule.uses}
    read |= {name for parameter in recipe.parameters for name in parameter.uses}
    read |= set(recipe.intake.uses) if recipe.intake else set()
    read |= {washout.fact for washout in recipe.washouts}
    for need in recipe.facts:
        if need.name not in read:
            yield notice(f"/facts/{need.name}", "no formula reads this fact: it is shown and does not act", "intended?")


def _parameters(recipe: MasterRecipe) -> Iterator[Finding]:
    facts, earlier = {need.name for need in recipe.facts}, set[str]()
    for parameter in recipe.parameters:
        path = f"/parameters/{parameter.name}"
        if bool(parameter.formula) == bool(parameter.band):
            yield error(path, "a parameter has either a formula or a band", "give one of them")
        elif parameter.band:
            wanted = (recipe.bands.by,) if recipe.bands else ()
            if parameter.uses != wanted:
                yield error(path, f"a banded parameter uses the fact of the bands: {wanted}", "mend `uses`")
        else:
            stated = tuple(parameter.uses)
            bind = partial(parameter_formula, recipe, parameter)
            yield from _one(path, bind, stated, parameter.constants, may_read=frozenset(earlier))
            yield from _order(path, bind, facts | earlier)
        earlier.add(parameter.name)


def _order(path: str, bind: Callable[[], Bound], known: set[str]) -> Iterator[Finding]:
    try:
        late = [name for name in bind().uses if name not in known]
    except BadInput:
        return
    for name in late:
        yield error(path, f"it reads {name}, which is set later", "put the parameter it reads before it")


def _one(
    path: str,
    bind: Callable[[], Bound],
    stated: tuple[str, ...] | None = None,
    constants: Mapping[str, Quantity] | None = None,
    *,
    may_read: frozenset[str] = frozenset(),
) -> Iterator[Finding]:
    """may_read: names that need not be stated in `uses` (parameters, whose facts are found by walking)."""
    try:
        bound = bind()
    except BadInput as refusal:
        yield error(path, refusal.what, refusal.remedy)
        return
    for literal in bound.formula.literals:
        if literal not in _ARITHMETIC:
            yield error(path, f"the number {literal:g} in the formula has no source", "make it a constant")
    for name in constants or {}:
        if name not in bound.formula.uses:
            yield error(path, f"the constant {name} is not used", "use it or take it out")
        elif constants and name in (stated or ()):
            yield error(path, f"{name} is both a constant and a fact", "give one of them another name")
    if stated is not None:
        reads = set(bound.uses) - (may_read - set(stated))
        if reads != set(stated):
            yield error(path, f"it says it uses {sorted(stated)} and reads {sorted(reads)}", "mend `uses`")


def _repeat_measures(recipe: MasterRecipe, name: str) -> Iterator[Finding]:
    """A loop can only end on something it changes: what it reads is measured in it, or is `day` or `run`."""
    phase = next(each for each in recipe.phases if each.name == name)
    if phase.repeat is None:
        return
    try:
        uses = repeat_formula(recipe, phase.repeat).uses
    except BadInput:
        return
    moving = {measure.name for measure in phase.measures} | {"day", "run"}
    if not moving & set(uses):
        yield error(
            f"/procedure/{name}/repeat",
            "the formula reads nothing that a repetition changes",
            "measure what it reads in the same phase",
        )


def _clear_amounts(recipe: MasterRecipe) -> Iterator[Finding]:
    """What is charged stands in clear in the batch's chain: an amount that follows a fact shows the fact."""
    facts, bare = {need.name for need in recipe.facts}, dict[str, set[str]]()
    for parameter in recipe.parameters:
        rests = {name for name in parameter.uses if name in facts}
        if not parameter.band:
            try:
                uses = parameter_formula(recipe, parameter).uses
            except BadInput:
                continue
            rests.update(*(bare.get(name, {name} & facts) for name in uses))
        bare[parameter.name] = rests
    for phase in recipe.phases:
        for charge in phase.charges:
            shown = sorted(bare.get(charge.amount.basis, set()))
            if shown:
                yield notice(
                    f"/procedure/{phase.name}/{charge.item}",
                    f"the amount charged follows {', '.join(shown)} and stands in clear in the chain",
                    "charge a fixed amount, or accept that it narrows the value down",
                )
