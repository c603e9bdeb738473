"""`onelot tailor index|offtarget|editor`: the verbs of the tailoring room that read a genome.

Heavy imports happen inside the verbs, so that `onelot --help` stays quick and the folder for compiled loops is
chosen first.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onelot.adapters.cache import start_compiler
from onelot.app.cli.output import print_json
from onelot.app.editing import compile_search
from onelot.record.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from onelot.adapters.genome import Genome
    from onelot.tailor.offtarget.planes import SequencePlanes
    from onelot.tailor.offtarget.search import Query, Sites

Reference = Annotated[Path, typer.Option("--reference", help="The genome: FASTA (plain or gzip) or UCSC 2bit.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


@contextmanager
def _bar(label: str, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on a terminal; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def open_reference(path: Path, *, quiet: bool) -> Genome:
    """Open a genome through its index, building one with a line of progress where needed."""
    start_compiler()
    from onelot.adapters.genome import open_genome

    def told(name: str, bases: int) -> None:
        if not quiet and sys.stderr.isatty():
            print(f"\rindexing {path.name}: {bases:,} bases, {name}\033[K", end="", file=sys.stderr)

    genome = open_genome(path, progress=told)
    if not quiet and sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return genome


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(
            f"cannot read {what}: {getattr(problem, 'strerror', None) or 'not UTF-8 text'}",
            rule=f"{what} is a text file",
            remedy="check the path and the file",
            place=str(path),
        ) from problem


def index(
    reference: Annotated[Path, typer.Argument(help="The genome: FASTA (plain or gzip) or UCSC 2bit.")],
    verify: Annotated[bool, typer.Option("--verify", help="Compare every plane with its checksum.")] = False,
    json: Json = False,
) -> None:
    """Build the memory-mapped index of a genome (beside it, or in the cache), and compile the search loops."""
    genome = open_reference(reference, quiet=json)
    if verify:
        genome.verify()
    compile_search()
    told = {
        "index": str(genome.index),
        "reference_sha256": genome.digest,
        "sequences": len(genome.planes),
        "bases": sum(sequence.length for sequence in genome.planes),
        "verified": verify,
    }
    if json:
        print_json(told)
    else:
        print(f"{told['index']}: {told['sequences']} sequences, {told['bases']:,} bases")


def offtarget(
    reference: Reference,
    guides: Annotated[Path, typer.Option("--guides", help="A spacer a line, or name and spacer with a tab.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The table to write (TSV); a summary goes to OUT.json.")],
    pam: Annotated[str, typer.Option("--pam", help="The PAM in IUPAC letters.")] = "NGG",
    pam_side: Annotated[int, typer.Option("--pam-side", help="3 (Cas9) or 5 (Cas12a).")] = 3,
    mismatches: Annotated[int, typer.Option("--mismatches", help="0 to 6.")] = 4,
    dna_bulges: Annotated[int, typer.Option("--dna-bulges", help="0 to 2.")] = 0,
    rna_bulges: Annotated[int, typer.Option("--rna-bulges", help="0 to 2.")] = 0,
    vcf: Annotated[Path | None, typer.Option("--vcf", help="The patient's variants: search their haplotypes.")] = None,
    sample: Annotated[
        str | None, typer.Option("--sample", help="Sample of the VCF; its only one unless given.")
    ] = None,
    gff: Annotated[Path | None, typer.Option("--gff", help="GFF3: add a column with the genes at each site.")] = None,
    workers: Annotated[int, typer.Option("--workers", help="Threads; 0 for one a core.")] = 0,
    ray: Annotated[str, typer.Option("--ray", help="Spread over a Ray cluster: its address, or `local`.")] = "",
    json: Json = False,
) -> None:
    """Find every place a guide could recognise, within the limits. Nominations, never proof of safety."""
    import orjson

    from onelot.tailor.offtarget.pattern import Limits, Pam, parse_guides

    pattern, limits = Pam.of(pam, pam_side), Limits(mismatches, dna_bulges, rna_bulges)
    wanted = parse_guides(_text(guides, "the guide file").splitlines(), place=str(guides))
    genome = open_reference(reference, quiet=json)
    from onelot.app.offtarget import Kept, run_chunks, write_whole
    from onelot.tailor.offtarget.search import Query, joined, together
    from onelot.tailor.offtarget.table import Answer, lines, summary

    query = Query(wanted, pattern, limits)
    genes = _genes(gff, genome)
    variants = None
    if vcf is not None:
        from onelot.adapters.genome_variants import read_variants
        from onelot.tailor.offtarget.calls import variants_of

        variants = variants_of(read_variants(vcf, genome, sample))
    kept = Kept(out, genome.digest, query)
    threads = workers if workers > 0 else len(os.sched_getaffinity(0))
    spread = _spread(ray, reference, genome, query, workers)
    with _bar("searching", json) as progress:
        parts = run_chunks(genome.planes, query, workers=threads, kept=kept, progress=progress, spread=spread)
    if variants is None:
        answer = Answer(query, genome.names(), joined(parts))
    else:
        from onelot.tailor.offtarget.patient import search_patient

        def run(planes: Sequence[SequencePlanes], asked: Query) -> Sites:
            with _bar("searching haplotypes", json) as progress:
                return together(run_chunks(planes, asked, workers=threads, progress=progress))

        answer = search_patient(genome, together(parts), variants, query, run)
    write_whole(out, lines(answer, genes))
    told = summary(answer, genome.digest)
    write_whole(Path(f"{out}.json"), [orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()])
    kept.forget()
    _tell_offtarget(told, out, json)


def _genes(gff: Path | None, genome: Any) -> Any:
    if gff is None:
        return None
    from onelot.adapters.genome_genes import read_genes

    return read_genes(gff, genome)


def _spread(ray: str, reference: Path, genome: Any, query: Any, workers: int) -> Any:
    if not ray:
        return None
    from onelot.app.offtarget_ray import on_ray

    return on_ray(reference.resolve(), genome.digest, query, ray, cpus=workers)


def _tell_offtarget(told: dict[str, Any], out: Path, json: bool) -> None:
    if json:
        print_json({"table": str(out), **told})
        return
    print(f"{told['sites']:,} sites in {out}")
    if "patient_only" in told:
        print(f"{told['patient_only']:,} of them only in this patient; {len(told['unresolved']):,} windows unresolved")
    print(told["statement"])


def editor(
    reference: Reference,
    variant: Annotated[str, typer.Option("--variant", help="CHROM:POS:REF:ALT, as in VCF.")],
    correct_to: Annotated[str, typer.Option("--correct-to", help="REF, ALT, or the letters of one of them.")] = "REF",
    gff: Annotated[Path | None, typer.Option("--gff", help="GFF3: tell what bystander edits do to proteins.")] = None,
    vcf: Annotated[Path | None, typer.Option("--vcf", help="The patient's variants near the target.")] = None,
    sample: Annotated[
        str | None, typer.Option("--sample", help="Sample of the VCF; its only one unless given.")
    ] = None,
    table: Annotated[Path | None, typer.Option("--editors", help="Another editor table (JSON).")] = None,
    json: Json = False,
) -> None:
    """Design base and prime editors for one variant. Candidates by sequence alone; people choose."""
    import orjson

    start_compiler()
    from onelot.tailor.editor.allele import FLANK, parse_variant
    from onelot.tailor.editor.design import as_dict, design
    from onelot.tailor.editor.table import parse_editors

    wanted = parse_variant(variant)
    place = table or Path(__file__).resolve().parents[2] / "data" / "editors.json"
    try:
        rows = orjson.loads(_text(place, "the editor table"))
    except orjson.JSONDecodeError as problem:
        raise BadInput(
            f"the editor table is not JSON: {problem}",
            rule="the editor table is a JSON object",
            remedy="mend the file",
            place=str(place),
        ) from problem
    editors = parse_editors(rows, place=str(place))
    genome = open_reference(reference, quiet=json)
    genes = background = None
    if gff is not None:
        from onelot.adapters.genome_genes import read_genes

        genes = read_genes(gff, genome)
    if vcf is not None:
        from onelot.adapters.genome_variants import read_variants
        from onelot.tailor.editor.background import background_of

        around = (wanted.chrom, wanted.pos - 2 * FLANK, wanted.pos + len(wanted.ref) + FLANK)
        background = background_of(wanted, read_variants(vcf, genome, sample, around))
    told = as_dict(design(genome, wanted, correct_to, editors, genes, background))
    if json:
        print_json({"reference_sha256": genome.digest, **told})
    else:
        _tell_design(told)


def _tell_design(told: dict[str, Any]) -> None:
    print(f"{told['variant']}: {told['correction']['before'] or '-'} -> {told['correction']['after'] or '-'}")
    for c in told["effect_of_variant"]:
        print(f"  effect of the variant: {c['effect']} {c['protein']} in {c['gene']} ({c['transcript']})")
    if told["no_candidate"]:
        print(f"No base-editor candidate: {told['no_candidate']}.")
    for c in told["candidates"]:
        others = [
            f"{b['window_position']}:{b['before']}>{b['after']} "
            + (", ".join(f"{x['effect']} {x['protein']}".strip() for x in b["consequences"]) or "no gene known")
            for b in c["bystanders"]
        ]
        print(
            f"{c['rank']:3} {c['editor']:18} {c['strand']} {c['spacer']} {c['pam']:6} target {c['target_position']:2} "
            f"GC {c['gc']:.0%} {'; '.join(c['flags'])} bystanders: {'; '.join(others) or 'none'}"
        )
        print("    " + ", ".join(f"{name} {value:g}" for name, value in c["terms"].items()))
    if told["no_prime"]:
        print(f"No prime-editing design: {told['no_prime']}.")
    for p in told["prime"][:5]:
        print(
            f"  prime {p['strand']} {p['spacer']} {p['pam']} PBS {p['pbs']} RTT {p['template']} {'; '.join(p['flags'])}"
        )
    for note in told["notes"]:
        print(f"Note: {note}")
    print(told["statement"])


def register(app: typer.Typer) -> None:
    """Add the verbs of this file to the tailoring room's application."""
    app.command("index")(index)
    app.command("offtarget")(offtarget)
    app.command("editor")(editor)
