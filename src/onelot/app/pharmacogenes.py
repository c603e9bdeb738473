"""Star alleles of one sample of a variant file: opening it, calling every gene, and where the answer comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onelot.adapters.knowledge import PgxKnowledge
from onelot.adapters.vcf import VcfFile, read_vcf
from onelot.adapters.vcf.header import plain_chromosome
from onelot.profile.pgx import GeneCall, call_sample, observe, read_outside_calls
from onelot.profile.pgx.sites import WRONG_REFERENCE
from onelot.profile.variants import CalledGenotype
from onelot.record.errors import BadInput, Mismatch
from onelot.tailor.pharmacogenomics import GenePossibility

OUTSIDE_LIMIT = 1_000_000


def open_sample(path: Path, sample: str | None, known: PgxKnowledge) -> VcfFile:
    """Open the file for one sample, on the assembly of the tables.

    Raises:
        BadInput: several samples and none named, or none at all. Mismatch: another assembly.
    """
    file = read_vcf(path, sample, regions=known.regions())
    if len(file.samples) != 1:
        raise BadInput(
            f"The file holds {len(file.samples)} samples.",
            rule="facts of two people never meet in one profile",
            remedy=f"Name one with --sample: {', '.join(file.samples[:10])}." if file.samples else "Give genotypes.",
            place=f"{path}:{file.header.lines}",
        )
    file.header.require_assembly(known.assembly)
    return file


def call_file(file: VcfFile, known: PgxKnowledge) -> dict[str, GeneCall]:
    """Call every gene of the tables for the one sample of an open file.

    Raises:
        Mismatch: the header is silent on the assembly and a REF does not fit it.
    """
    lines: dict[str, list[CalledGenotype]] = {}
    for record in file:
        lines.setdefault(plain_chromosome(record.chrom), []).append(record.called(file.samples[0]))
    calls = {}
    for gene, definition in known.definitions.items():
        seen = observe(definition, lines.get(plain_chromosome(definition.chromosome), []))
        wrong = next((why for why in seen.missing.values() if why.startswith(WRONG_REFERENCE)), None)
        if wrong is not None and file.header.assembly is None:
            raise Mismatch(
                f"The header names no assembly, and at {gene} {wrong}.",
                rule=f"the tables in use give positions on {known.assembly}",
                remedy=f"State the assembly in the header (##reference=…) if it is {known.assembly}; else call again.",
                place=f"{file.path}",
            )
        calls[gene] = call_sample(definition, known.tables.get(gene), seen)
    return calls


def outside_calls(path: Path, known: PgxKnowledge, calls: dict[str, GeneCall]) -> dict[str, GeneCall]:
    """Read outside calls: for genes the caller never calls, and for genes the file says nothing of.

    Raises:
        BadInput: the file cannot be read, or names a gene the variant file already speaks of.
    """
    try:
        if path.stat().st_size > OUTSIDE_LIMIT:
            raise OSError(0, f"more than {OUTSIDE_LIMIT:,} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"The outside calls cannot be read: {error}.",
            rule="a text file of tab-separated lines",
            remedy="Check the path and the file.",
            place=str(path),
        ) from error
    silent = {gene for gene, call in calls.items() if not call.places}
    return read_outside_calls(text.splitlines(), known.tables, {*known.outside_only, *silent}, str(path))


def possibilities(calls: Mapping[str, GeneCall]) -> dict[str, GenePossibility]:
    """What the gate (`onelot.tailor.pharmacogenomics`) weighs: all that is possible for each gene, with places."""
    return {
        gene: GenePossibility(
            gene, call.keys, call.possible_phenotypes, tuple(place for _, place in call.places), call.outside
        )
        for gene, call in calls.items()
    }


def source(file: VcfFile, known: PgxKnowledge, outside: Path | None) -> dict[str, Any]:
    """Where the answer comes from: file, digest, sample, assembly, tables."""
    return {
        "vcf": str(file.path),
        "sha256": file.digest,
        "sample": file.samples[0],
        "assembly": file.header.assembly,
        "outside": None if outside is None else str(outside),
        "knowledge": {
            name: {k: h[k] for k in ("source", "version", "licence", "sha256")} for name, h in known.headers.items()
        },
    }
