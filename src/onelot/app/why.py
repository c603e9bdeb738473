"""Why a parameter is what it is: down to the source's digest and place, the rule and its version, and who signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from onelot.app.commands.profile import GENOMIC
from onelot.app.context import Actor, Context, unknown
from onelot.app.going_by import constants, goes_by, own_numbers, shown, tailored_by
from onelot.app.house import House
from onelot.profile.genotype import for_people
from onelot.record.errors import BadInput
from onelot.record.events.editing import GuideChosen, GuidesDesigned
from onelot.record.journal import Entry
from onelot.record.recipe_editing import CHOSEN_GUIDE
from onelot.record.subjects import Batch, Therapy
from onelot.record.terms.opened import OpenParameter
from onelot.record.terms.values import Input, Sealed


def why(house: House, batch: str, name: str, actor: Actor) -> dict[str, Any]:
    """The derivation of one parameter of a batch.

    `value` is as it was set; `changed` what it was changed to within its range (value, unit, by, at, reason, recorded),
    None where nobody did. `tailored` is None for stock, which goes by the recipe's own numbers.
    Values answer "erased" when the patient's health key is gone, and "not for your role" where the actor may not see.

    Raises:
        BadInput: the control recipe has no such parameter.
    """
    reader = house.loop.reader
    context = Context(reader, house.vault, actor, house.clock(), house.loop.entropy)
    found = context.batch(batch)
    if found.tailoring is None or not found.therapies:
        return _of_stock(house, context, found, name)
    therapy = reader.therapy(found.therapies[0])
    entry, event = tailored_by(context, found.tailoring)
    parameters = {each.name: each for each in event.parameters}
    if name not in parameters:
        raise _no_parameter(name, f"control recipe {found.tailoring.stream}#{found.tailoring.seq}", parameters)
    parameter = parameters[name]
    return {
        "batch": batch,
        "mode": house.mode,
        "parameter": name,
        "value": own_numbers(context, event).get(name) or shown(context, parameter.value),
        "unit": parameter.unit,
        "basis": parameter.basis,
        "rule": {
            "name": parameter.rule,
            "formula": parameter.formula,
            "source": parameter.rule_source,
            "recipe": event.recipe.stream.removeprefix("document/"),
            "cite": asdict(event.recipe),
        },
        "inputs": [_input(house, context, therapy, given) for given in parameter.inputs],
        "changed": _change(context, found, name),
        "tailored": {"at": entry.envelope["at"], "by": entry.by, "cite": f"{entry.stream}#{entry.seq}"},
        "signed": _approvals(house, therapy, found.tailoring.seq),
        "stale": name in therapy.stale,
        "genome": genome_of(context, therapy),
    }


def _no_parameter(name: str, rule: str, known: Iterable[str]) -> BadInput:
    return BadInput(f"{name} is not a parameter of this batch", rule=rule, remedy=f"one of: {', '.join(sorted(known))}")


def _of_stock(house: House, context: Context, batch: Batch, name: str) -> dict[str, Any]:
    """The derivation of a parameter of a batch that is made for nobody: the recipe's own numbers."""
    recipe = context.reader.recipe(batch.recipe) if batch.recipe else None
    parameters: dict[str, OpenParameter] = {}
    if recipe is not None:
        parameters = {each.name: each for each in constants(context, batch, recipe)}
    if recipe is None or batch.recipe is None or not parameters:
        raise unknown("tailored parameter of", batch.batch)
    if name not in parameters:
        raise _no_parameter(name, f"recipe {recipe.identifier}", parameters)
    parameter = parameters[name]
    return {
        "batch": batch.batch,
        "mode": house.mode,
        "parameter": name,
        "value": parameter.shown,
        "unit": parameter.unit,
        "basis": parameter.basis,
        "rule": {
            "name": parameter.rule,
            "formula": parameter.formula,
            "source": parameter.rule_source,
            "recipe": recipe.identifier,
            "cite": asdict(batch.recipe),
        },
        "inputs": [],
        "changed": _change(context, batch, name),
        "tailored": None,
        "signed": [],
        "stale": False,
        "genome": [],
    }


def _change(context: Context, batch: Batch, name: str) -> dict[str, Any] | None:
    known = goes_by(context, batch) if batch.adjusted else ()
    found = next((each for each in known if each.name == name and each.change), None)
    if found is None or found.change is None:
        return None
    cite = found.change.cite
    return {
        "value": found.value,
        "unit": found.unit,
        "by": found.by,
        "at": found.change.at.isoformat(),
        "reason": found.change.change.reason,
        "recorded": f"{cite.stream}#{cite.seq}",
    }


