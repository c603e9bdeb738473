"""The verbs from the command line: files in, files out, refusals with place, a run that goes on after a stop."""

import csv
import json
import random
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from onelot.app import offtarget as running
from onelot.app.cli.tailor import app
from onelot.record.errors import BadInput, Refused
from onelot.tailor.offtarget.pattern import Guide, Limits, Pam
from onelot.tailor.offtarget.planes import planes_of_many
from onelot.tailor.offtarget.search import Query, chunks, search, together

SPACER = "ACGATTACGCATCAGATCCA"


@pytest.fixture
def files(tmp_path):
    """A genome with two sites of the spacer, one PAM made by the patient, and a gene over both."""
    rng = random.Random(1)

    def dna(n):
        return "".join(rng.choice("ACGT") for _ in range(n))

    text = dna(300) + SPACER + "TGG" + dna(300) + SPACER + "TGA" + dna(300)
    (tmp_path / "g.fa").write_text(f">chr1 test\n{text.lower()}\n>chr2\n{'N' * 50}\n")
    (tmp_path / "guides.txt").write_text(f"# mine\nfirst\t{SPACER}\n")
    (tmp_path / "p.vcf").write_text(
        "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tme\n"
        "chr1\t646\t.\tA\tG\t.\t.\t.\tGT\t0|1\n"
    )
    (tmp_path / "g.gff3").write_text(
        "##gff-version 3\nchr1\t.\tgene\t290\t700\t.\t+\t.\tID=g1;Name=ABC1\n"
        "chr1\t.\tmRNA\t290\t700\t.\t+\t.\tID=t1;Parent=g1\nchr1\t.\texon\t290\t700\t.\t+\t.\tParent=t1\n"
        "chr1\t.\tCDS\t292\t699\t.\t+\t0\tParent=t1\n"
    )
    assert text[645] == "A"
    return tmp_path, text


def call(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_index_then_search(files):
    folder, _ = files
    told = json.loads(call("index", folder / "g.fa", "--verify", "--json").stdout)
    assert told["bases"] == 300 * 3 + 46 + 50 and told["verified"] and told["sequences"] == 2
    out = folder / "out.tsv"
    result = call(
        "offtarget", "--reference", folder / "g.fa", "--guides", folder / "guides.txt",
        "--pam", "NGG", "--pam-side", "3", "--mismatches", "3", "-o", out, "--json",
    )  # fmt: skip
    summary = json.loads(result.stdout)
    assert "never proof of safety" in summary["statement"] and "deamination" in summary["statement"]
    rows = table(out)
    assert list(rows[0]) == [
        "guide", "chrom", "start", "end", "strand", "site", "mismatches", "dna_bulge", "rna_bulge",
        "variants", "haplotype",
    ]  # fmt: skip
    assert [(r["guide"], r["start"], r["end"], r["site"], r["haplotype"]) for r in rows if r["mismatches"] == "0"] == [
        ("first", "300", "323", SPACER + "TGG", "ref")
    ]
    assert json.loads((folder / "out.tsv.json").read_text())["sites"] == len(rows) == summary["sites"]
    assert not [p for p in folder.iterdir() if p.name.startswith(".")]


def test_a_patients_own_site_stands_in_the_table(files):
    folder, _ = files
    out = folder / "out.tsv"
    call(
        "offtarget", "--reference", folder / "g.fa", "--guides", folder / "guides.txt", "--mismatches", "1", "-o", out,
        "--vcf", folder / "p.vcf", "--gff", folder / "g.gff3",
    )  # fmt: skip
    assert [(r["start"], r["variants"], r["haplotype"], r["patient_only"], r["genes"]) for r in table(out)] == [
        ("300", "", "both", "no", "ABC1"),
        ("623", "chr1:646:A:G", "2", "yes", "ABC1"),
    ]


def test_editor_prints_candidates_or_why_none(files):
    folder, text = files
    variant = f"chr1:{306}:{text[305]}:{'A' if text[305] != 'A' else 'G'}"
    assert text[305] == "T"
    told = json.loads(
        call("editor", "--reference", folder / "g.fa", "--variant", "chr1:306:T:C", "--correct-to", "REF",
             "--gff", folder / "g.gff3", "--json").stdout
    )  # fmt: skip
    assert variant and "not assessed" in told["statement"]
    assert {"BE4max"} <= {c["editor"] for c in told["candidates"] if c["spacer"] == "ACGATCACGCATCAGATCCA"}
    plain = call("editor", "--reference", folder / "g.fa", "--variant", "chr1:306:T:A").stdout
    assert "No base-editor candidate: no editor of the table makes A>T" in plain
    near = json.loads(
        call(
            "editor", "--reference", folder / "g.fa", "--variant", "chr1:646:A:G", "--vcf", folder / "p.vcf", "--json"
        ).stdout
    )
    assert near["candidates"] and near["notes"] == []
    with pytest.raises(BadInput, match="do not hold"):
        call("editor", "--reference", folder / "g.fa", "--variant", "chr1:306:T:C", "--vcf", folder / "p.vcf")


@pytest.mark.parametrize(
    ("guides", "options", "word", "place"),
    [
        ("ACGTN" * 4, (), "not one of ACGT", "line 1"),
        ("ACGU" * 5, (), "not one of ACGT", "line 1"),
        ("x\tACGT" + "\nACGTACGTACGTACGTACGT", (), "4 letters", "line 1"),
        ("A" * 20 + "\n" + "A" * 20, (), "given before", "line 2"),
        ("a\t\tb", (), "field", "line 1"),
        ("# nothing\n", (), "no guide", "guides.txt"),
        ("A" * 20, ("--pam", ""), "PAM is empty", "--pam"),
        ("A" * 20, ("--pam", "NGJ"), "no IUPAC", "letter 3"),
        ("A" * 20, ("--pam-side", "4"), "side", "--pam-side"),
        ("A" * 20, ("--mismatches", "7"), "7", "--mismatches"),
        ("A" * 20, ("--dna-bulges", "3"), "3", "--dna-bulges"),
        ("A" * 20, ("--vcf", "/nowhere.vcf"), "cannot be read", "/nowhere.vcf"),
        ("A" * 20, ("--gff", "/nowhere.gff"), "cannot read", "/nowhere.gff"),
        ("A" * 20, ("--reference", "/nowhere.fa"), "no such file", "/nowhere.fa"),
    ],
)
def test_bad_input_is_refused_with_place_and_remedy(files, guides, options, word, place):
    folder, _ = files
    (folder / "guides.txt").write_text(guides)
    with pytest.raises(BadInput, match=word) as refused:
        call(
            "offtarget", "--reference", folder / "g.fa", "--guides", folder / "guides.txt", "-o", folder / "o", *options
        )
    assert place in (refused.value.place or "") and refused.value.remedy
    assert not (folder / "o").exists()


def test_a_table_that_cannot_be_written_is_refused(files):
    folder, _ = files
    with pytest.raises(Refused, match="cannot write"):
        call(
            "offtarget",
            "--reference",
            folder / "g.fa",
            "--guides",
            folder / "guides.txt",
            "-o",
            folder / "no" / "o.tsv",
        )


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("chr1\t.\texon\t1\t5\t.\t+\t.", "columns"),
        ("chr1\t.\tCDS\t1\t5\t.\t+\t.\tParent=t", "phase"),
        ("chr1\t.\texon\t5\t1\t.\t+\t.\tParent=t", "span"),
        ("chr1\t.\texon\t1\t99999\t.\t+\t.\tParent=t", "span"),
        ("1\t.\texon\t1\t5\t.\t+\t.\tParent=t", "no sequence of the annotation"),
    ],
)
def test_a_bad_annotation_is_refused(files, line, word):
    folder, _ = files
    (folder / "g.gff3").write_text(f"##gff-version 3\n{line}\n")
    with pytest.raises(BadInput, match=word):
        call("editor", "--reference", folder / "g.fa", "--variant", "chr1:306:T:C", "--gff", folder / "g.gff3")


