"""The genome on the thread: what is read, with whose consent, from which place, and what happens when it cannot be."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pysam
import pytest

from onelot.adapters.recipes import shipped
from onelot.app import cohort, demo, genome
from onelot.app.context import SYSTEM, Context
from onelot.app.formulas import evaluate
from onelot.app.printing import record_pdf
from onelot.app.why import why
from onelot.profile.eligibility import judge
from onelot.profile.genotype import read_genotype
from onelot.profile.samples import Origin
from onelot.record.errors import BadInput, Held, Mismatch
from onelot.record.recipe import FactNeed, MasterRecipe
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import OpenFact

NOW = datetime(2026, 9, 20, tzinfo=UTC)
ORDERED = datetime(2026, 9, 18, 13, tzinfo=UTC)
CONSENTED = Therapy(consent=frozenset({"collection", "manufacture", "genome_use"}))
CALLED = {"pgx_CYP2C19", "pgx_TPMT", "pgx_NUDT15", "pgx_UGT1A1", "pgx_VKORC1", "pgx_DPYD"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("cohort")
    cohort.write_cohort(found, 7)
    return found


def lines_of(vcf: Path) -> list[str]:
    return vcf.read_text("utf-8").split("\n")


def sample_of(vcf: Path) -> str:
    return next(line for line in lines_of(vcf) if line.startswith("#CHROM")).split("\t")[9]


GERMLINE = genome.origin_of("germline-blood", False)


def read(
    vcf: Path,
    number: str | None = None,
    therapy: Therapy = CONSENTED,
    origin: Origin | None = GERMLINE,
    outside: Path | None = None,
) -> dict[str, OpenFact]:
    identifiers = [f"urn:onelot:synthetic|{number or sample_of(vcf)}", "id|p16"]
    found = genome.pgx_facts(
        vcf, identifiers, therapy, NOW, observed_at=ORDERED, synthetic=True, origin=origin, outside=outside
    )
    return {fact.name: fact for fact in found}


def plain_of(packed: Path) -> Path:
    """The text of a bgzip file, by the standard library alone."""
    plain = packed.parent / "plain" / packed.name.removesuffix(".gz")
    plain.parent.mkdir(exist_ok=True)
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    return plain


def line_numbers(place: str) -> list[int]:
    return [int(number) for number in re.findall(r"L(\d+)", place)]


def test_every_gene_is_a_fact_and_unknown_is_told(folder: Path) -> None:
    facts = read(folder / "p16.vcf")
    assert {name for name in facts if not str(facts[name].value).startswith("not callable: ")} >= CALLED
    assert str(facts["pgx_CFTR"].value).startswith("not callable: none of its")
    for fact in facts.values():
        assert fact.synthetic
        assert fact.observed_at == ORDERED
        assert fact.source == digest_of(folder / "p16.vcf")


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_place_followed_in_the_source_gives_what_was_read(folder: Path, tmp_path: Path) -> None:
    followed = 0
    for vcf in sorted(folder.glob("*.vcf")):
        lines, facts = lines_of(vcf), read(vcf)
        for name, fact in facts.items():
            assert sample_of(vcf) not in fact.place, "a patient's number does not stand in the clear"
            numbers = line_numbers(fact.place)
            if not numbers:
                assert str(fact.value).startswith("not callable: none of its")
                assert digest_of(vcf).startswith(fact.place.removeprefix("vcf:"))
                continue
            assert genome.genotypes_at(vcf, fact.place) == tuple(lines[n - 1].split("\t")[9] for n in numbers)
            # Those lines alone say the same of this gene: they are what was read.
            alone = tmp_path / "alone.vcf"
            head = [line for line in lines if line.startswith("#")]
            alone.write_text("\n".join([*head, *(lines[n - 1] for n in numbers)]) + "\n", "utf-8")
            assert read(alone)[name].value == fact.value
            followed += 1
    assert followed >= 50


def test_a_genotype_makes_its_star_alleles(folder: Path, tmp_path: Path) -> None:
    def spelled(genotype: str) -> str:
        lines = lines_of(folder / "p16.vcf")
        for number, line in enumerate(lines):
            columns = line.split("\t")
            if columns[0] == "chr10" and columns[1] in ("94781859", "94780653", "94761900"):
                columns[9] = genotype if columns[1] == "94781859" else "0/0"
                lines[number] = "\t".join(columns)
        made = tmp_path / "made.vcf"
        made.write_text("\n".join(lines), "utf-8")
        return str(read(made)["pgx_CYP2C19"].value)

    assert "*2/*2, Poor Metabolizer" in spelled("1/1")
    assert "*2" not in spelled("0/0").partition(",")[0]


def test_bgzip_gives_the_same_facts_and_is_bgzip(folder: Path) -> None:
    packed = folder / "p01.vcf.gz"
    plain = plain_of(packed)
    one, other = read(packed, sample_of(plain)), read(plain)
    assert {name: fact.value for name, fact in one.items()} == {name: fact.value for name, fact in other.items()}
    assert packed.read_bytes().endswith(bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000"))
    with pysam.BGZFile(str(packed)) as file:
        assert file.read() == plain.read_bytes()


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        (None, "not stated"),
        (genome.origin_of("tumour-biopsy", False), "tumour DNA"),
        (genome.origin_of("germline-blood", None), "not known whether an allogeneic transplant"),
        (genome.origin_of("germline-blood", True), "after an allogeneic transplant"),
        (genome.origin_of("germline-fibroblast", True), ""),
        (genome.origin_of("germline-buccal", False), ""),
    ],
)
def test_what_is_not_the_patients_own_germline_does_not_act(folder: Path, origin: Origin | None, says: str) -> None:
    facts = {name: read_genotype(str(fact.value)) for name, fact in read(folder / "p16.vcf", origin=origin).items()}
    assert all(says in each.held for each in facts.values())
    assert any(each.keys for each in facts.values()) == (says == "")
    for each in facts.values():
        assert bool(each.held) == bool(says) and ("does not act" in each.told) == bool(says)


def test_a_transplant_is_read_from_the_procedures(folder: Path) -> None:
    found = next(each for each in cohort.patients_in(folder) if each.name == "p16")
    documents = cohort.read_patient(found)
    assert genome.transplant_before(documents, NOW) is False
    (bundle,) = (each for each in documents if each.form == "fhir")
    others = tuple(each for each in bundle.resources if each.kind != "Procedure")
    assert genome.transplant_before((replace(bundle, resources=others),), NOW) is None
    (procedure,) = (each for each in bundle.resources if each.kind == "Procedure")
    done = replace(procedure, body={**procedure.body, "status": "completed", "performedDateTime": "2019-05-01"})
    # One that says it was done and one that says it never was: the transplant counts.
    assert genome.transplant_before((replace(bundle, resources=(*others, done, procedure)),), NOW) is True
    undated = replace(procedure, body={"status": "completed", "code": procedure.body["code"]})
    assert genome.transplant_before((replace(bundle, resources=(*others, undated)),), NOW) is None


@pytest.mark.parametrize("stated", ["", "blood", "germline", "germline-", "tumour", "somatic-blood", "Germline-blood"])
def test_an_origin_that_is_none_is_refused(stated: str) -> None:
    with pytest.raises(BadInput, match="no origin"):
        genome.origin_of(stated, False)


def test_an_outside_call_is_a_fact_with_its_own_source_and_line(folder: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls.tsv"
    calls.write_text("# a laboratory's file\nCYP2D6\t*4/*4\t\t\n", "utf-8")
    fact = read(folder / "p16.vcf", outside=calls)["pgx_CYP2D6"]
    assert fact.source == digest_of(calls)
    assert fact.place == f"outside:{digest_of(calls)[:12]}#L2"
    told = read_genotype(str(fact.value))
    assert told.outside and told.keys == ("0.0",) and told.phenotypes == ("Poor Metabolizer",)
    assert "CYP2D6" not in {name.removeprefix("pgx_") for name in read(folder / "p16.vcf")}


def test_a_file_date_in_the_header_is_when_it_was_observed(folder: Path, tmp_path: Path) -> None:
    text = (folder / "p16.vcf").read_text("utf-8")
    dated = tmp_path / "dated.vcf"
    for written, at in (
        ("20260801", datetime(2026, 8, 1, tzinfo=UTC)),
        ("2026-08-01", datetime(2026, 8, 1, tzinfo=UTC)),
        ("last week", ORDERED),
    ):
        dated.write_text(text.replace("\n", f"\n##fileDate={written}\n", 1), "utf-8")
        assert read(dated)["pgx_TPMT"].observed_at == at


@pytest.mark.parametrize(
    "therapy",
    [
        Therapy(consent=frozenset({"collection", "manufacture"})),
        Therapy(consent=frozenset({"genome_use"}), withdrawn=frozenset({"genome_use"})),
        Therapy(consent=frozenset({"genome_use"}), consent_until=datetime(2026, 9, 1, tzinfo=UTC)),
    ],
)
def test_without_consent_nothing_is_read(folder: Path, tmp_path: Path, therapy: Therapy) -> None:
    # The file does not exist: had anything been opened, the refusal would be another.
    with pytest.raises(Held, match="genome_use"):
        read(tmp_path / "absent.vcf", "SYN-1", therapy)
    packet = cohort.read_patient(next(each for each in cohort.patients_in(folder) if each.name == "p16"))
    with pytest.raises(Held, match="genome_use"):
        genome.variant_facts(packet, therapy, NOW, observed_at=ORDERED, synthetic=True)


def test_another_persons_sample_is_refused(folder: Path) -> None:
    with pytest.raises(Mismatch, match="not one of the patient's identifiers") as caught:
        read(folder / "p16.vcf", sample_of(folder / "p18.vcf"))
    assert sample_of(folder / "p16.vcf") not in str(caught.value.what)


def test_a_causal_variant_is_a_fact_and_its_pointer_leads_to_it(folder: Path) -> None:
    found = next(each for each in cohort.patients_in(folder) if each.name == "p16")
    documents = cohort.read_patient(found)
    (fact,) = genome.variant_facts(documents, CONSENTED, NOW, observed_at=ORDERED, synthetic=True)
    value = json.loads((folder / "p16.phenopacket.json").read_bytes())
    for token in fact.place.split("/")[1:]:
        value = value[int(token)] if isinstance(value, list) else value[token]
    assert fact.name == f"variant_{value['geneContext']['symbol']}" == "variant_HBB"
    assert str(fact.value).startswith(f"{value['expressions'][0]['value']}, {value['allelicState']['label']}")
    assert fact.source == digest_of(folder / "p16.phenopacket.json")
    with pytest.raises(Mismatch):
        other = cohort.read_patient(next(each for each in cohort.patients_in(folder) if each.name == "p20"))
        genome.variant_facts((documents[0], *other[1:]), CONSENTED, NOW, observed_at=ORDERED, synthetic=True)


def asking_for(recipe: MasterRecipe, *genes: str) -> MasterRecipe:
    needs = tuple(FactNeed(name=f"pgx_{gene}", title=gene, kind="text") for gene in genes)
    return replace(recipe, facts=(*recipe.facts, *needs))


def test_a_required_gene_that_cannot_be_called_stays_unknown(folder: Path) -> None:
    recipe = asking_for(shipped()["cd34-edited"], "TPMT", "CFTR")
    kept, findings = genome.required(recipe, read(folder / "p16.vcf").values())
    assert "pgx_TPMT" in {fact.name for fact in kept}
    assert [(each.fact, each.place) for each in findings] == [("pgx_CFTR", f"vcf:{digest_of(folder / 'p16.vcf')[:12]}")]


def test_a_truncated_file_is_refused_with_its_line(folder: Path, tmp_path: Path) -> None:
    lines = lines_of(folder / "p16.vcf")
    at = next(number for number, line in enumerate(lines) if "rs9923231" in line)
    cut = tmp_path / "cut.vcf"
    cut.write_text("\n".join([*lines[:at], lines[at][:24]]), "utf-8")
    with pytest.raises(BadInput) as caught:
        read(cut, sample_of(folder / "p16.vcf"))
    assert caught.value.place == f"{cut}:{at + 1}"
    recipe = asking_for(shipped()["cd34-edited"], "TPMT")
    (finding,) = genome.refused(recipe, caught.value)
    assert (finding.fact, finding.place) == ("pgx_TPMT", f"VCF line {at + 1}")
    held = judge(
        recipe,
        {},
        consent=CONSENTED.consent,
        consent_until=None,
        markers={},
        now=NOW,
        evaluate=evaluate,
        gathered=[finding],
    )
    assert finding in held, "what a recipe asks for never passes in silence"


@pytest.mark.postgres
def test_cases_go_on_without_a_genome_that_was_refused(folder: Path, tmp_path: Path) -> None:
    """p01 reads its genome; p02's file is cut off, p04 brings another's; p16 has its phenopacket still; p19 has not
    agreed: its file is no file, and nobody notices."""
    files = tmp_path / "made"

    def make(recipes: Sequence[MasterRecipe]) -> demo.Cohort:
        found = demo.own_cohort(files, 7, recipes)
        (files / "p02.vcf").write_bytes((files / "p02.vcf").read_bytes()[:-20])
        found.cases["p04"].vcf = files / "p01.vcf.gz"
        found.cases["p19"].vcf = files / "never-opened.vcf"
        (files / "p16.vcf").write_bytes((files / "p16.vcf").read_bytes()[:-20])
        kept = {key: found.cases[key] for key in ("p01", "p02", "p04", "p16", "p19")}
        return replace(found, cases=kept, expected={})

    # The database server runs as an account of its own, which may not pass pytest's folders.
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o755)
        run = demo.prepare(Path(open_folder) / "home", 7, make, lambda *_: None)
        try:
            run.driver.run()
            look(run, files)
        finally:
            run.house.close()


def look(run: demo.Demo, files: Path) -> None:
    recorded = {key: genome_facts(run, key) for key in run.cohort.cases}
    refusals = {key: [each["place"] for each in case.refused] for key, case in run.cohort.cases.items()}
    assert len(recorded["p01"]) == 20 and not refusals["p01"]
    therapy = run.driver.stage.therapy_of(run.cohort.cases["p01"])
    assert therapy is not None
    context = Context(run.house.loop.reader, run.house.vault, SYSTEM, NOW, run.house.loop.entropy)
    opened = context.open_fact(therapy.facts["pgx_TPMT"].fact)
    sample = sample_of(plain_of(files / "p01.vcf.gz"))
    assert opened.value == read(files / "p01.vcf.gz", sample)["pgx_TPMT"].value
    batch = run.driver.stage.batch_of(therapy)
    assert batch is not None
    told = {each["fact"]: each for each in why(run.house, batch.batch, "dose", SYSTEM)["genome"]}
    assert told.keys() == recorded["p01"]
    assert told["pgx_TPMT"]["value"] == str(opened.value).partition("\n")[0] and told["pgx_TPMT"]["acts_on"] == []
    assert record_pdf(run.house, batch.batch).startswith(b"%PDF")
    assert not recorded["p02"] and re.search(r"p02\.vcf:\d+$", refusals["p02"][0])
    assert not recorded["p04"] and "p01.vcf.gz:" in refusals["p04"][0]
    assert not recorded["p19"] and not refusals["p19"]
    assert recorded["p16"] == {"variant_HBB"} and re.search(r"p16\.vcf:\d+$", refusals["p16"][0])
    for key in ("p02", "p04"):
        going = run.driver.stage.therapy_of(run.cohort.cases[key])
        assert going is not None and going.eligible and going.tailoring is not None


def genome_facts(run: demo.Demo, key: str) -> set[str]:
    therapy = run.driver.stage.therapy_of(run.cohort.cases[key])
    assert therapy is not None
    return {name for name in therapy.facts if name.startswith(("pgx_", "variant_"))}
