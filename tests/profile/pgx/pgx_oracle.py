"""An independent brute-force enumerator. It imports nothing from onelot and reads the source files itself.

It writes every phase out: each group of loci of known phase is turned both ways, each other heterozygous locus too;
each pair of strands is compared with each pair of table rows, blanks filled from the reference row. Slow, and simple.

A sample is {position: (bases of copy 1 and 2 (or one), phase group or None)}; bases are spelled as in the table.
"""

from __future__ import annotations

import gzip
import json
import os
from itertools import combinations, product
from pathlib import Path

import pytest

IUPAC = {"R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"}
Sample = dict[int, tuple[tuple[str, ...], object]]


def shared() -> Path:
    root = Path(os.environ.get("ONELOT_SHARED", Path(__file__).resolve().parents[4] / "shared")) / "data"
    if not root.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data missing at {root}")
        pytest.skip(f"shared data missing at {root}", allow_module_level=True)
    return root


class Gene:
    """One *_translation.json, expanded to full rows."""

    def __init__(self, gene: str) -> None:
        folder = shared() / "pgx" / "definition" / "alleles"
        table = json.loads((folder / f"{gene}_translation.json").read_text())
        exempt = json.loads((folder / "exemptions.json").read_text()).get(gene, {})
        self.gene, self.chrom = gene, table["chromosome"]
        self.loci = {v["position"]: v for v in table["variants"]}
        self.positions = [v["position"] for v in table["variants"]]
        self.hidden = table["suballelesMap"]
        self.rows: dict[str, dict[int, str]] = {}
        for allele in table["namedAlleles"]:
            if allele["name"] not in exempt.get("ignoredAlleles", []):
                cells = zip(self.positions, allele["alleles"], strict=True)
                self.rows[allele["name"]] = {p: base for p, base in cells if base is not None}
        self.reference = table["namedAlleles"][0]["name"]
        self.shown = {name: self.hidden.get(name, name) for name in self.rows}

    def allowed(self, name: str, pos: int) -> set[str]:
        cell = self.rows[name].get(pos)
        if cell is None:
            cell = self.rows[self.reference][pos]
            if cell in IUPAC:
                cell = self.loci[pos]["ref"]
        return set(IUPAC.get(cell, (cell,)))

    def spelled(self, name: str) -> dict[int, str]:
        """A full strand of a named allele (a wobble takes its first base that is not the genome's)."""
        strand = {}
        for pos in self.positions:
            fits = sorted(self.allowed(name, pos), key=lambda b: (b == self.loci[pos]["ref"], b))
            strand[pos] = fits[0]
        return strand


def strands(sample: Sample) -> list[tuple[dict[int, str], dict[int, str]]]:
    """Every way to lay the sample on two copies."""
    groups: dict[object, list[int]] = {}
    for pos, (bases, group) in sample.items():
        if len(set(bases)) > 1:
            groups.setdefault(("alone", pos) if group is None else ("group", group), []).append(pos)
    ways = []
    for turns in product((0, 1), repeat=len(groups)):
        first = {pos: bases[0] for pos, (bases, _) in sample.items()}
        second = {pos: bases[-1] for pos, (bases, _) in sample.items()}
        for turn, members in zip(turns, groups.values(), strict=True):
            if turn:
                for pos in members:
                    first[pos], second[pos] = second[pos], first[pos]
        ways.append((first, second))
    return ways


def row_score(gene: Gene, name: str, strand: dict[int, str]) -> int:
    score = 0
    for pos, base in strand.items():
        cell = gene.rows[name].get(pos)
        if cell is not None and not (cell in IUPAC and base == gene.loci[pos]["ref"]):
            score += 1
    return score


def call(gene: Gene, sample: Sample) -> dict[frozenset[tuple[str, int]], int]:
    """{pair: best score}; a pair is {(shown name, copies)}. Alleles without an observed cell are out."""
    alive = [name for name, cells in gene.rows.items() if any(pos in sample for pos in cells)]
    return enumerate_pairs(gene, sample, alive)


def enumerate_pairs(gene: Gene, sample: Sample, alive: list[str]) -> dict[frozenset[tuple[str, int]], int]:
    found: dict[frozenset[tuple[str, int]], int] = {}
    for first, second in strands(sample):
        one = [n for n in alive if all(first[p] in gene.allowed(n, p) for p in sample)]
        two = [n for n in alive if all(second[p] in gene.allowed(n, p) for p in sample)]
        for a in one:
            for b in two:
                score = row_score(gene, a, first) + row_score(gene, b, second)
                key = pair_key(gene.shown[a], gene.shown[b])
                found[key] = max(found.get(key, 0), score)
    return found


def pair_key(a: str, b: str) -> frozenset[tuple[str, int]]:
    return frozenset({(a, 2)}) if a == b else frozenset({(a, 1), (b, 1)})


def uncallable(gene: Gene, sample: Sample) -> set[str]:
    kept = {gene.shown[n] for n, cells in gene.rows.items() if any(pos in sample for pos in cells)}
    return set(gene.shown.values()) - kept


class Phenotypes:
    """A raw CPIC diplotype table, row by row."""

    def __init__(self, gene: str) -> None:
        path = shared() / "pgx" / "phenotype" / f"{gene}.json"
        self.rows: dict[frozenset[tuple[str, int]], str] = {}
        for row in json.loads(path.read_text())["diplotypes"]:
            self.rows[frozenset((name, int(n)) for name, n in row["diplotypekey"].items())] = row["generesult"]

    def of(self, pair: frozenset[tuple[str, int]]) -> str:
        return self.rows.get(pair, "n/a")