def test_a_stopped_run_goes_on_where_it_was(tmp_path, monkeypatch):
    """The first run is stopped by an error after some chunks; the second searches only the others, with equal
    results."""
    rng = random.Random(2)
    planes = planes_of_many([(f"c{i}", "".join(rng.choice("AC") for _ in range(2000)) + "GG") for i in range(12)])
    query = Query((Guide("g", "ACACCACAACCACAACCACA"),), Pam.of("N", 3), Limits(6))
    kept = running.Kept(tmp_path / "out.tsv", "d", query)
    monkeypatch.setattr(running, "KEEP_AFTER_S", -1.0)

    def stop(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.run_chunks(planes, query, workers=1, kept=kept, progress=stop)
    stored = sorted(p.name for p in kept.folder.iterdir())
    assert len(stored) >= 5
    (kept.folder / stored[0]).write_bytes(b"damaged")
    searched = []
    inner = running.search_chunk
    monkeypatch.setattr(running, "search_chunk", lambda g, c, q: searched.append(c) or inner(g, c, q))
    parts = running.run_chunks(planes, query, workers=1, kept=kept)
    assert len(searched) == len(chunks(planes)) - len(stored) + 1
    assert np.array_equal(np.sort(together(parts)), np.sort(search(planes, query)))
    assert running.Kept(tmp_path / "out.tsv", "other", query).folder != kept.folder
    kept.forget()
    assert not kept.folder.exists()


def test_a_fresh_process_searches_and_holds_nothing_back():
    """Starting numba without scipy.linalg must leave the process as it was: scipy still loads afterwards."""
    program = (
        "from onelot.adapters.cache import start_compiler; start_compiler()\n"
        "from onelot.tailor.offtarget.pattern import Guide, Limits, Pam\n"
        "from onelot.tailor.offtarget.planes import planes_of_many\n"
        "from onelot.tailor.offtarget.search import Query, search\n"
        f"planes = planes_of_many([('a', '{SPACER}AGG')])\n"
        f"print(len(search(planes, Query((Guide('g', '{SPACER}'),), Pam('NGG', 3), Limits(0)))))\n"
        "import scipy.linalg; print(scipy.linalg.norm([3.0, 4.0]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "5.0"]
