"""What a document of a kind the house acts on must be before it is kept."""

from __future__ import annotations

from typing import Any

from onelot.app.authority import table
from onelot.app.rules import DOSE_RULES, GUIDELINE, guideline_name
from onelot.plan.network import read_signed_network
from onelot.record.errors import BadInput
from onelot.record.recipe import MasterRecipe, read_recipe
from onelot.tailor.dose_rules import document_name, read_dose_rules
from onelot.tailor.guideline import read_guideline

RECIPE, NETWORK = "recipe", "network"


def check_kind(kind: str, name: str, value: Any) -> None:
    """A document of a kind the house acts on is read before it is kept, and bears the name it will be found by.

    Raises:
        BadInput: it cannot be read (`place` says where), or is named otherwise. Other kinds pass.
    """
    wanted = name
    if kind == RECIPE:
        check_roles(read_recipe(value, place=name))
    elif kind == NETWORK:
        read_signed_network(value)
    elif kind == GUIDELINE:
        wanted = guideline_name(read_guideline(value, place=name).drug)
    elif kind == DOSE_RULES:
        wanted = document_name(read_dose_rules(value, place=name).product)
    if name != wanted:
        raise BadInput(
            f"a {kind} of this content is named {wanted}",
            rule="a rule is found by its name: one drug or product, one name",
            remedy=f"register it as {wanted}",
            place="RegisterDocument.name",
        )


def check_roles(recipe: MasterRecipe) -> None:
    """Refuse a recipe that names a role nobody can have: it would be found out in the middle of a batch.

    Raises:
        BadInput: with its place in the recipe.
    """
    known = table()["roles"]
    named = {f"procedure/{phase.name}/role": phase.role for phase in recipe.phases}
    named |= {f"parameters/{rule.name}/changed_by": rule.changed_by for rule in recipe.parameters}
    for place, role in named.items():
        if role and role not in known:
            raise BadInput(
                f"{role!r} is no role",
                rule="a recipe names roles of the role table (data/roles.json)",
                remedy=f"one of: {', '.join(sorted(known))}",
                place=place,
            )