def possible(gene: Gene, table: Phenotypes, sample: Sample) -> set[str]:
    """Phenotypes of all pairs of all rows that agree where something was seen."""
    return {table.of(pair) for pair in enumerate_pairs(gene, sample, list(gene.rows))}


# DPYD and RYR1: variants per copy.

HAPB3, INTRON = "c.1129-5923C>G, c.1236G>A (HapB3)", "c.1129-5923C>G"


def hapb3_names(gene: Gene, first: dict[int, str], second: dict[int, str], phased: bool) -> list[str | None]:
    """Which of the HapB3 names each copy carries; the intronic variant wins over the exonic tag."""
    at = {locus["rsid"]: pos for pos, locus in gene.loci.items()}
    intron, exon = at["rs75017182"], at["rs56038477"]
    cause = [s.get(intron, "?") not in ("?", gene.loci[intron]["ref"]) for s in (first, second)]
    tag = [s.get(exon, "?") not in ("?", gene.loci[exon]["ref"]) for s in (first, second)]
    if intron not in first:
        return [HAPB3 if t else None for t in tag]
    if exon not in first:
        return [INTRON if c else None for c in cause]
    if phased or cause[0] == cause[1] or tag[0] == tag[1]:
        return [HAPB3 if c and t else INTRON if c else None for c, t in zip(cause, tag, strict=True)]
    return [HAPB3 if c else None for c in cause]


def copies_of(gene: Gene, strand: dict[int, str], extra: str | None) -> set[frozenset[str]]:
    """Every largest list of disjoint named variants on one strand; what no name takes is left by its position."""
    at = {locus["rsid"]: pos for pos, locus in gene.loci.items()}
    skip = {at.get("rs75017182"), at.get("rs56038477")} if gene.gene == "DPYD" else set()
    strand = {p: b for p, b in strand.items() if p not in skip}
    varied = {p for p, base in strand.items() if base != gene.loci[p]["ref"]}
    fits: dict[str, frozenset[int]] = {}
    for name, cells in gene.rows.items():
        core = frozenset(p for p in cells if p in strand)
        if name != gene.reference and core and core <= varied and all(strand[p] in gene.allowed(name, p) for p in core):
            fits[gene.shown[name]] = core
    fits = {n: c for n, c in fits.items() if not any(c < other for other in fits.values())}
    answers = set()
    for size in range(len(fits), -1, -1):
        for chosen in combinations(fits, size):
            disjoint = all(not fits[a] & fits[b] for a, b in combinations(chosen, 2))
            blocked = all(any(fits[n] & fits[c] for c in chosen) for n in fits if n not in chosen)
            if disjoint and blocked:
                left = varied - set().union(*(fits[n] for n in chosen)) if chosen else varied
                rest = {f"g.{p}{gene.loci[p]['ref']}>{strand[p]}" for p in left}
                answers.add(frozenset({*chosen, *rest, *((extra,) if extra else ())}))
    return answers


def call_lowest(gene: Gene, sample: Sample) -> set[frozenset[tuple[frozenset[str], int]]]:
    """Every pair of copies, each a set of names."""
    found = set()
    at = {locus["rsid"]: pos for pos, locus in gene.loci.items()}
    groups = {sample[at[r]][1] if at.get(r) in sample else None for r in ("rs75017182", "rs56038477")}
    together = len(groups) == 1 and None not in groups
    for first, second in strands(sample):
        extra = hapb3_names(gene, first, second, together) if gene.gene == "DPYD" else [None, None]
        for one, two in product(copies_of(gene, first, extra[0]), copies_of(gene, second, extra[1])):
            found.add(frozenset({(one, 2)}) if one == two else frozenset({(one, 1), (two, 1)}))
    return found


# 1000 Genomes: all samples of one file, loci found by trimmed spelling.


def trimmed(pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while ref and alt and ref[0] == alt[0]:
        pos, ref, alt = pos + 1, ref[1:], alt[1:]
    return pos, ref, alt


def kgp(gene: Gene) -> tuple[list[str], list[Sample]]:
    """Names and genotypes of all samples. The data are phased without phase sets: one group for all."""
    variants = {trimmed(p, v["ref"], alt): (p, alt) for p, v in gene.loci.items() for alt in v["alts"]}
    with gzip.open(shared() / "kgp-pgx" / f"{gene.gene}.vcf.gz", "rt") as lines:
        names: list[str] = []
        held: list[dict[int, list[str]]] = []
        for line in lines:
            if line.startswith("#CHROM"):
                names = line.rstrip("\n").split("\t")[9:]
                held = [{} for _ in names]
            elif not line.startswith("#"):
                fields = line.rstrip("\n").split("\t")
                pos, ref, alts = int(fields[1]), fields[3], fields[4].split(",")
                told = {i + 1: variants.get(trimmed(pos, ref, alt)) for i, alt in enumerate(alts)}
                locus = gene.loci.get(pos)
                single = locus is not None and len(locus["ref"]) == 1 == len(ref)
                if not any(told.values()) and not single:
                    continue
                where = next((t[0] for t in told.values() if t), pos)
                for cell, sample in zip(fields[9:], held, strict=True):
                    copies = [int(i) for i in cell.split(":")[0].replace("/", "|").split("|")]
                    known = sample.setdefault(where, [gene.loci[where]["ref"]] * len(copies))
                    for side, index in enumerate(copies):
                        if index:
                            match = told[index]
                            known[side] = match[1] if match else alts[index - 1]
    if not any("|" in cell for cell in fields[9:]):
        raise AssertionError("the file is expected to be phased")
    return names, [{p: (tuple(b), "all") for p, b in sample.items()} for sample in held]
