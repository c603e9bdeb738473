"""One parameter for one patient: by formula or by band, inside its approved range or not at all.

A value outside the range is refused, never clipped (a cap written in the formula is part of the rule). A refusal says
on which side of the range the value lies but not the value: refusals may stand in a chain, health values may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from onelot.record.errors import BadInput, Held, Refused
from onelot.record.recipe import Band, Bands, MasterRecipe, ParameterRule
from onelot.record.recipe_formulas import parameter_formula
from onelot.record.terms.opened import Value
from onelot.record.units import convert

_TENTH = Decimal("0.1")


def band_of(bands: Bands, value: Decimal, *, rule: str) -> Band:
    """The printed band a value falls into; both ends belong to the band.

    Args:
        bands: the table, rows in rising order.
        value: in `bands.unit`.
        rule: named in refusals.

    Raises:
        Held: outside all bands, or between two where the recipe has no rule for that.
    """
    shown, rounded = value, bands.between == "round_half_up_0.1"
    if rounded:
        shown = value.quantize(_TENTH, rounding=ROUND_HALF_UP)
    for row in bands.rows:
        if row.low <= shown <= row.high:
            return row
    first, last = bands.rows[0], bands.rows[-1]
    if shown < first.low or shown > last.high:
        raise Held(
            f"{bands.by} is {'below' if shown < first.low else 'above'} every band of the dose table",
            rule=f"{rule}: bands from {first.low} to {last.high} {bands.unit} ({bands.source.shown})",
            remedy="a person with the product's label decides; there is no dose outside the table",
            place=bands.by,
        )
    raise Held(
        f"{bands.by} lies between two printed bands",
        rule=f"{rule}: {'no band after rounding to 0.1' if rounded else 'no rule between bands'} "
        f"({bands.between_source.shown})",
        remedy="measure again to the precision of the table, or have the recipe say what holds between bands",
        place=bands.by,
    )


def by_band(recipe: MasterRecipe, parameter: ParameterRule, value: Decimal) -> tuple[Decimal, str, str]:
    """Value, expression and source of a banded parameter.

    Returns:
        The column's value; how it was found, e.g. `band dose_ml by weight_kg`; the source as shown, with "unverified"
        beside it above the weight to which the table was verified.
    """
    bands, rule = recipe.bands, f"recipe {recipe.identifier} parameter {parameter.name}"
    if bands is None or parameter.band not in bands.gives:
        raise BadInput(
            f"{parameter.name} names the band column {parameter.band!r}, which the recipe does not have",
            rule=rule,
            remedy="mend the recipe; `onelot recipe check` lists everything",
        )
    row = band_of(bands, value, rule=rule)
    given = convert(row.gives[parameter.band], bands.gives[parameter.band], parameter.unit)
    source = parameter.source.shown
    if bands.between != "hold" and not row.low <= value <= row.high:
        source += f"; between bands: {bands.between_source.shown}"
    if bands.is_unverified(row, parameter.band):
        source += f"; unverified above {bands.unverified_above} {bands.unit}"
    return given, f"band {parameter.band} by {bands.by}", source


def by_formula(recipe: MasterRecipe, parameter: ParameterRule, values: Mapping[str, Value]) -> tuple[Decimal, str, str]:
    """Value, expression and source of a parameter set by a formula over facts, earlier parameters and constants.

    Raises:
        BadInput: the formula does not compile, or a value is not of the declared kind.
        Held: it gives no value.
    """
    found = parameter_formula(recipe, parameter).number(values)
    constants = parameter.constants
    marked = [f"{name} {each.source.shown}" for name, each in constants.items() if each.source.kind != "cited"]
    return found, parameter.formula, "; ".join([parameter.source.shown, *marked])


def within_range(recipe: MasterRecipe, parameter: ParameterRule, value: Decimal) -> Decimal:
    """The value itself, when it lies in the approved range.

    Raises:
        Refused: below low or above high. Nothing is clipped.
    """
    for limit, below in ((parameter.low, True), (parameter.high, False)):
        if limit is None:
            continue
        edge = convert(limit.value, limit.unit, parameter.unit)
        if (value < edge) if below else (value > edge):
            raise Refused(
                f"{parameter.title} ({parameter.name}) comes out {'below' if below else 'above'} its approved range",
                rule=f"recipe {recipe.identifier} parameter {parameter.name}: "
                f"{'at least' if below else 'at most'} {limit.value:f} {limit.unit} {limit.basis} "
                f"({limit.source.shown})",
                remedy="nothing is clipped into range: check the facts it uses "
                f"({', '.join(parameter.uses) or 'none'}), or order another recipe",
                place=parameter.name,
            )
    return value