def genome_of(context: Context, therapy: Therapy) -> list[dict[str, Any]]:
    """Every genome fact of a therapy with source and place; `acts_on`: the parameters whose rule uses it, mostly none.

    Values answer "erased" and "not for your role" as they do in `why`.
    """
    used = therapy.tailoring.parameters if therapy.tailoring else {}
    return [
        {
            "fact": name,
            "value": for_people(shown(context, known.fact.value)),
            "observed_at": known.fact.observed_at.isoformat() if known.fact.observed_at else None,
            "source_sha256": known.fact.source,
            "place": known.fact.place,
            "synthetic": known.fact.synthetic,
            "recorded": f"{known.cite.stream}#{known.cite.seq}",
            "acts_on": sorted(each.name for each in used.values() if name in {given.name for given in each.inputs}),
        }
        for name, known in sorted(therapy.facts.items())
        if name.startswith(GENOMIC)
    ]


def _input(house: House, context: Context, therapy: Therapy, given: Input) -> dict[str, Any]:
    event = house.journal.read(given.cite.stream, given.cite.seq - 1)[0]
    if isinstance(event.event, GuideChosen):
        return chosen_guide(house, context, therapy, event)
    data = event.envelope["data"]
    facts = data["facts"] if "facts" in data else [data["fact"]]
    fact = next(each for each in facts if each["value"]["commitment"] == given.commitment)
    now = therapy.facts.get(given.name)
    return {
        "fact": given.name,
        "value": shown(context, Sealed(**fact["value"])),
        "unit": fact["unit"],
        "observed_at": fact["observed_at"],
        "valid_until": fact["valid_until"],
        "source_sha256": fact["source"],
        "place": fact["place"],
        "synthetic": fact["synthetic"],
        "recorded": f"{event.stream}#{event.seq}",
        "superseded": bool(now and now.fact.value.commitment != given.commitment),
    }


def chosen_guide(house: House, context: Context, therapy: Therapy, entry: Entry) -> dict[str, Any]:
    """The choice behind a guide: its design's sources, who chose it and why, and who confirmed it.

    What is sealed answers "erased" and "not for your role" as it does in `why`.
    """
    choice = entry.event
    if not isinstance(choice, GuideChosen):
        raise unknown("choice of a guide in", entry.stream)
    made = house.journal.read(choice.design.stream, choice.design.seq - 1)[0]
    design = made.event
    if not isinstance(design, GuidesDesigned):
        raise unknown("design of a guide in", made.stream)
    now = therapy.guide is not None and therapy.guide.cite == entry.cite
    confirmed = therapy.guide.confirmed if now and therapy.guide is not None else None
    return {
        "fact": CHOSEN_GUIDE,
        "value": shown(context, choice.guide),
        "unit": "",
        "observed_at": entry.envelope["at"],
        "valid_until": None,
        "source_sha256": design.variants or design.reference,
        "place": f"{made.stream}#{made.seq}",
        "synthetic": therapy.synthetic,
        "recorded": f"{entry.stream}#{entry.seq}",
        "superseded": not now,
        "chosen_by": entry.by,
        "reason": shown(context, choice.reason),
        "confirmed_by": therapy.guide.confirmed_by if now and therapy.guide is not None else "",
        "confirmed": f"{confirmed.stream}#{confirmed.seq}" if confirmed else "",
        "derivation": {
            "designed_by": made.by,
            "at": made.envelope["at"],
            "reference_sha256": design.reference,
            "variants_sha256": design.variants,
            "genes_sha256": design.genes,
            "editors_sha256": design.editors,
            "tool": design.tool,
            "mismatches": design.mismatches,
            "dna_bulges": design.dna_bulges,
            "rna_bulges": design.rna_bulges,
        },
    }


def _approvals(house: House, therapy: Therapy, tailoring: int) -> list[dict[str, str]]:
    return [
        {"name": entry.signed.printed_name, "at": entry.envelope["at"], "meaning": entry.signed.meaning}
        for entry in house.journal.read(f"therapy/{therapy.coi}")
        if entry.signed
        and entry.envelope["type"] == "TailoringApproved"
        and entry.envelope["data"]["tailoring"]["seq"] == tailoring
    ]
