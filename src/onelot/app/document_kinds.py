"""What a document of a kind the house acts on must be before it is kept."""

from __future__ import annotations

from typing import Any

from onelot.app.rules import DOSE_RULES, GUIDELINE, guideline_name
from onelot.plan.network import read_signed_network
from onelot.record.errors import BadInput
from onelot.record.recipe import read_recipe
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
        read_recipe(value, place=name)
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
