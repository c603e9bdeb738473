"""Units, ranges, times and dose bands."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from onelot.record.durations import SECONDS
from onelot.record.errors import BadInput
from onelot.record.recipe import Bands, MasterRecipe, Quantity, quantities
from onelot.record.recipe_check.finding import Finding, error, notice
from onelot.record.units import check_code, convert, same_dimension

_TIMES = tuple(SECONDS)
_STEP = Decimal("0.1")


def number_findings(recipe: MasterRecipe) -> Iterator[Finding]:
    """Findings about every number of a recipe."""
    yield from _codes(recipe)
    yield from _times(recipe)
    for parameter in recipe.parameters:
        path = f"/parameters/{parameter.name}"
        if parameter.low is None or parameter.high is None:
            yield error(path, "no approved range", "give low and high, each with its source")
        yield from _range(path, parameter.unit, parameter.low, parameter.high)
    for phase in recipe.phases:
        for measure in phase.measures:
            yield from _range(f"/procedure/{phase.name}/{measure.name}", measure.unit, measure.low, measure.high)
    for test in recipe.specification:
        yield from _range(f"/specification/{test.name}", test.unit, test.low, test.high)
    yield from _charges(recipe)
    if recipe.bands:
        yield from _bands(recipe, recipe.bands)


def _codes(recipe: MasterRecipe) -> Iterator[Finding]:
    codes = [(path, each.unit) for path, each in quantities(recipe)]
    codes += [(f"/facts/{need.name}", need.unit) for need in recipe.facts if need.kind == "number"]
    codes += [(f"/parameters/{each.name}", each.unit) for each in recipe.parameters]
    codes += [(f"/procedure/{phase.name}/{each.name}", each.unit) for phase in recipe.phases for each in phase.measures]
    codes += [(f"/specification/{each.name}", each.unit) for each in recipe.specification if not each.equals]
    if recipe.intake:
        codes += [(f"/intake/{need.name}", need.unit) for need in recipe.intake.counts]
    if recipe.bands:
        codes += [("/bands", recipe.bands.unit), *((f"/bands/{k}", v) for k, v in recipe.bands.gives.items())]
    for path, code in codes:
        try:
            check_code(code)
        except BadInput as refusal:
            yield error(path, refusal.what, refusal.remedy)
    for path, quantity in quantities(recipe):
        if not quantity.value.is_finite():
            yield error(path, f"{quantity.value} is no finite number", "give a number")
        if not quantity.basis.strip():
            yield error(path, "a number without basis (per what)", "name the basis; a limit without it is unsafe")


def _times(recipe: MasterRecipe) -> Iterator[Finding]:
    """Lengths of time are positive and in units that the house can add to a clock."""
    found: list[tuple[str, Quantity | None]] = [
        ("/notify_within", recipe.notify_within),
        ("/logistics/shipper_hold", recipe.logistics.shipper_hold),
        ("/logistics/shelf_life", recipe.logistics.shelf_life),
        ("/logistics/use_after_thaw", recipe.logistics.use_after_thaw),
    ]
    found += [(f"/facts/{need.name}/valid", need.valid) for need in (*recipe.facts, *recipe.markers)]
    found += [(f"/procedure/{phase.name}/duration", phase.duration) for phase in recipe.phases]
    found += [(f"/procedure/{each.name}/every", each.repeat.every) for each in recipe.phases if each.repeat]
    found += [(f"/specification/{test.name}/result_after", test.result_after) for test in recipe.specification]
    needs = recipe.editing.evidence if recipe.editing else ()
    found += [(f"/editing/evidence/{need.name}/valid", need.valid) for need in needs]
    found += [(f"/washouts/{each.name}/at_least", each.at_least) for each in recipe.washouts]
    if recipe.intake:
        found.append(("/intake/hold", recipe.intake.hold))
    if recipe.conditioning:
        window = recipe.conditioning
        found += [
            ("/conditioning/infuse_after", window.infuse_after),
            ("/conditioning/infuse_before", window.infuse_before),
        ]
        found += [(f"/conditioning/{drug.name}/days", drug.days) for drug in window.drugs]
        yield from _range("/conditioning", window.infuse_after.unit, window.infuse_after, window.infuse_before)
    for path, quantity in found:
        if quantity is not None and (quantity.unit not in _TIMES or not quantity.value > 0):
            yield error(
                path, f"{quantity.value} {quantity.unit} is no length of time", f"use one of {', '.join(_TIMES)}"
            )
    if not _is("Cel", recipe.logistics.warmest.unit):
        yield error("/logistics/warmest", f"{recipe.logistics.warmest.unit} is no temperature", "use Cel")
    counts = [(f"/procedure/{each.name}/at_most", each.repeat.at_most) for each in recipe.phases if each.repeat]
    counts += [("/intake/at_most", recipe.intake.at_most)] if recipe.intake else []
    for path, quantity in counts:
        if quantity.value < 1 or quantity.value != quantity.value.to_integral_value():
            yield error(path, f"{quantity.value} is no count of runs", "give a whole number of at least 1")


def _is(unit: str, code: str) -> bool:
    try:
        return same_dimension(unit, code)
    except BadInput:
        return True  # a code that is none is reported where codes are checked


def _range(path: str, unit: str, low: Quantity | None, high: Quantity | None) -> Iterator[Finding]:
    edges = []
    for limit in (low, high):
        if limit is None:
            continue
        if not _is(unit, limit.unit):
            yield error(path, f"a limit in {limit.unit} for a value in {unit}", "give both in one dimension")
            return
        try:
            edges.append(convert(limit.value, limit.unit, unit))
        except BadInput:
            return
    if len(edges) == 2 and edges[0] > edges[1]:
        yield error(path, "the range is empty: low lies above high", "mend the range")


def _charges(recipe: MasterRecipe) -> Iterator[Finding]:
    """A charge whose basis names a parameter is multiplied by it, so their units must agree."""
    parameters = {each.name: each for each in recipe.parameters}
    for phase in recipe.phases:
        for charge in phase.charges:
            path = f"/procedure/{phase.name}/{charge.item}"
            if not charge.amount.value > 0:
                yield error(path, "a charge of nothing", "give the amount")
            scaled = parameters.get(charge.amount.basis)
            if scaled and not _is(scaled.unit, charge.amount.unit):
                yield error(path, f"{charge.amount.unit} scaled by {scaled.name} in {scaled.unit}", "use one dimension")


def _bands(recipe: MasterRecipe, bands: Bands) -> Iterator[Finding]:
    if not bands.rows:
        yield error("/bands", "a dose table without rows", "enter the printed rows")
    need = next((each for each in recipe.facts if each.name == bands.by), None)
    if need is None or need.kind != "number" or need.unit != bands.unit:
        yield error(
            "/bands", f"the table goes by {bands.by} in {bands.unit}, which is no such fact", "declare the fact"
        )
    used = {parameter.band for parameter in recipe.parameters}
    for column in bands.gives:
        if column not in used:
            yield notice(f"/bands/{column}", "no parameter takes this column", "intended?")
    for column in used - {""} - bands.gives.keys():
        yield error("/bands", f"no column {column}", "add it, or mend the parameter")
    for number, row in enumerate(bands.rows):
        path = f"/bands/rows/{row.low}"
        if row.low > row.high:
            yield error(path, "the band is empty: low lies above high", "mend the row")
        if row.gives.keys() != bands.gives.keys():
            yield error(path, f"the row gives {sorted(row.gives)}, the table {sorted(bands.gives)}", "complete it")
        if bands.between != "hold" and any(edge % _STEP for edge in (row.low, row.high)):
            yield error(path, "values are rounded to 0.1, the band is printed finer", "print to 0.1, or hold")
        if number and row.low <= bands.rows[number - 1].high:
            yield error(path, "the band begins inside the one before it", "mend the row")
        elif number and row.low - bands.rows[number - 1].high > _STEP:
            yield error(path, f"a gap after {bands.rows[number - 1].high} {bands.unit}", "enter the missing rows")
