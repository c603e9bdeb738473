"""Build src/onelot/data/pgx/*.json from the named sources.

    python scripts/build_pgx_knowledge.py [SHARED_DATA] [OUT]

Facts only: allele definitions, allele functions, function-to-phenotype tables, CPIC recommendations (CC0).
No ClinPGx annotation text (CC BY-SA) is taken: of each guideline file only the recommendation rows that quote CPIC's
tables are read, never the annotation's own name, summary or citations.

The output is compact because in every CPIC phenotype table the phenotype of a diplotype is a function of the two
allele functions alone. The script proves that for each table and stops where it does not hold.
"""

from __future__ import annotations

import csv
import html
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

Plain = dict[str, Any]

# PharmCAT's documented choice for genes whose defined variants raise drug toxicity (Named Allele Matcher 201).
UNDOCUMENTED_AS_REFERENCE = ("CACNA1S", "DPYD", "G6PD", "NUDT15", "RYR1", "TPMT")
LOWEST_FUNCTION = ("DPYD", "RYR1")
OUTSIDE_ONLY = ("CYP2D6", "MT-RNR1", "HLA-A", "HLA-B")
NO_GUIDANCE = {
    "busulfan": "therapeutic drug monitoring of busulfan exposure (AUC)",
    "fludarabine": "dose by renal function; drug monitoring where the site offers it",
    "cyclophosphamide": "clinical and laboratory monitoring; drug monitoring where the site offers it",
}


def main() -> None:
    """Read the sources, write the data files."""
    root = Path(__file__).resolve().parents[1]
    shared = Path(sys.argv[1]) if len(sys.argv) > 1 else root.parent / "shared" / "data"
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else root / "src" / "onelot" / "data" / "pgx"
    out.mkdir(parents=True, exist_ok=True)
    source = read_source(shared / "pgx" / "SOURCE.txt")
    other = read_source(shared / "pypgx" / "SOURCE.txt")
    phenotypes = phenotype_tables(shared, source, other)
    write(out / "definitions.json", definitions(shared, source))
    write(out / "phenotypes.json", phenotypes)
    write(out / "guidance.json", guidance(shared))
    write(out / "disagreements.json", disagreements(shared, phenotypes, other))


def read_source(path: Path) -> dict[str, str]:
    """The `key: value` lines of a SOURCE.txt."""
    return dict(line.split(": ", 1) for line in path.read_text().splitlines() if ": " in line)


def definitions(shared: Path, source: dict[str, str]) -> Plain:
    """Star-allele definitions, one entry a gene; cells left blank in the source stay out."""
    folder = shared / "pgx" / "definition" / "alleles"
    exemptions = json.loads((folder / "exemptions.json").read_text())
    genes, versions = {}, set()
    for path in sorted(folder.glob("*_translation.json")):
        table = json.loads(path.read_text())
        if table["gene"] in OUTSIDE_ONLY:
            continue
        versions.add(table["version"])
        genes[table["gene"]] = gene_definition(table, exemptions.get(table["gene"], {}))
    return {
        "header": {
            "content": "star-allele definitions, GRCh38",
            "source": f"{source['repo']} commit {source['commit']}, definition/alleles",
            "version": ", ".join(sorted(versions)),
            "retrieved": source["retrieved"],
            "licence": "facts from CPIC, PharmVar and ClinPGx allele tables; PharmCAT repository MPL-2.0",
        },
        "assembly": "GRCh38",
        "outside_only": list(OUTSIDE_ONLY),
        "genes": genes,
    }


def gene_definition(table: Plain, exemption: Plain) -> Plain:
    """One gene: loci, alleles as (locus number, base) pairs, and its peculiarities."""
    # The source's "ignoredPositions" were left out when the definition file was made; what stands there now counts.
    alleles = {}
    for allele in table["namedAlleles"]:
        if allele["name"] in exemption.get("ignoredAlleles", []):
            continue
        alleles[allele["name"]] = [[i, base] for i, base in enumerate(allele["alleles"]) if base is not None]
    reference = [a["name"] for a in table["namedAlleles"] if a["reference"]]
    if len(reference) != 1 or next(iter(alleles)) != reference[0]:
        raise SystemExit(f"{table['gene']}: the first allele must be the one reference")
    return {
        "chromosome": table["chromosome"],
        "modified": table["modificationDate"][:10],
        "reference": reference[0],
        "loci": [[v["position"], v["rsid"], v["ref"], v["alts"], v["chromosomeHgvsName"]] for v in table["variants"]],
        "alleles": alleles,
        "shown_as": table["suballelesMap"],
        "undocumented_as_reference": table["gene"] in UNDOCUMENTED_AS_REFERENCE,
        "lowest_function": table["gene"] in LOWEST_FUNCTION,
        "required": exemption.get("requiredPositions", []),
        "priorities": [[p["pick"], p["list"]] for p in exemption.get("unphasedDiplotypePriorities", [])],
    }


