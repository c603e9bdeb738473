"""The batch of one: two people choose a guide, every gap is named, and a toxicology lot comes to nobody."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from onelot.app.commands import deliver, editing, lots, make, material, order, plan, tailor
from onelot.app.commands.evidence import RecordEvidence
from onelot.app.export import export_batch
from onelot.app.guide_file import guide_file
from onelot.app.printing import certificate_of, label_of, record_pdf
from onelot.app.simulation.case import Case
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.own_lot import own_name
from onelot.app.simulation.site import HOSPITALS, PLANT
from onelot.app.why import why
from onelot.record.errors import BadInput, Held, Mismatch, NotAllowed, OutOfOrder, Refused
from onelot.record.evidence import verify
from onelot.record.evidence_file import evidence_gaps
from onelot.record.subjects import Therapy
from onelot.twin.faults import Fault
from tests.app.commands.conftest import Populate

NAMES = {
    "causal_variant", "natural_history", "editability", "off_target_assay", "toxicology", "ethics_approval",
    "authority_approval",
}  # fmt: skip
PATIENT = "p25"


class Run:
    """A house where the patient with the editor stands somewhere on the way."""

    def __init__(self, driver: Driver) -> None:
        self.driver, self.stage = driver, driver.stage
        self.site, self.house = driver.stage.site, driver.stage.site.house

    @property
    def case(self) -> Case:
        return self.stage.cases[PATIENT]

    @property
    def therapy(self) -> Therapy:
        found = self.stage.therapy_of(self.case)
        assert found is not None
        return found

    @property
    def coi(self) -> str:
        return self.therapy.coi

    def give(self, command: Any, role: str = "bioinformatician", place: str = PLANT, number: int = 1) -> Any:
        return self.site.give(command, role, place, number).answer

    def prescriber(self, command: Any) -> Any:
        return self.give(command, "prescriber", self.case.hospital)

    def opened(self, sealed: Any) -> str:
        return str(self.stage.context().open(sealed))

    def design(self) -> dict[str, Any]:
        assert self.therapy.design is not None
        found: dict[str, Any] = json.loads(self.opened(self.therapy.design.event.design))
        return found

    def rank(self, editor: str = "ABE8e", nth: int = 0) -> int:
        return [int(each["rank"]) for each in self.design()["candidates"] if each["editor"] == editor][nth]

    def event(self, name: str) -> Any:
        return next(
            entry
            for entry in reversed(self.house.journal.read(f"therapy/{self.coi}"))
            if entry.envelope["type"] == name
        )

    def gaps(self, before: Any = "clinical_lot") -> set[str]:
        found = evidence_gaps(self.case.recipe, self.therapy, self.house.clock(), before)
        return {gap.fact for gap in found}

    def evidence(self, need: str, **changes: Any) -> RecordEvidence:
        value = {"editability": Decimal(62), "off_target_assay": Decimal(0)}.get(need)
        unit = {"editability": "%", "off_target_assay": "{sites}"}.get(need, "")
        command = RecordEvidence(
            self.coi, need, sha256(need.encode()).hexdigest(), "supports", "a document of the test",
            self.house.clock(), value, unit,
        )  # fmt: skip
        return replace(command, **changes)


def at(populate: Populate, until: str) -> Run:
    return Run(populate(PATIENT, until=until))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    from tests.app.commands.conftest import populated

    return Run(populated(tmp_path_factory.mktemp("nof1"), PATIENT))


def secrets(run: Run) -> dict[str, bytes]:
    """What must stand nowhere in clear: the guide in every form, and the variant with its place."""
    assert run.therapy.guide is not None
    spacer = run.opened(run.therapy.guide.sealed)
    turned = spacer[::-1].translate(str.maketrans("ACGT", "TGCA"))
    variant = run.opened(run.therapy.facts["causal_variant"].fact.value)
    place = ":".join(variant.split(":")[:2])
    found = {"guide": spacer, "its complement": turned, "variant": variant, "its place": place}
    found |= {"as RNA": spacer.replace("T", "U"), "seed": spacer[8:], "head": spacer[:12]}
    digests = {f"digest of {name}": sha256(text.encode()).hexdigest() for name, text in found.items()}
    return {name: text.encode() for name, text in {**found, **digests}.items()}


def read_pdf(pdf: bytes) -> bytes:
    """The text of a PDF by poppler, which is none of ours."""
    if not shutil.which("pdftotext"):
        pytest.skip("poppler-utils is not installed")
    return subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True).stdout


def test_neither_guide_nor_variant_stands_anywhere_in_clear(done: Run) -> None:
    house = done.house
    written = [entry.body for stream in house.journal.heads() for entry in house.journal.read(stream)]
    views = [
        orjson.dumps(house.journal.rows(view), default=str) for view in ("therapies", "board", "lots", "documents")
    ]
    effects = [orjson.dumps([vars(each) for each in house.journal.effects()], default=str)]
    printed = []
    for batch in (f"T-{done.coi}", f"B-{done.coi}"):
        printed.append(export_batch(house.journal, house.site_keys, batch, house.clock(), None))
        vials = [each.identifier for each in house.loop.reader.batch(batch).containers]
        printed += [label_of(house, batch, vials[0], "svg"), read_pdf(certificate_of(house, batch))]
        record = read_pdf(record_pdf(house, batch))
        assert "sealed" in record.decode() and not any(
            secret in record for name, secret in secrets(done).items() if "variant" not in name and "place" not in name
        )
    for name, secret in secrets(done).items():
        for place in (written, views, effects, printed):
            assert not any(secret in text for text in place), name
    assert len(done.opened(done.therapy.guide.sealed)) == 20  # type: ignore[union-attr]


def test_the_whole_way_is_on_the_record_in_its_order(done: Run) -> None:
    names = [entry.envelope["type"] for entry in done.house.journal.read(f"therapy/{done.coi}")]
    way = ["EligibilityConfirmed", "GuidesDesigned", "GuideChosen", "GuideConfirmed", "RecipeTailored", "DoseGiven"]
    places = [names.index(name) for name in way]
    assert places == sorted(places)
    guide = done.therapy.guide
    assert guide is not None and guide.by != guide.confirmed_by and guide.confirmed_by
    for name in ("GuidesDesigned", "GuideChosen", "GuideConfirmed", "EvidenceRecorded"):
        assert done.event(name).signed is not None
    study, given = (done.house.loop.reader.batch(f"{letter}-{done.coi}") for letter in "TB")
    assert study.purpose == "toxicology" and given.purpose == "patient"
    assert study.disposition_at is not None and given.planned_at is not None
    assert study.disposition_at < given.planned_at
    assert {each.coi for each in study.containers} == {""} and {each.coi for each in given.containers} == {done.coi}
    assert not {each.identifier for each in study.containers} & {each.identifier for each in given.containers}
    assert all("NOT FOR USE IN HUMANS" in each.label for each in study.containers)
    assert study.administered is None and study.dispatched is None and given.administered is not None
    # One lot of the patient's own guide, and the platform's lots, in both.
    assert [each.lot.stream for each in study.charged] == [each.lot.stream for each in given.charged]
    own = [each.lot.stream for each in given.charged if done.house.loop.reader.lot(each.lot.stream[4:]).made_for]
    assert own == [f"lot/{own_name('guide-rna', done.therapy)}"]
    # Lots are seen by every site: neither their rows nor their events hold the chain of identity.
    lots_seen = [entry.body for stream in own for entry in done.house.journal.read(stream)]
    assert not any(done.coi.encode() in text for text in lots_seen)
    assert done.coi not in orjson.dumps(done.house.journal.rows("lots")).decode()
    for batch in ("T", "B"):
        data = export_batch(done.house.journal, done.house.site_keys, f"{batch}-{done.coi}", done.house.clock(), None)
        assert verify(data, done.house.site_keys.public).verified


def test_why_of_the_guide_goes_down_to_the_files(done: Run) -> None:
    from onelot.app.context import SYSTEM

    found = why(done.house, f"B-{done.coi}", "guide", SYSTEM)
    assert found["signed"] and not found["stale"]
    given = {each["fact"]: each for each in found["inputs"]}
    choice, variant = given["chosen_guide"], given["causal_variant"]
    assert choice["value"] == found["value"] and choice["reason"] and not choice["superseded"]
    assert choice["chosen_by"] != choice["confirmed_by"]
    folder = done.case.vcf.parent if done.case.vcf else Path()
    digests = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.glob("p25.*")}
    derivation = choice["derivation"]
    assert derivation["reference_sha256"] == digests["p25.fa"]
    assert derivation["variants_sha256"] == digests["p25.vcf"]
    assert derivation["genes_sha256"] == digests["p25.gff3"]
    assert variant["source_sha256"] == digests["p25.phenopacket.json"]
    packet: Any = json.loads((folder / "p25.phenopacket.json").read_text())
    for part in variant["place"].split("/")[1:]:
        packet = packet[int(part)] if isinstance(packet, list) else packet[part]
    assert variant["value"] == ":".join(str(packet[key]) for key in ("chrom", "pos", "ref", "alt"))


def test_the_dose_follows_the_weight_of_the_day_not_of_the_order(done: Run) -> None:
    parameters = done.stage.context().open_parameters(done.therapy)
    weights = [done.opened(each.fact.value) for each in done.therapy.superseded if each.fact.name == "weight_kg"]
    now = done.opened(done.therapy.facts["weight_kg"].fact.value)
    assert weights and Decimal(now) > Decimal(weights[0])
    assert parameters["dose_mg"].value == Decimal(now) * Decimal("0.1")


def test_nothing_is_chosen_or_tailored_before_its_time(populate: Populate) -> None:
    run = at(populate, "eligibility")
    with pytest.raises(Held, match="nothing is designed"):
        run.give(editing.ChooseGuide(run.coi, 1, "because"))
    with pytest.raises(Held, match="no choice to confirm"):
        run.prescriber(editing.ConfirmGuide(run.coi, 1))
    with pytest.raises(Held, match="no guide is chosen and confirmed"):
        run.give(tailor.TailorRecipe(run.coi), "clinic_coordinator", run.case.hospital)
    with pytest.raises(Held, match="no guide is chosen"):
        run.give(run.evidence("editability"))
    with pytest.raises(NotAllowed, match="may not"):
        run.give(editing.ChooseGuide(run.coi, 1, "because"), "operator")


def test_a_design_of_something_else_is_refused(populate: Populate) -> None:
    run = at(populate, "guides designed")
    event = run.therapy.design.event  # type: ignore[union-attr]
    sites = run.opened(event.sites)
    good = editing.RecordDesign(
        run.coi,
        json.dumps(run.design()),
        sites,
        event.reference,
        event.variants,
        event.genes,
        event.editors,
        "t",
        4,
        1,
        1,
    )
    run.give(good)
    with pytest.raises(Mismatch, match="another variant"):
        run.give(replace(good, design=json.dumps({**run.design(), "variant": "syn1:5:A:C"})))
    with pytest.raises(Mismatch, match="different references"):
        run.give(replace(good, reference="0" * 64))
    with pytest.raises(BadInput, match="no JSON"):
        run.give(replace(good, sites="sites"))
    run.give(replace(good, mismatches=3))
    with pytest.raises(Held, match="covers 3 mismatches, not 4"):
        run.give(editing.ChooseGuide(run.coi, run.rank(), "because"))
    # A candidate without its search is not to be chosen, whatever the design says.
    bare = json.loads(sites)
    run.give(replace(good, sites=json.dumps({**bare, "guides": []})))
    with pytest.raises(BadInput, match="with an off-target search"):
        run.give(editing.ChooseGuide(run.coi, run.rank(), "because"))


def test_two_people_choose_and_nobody_alone(populate: Populate) -> None:
    run = at(populate, "guides designed")
    rank = run.rank()
    with pytest.raises(BadInput, match="no reason"):
        run.give(editing.ChooseGuide(run.coi, rank, "  "))
    with pytest.raises(BadInput, match="no candidate 999"):
        run.give(editing.ChooseGuide(run.coi, 999, "because"))
    with pytest.raises(Refused, match="another editor than the platform's"):
        run.give(editing.ChooseGuide(run.coi, run.rank("ABE7.10"), "because"))
    run.give(editing.ChooseGuide(run.coi, rank, "because of its one silent bystander"))
    with pytest.raises(NotAllowed):
        run.give(editing.ConfirmGuide(run.coi, rank))
    with pytest.raises(Mismatch, match="another candidate"):
        run.prescriber(editing.ConfirmGuide(run.coi, run.rank(nth=1)))
    assert not run.therapy.guide.confirmed_by  # type: ignore[union-attr]
    with pytest.raises(Held, match="no guide is chosen and confirmed"):
        run.give(tailor.TailorRecipe(run.coi), "clinic_coordinator", run.case.hospital)
    run.prescriber(editing.ConfirmGuide(run.coi, rank, "agreed"))
    assert run.therapy.guide.confirmed_by == f"person/prescriber.{run.case.hospital}"  # type: ignore[union-attr]
    with pytest.raises(Held, match="confirmed already"):
        run.prescriber(editing.ConfirmGuide(run.coi, rank))
    run.give(tailor.TailorRecipe(run.coi), "clinic_coordinator", run.case.hospital)


def test_another_guide_makes_the_tailoring_stale_and_its_evidence_void(populate: Populate) -> None:
    run = at(populate, "document editability")
    assert "editability" not in run.gaps()
    run.give(editing.ChooseGuide(run.coi, run.rank(nth=1), "the other placement"))
    assert run.therapy.stale == {"guide"}
    assert "guide" in run.gaps()
    run.prescriber(editing.ConfirmGuide(run.coi, run.rank(nth=1)))
    assert "editability" in run.gaps() and "causal_variant" not in run.gaps()
    with pytest.raises(Held, match="stale"):
        run.give(plan.PlanBatch("B-1", PLANT, coi=run.coi), "planner")


def test_a_variant_that_is_corrected_voids_the_guide(populate: Populate) -> None:
    from onelot.app.commands.profile import CorrectFact

    run = at(populate, "guide confirmed")
    known = run.stage.context().open_fact(run.therapy.facts["causal_variant"].fact)
    run.give(CorrectFact(run.coi, replace(known, value="syn1:5:A:C"), "read from the wrong line"))
    assert run.gaps() == NAMES - {"authority_approval"} | {"causal_variant"}
    with pytest.raises(Held, match="no guide is chosen and confirmed"):
        run.give(tailor.TailorRecipe(run.coi), "clinic_coordinator", run.case.hospital)


def test_every_gap_is_named_and_one_is_enough(populate: Populate) -> None:
    run = at(populate, "document causal_variant")
    before = NAMES - {"authority_approval"}
    assert run.gaps() == before - {"causal_variant"}
    assert run.gaps("release") == NAMES - {"causal_variant"}
    with pytest.raises(Held) as refusal:
        run.give(plan.PlanBatch("B-1", PLANT, coi=run.coi), "planner")
    needs = {need.name: need for need in run.case.recipe.editing.evidence}  # type: ignore[union-attr]
    for name in before - {"causal_variant"}:
        assert f"{needs[name].title}: no document is recorded" in refusal.value.what
    assert needs["causal_variant"].title + ":" not in refusal.value.what
    assert needs["natural_history"].asks in refusal.value.remedy


def test_a_document_counts_only_while_it_supports_and_lasts(populate: Populate) -> None:
    run = at(populate, "document editability")
    assert "editability" not in run.gaps()
    assert run.give(run.evidence("editability", value=Decimal(19)))["conclusion"] == "against"
    assert "editability" in run.gaps()
    run.give(run.evidence("editability"))
    assert "editability" not in run.gaps()
    run.give(run.evidence("editability", conclusion="against"))
    assert "editability" in run.gaps()
    assert run.give(run.evidence("off_target_assay", value=Decimal(1)))["conclusion"] == "against"
    run.prescriber(run.evidence("ethics_approval", valid_until=run.house.clock() + timedelta(minutes=5)))
    assert "ethics_approval" not in run.gaps()
    recipe, therapy = run.case.recipe, run.therapy
    later = evidence_gaps(recipe, therapy, run.house.clock() + timedelta(minutes=6), "clinical_lot")
    assert "ethics_approval" in {gap.fact for gap in later}
    # No document holds longer than the recipe lets it, whatever it says of itself.
    run.prescriber(run.evidence("ethics_approval", valid_until=run.house.clock() + timedelta(days=9000)))
    shown = run.therapy.evidence["ethics_approval"].event
    assert shown.valid_until == shown.shown_at + timedelta(days=365)


def test_documents_that_cannot_be(populate: Populate) -> None:
    run = at(populate, "guide confirmed")
    for changes, words in (
        ({"need": "horoscope"}, "no place for horoscope"),
        ({"document_sha256": "abc"}, "no SHA-256"),
        ({"shown_at": run.house.clock() + timedelta(days=1)}, "dated ahead"),
        ({"statement": " "}, "nothing is said"),
        ({"need": "editability", "value": None}, "needs its number"),
        ({"need": "editability", "value": Decimal(30), "unit": "kg"}, "kg"),
    ):
        with pytest.raises(BadInput, match=words):
            run.give(replace(run.evidence("natural_history"), **changes))
    with pytest.raises(NotAllowed, match="no toxicology lot"):
        run.give(run.evidence("toxicology", lot="T-unknown"))


def test_a_study_counts_for_its_released_lot(populate: Populate) -> None:
    run = at(populate, "guide-rna released")
    with pytest.raises(Held, match="is planned"):
        run.give(run.evidence("toxicology", lot=f"T-{run.coi}"))
    with pytest.raises(BadInput, match="no purpose"):
        run.give(plan.PlanBatch("B-1", PLANT, coi=run.coi, purpose="fun"), "planner")


def test_a_toxicology_lot_goes_to_nobody(populate: Populate) -> None:
    run = at(populate, "release")
    number = f"T-{run.coi}"
    batch = run.house.loop.reader.batch(number)
    assert batch.disposition == "released"
    vials = tuple(each.identifier for each in batch.containers)
    with pytest.raises(Held, match="this is a toxicology lot"):
        run.give(deliver.DispatchBatch(number, "SHIP-1", vials, "SHIPPER-1", run.case.hospital), "operator")
    with pytest.raises((Held, OutOfOrder)):
        run.give(
            deliver.Administer(number, vials, Decimal("0.1"), "mg", f"person/bedside_nurse.{run.case.hospital}.2"),
            "bedside_nurse",
            run.case.hospital,
        )
    # A weight that changes leaves the study's lot as it was decided.
    assert not run.house.journal.rows("board")[number]["open"]


def test_only_one_patient_recipes_have_toxicology_lots(populate: Populate) -> None:
    driver = populate("p01", until="sign the tailoring")
    therapy = driver.stage.therapy_of(driver.stage.cases["p01"])
    assert therapy is not None
    with pytest.raises(BadInput, match="not made for toxicology"):
        driver.stage.site.give(plan.PlanBatch("B-1", PLANT, coi=therapy.coi, purpose="toxicology"), "planner", PLANT)
    with pytest.raises(BadInput, match="edits no gene"):
        driver.stage.site.give(editing.ChooseGuide(therapy.coi, 1, "x"), "bioinformatician", PLANT)


def test_another_patient_s_guide_is_never_charged(populate: Populate) -> None:
    run = at(populate, "start charge_rna")
    number, expires = f"T-{run.coi}", run.house.clock() + timedelta(days=90)

    def lot(name: str, item: str, therapy: str) -> None:
        command = lots.ReceiveLot(name, item, "S", "0" * 64, Decimal(60), "mg", expires, therapy)
        run.give(command, "operator")
        run.give(lots.ReleaseLot(name, "complies"), "qc")

    def charge(name: str) -> None:
        command = material.ChargeMaterial(number, "charge_rna", name, Decimal(15), f"person/operator.{PLANT}.2")
        run.give(command, "operator")

    with pytest.raises(NotAllowed, match="there is no therapy"):
        lot("LOT-OTHER", "guide-rna", "ANOTHERPATIENT")
    lot("LOT-NOBODY", "guide-rna", "")
    with pytest.raises(Mismatch, match="made for no patient"):
        charge("LOT-NOBODY")
    charge(own_name("guide-rna", run.therapy))
    lot("LOT-MINE", "abe8e-mrna", run.coi)
    with pytest.raises(Mismatch, match="made for one patient"):
        charge("LOT-MINE")
    charge("LOT-abe8e-mrna-1")


def test_a_wrong_guide_in_the_vial_is_found_and_never_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.app.commands import conftest

    made = conftest.World
    wrong = {PATIENT: (Fault("wrong_guide", {}),)}
    monkeypatch.setattr(conftest, "World", lambda seed, faults: made(seed, {**faults, **wrong}))
    run = Run(conftest.populated(tmp_path, PATIENT))
    batch = run.house.loop.reader.batch(f"B-{run.coi}")
    assert batch.state == "rejected" and batch.administered is None
    found = batch.result("guide_sequence")
    assert found is not None and found.result.value == "mismatch" and found.result.read is not None
    read = run.opened(found.result.read)
    bodies = b"".join(e.body for name in run.house.journal.heads() for e in run.house.journal.read(name))
    assert len(read) == 20 and read.encode() not in bodies and read.replace("T", "U").encode() not in bodies
    # Nobody corrects it into clear text either.
    with pytest.raises(BadInput, match="never written in clear"):
        run.give(make.CorrectEntry(f"B-{run.coi}", found.cite.seq, read, "read again"), "qc")


def test_evidence_that_turns_stops_what_is_on_its_way(populate: Populate) -> None:
    run = at(populate, "dispatch")
    batch = run.house.loop.reader.batch(f"B-{run.coi}")
    assert batch.state == "in_transit"
    run.give(run.evidence("off_target_assay", conclusion="against", statement="a site was confirmed after all"))
    run.driver.tell = lambda now, patient, what: None
    run.driver.run()
    batch = run.house.loop.reader.batch(f"B-{run.coi}")
    assert batch.state == "at_site" and batch.administered is None
    refusal = run.driver.waiting_for(PATIENT)
    assert refusal is not None and "Off-target assay: the document speaks against it" in refusal.what


def test_a_release_waits_for_the_authority(populate: Populate) -> None:
    from onelot.release import assess

    run = at(populate, "manufacture complete")
    assert run.therapy.evidence.get("authority_approval") is None
    recipe, reader = run.case.recipe, run.house.loop.reader
    study = assess(recipe, reader.batch(f"T-{run.coi}"), run.therapy, run.house.clock())
    assert "authority_approval" not in {each.fact for each in study.missing}
    as_clinical = replace(reader.batch(f"T-{run.coi}"), purpose="patient")
    clinical = assess(recipe, as_clinical, run.therapy, run.house.clock())
    assert {each.fact for each in clinical.missing} | {
        "causal_variant", "natural_history", "ethics_approval",
    } >= NAMES  # fmt: skip
    assert clinical.possible == study.possible - {"released"}


def test_the_file_is_for_those_who_need_health_values(done: Run) -> None:
    loop = done.house.loop
    found = guide_file(done.house, done.coi, loop.actor(f"bioinformatician.{PLANT}"))
    assert "never proof of safety" in found["notice"] and "deamination is not assessed" in found["notice"]
    assert found["choice"]["guide"] == done.opened(done.therapy.guide.sealed)  # type: ignore[union-attr]
    assert [row["need"] for row in found["evidence"]] and not any(row["gap"] for row in found["evidence"])
    assert any(guide["patient_only"] for guide in found["sites"]["guides"])
    with pytest.raises(NotAllowed, match="may not read a patient's guide"):
        guide_file(done.house, done.coi, loop.actor(f"operator.{PLANT}"))
    elsewhere = next(each for each in HOSPITALS if each != done.case.hospital)
    with pytest.raises(NotAllowed, match="there is no therapy"):
        guide_file(done.house, done.coi, loop.actor(f"prescriber.{elsewhere}"))


def test_erasure_takes_the_guide_and_leaves_the_chains(populate: Populate) -> None:
    run = at(populate, "guide confirmed")
    spacer = run.opened(run.therapy.guide.sealed)  # type: ignore[union-attr]
    run.house.vault.erase_health(run.therapy.patient)
    found = guide_file(run.house, run.coi, run.house.loop.actor(f"bioinformatician.{PLANT}"))
    assert found["design"] is None and found["sites"] is None and found["choice"]["guide"] == "erased"
    assert spacer.encode() not in orjson.dumps(found)


def test_a_genome_is_not_designed_for_without_consent(populate: Populate) -> None:
    run = at(populate, "guides designed")
    run.give(
        order.WithdrawConsent(run.coi, ("genome_use",), "changed my mind"), "clinic_coordinator", run.case.hospital
    )
    with pytest.raises(Held, match="no consent to genome_use"):
        run.give(editing.ChooseGuide(run.coi, run.rank(), "because"))
