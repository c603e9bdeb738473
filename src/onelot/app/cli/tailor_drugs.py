"""`onelot tailor pharmacogenomics | guideline`: which guidance stands for the drugs around a product."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from onelot.adapters.knowledge import guideline as guideline_of
from onelot.adapters.knowledge import load_pgx_knowledge
from onelot.adapters.recipes import load
from onelot.app import advice
from onelot.app.authority import sees_personal_data
from onelot.app.cli.give import PasswordFile, proven
from onelot.app.cli.house import Home, open_for_reading
from onelot.app.cli.output import print_json
from onelot.app.context import Context
from onelot.app.genome import origin_of
from onelot.app.pharmacogenes import call_file, open_sample, outside_calls, possibilities, source
from onelot.profile.samples import require_germline
from onelot.record.errors import BadInput, NotAllowed
from onelot.tailor.guideline import write_guideline
from onelot.tailor.pharmacogenomics import weigh_all

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the room's application."""
    app.command("pharmacogenomics")(pharmacogenomics)
    app.command("guideline")(guideline)


def pharmacogenomics(
    vcf: Annotated[
        Path | None, typer.Argument(help="VCF 4.x, plain, gzip or bgzip. A dry run: nothing is recorded.")
    ] = None,
    sample: Annotated[str | None, typer.Option(help="Name of the sample; needed where the file holds several.")] = None,
    outside: Annotated[Path | None, typer.Option(help="Outside calls: gene, diplotype, phenotype, score.")] = None,
    origin: Annotated[str, typer.Option(help="Of the sample: germline-blood, germline-buccal, tumour-biopsy, …")] = "",
    transplant: Annotated[str, typer.Option("--transplant-before", help="An allogeneic one: yes or no.")] = "",
    recipe: Annotated[str, typer.Option(help="Weigh the drugs of this recipe.")] = "",
    drug: Annotated[list[str] | None, typer.Option(help="Weigh this drug; may be given several times.")] = None,
    knowledge: Annotated[Path | None, typer.Option(help="Folder with your own knowledge files.")] = None,
    therapy: Annotated[str, typer.Option(help="Show what is on the record of this therapy instead.")] = "",
    as_: Annotated[str, typer.Option("--as", help="Your sign-in name, with --therapy.")] = "",
    password_file: PasswordFile = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Weigh drugs against the genes of a file, or show the advice on a therapy's record; what holds comes first."""
    if therapy:
        _show(_of_therapy(therapy, as_, password_file, home), as_json)
        return
    if vcf is None:
        raise BadInput("there is no file", rule="a file, or --therapy", remedy="name the variant file", place="VCF")
    drugs = [*(load(recipe).drugs if recipe else ()), *(drug or [])]
    if not drugs:
        raise BadInput(
            "no drug is named", rule="drugs are a regimen's", remedy="give --recipe or --drug", place="--drug"
        )
    if not origin or transplant not in ("yes", "no"):
        raise BadInput(
            "the origin of the sample is not stated",
            rule="germline calls rest on the patient's own germline DNA",
            remedy="give --origin (germline-blood, germline-buccal, …) and --transplant-before yes or no",
            place="--origin",
        )
    known = load_pgx_knowledge(knowledge)
    require_germline(origin_of(origin, transplant == "yes"), str(vcf))
    file = open_sample(vcf, sample, known)
    calls = call_file(file, known)
    told = outside_calls(outside, known, calls) if outside is not None else {}
    found = [
        {
            "drug": each.drug,
            "state": each.state,
            "actionable": each.actionable,
            "holds": each.holds,
            "told": each.reason,
            "weighed": {gene: list(keys) for gene, keys in each.weighed},
            "lines": [asdict(line) for line in each.lines],
        }
        for each in weigh_all(dict.fromkeys(drugs), possibilities(calls | told), known.guidance)
    ]
    _show({"drugs": found, "source": source(file, known, outside), "origin": origin}, as_json)


def _of_therapy(coi: str, login: str, password_file: Path | None, home: Path | None) -> dict[str, Any]:
    house = open_for_reading(home)
    try:
        actor, _ = proven(house, login, password_file)
        if not sees_personal_data(actor):
            raise NotAllowed(
                f"{actor.printed_name} may not see health values",
                rule="role table: personal data",
                remedy="ask somebody with a clinical role",
            )
        context = Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)
        found = context.therapy(coi)
        house.log_look(actor.id, f"therapy/{coi}", "pharmacogenomics")
        shown = [
            {
                "drug": each.drug,
                "state": each.state,
                "actionable": each.actionable,
                "holds": each.holds,
                "told": each.told,
                "weighed": {gene: list(keys) for gene, keys in each.weighed},
                "lines": list(each.lines),
                "stale": each.stale,
                "decision": {"choice": each.choice, "reason": each.reason, "by": each.by} if each.choice else None,
                "guideline": each.guideline.stream.removeprefix("document/") if each.guideline else None,
            }
            for each in advice.standing(context, found)
        ]
        return {"therapy": coi, "mode": house.mode, "drugs": shown}
    finally:
        house.close()


def guideline(
    drug: Annotated[str, typer.Argument(help="Generic name of the drug.")],
    knowledge: Annotated[Path | None, typer.Option(help="Folder with your own knowledge files.")] = None,
) -> None:
    """Write the guideline of a drug as a document to be registered (kind `guideline`) and approved by the site."""
    print_json(write_guideline(guideline_of(drug, load_pgx_knowledge(knowledge))))


def _show(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    for each in answer["drugs"]:
        mark = "HELD" if each["holds"] else "decided" if each.get("decision") else "ok"
        typer.echo(f"{each['drug']:18}{mark:9}{each['told']}")
        for line in each["lines"] if each["holds"] or each["actionable"] else ():
            when = ", ".join(f"{gene} {key}" for gene, key in line["when"].items())
            typer.echo(
                f"    {when} ({line['population'] or 'all'}, {line['strength'] or 'no strength'}): {line['text']}"
            )
        if each.get("decision"):
            typer.echo(f"    {each['decision']['choice']}: {each['decision']['reason']} ({each['decision']['by']})")
