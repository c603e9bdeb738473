"""Names, procedure, specification and what each kind of recipe must have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from onelot.record.recipe import MasterRecipe, Phase, Test
from onelot.record.recipe_check.finding import Finding, error, notice
from onelot.record.recipe_formulas import RESERVED


def structure_findings(recipe: MasterRecipe) -> Iterator[Finding]:
    """Findings about everything but formulas and numbers."""
    yield from _names(recipe)
    yield from _kind(recipe)
    dates = {need.name for need in recipe.facts if need.kind == "date"}
    for washout in recipe.washouts:
        if washout.fact not in dates:
            yield error(f"/washouts/{washout.name}", f"{washout.fact} is no date among the facts", "declare the fact")
    for phase in recipe.phases:
        yield from _phase(phase)
    yield from _specification(recipe)
    if recipe.effective_to is not None and recipe.effective_to < recipe.effective_from:
        yield error("/effective_to", "the recipe ends before it begins", "mend the dates")
    if not recipe.jurisdiction.strip():
        yield error("/jurisdiction", "no jurisdiction", "say where the recipe applies")


def _names(recipe: MasterRecipe) -> Iterator[Finding]:
    """One name, one meaning: formulas read facts, parameters, counts and measured values side by side."""
    counts = recipe.intake.counts if recipe.intake else ()
    apart = [need.name for need in (*recipe.facts, *recipe.markers, *counts)]
    apart += [parameter.name for parameter in recipe.parameters]
    measured = {measure.name for phase in recipe.phases for measure in phase.measures}
    groups = {
        "/": [*apart, *measured],
        "/procedure": [phase.name for phase in recipe.phases],
        "/specification": [test.name for test in recipe.specification],
        "/eligibility": [*(each.name for each in recipe.eligibility), *(each.name for each in recipe.washouts)],
        "/supportive": [drug.name for drug in recipe.supportive],
    }
    for path, names in groups.items():
        for name, times in Counter(names).items():
            if times > 1:
                yield error(path, f"the name {name} stands for {times} things", "give each thing a name of its own")
    for name in sorted(RESERVED & {*apart, *measured}):
        yield error("/", f"the name {name} is taken by the house", "choose another name")
    units: dict[str, str] = {}
    for phase in recipe.phases:
        for measure in phase.measures:
            if units.setdefault(measure.name, measure.unit) != measure.unit:
                yield error(
                    f"/procedure/{phase.name}",
                    f"{measure.name} is measured in {units[measure.name]} and in {measure.unit}",
                    "measure one thing in one unit",
                )


def _kind(recipe: MasterRecipe) -> Iterator[Finding]:
    if not recipe.phases:
        yield error("/procedure", "a procedure without phases", "say how the product is made")
    if recipe.kind == "stock":
        if not recipe.stock_items:
            yield error("/stock_items", "made for stock, but no item is named", "name the items it makes")
        return
    if recipe.dose_parameter not in {each.name for each in recipe.parameters}:
        yield error("/dose_parameter", f"no parameter {recipe.dose_parameter!r}", "name the parameter that is the dose")
    if not recipe.indications:
        yield error("/indications", "no indication", "a dose is tied to product, indication and jurisdiction")
    if not recipe.eligibility:
        yield error("/eligibility", "nobody is ever refused", "write the rules of eligibility")
    if not recipe.consent:
        yield error("/consent", "no consent is asked for", "name the scopes: collection, manufacture, genome_use")
    if recipe.kind == "autologous" and recipe.intake is None:
        yield error(
            "/intake", "made from the patient's cells, but nothing says when enough was collected", "add intake"
        )
    if recipe.kind == "autologous" and not recipe.markers:
        yield error("/markers", "no infection markers for material of a donor", "name them with their validity")
    if recipe.kind == "kit" and not (recipe.stock_items and recipe.stock_recipe):
        yield error("/stock_items", "a kit, but not from which stock", "name stock_items and stock_recipe")


def _phase(phase: Phase) -> Iterator[Finding]:
    path = f"/procedure/{phase.name}"
    wants = {"charge": phase.charges, "measure": phase.measures}
    if phase.kind in wants and not wants[phase.kind]:
        yield error(path, f"a {phase.kind} phase with nothing to {phase.kind}", "say what")
    if phase.kind == "run" and not (phase.equipment_class and phase.target):
        yield error(path, "a run phase without equipment or state to reach", "name equipment_class and target")
    if phase.kind == "run" and phase.duration is None:
        yield error(path, "a run phase without duration", "say how long it takes")
    if phase.kind in ("scan", "fill") and not phase.second_person:
        yield notice(path, "identities are compared by one person only", "consider second_person")
    if not phase.instruction.strip():
        yield error(path, "no instruction", "say what the operator does")


def _specification(recipe: MasterRecipe) -> Iterator[Finding]:
    path = "/specification"
    if not recipe.specification:
        yield error(path, "an empty specification releases nothing", "write the tests with their limits")
        return
    if not any(test.identity for test in recipe.specification):
        yield error(path, "no identity test", "mark the test that proves whose product this is")
    for test in recipe.specification:
        yield from _test(f"{path}/{test.name}", test)
    late = [test.name for test in recipe.specification if test.stage == "final"]
    to_date = [test.name for test in recipe.specification if test.to_date]
    if recipe.conditional_release and not to_date:
        yield error(path, "conditional release, but no test counts negative to date", "mark it with to_date")
    if not recipe.conditional_release and to_date:
        yield error(path, f"{', '.join(to_date)}: negative to date without conditional release", "choose one")
    if late and set(late) != set(to_date) and recipe.conditional_release:
        yield notice(path, "a final test without negative-to-date waits for its result in any case", "intended?")


def _test(path: str, test: Test) -> Iterator[Finding]:
    limited = test.low is not None or test.high is not None
    if limited == bool(test.equals):
        yield error(path, "a test has either limits or a text it must equal", "give one of them")
    if test.to_date and test.stage != "final":
        yield error(path, "negative to date belongs to a final test", "make its stage final")
