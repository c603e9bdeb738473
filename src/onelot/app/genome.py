"""Facts from a patient's genome: pharmacogenes called from the VCF, causal variants told by the phenopacket.

Nothing is read without consent to `genome_use`, and nothing of a file whose sample is not the patient. A gene that
cannot be called is a fact too: unknown is never reference. What is not known to be the patient's own germline is
recorded and does not act. These facts act on the drugs a recipe names, and where a recipe's rule names them.
The sample's name is often the patient's number at the hospital, so places name lines and never the sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from onelot.adapters.knowledge import PgxKnowledge, load_pgx_knowledge
from onelot.adapters.phenopackets import CausalVariant, causal_variants
from onelot.adapters.vcf import VcfFile, read_vcf, value_at
from onelot.app.commands.profile import check_genome_use
from onelot.app.pharmacogenes import call_file, open_sample, outside_calls
from onelot.app.sample_identity import check_sex
from onelot.profile.document import Document, resources_of
from onelot.profile.facts import gather, one_person
from onelot.profile.genotype import read_genotype, write_genotype
from onelot.profile.pgx import GeneCall
from onelot.profile.read_history import NEVER
from onelot.profile.samples import Origin, require_germline
from onelot.profile.statement import instant
from onelot.record.errors import BadInput, Held, Mismatch, OnelotError
from onelot.record.recipe import FactNeed, MasterRecipe
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import OpenFact
from onelot.record.terms.values import Finding
from onelot.record.units import convert

PGX, VARIANT = "pgx_", "variant_"
NOT_CALLABLE = "not callable: "
TRANSPLANT = FactNeed(
    name="allogeneic_transplant_at",
    title="Last allogeneic transplant of blood stem cells",
    kind="date",
    codes=(
        "http://snomed.info/sct|425843001",
        "http://snomed.info/sct|58390007",
        "http://www.ama-assn.org/go/cpt|38240",
    ),
)
MOST_BEST = 4
RULE = "docs/pgx.md: a position missing from the file is missing, never reference"
_LINE = re.compile(r"#L(\d+)/")
_PLACE = re.compile(r"^(vcf:[0-9a-f]{12,64})#(L\d+(?:,L\d+)*)/GT$")


@cache
def shipped_knowledge() -> PgxKnowledge:
    """The tables shipped, read once in a process."""
    return load_pgx_knowledge()


def pgx_facts(
    path: Path,
    identifiers: Iterable[str],
    therapy: Therapy,
    now: datetime,
    *,
    observed_at: datetime,
    synthetic: bool,
    known: PgxKnowledge | None = None,
    origin: Origin | None = None,
    outside: Path | None = None,
    sex: str = "",
) -> tuple[OpenFact, ...]:
    """One fact `pgx_GENE` for every gene of the tables, called from the patient's VCF and from outside calls.

    Args:
        path: the file. identifiers: the patient's, as `system|value`; the file's one sample must bear one of them.
        therapy: whose consent is asked first; without it the file is not opened. now: UTC.
        observed_at: UTC; when the genotypes are taken to be known, unless the header tells its ##fileDate.
        origin: of the sample; not stated, or not the patient's germline: every gene is unknown to the gate.
        outside: calls made elsewhere (CYP2D6, HLA), a file; they stand for the same patient by the clinic's word.
        sex: as recorded; a sample that tells another is refused.

    Raises:
        Held: no consent to genome_use. Mismatch: another person's sample, the other sex, or another assembly.
        BadInput: the file cannot be read; place is file:line.
    """
    check_genome_use(therapy, now)
    known = known or shipped_knowledge()
    file = open_sample(path, None, known)
    if file.samples[0] not in {each.partition("|")[2] for each in identifiers} - {""}:
        raise Mismatch(
            "the variant file's sample is not one of the patient's identifiers",
            rule="facts of two people never meet in one profile",
            remedy="find out whose sample it is; supply the patient's own file, the patient's number as its sample",
            place=f"{path}:{file.header.lines}",
        )
    check_sex(path, sex)
    at = _file_date(file.header.file_date) or observed_at
    calls = call_file(file, known)
    told = outside_calls(outside, known, calls) if outside is not None else {}
    digest = sha256(outside.read_bytes()).hexdigest() if outside is not None else ""
    held = _why_held(origin, file.source)
    shown = f"{origin.kind} {origin.tissue}" if origin else "not stated"
    return tuple(
        OpenFact(
            name=f"{PGX}{gene}",
            value=write_genotype(_told(call), call, origin=shown, held=held),
            unit="",
            observed_at=at,
            valid_until=None,
            source=digest if call.outside else file.digest,
            place=_outside_place(digest, call) if call.outside else _place(file, call),
            original=", ".join(call.diplotypes),
            synthetic=synthetic,
        )
        for gene, call in sorted((calls | told).items())
    )


def transplant_before(documents: Sequence[Document], now: datetime) -> bool | None:
    """Whether the documents tell of an allogeneic transplant; None where they do not say, or cannot be read."""
    found = gather(documents, (TRANSPLANT,), now, convert=convert)
    fact = found.facts.get(TRANSPLANT.name)
    return None if fact is None or found.findings else fact.value != NEVER


def origin_of(stated: str, transplanted: bool | None) -> Origin:
    """A sample's origin as it is stated: `germline-blood`, `germline-buccal`, `germline-fibroblast`, `tumour-…`.

    Raises:
        BadInput: neither germline nor tumour, or no tissue.
    """
    kind, _, tissue = stated.partition("-")
    if kind not in ("germline", "tumour") or not tissue.strip():
        raise BadInput(
            f"{stated[:60]!r} is no origin of a sample",
            rule="an origin is germline or tumour, and a tissue: germline-blood, germline-buccal, germline-fibroblast",
            remedy="state it as it was ordered",
            place="origin",
        )
    return Origin("germline" if kind == "germline" else "tumour", tissue, transplanted)


def _why_held(origin: Origin | None, place: str) -> str:
    try:
        require_germline(origin, place)
    except Held as refusal:
        return refusal.what
    return ""


def variant_facts(
    documents: Sequence[Document], therapy: Therapy, now: datetime, *, observed_at: datetime, synthetic: bool
) -> tuple[OpenFact, ...]:
    """One fact `variant_GENE` for every gene with a causal variant in the patient's phenopackets.

    Raises:
        Held: no consent to genome_use. Mismatch: the documents belong to different people.
    """
    check_genome_use(therapy, now)
    one_person(documents)
    genes: dict[tuple[str, str], list[CausalVariant]] = {}
    for document in documents:
        for each in causal_variants(document):
            genes.setdefault((each.gene or "unnamed", each.source), []).append(each)
    created = {
        packet.source: instant(packet.body.get("metaData", {}).get("created"))
        for packet in resources_of(documents, "Phenopacket")
    }
    return tuple(
        OpenFact(
            name=f"{VARIANT}{gene}",
            value="; ".join(_spelled(each) for each in found),
            unit="",
            observed_at=created.get(source) or observed_at,
            valid_until=None,
            source=source,
            place=" and ".join(each.place for each in found),
            synthetic=synthetic,
        )
        for (gene, source), found in genes.items()
    )


def causal_fact(
    name: str, documents: Sequence[Document], therapy: Therapy, now: datetime, *, observed_at: datetime, synthetic: bool
) -> OpenFact | None:
    """The one causal variant of the patient's phenopackets as CHROM:POS:REF:ALT, for a product that edits it.

    None where no phenopacket gives a causal variant with its VCF record.

    Raises:
        Held: no consent to genome_use. Mismatch: documents of different people.
        BadInput: several causal variants; which one a product edits is for people to say.
    """
    check_genome_use(therapy, now)
    one_person(documents)
    found = [each for document in documents for each in causal_variants(document) if each.vcf is not None]
    if len({each.vcf for each in found}) > 1:
        raise BadInput(
            f"the phenopackets name {len(found)} causal variants",
            rule="a product is designed for one causal variant",
            remedy="supply a phenopacket with the one to be edited as causative, or record the fact by hand",
            place=found[1].place,
        )
    if not found or found[0].vcf is None:
        return None
    _, chromosome, position, ref, alt = found[0].vcf
    return OpenFact(
        name=name,
        value=f"{chromosome}:{position}:{ref}:{alt}",
        unit="",
        observed_at=observed_at,
        valid_until=None,
        source=found[0].source,
        place=f"{found[0].place}/vcfRecord",
        synthetic=synthetic,
    )


def required(recipe: MasterRecipe, facts: Iterable[OpenFact]) -> tuple[tuple[OpenFact, ...], tuple[Finding, ...]]:
    """The facts to record, and a finding for each gene that the recipe asks for and that could not be called."""
    wanted = {need.name for need in recipe.facts}
    kept, findings = [], []
    for fact in facts:
        told = read_genotype(str(fact.value)) if fact.name.startswith(PGX) else None
        unknown = told is not None and (bool(told.held) or told.told.startswith(NOT_CALLABLE))
        if fact.name in wanted and unknown:
            # Recorded as a text it would count as known, and a rule could pass on it.
            findings.append(
                Finding(
                    RULE,
                    fact.name,
                    fact.place,
                    f"{fact.name.removeprefix(PGX)} cannot be called from the variant file",
                    "supply a file with its defining positions; `onelot profile pgx` names those that are missing",
                )
            )
        else:
            kept.append(fact)
    return tuple(kept), tuple(findings)


def refused(recipe: MasterRecipe, error: OnelotError) -> tuple[Finding, ...]:
    """A refused file as findings, one for each pharmacogene that the recipe asks for; they name no file."""
    line = (error.place or "").rpartition(":")[2]
    place = f"VCF line {line}" if line.isdecimal() else "VCF"
    return tuple(
        Finding(error.rule, need.name, place, f"{need.title} is not known: the variant file was refused", error.remedy)
        for need in recipe.facts
        if need.name.startswith(PGX)
    )


def genotypes_at(path: Path, place: str) -> tuple[str, ...]:
    """Follow the place of a `pgx_GENE` fact back: the GT of its one sample on each line named.

    Raises:
        BadInput: the file is not the one the place names, or the place names no lines.
    """
    found = _PLACE.match(place)
    samples = read_vcf(path).samples
    if found is None or len(samples) != 1:
        raise BadInput(
            f"the place {place[:80]!r} names no genotypes",
            rule="a place is vcf:<digest>#L<line>,L<line>…/GT in a file of one sample",
            remedy="give the file the fact was read from; a gene without a readable position has no genotypes",
            place=str(path),
        )
    sample = samples[0].replace("~", "~0").replace("/", "~1")
    return tuple(value_at(path, f"{found[1]}#{line}/{sample}/GT") for line in found[2].split(","))


def _place(file: VcfFile, call: GeneCall) -> str:
    lines = sorted({int(line) for _, place in call.places for line in _LINE.findall(place)})
    return f"{file.source}#{','.join(f'L{line}' for line in lines)}/GT" if lines else file.source


def _outside_place(digest: str, call: GeneCall) -> str:
    """The line of an outside call: the file is named by its digest, since its name may name the patient."""
    return f"outside:{digest[:12]}#L{call.places[0][1].rpartition(':')[2]}"


def _told(call: GeneCall) -> str:
    if not call.called:
        return f"{NOT_CALLABLE}{call.reason}" + (f"; {call.phenotype}" if call.phenotype else "")
    best = [name for name, score in zip(call.diplotypes, call.scores, strict=False) if score == call.scores[0]]
    best = best or [call.diplotypes[0]]
    more = f" or {len(best) - MOST_BEST} more" if len(best) > MOST_BEST else ""
    told = f"{' or '.join(best[:MOST_BEST])}{more}, {call.phenotype or 'no phenotype'}"
    if len(call.possible_phenotypes) > 1:
        told += f"; still possible: {', '.join(call.possible_phenotypes)}"
    if call.missing_positions:
        told += f"; {len(call.missing_positions)} defining positions are missing"
    return told


def _spelled(variant: CausalVariant) -> str:
    written = variant.hgvs[0] if variant.hgvs else ""
    if not written and variant.vcf is not None:
        assembly, chromosome, position, ref, alt = variant.vcf
        written = f"{assembly} {chromosome}:{position} {ref}>{alt}"
    zygosity = variant.zygosity or "zygosity not told"
    return f"{written or 'variant without an expression'}, {zygosity}, {variant.status.lower()}"


def _file_date(text: str) -> datetime | None:
    """VCF 4.x: YYYYMMDD; tools also write ISO dates. What is neither tells nothing."""
    try:
        return datetime.strptime(text.replace("-", "")[:8], "%Y%m%d").replace(tzinfo=UTC) if text else None
    except ValueError:
        return None
