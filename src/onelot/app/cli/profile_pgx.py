"""`onelot profile pgx`: star alleles, phenotypes and what stays possible, from a variant file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onelot.adapters.knowledge import load_pgx_knowledge
from onelot.app.cli.output import print_json
from onelot.app.genome import origin_of
from onelot.app.pharmacogenes import call_file, open_sample, outside_calls, source
from onelot.profile.pgx import GeneCall
from onelot.profile.samples import require_germline
from onelot.record.errors import Held


def register(app: typer.Typer) -> None:
    """Add the verb to the room's application."""
    app.command("pgx")(pgx)


def pgx(
    vcf: Annotated[Path, typer.Argument(help="VCF 4.x file, plain, gzip or bgzip, on GRCh38.")],
    sample: Annotated[str | None, typer.Option(help="Name of the sample; needed where the file holds several.")] = None,
    outside: Annotated[Path | None, typer.Option(help="Outside calls: gene, diplotype, phenotype, score.")] = None,
    knowledge: Annotated[Path | None, typer.Option(help="Folder with your own knowledge files.")] = None,
    origin: Annotated[str, typer.Option(help="Of the sample: germline-blood, germline-buccal, tumour-biopsy, …")] = "",
    transplant: Annotated[str, typer.Option("--transplant-before", help="An allogeneic one: yes or no.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Call star alleles and phenotypes; a position missing from the file is missing, never reference."""
    known = load_pgx_knowledge(knowledge)
    file = open_sample(vcf, sample, known)
    calls = call_file(file, known)
    told = outside_calls(outside, known, calls) if outside is not None else {}
    held = _why_held(origin, transplant, str(vcf))
    genes = dict(sorted((calls | told).items()))
    if as_json:
        print_json(
            {
                "genes": {gene: call.as_plain() for gene, call in genes.items()},
                "source": {**source(file, known, outside), "origin": origin or None, "acts": not held, "held": held},
            }
        )
        return
    for gene, call in genes.items():
        typer.echo(f"{gene:9}{_line(call)}")
    if held:
        typer.echo(f"These calls do not act: {held}")


def _why_held(origin: str, transplant: str, place: str) -> str:
    """Why the calls of this sample would not act, or "": origin and transplants are stated, or they stay unknown."""
    before = {"yes": True, "no": False}.get(transplant)
    try:
        require_germline(origin_of(origin, before) if origin else None, place)
    except Held as refusal:
        return refusal.what
    return ""


def _line(call: GeneCall) -> str:
    if not call.called:
        return f"not called: {call.reason}"
    told = call.phenotype or "no phenotype"
    possible = "" if len(call.possible_phenotypes) < 2 else f"; possible: {', '.join(call.possible_phenotypes)}"
    return f"{' or '.join(call.diplotypes[:4])}  {told}{possible}"
