"""What the intake's forms make of what was typed and supplied: facts with unit, time, validity, source and place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from onelot.adapters.fhir import ConsentFound, consent_of
from onelot.app import genome
from onelot.app.context import Context
from onelot.app.web import typed
from onelot.app.web.supplied import Supplied
from onelot.profile.facts import gather, missing
from onelot.profile.read_history import NEVER
from onelot.record.durations import span
from onelot.record.errors import BadInput, OnelotError
from onelot.record.recipe import FactNeed, MasterRecipe
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import OpenFact, Value
from onelot.record.terms.values import Finding
from onelot.record.units import convert

ORIGINS = ("", "germline-blood", "germline-buccal", "germline-fibroblast", "tumour-tissue")
MARKER_WORDS = ("negative", "reactive")


@dataclass
class Read:
    """What was read from the files. refusals: what of them was refused, by name of the part."""

    facts: tuple[OpenFact, ...] = ()
    markers: tuple[OpenFact, ...] = ()
    consent: ConsentFound | None = None
    findings: tuple[Finding, ...] = ()
    refusals: list[OnelotError] = field(default_factory=list)
    unread: tuple[str, ...] = ()


def consent_in(found: Supplied, now: datetime) -> ConsentFound | None:
    """The newest consent that stands in the bundles."""
    told = [consent_of(each, now) for each in found.bundles]
    return next((each for each in reversed(told) if isinstance(each, ConsentFound) and each.scopes), None)


def read_files(context: Context, therapy: Therapy, recipe: MasterRecipe, found: Supplied, origin: str) -> Read:
    """Every fact and marker the recipe asks for, and the genome where the patient agreed to its use.

    A refused genome costs its facts and no more: the rest is read. What a genome is held against (the recorded sex, a
    transplant before) is taken from the record where these files do not say it.

    Raises:
        Mismatch: the files belong to different people.
    """
    # When a genotype was found is seldom told; the order's time is the same however often the form is sent.
    now, at = context.now, therapy.ordered_at or context.now
    gathered = gather(found.documents, recipe.facts, now, convert=convert)
    markers = gather(found.documents, recipe.markers, now, convert=convert) if found.documents else None
    read = Read(
        facts=tuple(gathered.facts.values()),
        markers=tuple(markers.facts.values()) if markers else (),
        findings=gathered.findings + (markers.findings if markers else ()),
        unread=tuple(found.unread),
    )
    told: list[OpenFact] = []
    try:
        before = genome.transplant_before(found.documents, now)
        if before is None and (recorded := _recorded(context, therapy, genome.TRANSPLANT.name)):
            before = recorded != NEVER
        stated = genome.origin_of(origin, before) if origin else None
        if any(each.form == "phenopacket" for each in found.documents):
            told += genome.variant_facts(found.documents, therapy, now, observed_at=at, synthetic=False)
        if found.vcf is not None:
            numbers = context.vault.identify(therapy.patient).identifiers
            sex = gathered.facts["sex"].value if "sex" in gathered.facts else _recorded(context, therapy, "sex")
            told += genome.pgx_facts(
                found.vcf, numbers, therapy, now, observed_at=at, synthetic=False, origin=stated, sex=str(sex)
            )
    except OnelotError as refusal:
        read.refusals.append(found.named(refusal))
    kept, uncalled = genome.required(recipe, told)
    read.facts += kept
    # Neither what the genome told is missing nor what the record holds, although no document tells it.
    known = {fact.name for fact in kept}
    stands = {name for name in (*therapy.facts, *therapy.markers) if not _late(therapy, name, now)}
    untold = [missing(need) for need in (*recipe.facts, *recipe.markers) if need.name in stands]
    read.findings = tuple(each for each in read.findings if each.fact not in known and each not in untold) + uncalled
    return read


def _recorded(context: Context, therapy: Therapy, name: str) -> str:
    """The value of a fact on the record; "" where there is none that stands."""
    if name not in therapy.facts or _late(therapy, name, context.now):
        return ""
    return str(context.open(therapy.facts[name].fact.value))


def _late(therapy: Therapy, name: str, now: datetime) -> bool:
    known = therapy.facts.get(name) or therapy.markers.get(name)
    until = known.fact.valid_until if known else None
    return until is not None and until < now


def marker_facts(
    recipe: MasterRecipe, given: dict[str, str], sampled_at: str, where: str, by: str
) -> tuple[OpenFact, ...]:
    """Donor testing as typed: a result for each marker that was chosen.

    Raises:
        BadInput: a result in other words, no result at all, no time of sampling, or no laboratory.
    """
    chosen = {need.name: given[need.name] for need in recipe.markers if given.get(need.name)}
    strange = [each for each in chosen.values() if each not in MARKER_WORDS]
    if strange or not chosen:
        raise BadInput(
            "no result was chosen" if not chosen else f"{strange[0][:40]!r} is no result of a marker",
            rule="a marker is negative or reactive; what was not tested is left open",
            remedy="choose the result of each marker that was tested",
        )
    at, place = typed.moment(sampled_at, "sampled_at"), f"{typed.line(where, 'where')}, entered by {by}"
    return tuple(
        OpenFact(need.name, chosen[need.name], "", at, _until(need, at), "", place)
        for need in recipe.markers
        if need.name in chosen
    )


def corrected(
    recipe: MasterRecipe, therapy: Therapy, name: str, value: str, observed_at: str, where: str, by: str
) -> OpenFact:
    """The right value of a fact that is known, in the unit it is known in.

    Raises:
        BadInput: no such fact, or a value that is none of its kind.
    """
    known = therapy.facts.get(name)
    if known is None:
        raise BadInput(
            "there is no such fact to correct", rule="a correction names what it replaces",
            remedy="choose it from the list, or supply it with the files", place="fact",
        )  # fmt: skip
    need = next((each for each in recipe.facts if each.name == name), None)
    kind = need.kind if need else "text"
    at = typed.moment(observed_at, "observed_at")
    place = f"{typed.line(where, 'where')}, corrected by {by}"
    until = _until(need, at) if need else known.fact.valid_until
    return OpenFact(name, _value(kind, value), known.fact.unit, at, until, "", place)


def _value(kind: str, text: str) -> Value:
    if kind == "number":
        return typed.number(text, "value")
    found = typed.line(text, "value")
    if kind == "flag":
        if found.lower() not in ("yes", "no", "ja", "nein"):
            raise BadInput("this is yes or no", rule="a flag is yes or no", remedy="enter yes or no", place="value")
        return found.lower() in ("yes", "ja")
    if kind == "date" and found.lower() not in ("never", "nie"):
        return typed.moment(found, "value").date().isoformat()
    return "never" if kind == "date" else found


def _until(need: FactNeed, at: datetime) -> datetime | None:
    return at + span(need.valid) if need.valid else None
