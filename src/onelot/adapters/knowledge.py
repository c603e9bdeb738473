"""Pharmacogenomic knowledge from files: definitions, phenotypes, guidance, and where two sources disagree.

The files shipped lie in onelot/data/pgx; a user may name another folder with files of the same form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

import onelot
from onelot.profile.pgx import GeneDefinition, PhenotypeTable
from onelot.profile.pgx.sites import ALIGNMENT_WINDOW
from onelot.record.errors import BadInput
from onelot.tailor.guideline import Guideline, Line
from onelot.tailor.pharmacogenomics import Guidance, GuidanceLine

SHIPPED = Path(onelot.__file__).parent / "data" / "pgx"


@dataclass(frozen=True)
class PgxKnowledge:
    """All that calling and guidance rest on.

    Attributes:
        assembly: what the positions refer to.
        definitions, tables: by gene.
        outside_only: genes that enter only as outside calls.
        guidance: CPIC recommendations.
        headers: file name -> source, version, licence and SHA-256 of the file.
    """

    assembly: str
    definitions: Mapping[str, GeneDefinition]
    tables: Mapping[str, PhenotypeTable]
    outside_only: tuple[str, ...]
    guidance: Guidance
    headers: Mapping[str, Mapping[str, str]]

    def regions(self) -> dict[str, list[tuple[int, int]]]:
        """Chromosome -> positions that any definition speaks of, for `read_vcf`; indels with their surroundings."""
        spans: dict[str, list[tuple[int, int]]] = {}
        for gene in self.definitions.values():
            wide = (ALIGNMENT_WINDOW if any(len(alt) != len(x.ref) for alt in x.alts) else 0 for x in gene.loci)
            reach = zip(gene.loci, wide, strict=True)
            spans.setdefault(gene.chromosome, []).extend((x.pos - by, x.end + by) for x, by in reach)
        return spans


def load_pgx_knowledge(folder: Path | None = None) -> PgxKnowledge:
    """Read the knowledge files.

    Args:
        folder: where definitions.json, phenotypes.json and guidance.json lie (and as_usual.json, without which every
            recommendation is taken to ask for something); None for those shipped.

    Raises:
        BadInput: a file is missing or of another form; place names it.
    """
    folder = folder or SHIPPED
    headers: dict[str, Mapping[str, str]] = {}
    definitions = _read(folder / "definitions.json", headers)
    phenotypes = _read(folder / "phenotypes.json", headers)
    guidance = _read(folder / "guidance.json", headers)
    usual = _read(folder / "as_usual.json", headers) if (folder / "as_usual.json").exists() else {"drugs": {}}
    try:
        return PgxKnowledge(
            definitions["assembly"],
            {gene: GeneDefinition.from_plain(gene, plain) for gene, plain in definitions["genes"].items()},
            {gene: PhenotypeTable.from_plain(gene, plain) for gene, plain in phenotypes["genes"].items()},
            tuple(definitions["outside_only"]),
            _guidance(guidance, usual["drugs"]),
            headers,
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _bad(folder, f"a field is missing or of another form: {error}") from error


def load_disagreements(folder: Path | None = None) -> Mapping[str, Any]:
    """Where the second source differs: {"header": …, "genes": {gene: {"diplotypes": …, "activity_values": …}}}.

    Raises:
        BadInput: the file is missing or of another form.
    """
    return _read((folder or SHIPPED) / "disagreements.json", {})


def guideline(drug: str, known: PgxKnowledge) -> Guideline:
    """The guideline of one drug as a document to be registered; without lines it says what to do instead.

    Raises:
        BadInput: no name of a drug.
    """
    name, header = drug.strip().lower(), known.headers["guidance.json"]
    if not name:
        raise BadInput("no drug is named", rule="a guideline is of one drug", remedy="name the drug", place="drug")
    lines, version = known.guidance.drugs.get(name, ()), header["version"]
    none = known.guidance.none.get(
        name, f"the CPIC tables of version {version} hold no line for {name}; go by its label"
    )
    return Guideline(
        schema="onelot-guideline/1",
        drug=name,
        table=lines[0].table if lines else "CPIC recommendations by drug",
        version=version,
        source=header["source"],
        licence=header["licence"],
        lines=tuple(
            Line(each.when, each.population, each.strength, each.text, each.implications, each.as_usual)
            for each in lines
        ),
        none="" if lines else none,
    )


def _as_usual(text: str, usual: list[str]) -> bool:
    """An entry is a whole text, or with `…` at its end how it begins."""
    return any(text.startswith(each[:-1]) if each.endswith("…") else text == each for each in usual)


def _guidance(plain: Mapping[str, Any], usual: Mapping[str, list[str]]) -> Guidance:
    texts = plain["texts"]
    drugs = {
        drug: tuple(
            GuidanceLine(
                drug,
                when,
                population,
                strength,
                texts[text],
                tuple(texts[i] for i in implications),
                entry["table"],
                entry["version"],
                _as_usual(texts[text], usual.get(drug, [])),
            )
            for when, population, strength, text, implications in entry["lines"]
        )
        for drug, entry in plain["drugs"].items()
    }
    return Guidance(drugs, plain["none"])


def _read(path: Path, headers: dict[str, Mapping[str, str]]) -> Mapping[str, Any]:
    try:
        raw = path.read_bytes()
        value = orjson.loads(raw)
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from error
    except orjson.JSONDecodeError as error:
        raise _bad(path, f"no JSON: {error}") from error
    if not isinstance(value, dict) or not isinstance(value.get("header"), dict):
        raise _bad(path, "no header")
    headers[path.name] = {**value["header"], "sha256": hashlib.sha256(raw).hexdigest()}
    return value


def _bad(path: Path, what: str) -> BadInput:
    return BadInput(
        f"Knowledge file refused: {what}.",
        rule="files as scripts/build_pgx_knowledge.py writes them",
        remedy="Build the files again, or compare yours with those shipped.",
        place=str(path),
    )
