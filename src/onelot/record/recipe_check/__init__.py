"""What a recipe must keep before anybody may approve it; where its numbers come from; what changed between two."""

from __future__ import annotations

from onelot.record.errors import Refused
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_check.change import Change, diff
from onelot.record.recipe_check.editing import editing_findings
from onelot.record.recipe_check.finding import Finding
from onelot.record.recipe_check.formulas import formula_findings
from onelot.record.recipe_check.numbers import number_findings
from onelot.record.recipe_check.origin import Tally, origin_findings, tally
from onelot.record.recipe_check.structure import structure_findings
from onelot.record.recipe_check.translation import translation_findings

__all__ = ["Change", "Finding", "Tally", "check", "diff", "refuse_faulty", "tally"]


def check(recipe: MasterRecipe) -> list[Finding]:
    """Everything that is wrong or worth knowing: errors first, then by path. Pure; a shipped recipe has no errors."""
    found = [
        *structure_findings(recipe),
        *formula_findings(recipe),
        *number_findings(recipe),
        *editing_findings(recipe),
        *origin_findings(recipe),
        *translation_findings(recipe),
    ]
    return sorted(set(found), key=lambda each: (each.level != "error", each.path, each.what))


def refuse_faulty(recipe: MasterRecipe) -> None:
    """The gate before approval.

    Raises:
        Refused: the recipe has errors; the first is named, with how many more.
    """
    errors = [each for each in check(recipe) if each.level == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise Refused(
            f"recipe {recipe.identifier} may not be approved: {errors[0].what}{more}",
            rule="recipe check: no errors before approval",
            remedy=f"{errors[0].remedy}; `onelot recipe check` lists everything",
            place=errors[0].path,
        )
