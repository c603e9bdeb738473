"""Where the numbers of a recipe come from: cited, unverified, or our assumption. Nothing is without one of these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from onelot.record.recipe import MasterRecipe, quantities, sources
from onelot.record.recipe_check.finding import Finding, error, notice


@dataclass(frozen=True)
class Tally:
    """How many numbers a recipe has (quantities and cells of its dose bands), by where they come from."""

    numbers: int
    cited: int
    unverified: int
    assumptions: int


def tally(recipe: MasterRecipe) -> Tally:
    """Count the numbers of a recipe. The literals 0, 1, 10 and 100 in formulas are arithmetic, not numbers."""
    kinds = Counter(quantity.source.kind for _, quantity in quantities(recipe))
    if recipe.bands:
        for row in recipe.bands.rows:
            for column in row.gives:
                unverified = recipe.bands.is_unverified(row, column)
                kinds["unverified" if unverified else recipe.bands.source.kind] += 1
    return Tally(kinds.total(), kinds["cited"], kinds["unverified"], kinds["assumption"])


def origin_findings(recipe: MasterRecipe) -> Iterator[Finding]:
    """Sources without text are errors; how many numbers rest on assumptions and unverified sources is a notice."""
    for path, source in sources(recipe):
        if not source.text.strip():
            yield error(path, "a source without text", "name the reference, or why it is assumed")
    counted = tally(recipe)
    if counted.assumptions or counted.unverified:
        yield notice(
            "/",
            f"of {counted.numbers} numbers {counted.assumptions} are our assumptions and {counted.unverified} are "
            "unverified",
            "find their sources before clinical use",
        )