def phenotype_tables(shared: Path, source: dict[str, str], other: dict[str, str]) -> Plain:
    """Function of each allele and phenotype of each pair of functions."""
    folder = shared / "pgx" / "phenotype"
    paths = [*sorted(folder.glob("*.json")), shared / "pgx" / "CYP2D6.cpic-phenotype.json"]
    genes = {}
    for path in paths:
        table = json.loads(path.read_text())
        genes[table["gene"]] = by_function(table)
    for gene in ("G6PD", "RYR1"):
        genes[gene] = from_pypgx(shared, gene, other)
    return {
        "header": {
            "content": "allele function and phenotype by pair of functions; HLA and genes without a table have none",
            "source": f"{source['repo']} commit {source['commit']}, phenotype; "
            f"CYP2D6: {source['CYP2D6.cpic-phenotype.json']}; G6PD, RYR1: {other['repo']} commit {other['commit']}",
            "version": "; ".join(sorted({f"{g} {t['version']}" for g, t in genes.items()})),
            "retrieved": source["retrieved"],
            "licence": "CPIC content CC0; pypgx MIT",
        },
        "genes": genes,
    }


def by_function(table: Plain) -> Plain:
    """Fold a diplotype table into pairs of functions; stop if a pair has two phenotypes."""
    functions = table["haplotypes"]
    pairs: dict[str, list[str | None]] = {}
    for row in table["diplotypes"]:
        keys = sorted(functions[name] for name, copies in row["diplotypekey"].items() for _ in range(int(copies)))
        value = [row["generesult"], row["activityScore"], row["lookupkey"]]
        if pairs.setdefault("|".join(keys), value) != value:
            raise SystemExit(f"{table['gene']}: {keys} has two phenotypes")
    words = {a["name"]: a["functionValue"] for a in table.get("namedAlleles", [])}
    scored = any(value[1] is not None for value in pairs.values())
    return {
        "source": "CPIC",
        "version": table["version"] or "2024-11-05",
        "scored": scored,
        "functions": functions,
        "words": words if scored else {},
        "pairs": pairs,
    }


def from_pypgx(shared: Path, gene: str, other: dict[str, str]) -> Plain:
    """G6PD and RYR1, of which the first source holds no table.

    An allele's class is its phenotype alone (hemizygous for G6PD, function word for RYR1), which makes the pairs
    unambiguous where pypgx's own function column is not; the script stops at a diplotype where it does not.
    """
    folder = shared / "pypgx" / "pypgx" / "api" / "data"
    rows = [
        (r["Diplotype"], r["Phenotype"].removeprefix("G6PD ")) for r in read_csv(folder / "diplotype-table.csv", gene)
    ]
    words = {r["StarAllele"]: r["Function"] for r in read_csv(folder / "allele-table.csv", gene)}
    single = {d.removesuffix("/MALE"): p for d, p in rows if d.endswith("/MALE")}
    functions = single or words
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for diplotype, phenotype in rows:
        first, second = split_pair(diplotype, functions)
        if second != "MALE":
            votes["|".join(sorted((functions[first], functions[second])))][phenotype] += 1
    pairs = {key: [count.most_common(1)[0][0], None, count.most_common(1)[0][0]] for key, count in votes.items()}
    for function in sorted(set(single.values())):
        pairs[function] = [function, None, function]
    for diplotype, phenotype in rows:
        first, second = split_pair(diplotype, functions)
        if second != "MALE" and pairs["|".join(sorted((functions[first], functions[second])))][0] != phenotype:
            raise SystemExit(f"{gene}: {diplotype} does not follow from its two functions")
    return {
        "source": "pypgx",
        "version": f"{other['commit'][:7]} of {other['commit_date']}",
        "scored": False,
        "functions": functions,
        "words": {},
        "pairs": pairs,
    }


def split_pair(diplotype: str, names: dict[str, str]) -> tuple[str, str]:
    """Split at the slash that leaves two known names (a name may hold a slash itself)."""
    for found in re.finditer("/", diplotype):
        first, second = diplotype[: found.start()], diplotype[found.end() :]
        if first in names and (second in names or second == "MALE"):
            return first, second
    raise SystemExit(f"cannot split {diplotype}")


def read_csv(path: Path, gene: str) -> list[dict[str, str]]:
    """The rows of one gene."""
    with path.open(newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["Gene"] == gene]


