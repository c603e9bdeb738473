"""`onelot profile read`: every fact of a patient, with value, unit, time, validity, source digest and place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from onelot.adapters.phenopackets import CausalVariant, causal_variants
from onelot.adapters.recipes import load, shipped
from onelot.app.cli.output import print_json
from onelot.app.cohort import PatientFiles, patients_in, read_patient
from onelot.profile.document import Document
from onelot.profile.facts import Gathered, gather
from onelot.profile.infection import infection_label
from onelot.profile.statement import instant
from onelot.record.durations import span
from onelot.record.errors import BadInput
from onelot.record.recipe import FactNeed, MasterRecipe
from onelot.record.terms.opened import OpenFact
from onelot.record.units import convert


def register(app: typer.Typer) -> None:
    """Add the verb to the room's application."""
    app.command("read")(read)


def read(
    folder: Annotated[Path, typer.Argument(help="Folder of patients, or one of its FHIR R4 bundles.")],
    recipe: Annotated[str | None, typer.Option(help="What this recipe needs; else what any shipped one reads.")] = None,
    at: Annotated[str | None, typer.Option(help="The time to judge validity at, ISO 8601; now if not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read every fact, newest first by the written rule (docs/facts.md); what is missing or outdated is a finding."""
    now = _clock(at)
    asked = load(recipe) if recipe is not None else None
    needs, markers = (asked.facts, asked.markers) if asked else needs_of(shipped().values())
    answers = []
    for found in _files(folder):
        documents = read_patient(found, with_later=True)
        gathered = gather(documents, (*needs, *markers), now, convert=convert)
        # Which label the cells need is a question of a product that takes cells.
        answers.append(describe(found.name, documents, gathered, markers if asked else (), now))
    if as_json:
        print_json({"at": now.isoformat(), "patients": answers})
        return
    for answer in answers:
        _show(answer)


def needs_of(recipes: Iterable[MasterRecipe]) -> tuple[tuple[FactNeed, ...], tuple[FactNeed, ...]]:
    """Facts and markers asked for by any of these recipes: codes of all, the shortest validity of any, none required:
    what one product needs is not missing from another's patient.
    """
    asked = list(recipes)
    return _merged([n for one in asked for n in one.facts]), _merged([n for one in asked for n in one.markers])


def describe(
    name: str, documents: Sequence[Document], gathered: Gathered, markers: Sequence[FactNeed], now: datetime
) -> dict[str, Any]:
    """One patient's facts as plain values for JSON."""
    label = infection_label(gathered.facts, markers, now) if markers else None
    return {
        "patient": name,
        "sources": [{"sha256": each.sha256, "form": each.form} for each in documents],
        "facts": [_plain(fact) for fact in gathered.facts.values()],
        "superseded": [_plain(fact) for fact in gathered.superseded],
        "variants": [_variant(each) for document in documents for each in causal_variants(document)],
        "label": {"statement": label[0], "rule": label[1]} if label else None,
        "findings": [
            {"fact": one.fact, "what": one.what, "rule": one.rule, "place": one.place, "remedy": one.remedy}
            for one in gathered.findings
        ],
    }


def _merged(needs: Iterable[FactNeed]) -> tuple[FactNeed, ...]:
    found: dict[str, FactNeed] = {}
    for need in needs:
        known = found.get(need.name, need)
        spans = [one.valid for one in (known, need) if one.valid is not None]
        codes = tuple(dict.fromkeys((*known.codes, *need.codes)))
        shortest = min(spans, key=span) if spans else None
        found[need.name] = replace(known, codes=codes, valid=shortest, required=False)
    return tuple(found.values())


def _files(folder: Path) -> Iterable[PatientFiles]:
    if folder.is_file():
        return [each for each in patients_in(folder.parent) if each.bundle.name == folder.name]
    return patients_in(folder)


def _clock(at: str | None) -> datetime:
    if at is None:
        return datetime.now(UTC)
    moment = instant(at)
    if moment is None:
        raise BadInput(f"{at!r} is no time", rule="ISO 8601", remedy="write 2026-09-07T08:00:00Z", place="--at")
    return moment


def _plain(fact: OpenFact) -> dict[str, Any]:
    value = fact.value
    return {
        "name": fact.name,
        "value": value if isinstance(value, str | bool) else str(value),
        "unit": fact.unit,
        "original": fact.original,
        "observed_at": fact.observed_at.isoformat() if fact.observed_at else None,
        "valid_until": fact.valid_until.isoformat() if fact.valid_until else None,
        "source": fact.source,
        "place": fact.place,
        "synthetic": fact.synthetic,
    }


def _variant(found: CausalVariant) -> dict[str, Any]:
    return {
        "gene": found.gene,
        "hgvs": list(found.hgvs),
        "vcf": list(found.vcf) if found.vcf else None,
        "zygosity": found.zygosity,
        "status": found.status,
        "disease": found.disease,
        "source": found.source,
        "place": found.place,
    }


def _show(answer: dict[str, Any]) -> None:
    typer.echo(f"{answer['patient']}")
    for fact in answer["facts"]:
        value = f"{fact['value']} {fact['unit']}".strip()
        seen, until = (fact["observed_at"] or "undated")[:10], (fact["valid_until"] or "")[:10]
        typer.echo(f"  {fact['name']:20} {value:26} {seen}  {until:10}  {fact['place']}")
    for variant in answer["variants"]:
        typer.echo(f"  {variant['gene']:20} {' '.join(variant['hgvs']):26} {variant['zygosity']}  {variant['place']}")
    for finding in answer["findings"]:
        typer.echo(f"  ! {finding['what']}: {finding['remedy']}  [{finding['place']}]")
