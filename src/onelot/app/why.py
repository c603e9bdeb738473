"""Why a parameter is what it is: down to the source's digest and place, the rule and its version, and who signed."""

from __future__ import annotations

from typing import Any

from onelot.app.authority import sees_personal_data
from onelot.app.commands.profile import GENOMIC
from onelot.app.context import Actor, Context, unknown
from onelot.app.house import House
from onelot.profile.genotype import for_people
from onelot.record.errors import BadInput, Erased
from onelot.record.events.editing import GuideChosen, GuidesDesigned
from onelot.record.journal import Entry
from onelot.record.recipe_editing import CHOSEN_GUIDE
from onelot.record.subjects import Therapy
from onelot.record.terms.values import Sealed


def why(house: House, batch: str, name: str, actor: Actor) -> dict[str, Any]:
    """The derivation of one parameter of a batch.

    Values answer "erased" when the patient's health key is gone, and "not for your role" where the actor may not see.

    Raises:
        BadInput: the control recipe has no such parameter.
    """
    reader = house.loop.reader
    context = Context(reader, house.vault, actor, house.clock(), house.loop.entropy)
    found = context.batch(batch)
    if not found.therapies or found.tailoring is None:
        raise unknown("tailored parameter of", batch)
    therapy = reader.therapy(found.therapies[0])
    event = house.journal.read(found.tailoring.stream, found.tailoring.seq - 1)[0]
    parameters = {each["name"]: each for each in event.envelope["data"]["parameters"]}
    if name not in parameters:
        raise BadInput(
            f"{name} is not a parameter of this batch",
            rule=f"control recipe {found.tailoring.stream}#{found.tailoring.seq}",
            remedy=f"one of: {', '.join(sorted(parameters))}",
        )
    parameter = parameters[name]
    recipe = event.envelope["data"]["recipe"]
    return {
        "batch": batch,
        "mode": house.mode,
        "parameter": name,
        "value": _shown(context, Sealed(**parameter["value"])),
        "unit": parameter["unit"],
        "basis": parameter["basis"],
        "rule": {
            "name": parameter["rule"],
            "formula": parameter["formula"],
            "source": parameter["rule_source"],
            "recipe": recipe["stream"].removeprefix("document/"),
            "cite": recipe,
        },
        "inputs": [_input(house, context, therapy, given) for given in parameter["inputs"]],
        "tailored": {"at": event.envelope["at"], "by": event.by, "cite": f"{event.stream}#{event.seq}"},
        "signed": _approvals(house, therapy, found.tailoring.seq),
        "stale": name in therapy.stale,
        "genome": genome_of(context, therapy),
    }


def genome_of(context: Context, therapy: Therapy) -> list[dict[str, Any]]:
    """Every genome fact of a therapy with source and place; `acts_on`: the parameters whose rule uses it, mostly none.

    Values answer "erased" and "not for your role" as they do in `why`.
    """
    used = therapy.tailoring.parameters if therapy.tailoring else {}
    return [
        {
            "fact": name,
            "value": for_people(_shown(context, known.fact.value)),
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


def _shown(context: Context, sealed: Sealed) -> str:
    if not sees_personal_data(context.actor) and context.actor.id != "system":
        return "not for your role"
    try:
        return str(context.open(sealed))
    except Erased:
        return "erased"


def _input(house: House, context: Context, therapy: Therapy, given: dict[str, Any]) -> dict[str, Any]:
    event = house.journal.read(given["cite"]["stream"], given["cite"]["seq"] - 1)[0]
    if isinstance(event.event, GuideChosen):
        return chosen_guide(house, context, therapy, event)
    data = event.envelope["data"]
    facts = data["facts"] if "facts" in data else [data["fact"]]
    fact = next(each for each in facts if each["value"]["commitment"] == given["commitment"])
    now = therapy.facts.get(given["name"])
    return {
        "fact": given["name"],
        "value": _shown(context, Sealed(**fact["value"])),
        "unit": fact["unit"],
        "observed_at": fact["observed_at"],
        "valid_until": fact["valid_until"],
        "source_sha256": fact["source"],
        "place": fact["place"],
        "synthetic": fact["synthetic"],
        "recorded": f"{event.stream}#{event.seq}",
        "superseded": bool(now and now.fact.value.commitment != given["commitment"]),
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
        "value": _shown(context, choice.guide),
        "unit": "",
        "observed_at": entry.envelope["at"],
        "valid_until": None,
        "source_sha256": design.variants or design.reference,
        "place": f"{made.stream}#{made.seq}",
        "synthetic": therapy.synthetic,
        "recorded": f"{entry.stream}#{entry.seq}",
        "superseded": not now,
        "chosen_by": entry.by,
        "reason": _shown(context, choice.reason),
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
