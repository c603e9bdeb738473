"""The made-up cohort: the same from the same seed, valid FHIR R4, and gone wrong exactly as planned."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from onelot.adapters.fhir import ConsentFound, Order, consent_of, identity_of, order_of
from onelot.adapters.phenopackets import causal_variants, read_phenopacket
from onelot.adapters.vcf import read_vcf
from onelot.app.cohort import PatientFiles, cohort_plan, expected_ends, patients_in, read_patient, write_cohort
from onelot.app.formulas import evaluate
from onelot.profile.eligibility import judge
from onelot.profile.facts import gather
from onelot.profile.infection import infection_label
from onelot.record.errors import BadInput
from onelot.record.units import convert
from onelot.twin.cohort import documents, read_expected, read_plan
from onelot.twin.faults import read_faults
from tests.profile.support import ROOT, shipped

SEED = 7
DATA = ROOT / "src/onelot/data/cohort"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    where = tmp_path_factory.mktemp("cohort")
    write_cohort(where, SEED)
    yield where


@pytest.fixture(scope="module")
def patients(folder: Path) -> dict[str, PatientFiles]:
    return {found.name: found for found in patients_in(folder)}


def test_the_same_seed_writes_the_same_and_another_another(folder: Path, tmp_path: Path) -> None:
    write_cohort(tmp_path / "again", SEED)
    write_cohort(tmp_path / "other", SEED + 1)

    def content(where: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in where.iterdir()}

    assert content(folder) == content(tmp_path / "again")
    assert content(folder).keys() == content(tmp_path / "other").keys()
    assert content(folder) != content(tmp_path / "other")


def test_plan_and_expected_ends_name_the_same_patients() -> None:
    plan, ends = cohort_plan(), expected_ends()
    assert {each.patient: each.product for each in plan.patients} == {one.patient: one.product for one in ends.values()}
    assert len(ends) == 25
    assert {each.product for each in plan.patients} == {
        "cd19-per-kg", "cd19-flat", "cd34-edited", "aav9-weight-band", "lnp-base-editor",
    }  # fmt: skip
    assert all(one.reason for one in ends.values())
    with (DATA / "expected.csv").open(encoding="utf-8") as stream:
        assert len(list(csv.reader(stream))) == 26
    faults = read_faults(json.loads((DATA / "faults.json").read_text("utf-8")))
    kinds = {fault.kind for each in faults.values() for fault in each}
    assert kinds == {
        "weak_collection", "stalled_growth", "low_viability", "late_sterility_failure", "late_warm_courier",
        "wrong_bag", "weight_corrected", "consent_withdrawn", "device_unknown", "late_fact",
    }  # fmt: skip


def test_a_broken_plan_is_refused() -> None:
    good = json.loads((DATA / "faults.json").read_text("utf-8"))
    with pytest.raises(BadInput, match="no plan"):
        read_plan({**good, "format": "other"})
    with pytest.raises(BadInput, match="no fault the twin knows"):
        read_plan({**good, "patients": [{**good["patients"][0], "faults": [{"kind": "earthquake"}]}]})
    with pytest.raises(BadInput, match="twice"):
        read_plan({**good, "patients": good["patients"][:1] * 2})
    with pytest.raises(BadInput, match="is no end"):
        read_expected("patient,product,disposition,end,reason\np01,x,,lost,y\n")


def test_every_bundle_is_valid_r4_and_marked_as_test_data(folder: Path) -> None:
    bundles = [path for path in folder.glob("*.json") if "phenopacket" not in path.name]
    assert len(bundles) == 27
    for path in bundles:
        value = json.loads(path.read_text("utf-8"))
        Bundle.model_validate(value)
        for entry in value["entry"]:
            assert entry["resource"]["meta"]["security"][0]["code"] == "HTEST"


def held(found: PatientFiles, *, with_later: bool = False, after_h: int = 1) -> set[str]:
    """What stands between this patient and collection, by the shipped recipe."""
    plan = next(each for each in cohort_plan().patients if each.patient == found.name)
    now = plan.ordered_at + timedelta(hours=after_h)
    read = read_patient(found, with_later=with_later)
    recipe = shipped(plan.product)
    order, consent = order_of(read[0], recipe.name, now), consent_of(read[0], now)
    assert isinstance(order, Order)
    assert order.synthetic
    assert isinstance(consent, ConsentFound)
    facts, markers = (gather(read, part, now, convert=convert) for part in (recipe.facts, recipe.markers))
    label, _ = infection_label(markers.facts, recipe.markers, now)
    assert (label == "autologous use only") == (found.name != "p15" and bool(recipe.markers))
    findings = judge(
        recipe,
        facts.facts,
        consent=frozenset(consent.scopes),
        consent_until=consent.valid_until,
        markers=markers.facts,
        now=now,
        evaluate=evaluate,
        gathered=(*facts.findings, *markers.findings),
    )
    return {finding.fact for finding in findings}


def test_exactly_the_planned_patients_are_held_before_collection(patients: dict[str, PatientFiles]) -> None:
    assert {name: found for name, each in patients.items() if (found := held(each))} == {
        "p09": {"lymphocytes_per_ul"},
        "p15": {"hiv", "hbv", "hcv", "syphilis"},
        "p19": {"consent:genome_use"},
        "p25": {"causal_variant"},  # no FHIR document tells it: it is read from the phenopacket, with consent
    }


def test_the_missing_count_comes_later_and_lifts_the_hold(patients: dict[str, PatientFiles]) -> None:
    assert [name for name, found in patients.items() if found.later] == ["p09", "p25"]
    assert held(patients["p09"], with_later=True, after_h=19) == {"lymphocytes_per_ul"}
    assert held(patients["p09"], with_later=True, after_h=21) == set()


def test_no_seed_holds_anybody_else(tmp_path: Path) -> None:
    """The plan decides who is held, never the draw."""
    for seed in range(100, 104):
        write_cohort(tmp_path / str(seed), seed)
        names = {found.name for found in patients_in(tmp_path / str(seed)) if held(found)}
        assert names == {"p09", "p15", "p19", "p25"}


def weight_of(found: PatientFiles) -> Decimal:
    entries = json.loads(found.bundle.read_text("utf-8"), parse_float=Decimal)["entry"]
    weights: list[tuple[str, Any]] = [
        (one["resource"]["effectiveDateTime"], one["resource"]["valueQuantity"]["value"])
        for one in entries
        if one["resource"]["resourceType"] == "Observation"
        and one["resource"]["code"]["coding"][0]["code"] == "29463-7"
    ]
    return Decimal(max(weights)[1])


def test_weights_lie_in_between_and_outside_the_printed_bands_as_planned(patients: dict[str, PatientFiles]) -> None:
    bands = shipped("aav9-weight-band").bands
    assert bands is not None
    inside, between, outside = set(), set(), set()
    for plan in cohort_plan().patients:
        if plan.product == "aav9-weight-band":
            weight = weight_of(patients[plan.patient])
            if any(band.low <= weight <= band.high for band in bands.rows):
                inside.add(plan.patient)
            elif bands.rows[0].low < weight < bands.rows[-1].high:
                between.add(plan.patient)
            else:
                outside.add(plan.patient)
    assert (inside, between, outside) == ({"p20", "p23", "p24"}, {"p21"}, {"p22"})


def test_the_capped_and_the_corrected_weight(patients: dict[str, PatientFiles]) -> None:
    assert weight_of(patients["p03"]) > 100, "2e6 per kg passes the cap of 2e8 above 100 kg"
    right = next(each for each in cohort_plan().patients if each.patient == "p08").fault("weight_corrected")
    assert right is not None
    assert right.settings["to"] != weight_of(patients["p08"])


def test_vcf_and_phenopacket_belong_to_their_patient(patients: dict[str, PatientFiles]) -> None:
    vcfs = [found for found in patients.values() if found.vcf]
    packets = [found for found in patients.values() if found.phenopacket]
    assert len(vcfs) >= 8
    assert {found.name for found in packets} == {"p16", "p20", "p25"}
    for found in vcfs:
        assert found.vcf is not None
        file = read_vcf(found.vcf)
        file.header.require_assembly("onelot-made-up-1" if found.reference else "GRCh38")
        numbers = {value for _, value in identity_of(read_patient(found)[0]).identifiers}
        assert set(file.samples) <= numbers
    for found in packets:
        assert found.phenopacket is not None
        assert len(causal_variants(read_phenopacket(found.phenopacket))) == 1
        gather(read_patient(found), [], cohort_plan().start, convert=convert)  # refuses documents of two people


@pytest.mark.shared
def test_named_positions_are_those_of_the_definitions() -> None:
    from tests.profile.support import shared

    known = set()
    for path in shared("pgx/definition/alleles").glob("*_translation.json"):
        for each in json.loads(path.read_text("utf-8"))["variants"]:
            known |= {(each["chromosome"], each["position"], each["rsid"], each["ref"], alt) for alt in each["alts"]}
    from onelot.twin.cohort.genome import SITES

    assert {(one.chromosome, one.position, one.identifier, one.ref, one.alt) for one in SITES} <= known


def test_folders_that_are_no_cohort(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no patient"):
        list(patients_in(tmp_path))
    with pytest.raises(BadInput, match="cannot be read"):
        list(patients_in(tmp_path / "none"))
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        write_cohort(blocked, 1)


def test_a_patient_s_documents_do_not_depend_on_the_others() -> None:
    plan = cohort_plan().patients[3]
    assert documents(plan, Random(f"{SEED}/{plan.patient}")) == documents(plan, Random(f"{SEED}/{plan.patient}"))
