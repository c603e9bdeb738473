"""The derivation behind a guide: design for the recorded variant, then the off-target search of its candidates.

Reads files, writes nothing but the reference's index; what comes out is recorded, signed, by `RecordDesign`. Heavy
imports happen inside, so that a process that edits nothing never loads the compiler.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from onelot import __version__
from onelot.adapters.cache import start_compiler
from onelot.record.errors import BadInput

if TYPE_CHECKING:
    from onelot.adapters.genome import Genome
    from onelot.tailor.editor.design import Design
    from onelot.tailor.offtarget.calls import Variants
    from onelot.tailor.offtarget.pattern import Limits
    from onelot.tailor.offtarget.planes import SequencePlanes
    from onelot.tailor.offtarget.search import Query, Sites
    from onelot.tailor.offtarget.table import Answer

#: Rows kept of one guide, sites of this patient alone first, then the fewest edits; the counts are of all.
MOST_ROWS = 5000
TOOL = f"onelot {__version__}"


@dataclass(frozen=True)
class Sources:
    """The files a derivation reads: reference (FASTA or 2bit), the patient's variants, genes (GFF3), editor table."""

    reference: Path
    variants: Path | None = None
    genes: Path | None = None
    editors: Path | None = None
    sample: str | None = None


@dataclass(frozen=True)
class Derivation:
    """A design with its search, as it is recorded: two JSON texts, the digests they rest on, and how far it went."""

    design: str
    sites: str
    reference: str
    variants: str
    genes: str
    editors: str
    tool: str
    mismatches: int
    dna_bulges: int
    rna_bulges: int


def derive(
    sources: Sources, variant: str, limits: tuple[int, int, int], editors: Iterable[str] = (), *, workers: int = 0
) -> Derivation:
    """Design guides for a variant and search those of the named editors (all of them, when none is named).

    Args:
        variant: CHROM:POS:REF:ALT, to be corrected to the reference.
        limits: mismatches, DNA bulges, RNA bulges.
        workers: threads; 0 for one a core.

    Raises:
        BadInput: a file cannot be read, or variant, calls and reference do not fit each other; with place.
    """
    start_compiler()
    from onelot.adapters.genome import open_genome
    from onelot.adapters.genome_genes import read_genes
    from onelot.adapters.genome_variants import read_variants
    from onelot.tailor.editor.allele import FLANK, parse_variant
    from onelot.tailor.editor.background import background_of
    from onelot.tailor.editor.design import as_dict, design
    from onelot.tailor.offtarget.calls import variants_of
    from onelot.tailor.offtarget.pattern import Limits

    wanted, depth = parse_variant(variant), Limits(*limits)
    table, rows = editor_table(sources.editors)
    genome = open_genome(sources.reference)
    genes = read_genes(sources.genes, genome) if sources.genes else None
    background = variants = None
    if sources.variants is not None:
        around = (wanted.chrom, wanted.pos - 2 * FLANK, wanted.pos + len(wanted.ref) + FLANK)
        background = background_of(wanted, read_variants(sources.variants, genome, sources.sample, around))
        variants = variants_of(read_variants(sources.variants, genome, sources.sample))
    found = design(genome, wanted, "REF", rows, genes, background)
    answers = [
        (search(genome, query, variants, workers=workers), genes)
        for query in _queries(found, depth, frozenset(editors))
    ]
    told = {"reference_sha256": genome.digest, **as_dict(found)}
    return Derivation(
        design=orjson.dumps(told).decode(),
        sites=orjson.dumps(_sites(answers, genome.digest, depth, patient=variants is not None)).decode(),
        reference=genome.digest,
        variants=_digest(sources.variants),
        genes=_digest(sources.genes),
        editors=table,
        tool=TOOL,
        mismatches=depth.mismatches,
        dna_bulges=depth.dna_bulges,
        rna_bulges=depth.rna_bulges,
    )


def compile_search() -> None:
    """Compile both kinds of search once, so that nothing later waits for it."""
    from onelot.tailor.offtarget.pattern import Guide, Limits, Pam
    from onelot.tailor.offtarget.planes import planes_of_many
    from onelot.tailor.offtarget.search import Query, search

    planes = planes_of_many([("toy", "ACGTACGTACGTACGTACGTAGG")])
    for limits in (Limits(1), Limits(1, 1, 1)):
        search(planes, Query((Guide("toy", "ACGTACGTACGTACGTACGT"),), Pam("NGG", 3), limits))


