"""`onelot profile identity`: are two variant files of one person, and of the recorded sex?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onelot.app.cli.output import print_json
from onelot.app.sample_identity import check_sex, compare_files


def register(app: typer.Typer) -> None:
    """Add the verb to the room's application."""
    app.command("identity")(identity)


def identity(
    vcf: Annotated[Path, typer.Argument(help="VCF 4.x file with one sample, on GRCh38.")],
    sex: Annotated[str, typer.Option(help="As recorded: female or male.")] = "",
    repeated: Annotated[Path | None, typer.Option(help="Another file, told to be of the same person.")] = None,
    panel: Annotated[Path | None, typer.Option(help="SNPs to compare over: chrom, pos, ref, alt, frequency.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Ask a sample whose it is before it is used. Exit 1 unless every answer that was asked for is yes."""
    if (repeated is None) != (panel is None):
        raise typer.BadParameter("--repeated and --panel go together")
    found = check_sex(vcf, sex)
    told = compare_files(vcf, repeated, panel) if repeated is not None and panel is not None else None
    sure = (not sex or found.sex == sex) and (told is None or told.answer == "same")
    if as_json:
        shared = None if told is None else {
            "compared": told.compared, "equal": told.equal, "opposite": told.opposite, "lod": told.lod,
            "answer": told.answer,
        }  # fmt: skip
        sites = {"x": found.x_called, "x_heterozygous": found.x_heterozygous, "y": found.y_called}
        print_json({"sex": {"stated": sex or None, "told": found.sex, "sites": sites}, "repeated": shared})
    else:
        typer.echo(
            f"sex: {found.sex} ({found.x_heterozygous} of {found.x_called} X sites heterozygous, {found.y_called} on Y)"
        )
        if told is not None:
            typer.echo(f"same person: {told.answer} ({told.equal} of {told.compared} SNPs equal, LOD {told.lod:.1f})")
    if not sure:
        raise typer.Exit(1)
