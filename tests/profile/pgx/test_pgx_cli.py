"""`onelot profile pgx`: the JSON, and what is refused."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from pgx_oracle import shared
from typer.testing import CliRunner

from onelot.adapters.knowledge import SHIPPED, load_pgx_knowledge
from onelot.app.cli.profile import app
from onelot.record.errors import BadInput, Mismatch, OnelotError

pytestmark = pytest.mark.shared
CASES = shared() / "pgx" / "cases"
KEYS = ["diplotypes", "phenotype", "possible_phenotypes", "activity_score", "called", "missing_positions",
        "uncallable_alleles", "reason"]  # fmt: skip


def run(*words: str) -> dict:
    done = CliRunner().invoke(app, ["pgx", *words, "--json"])
    if isinstance(done.exception, OnelotError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_json_is_that_of_the_issue() -> None:
    path = CASES / "TPMT" / "s3bs3c.vcf"
    got = run(str(path))
    assert list(got) == ["genes", "source"]
    assert all(list(entry) == KEYS for entry in got["genes"].values())
    assert set(got["genes"]) == set(load_pgx_knowledge().definitions)
    tpmt = got["genes"]["TPMT"]
    assert tpmt["diplotypes"] == ["*1/*3A", "*3B/*3C"]
    assert (tpmt["phenotype"], tpmt["activity_score"], tpmt["called"]) == ("Intermediate Metabolizer", None, True)
    absent = got["genes"]["CYP2C19"]
    assert (absent["called"], absent["diplotypes"]) == (False, [])
    assert absent["reason"] == "none of its 35 positions has a genotype in the file"
    assert got["source"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert got["source"]["sample"] == "NA12878"


def test_plain_text_names_every_gene() -> None:
    done = CliRunner().invoke(app, ["pgx", str(CASES / "TPMT" / "s3bs3c.vcf")])
    assert "*1/*3A or *3B/*3C" in done.stdout
    assert "CYP2C19  not called" in done.stdout


def test_several_samples_need_a_name(tmp_path: Path) -> None:
    path = str(shared() / "kgp-pgx" / "TPMT.vcf.gz")
    with pytest.raises(BadInput, match="3202 samples"):
        run(path)
    assert run(path, "--sample", "HG00096")["genes"]["TPMT"]["called"]


def test_another_assembly_is_refused(tmp_path: Path) -> None:
    text = (CASES / "TPMT" / "s1s1.vcf").read_text()
    stated = tmp_path / "stated.vcf"
    stated.write_text(text.replace("##reference=hg38", "##reference=hg19").replace("hg38", "hg19"))
    with pytest.raises(Mismatch, match="GRCh37") as refusal:
        run(str(stated))
    assert str(refusal.value.place).endswith("stated.vcf:4")
    silent = tmp_path / "silent.vcf"
    lines = text.replace("##reference=hg38\n", "").splitlines()
    lines[-1] = lines[-1].replace("\tT\t", "\tG\t", 1)
    silent.write_text("\n".join(lines) + "\n")
    with pytest.raises(Mismatch, match="REF does not fit"):
        run(str(silent))


def test_outside_calls(tmp_path: Path) -> None:
    vcf = str(CASES / "TPMT" / "s1s1.vcf")
    calls = tmp_path / "calls.tsv"
    calls.write_text("# lab report 7\nCYP2D6\t*4/*4\nHLA-B\t*07:02/*58:01\nMT-RNR1\tm.1555A>G\nCYP2C19\t*2/*2\n")
    genes = run(vcf, "--outside", str(calls))["genes"]
    assert (genes["CYP2D6"]["phenotype"], genes["CYP2D6"]["activity_score"]) == ("Poor Metabolizer", "0.0")
    assert genes["CYP2D6"]["reason"] == f"outside call ({calls}:2)"
    assert genes["HLA-B"]["phenotype"] == "*15:02 negative; *57:01 negative; *58:01 positive"
    assert genes["MT-RNR1"]["phenotype"] == "increased risk of aminoglycoside-induced hearing loss"
    assert genes["CYP2C19"]["phenotype"] == "Poor Metabolizer"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("TPMT\t*1/*2", "not called from outside"),  # the variant file speaks of it
        ("CYP2D6\t*1/*2\nCYP2D6\t*1/*4", "stands twice"),
        ("CYP2D6\t*1", "does not name 2"),
        ("MT-RNR1\tReference/Reference", "does not name 1"),
        ("CYP2D6", "says neither"),
        ("BRCA1\t*1/*1", "not called from outside"),
    ],
)
def test_outside_calls_are_refused_with_their_line(tmp_path: Path, line: str, why: str) -> None:
    calls = tmp_path / "calls.tsv"
    calls.write_text(line + "\n")
    with pytest.raises(BadInput, match=why) as refusal:
        run(str(CASES / "TPMT" / "s1s1.vcf"), "--outside", str(calls))
    assert str(refusal.value.place).startswith(f"{calls}:")


def test_a_stated_phenotype_that_differs_stands_beside_the_tables(tmp_path: Path) -> None:
    calls = tmp_path / "calls.tsv"
    calls.write_text("CYP2D6\t*4/*4\tNormal Metabolizer\n")
    got = run(str(CASES / "TPMT" / "s1s1.vcf"), "--outside", str(calls))["genes"]["CYP2D6"]
    assert got["phenotype"] is None
    assert got["possible_phenotypes"] == ["Normal Metabolizer", "Poor Metabolizer"]


def test_knowledge_is_replaceable_without_touching_code(tmp_path: Path) -> None:
    for path in SHIPPED.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    plain = json.loads((tmp_path / "phenotypes.json").read_text())
    plain["genes"]["TPMT"]["functions"]["*3A"] = "Normal function"
    (tmp_path / "phenotypes.json").write_text(json.dumps(plain))
    vcf = str(CASES / "TPMT" / "het3a.vcf")
    own = run(vcf, "--knowledge", str(tmp_path))
    assert own["genes"]["TPMT"]["phenotype"] == "Normal Metabolizer"
    assert run(vcf)["genes"]["TPMT"]["phenotype"] == "Intermediate Metabolizer"
    assert own["source"]["knowledge"]["phenotypes.json"] != run(vcf)["source"]["knowledge"]["phenotypes.json"]


@pytest.mark.parametrize(
    "broken", ["{", "[]", '{"header":{}}', '{"header":{},"genes":{"TPMT":{}},"assembly":"GRCh38"}']
)
def test_broken_knowledge_is_refused(tmp_path: Path, broken: str) -> None:
    for path in SHIPPED.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "definitions.json").write_text(broken)
    with pytest.raises(BadInput) as refusal:
        load_pgx_knowledge(tmp_path)
    assert refusal.value.place


def test_the_shipped_files_are_what_the_script_writes(tmp_path: Path) -> None:
    script = Path(__file__).resolve().parents[3] / "scripts" / "build_pgx_knowledge.py"
    subprocess.run([sys.executable, str(script), str(shared()), str(tmp_path)], check=True, capture_output=True)
    by_hand = {"as_usual.json"}  # our reading of the texts; there is no source to build it from
    for path in [each for each in SHIPPED.glob("*.json") if each.name not in by_hand]:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
