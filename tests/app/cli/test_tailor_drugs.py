"""`onelot tailor pharmacogenomics | guideline`, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from onelot.app.cli import app
from onelot.app.cohort import cohort_plan
from onelot.record.errors import BadInput, Held, OnelotError
from onelot.tailor.guideline import read_guideline
from onelot.twin.cohort import bgzip, documents

ORIGIN = ["--origin", "germline-blood", "--transplant-before", "no"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    plan = next(each for each in cohort_plan().patients if each.patient == "p01")
    made = documents(plan, Random("7/p01"))
    (tmp_path / "p01.vcf.gz").write_bytes(bgzip(made["p01.vcf.gz"].encode()))
    (tmp_path / "p01.outside.tsv").write_text(made["p01.outside.tsv"])
    return tmp_path


def run(*given: str) -> str:
    found = CliRunner().invoke(app, list(given))
    if found.exception is not None and isinstance(found.exception, OnelotError):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found.output


def test_a_regimen_is_weighed_what_holds_first(files: Path) -> None:
    told = json.loads(
        run("tailor", "pharmacogenomics", str(files / "p01.vcf.gz"), "--outside", str(files / "p01.outside.tsv"),
            "--recipe", "cd19-per-kg", *ORIGIN, "--json")
    )  # fmt: skip
    holds = [each["holds"] for each in told["drugs"]]
    assert holds == sorted(holds, reverse=True) and any(holds)
    (ondansetron,) = (each for each in told["drugs"] if each["drug"] == "ondansetron")
    assert ondansetron["actionable"] and ondansetron["weighed"] == {"CYP2D6": ["3.0"]}
    assert ondansetron["lines"][0]["strength"] and ondansetron["lines"][0]["version"] == "2023-12-19-10-38"
    assert told["source"]["sample"] and told["origin"] == "germline-blood"
    shown = run("tailor", "pharmacogenomics", str(files / "p01.vcf.gz"), "--drug", "rasburicase", *ORIGIN)
    assert shown.startswith("rasburicase       HELD")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ([], BadInput), (["--origin", "germline-blood"], BadInput), (["--transplant-before", "no"], BadInput),
        (["--origin", "blood", "--transplant-before", "no"], BadInput),
        (["--origin", "germline-blood", "--transplant-before", "yes"], Held),
        (["--origin", "tumour-biopsy", "--transplant-before", "no"], Held),
        (["--origin", "germline-blood", "--transplant-before", "perhaps"], BadInput),
    ],
)  # fmt: skip
def test_nothing_is_weighed_before_the_origin_is_stated(
    files: Path, given: list[str], refusal: type[OnelotError]
) -> None:
    with pytest.raises(refusal):
        run("tailor", "pharmacogenomics", str(files / "p01.vcf.gz"), "--drug", "rasburicase", *given)


def test_calling_says_whether_its_calls_act(files: Path) -> None:
    bare = json.loads(run("profile", "pgx", str(files / "p01.vcf.gz"), "--json"))
    assert bare["source"]["acts"] is False and "not stated" in bare["source"]["held"]
    stated = json.loads(run("profile", "pgx", str(files / "p01.vcf.gz"), *ORIGIN, "--json"))
    assert stated["source"]["acts"] is True and stated["genes"] == bare["genes"], "the calls themselves are the same"


@pytest.mark.parametrize("drug", ["voriconazole", "busulfan", "prednisolone", "Tacrolimus"])
def test_a_guideline_is_written_as_a_document(drug: str) -> None:
    found = read_guideline(json.loads(run("tailor", "guideline", drug)))
    assert found.drug == drug.lower() and found.source and found.licence
    assert bool(found.lines) == (drug not in ("busulfan", "prednisolone"))
    assert bool(found.none) != bool(found.lines)


def test_no_file_and_no_drug_are_refused(files: Path) -> None:
    for given in ([], [str(files / "p01.vcf.gz"), *ORIGIN]):
        with pytest.raises(BadInput):
            run("tailor", "pharmacogenomics", *given)