def editor_table(path: Path | None) -> tuple[str, Any]:
    """The editor table's digest and its rows; the shipped one unless another is named.

    Raises:
        BadInput: it cannot be read or holds an entry that cannot be.
    """
    from onelot.tailor.editor.table import parse_editors

    place = path or Path(str(files("onelot") / "data" / "editors.json"))
    try:
        data = place.read_bytes()
        rows = orjson.loads(data)
    except (OSError, orjson.JSONDecodeError) as problem:
        raise BadInput(
            f"the editor table cannot be read: {getattr(problem, 'strerror', None) or problem}",
            rule="the editor table is a JSON object",
            remedy="mend the file, or leave the option out for the shipped one",
            place=str(place),
        ) from problem
    return sha256(data).hexdigest(), parse_editors(rows, place=str(place))


def _digest(path: Path | None) -> str:
    if path is None:
        return ""
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def _queries(found: Design, limits: Limits, editors: frozenset[str]) -> list[Query]:
    """One query for every PAM among the candidates to be searched, each spacer once."""
    from onelot.tailor.offtarget.pattern import Guide
    from onelot.tailor.offtarget.search import Query

    spacers: dict[Any, dict[str, None]] = {}
    for candidate, _ in found.candidates:
        if not editors or candidate.editor.name in editors:
            spacers.setdefault(candidate.editor.pam, {})[candidate.spacer] = None
    return [Query(tuple(Guide(each, each) for each in wanted), pam, limits) for pam, wanted in spacers.items()]


def search(genome: Genome, query: Query, variants: Variants | None, *, workers: int = 0) -> Answer:
    """Every site of a query in a genome; with variants, on the patient's own haplotypes."""
    from onelot.app.offtarget import run_chunks
    from onelot.tailor.offtarget.patient import search_patient
    from onelot.tailor.offtarget.search import joined, together
    from onelot.tailor.offtarget.table import Answer

    threads = workers if workers > 0 else len(os.sched_getaffinity(0))
    parts = run_chunks(genome.planes, query, workers=threads)
    if variants is None:
        return Answer(query, genome.names(), joined(parts))

    def run(planes: Sequence[SequencePlanes], asked: Query) -> Sites:
        return together(run_chunks(planes, asked, workers=threads))

    return search_patient(genome, together(parts), variants, query, run)


def _sites(answers: Sequence[tuple[Answer, Any]], digest: str, limits: Limits, *, patient: bool) -> dict[str, Any]:
    from onelot.tailor.offtarget import STATEMENT
    from onelot.tailor.offtarget.table import counts, header, rows

    guides: list[dict[str, Any]] = []
    unresolved: list[dict[str, Any]] = []
    columns: list[str] = []
    for answer, genes in answers:
        columns = list(header(answer, genes))
        by_guide: dict[str, list[tuple[str, ...]]] = {}
        for row in rows(answer, genes):
            by_guide.setdefault(row[0], []).append(row)
        for name, numbers in counts(answer).items():
            found = sorted(by_guide.get(name, []), key=_foremost(columns))
            guides.append(
                {
                    "spacer": name,
                    "pam": answer.query.pam.pattern,
                    "pam_side": answer.query.pam.side,
                    "sites": len(found),
                    "patient_only": sum(row[columns.index("patient_only")] == "yes" for row in found) if patient else 0,
                    "by_mismatches": numbers,
                    "rows": [row[1:] for row in found[:MOST_ROWS]],
                    "rows_left_out": max(0, len(found) - MOST_ROWS),
                }
            )
        unresolved += [vars(each) for each in answer.unresolved]
    return {
        "statement": STATEMENT,
        "reference_sha256": digest,
        "patient_mode": patient,
        "mismatches_max": limits.mismatches,
        "dna_bulges_max": limits.dna_bulges,
        "rna_bulges_max": limits.rna_bulges,
        "columns": columns[1:],
        "guides": guides,
        "unresolved": unresolved,
    }


def _foremost(columns: list[str]) -> Callable[[tuple[str, ...]], tuple[bool, int, int]]:
    """Sites that only this patient has, then the fewest edits, then the fewest bulges."""
    edits = [columns.index(name) for name in ("mismatches", "dna_bulge", "rna_bulge")]

    def key(row: tuple[str, ...]) -> tuple[bool, int, int]:
        numbers = [int(row[at]) for at in edits]
        common = "patient_only" not in columns or row[columns.index("patient_only")] != "yes"
        return common, sum(numbers), numbers[1] + numbers[2]

    return key


def main(reference: str) -> None:
    """`python -m onelot.app.editing REFERENCE`: the index of a reference and the compiled search, and nothing else."""
    start_compiler()
    from onelot.adapters.genome import open_genome

    open_genome(Path(reference))
    compile_search()


if __name__ == "__main__":
    main(sys.argv[1])