def guidance(shared: Path) -> Plain:
    """CPIC recommendations by drug; equal texts are kept once."""
    texts: dict[str, int] = {}
    drugs: dict[str, Plain] = {}
    for path in sorted((shared / "pgx" / "cpic-guidelines-2023").glob("CPIC_*.json")):
        table = json.loads(path.read_text())
        for row in table["recommendations"] or []:
            line = {
                "when": dict(sorted(row["lookupKey"].items())),
                "population": row["population"],
                "strength": (row.get("classification") or {}).get("term"),
                "text": texts.setdefault(plain_text(row["text"]["html"]), len(texts)),
                "implications": [texts.setdefault(plain_text(i), len(texts)) for i in row["implications"] or []],
            }
            for chemical in row["relatedChemicals"]:
                entry = drugs.setdefault(
                    chemical["name"],
                    {
                        "table": "CPIC " + path.stem.removeprefix("CPIC_").replace("_", " "),
                        "version": table["version"],
                        "lines": [],
                    },
                )
                entry["lines"].append(
                    [line["when"], line["population"], line["strength"], line["text"], line["implications"]]
                )
    for entry in drugs.values():
        entry["lines"].sort(key=lambda line: json.dumps(line, sort_keys=True))
    source = read_source(shared / "pgx" / "cpic-guidelines-2023" / "SOURCE.txt")
    return {
        "header": {
            "content": "CPIC recommendations by drug",
            "source": f"{source['repo']} commit {source['commit']}",
            "version": ", ".join(sorted({d["version"] for d in drugs.values()})),
            "licence": "CPIC content CC0",
        },
        "none": NO_GUIDANCE,
        "texts": list(texts),
        "columns": ["when", "population", "strength", "text", "implications"],
        "drugs": dict(sorted(drugs.items())),
    }


def plain_text(markup: str) -> str:
    """HTML of a recommendation as plain text, a space where a block ends."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


# pypgx words CFTR by response, CPIC by responsiveness; the meaning is the same.
SAME_WORDS = {
    "Favorable Response": "ivacaftor responsive in CF patients",
    "Unfavorable Response": "ivacaftor non-responsive in CF patients",
}


def disagreements(shared: Path, phenotypes: Plain, other: dict[str, str]) -> Plain:
    """Where pypgx differs from the CPIC table: phenotype of a diplotype, or activity value of an allele."""
    folder = shared / "pypgx" / "pypgx" / "api" / "data"
    genes = {}
    for gene, table in phenotypes["genes"].items():
        if table["source"] == "CPIC":
            diplotypes = read_csv(folder / "diplotype-table.csv", gene)
            genes[gene] = {
                "diplotypes": compare_diplotypes(table, diplotypes),
                "activity_values": compare_values(table, read_csv(folder / "allele-table.csv", gene)),
            }
    return {
        "header": {
            "content": "where pypgx gives another answer than the CPIC table; rows: [name, CPIC, pypgx]",
            "source": f"{other['repo']} commit {other['commit']}",
            "version": other["commit_date"],
            "licence": "pypgx MIT",
        },
        "genes": genes,
    }


def compare_diplotypes(table: Plain, rows: list[dict[str, str]]) -> Plain:
    """Phenotypes side by side; `unknown_allele` counts rows whose allele names CPIC does not use."""
    names, same, differ, unknown = table["functions"], 0, [], 0
    for row in rows:
        first, _, second = row["Diplotype"].partition("/")
        if first not in names or second not in names:
            unknown += 1
            continue
        found = table["pairs"].get("|".join(sorted((names[first], names[second]))))
        if found is None and first == second:  # mitochondrial: one copy
            found = table["pairs"].get(names[first])
        ours = (found or [None])[0]
        theirs = SAME_WORDS.get(row["Phenotype"], row["Phenotype"])
        if (ours or "").lower() == theirs.lower():
            same += 1
        else:
            differ.append([row["Diplotype"], ours, row["Phenotype"]])
    return {"same": same, "differ": len(differ), "unknown_allele": unknown, "rows": differ}


def compare_values(table: Plain, rows: list[dict[str, str]]) -> Plain:
    """Activity values of genes whose phenotype is a score; empty for the others."""
    same, differ, unknown = 0, [], 0
    for row in rows if table["scored"] else []:
        ours = table["functions"].get(row["StarAllele"])
        if ours is None:
            unknown += 1
        elif value_of(ours) == value_of(row["ActivityScore"]):
            same += 1
        else:
            differ.append([row["StarAllele"], ours, row["ActivityScore"]])
    return {"same": same, "differ": len(differ), "unknown_allele": unknown, "rows": differ}


def value_of(text: str) -> float | str:
    """A number where it is one ("0.5", "1"), else the text in capitals ("N/A", "≥3.0")."""
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else text.upper()


def write(path: Path, value: Plain) -> None:
    """One line per second-level entry: compact, and a change shows as one line."""
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace('},"', '},\n"') + "\n")
    sys.stdout.write(f"{path.name} {path.stat().st_size}\n")


if __name__ == "__main__":
    main()
