"""The gate on the drugs around the product: it holds approval and planning until the prescriber has decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from onelot.app import advice
from onelot.app.commands import decide, plan, profile, tailor
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import PLANT
from onelot.profile.genotype import read_genotype
from onelot.record.errors import BadInput, Held, NotAllowed
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import OpenFact
from tests.app.commands.conftest import Populate

NORTH = "hospital-north"
HELD = {"ondansetron", "rasburicase", "voriconazole"}


class Seen:
    """One therapy of a run, looked at and acted on."""

    def __init__(self, driver: Driver) -> None:
        self.driver, self.site = driver, driver.stage.site
        (self.coi,) = self.site.rows("therapies")

    @property
    def therapy(self) -> Therapy:
        return self.site.house.loop.reader.therapy(self.coi)

    @property
    def standing(self) -> dict[str, advice.Standing]:
        return {each.drug: each for each in advice.standing(self.driver.stage.context(), self.therapy)}

    def facts(self) -> dict[str, OpenFact]:
        return self.driver.stage.context().open_facts(self.therapy)

    def give(self, command: Any, role: str = "prescriber", site: str = NORTH) -> dict[str, Any]:
        return self.site.give(command, role, site).answer

    def decide(self, drug: str) -> dict[str, Any]:
        return self.give(decide.Decide(self.coi, f"drug/{drug}", "another drug", "the guideline asks for it"))

    def call(self, gene: str, *keys: str) -> None:
        """A genotype called anew, by its keys."""
        old = self.facts().get(f"pgx_{gene}") or next(iter(self.facts().values()))
        value = {"keys": list(keys), "phenotypes": list(keys), "outside": True, "origin": "germline blood", "held": ""}
        fact = replace(old, name=f"pgx_{gene}", value=f"{gene} called\n{orjson.dumps(value).decode()}")
        if f"pgx_{gene}" in self.facts():
            self.give(profile.CorrectFact(self.coi, fact, "called again"))
        else:
            self.give(profile.RecordProfile(self.coi, (fact,)))


@pytest.fixture
def seen(populate: Populate) -> Seen:
    """p01: the genome is read, CYP2D6 is ultrarapid by an outside call; tailored, weighed, and held."""
    return Seen(populate("p01", until="tailor"))


def test_what_was_found_is_weighed_and_holds(seen: Seen) -> None:
    assert {name for name, each in seen.standing.items() if each.holds} == HELD
    assert (seen.standing["ondansetron"].state, seen.standing["ondansetron"].actionable) == ("advice", True)
    assert seen.standing["rasburicase"].state == "indeterminate"
    for drug in ("cyclophosphamide", "fludarabine"):
        assert (seen.standing[drug].state, seen.standing[drug].holds) == ("none", False)
        assert "monitoring" in seen.standing[drug].told
    assert {each.fact for each in seen.therapy.holds[advice.STEP]} == {f"drug/{drug}" for drug in HELD}


def test_approval_and_planning_wait_for_every_decision(seen: Seen) -> None:
    for number, drug in enumerate(sorted(HELD)):
        with pytest.raises(Held, match="qualified person"):
            seen.give(tailor.ApproveTailoring(seen.coi))
        left = seen.decide(drug)["undecided"]
        assert set(left) == HELD - set(sorted(HELD)[: number + 1])
    assert advice.STEP not in seen.therapy.holds
    seen.give(tailor.ApproveTailoring(seen.coi))
    seen.give(plan.PlanBatch("B-1", PLANT, coi=seen.coi), "planner", PLANT)
    last = [each for each in seen.site.house.journal.read(f"therapy/{seen.coi}") if each.envelope["type"] == "Decided"]
    assert len(last) == 3
    for entry in last:
        assert entry.signed is not None and entry.signed.meaning.startswith("decides this")
        assert b"another drug" not in entry.body and b"guideline asks" not in entry.body


def test_a_genotype_marks_exactly_the_drugs_that_ask_for_the_gene(seen: Seen) -> None:
    for drug in sorted(HELD):
        seen.decide(drug)
    seen.give(tailor.ApproveTailoring(seen.coi))
    for gene, drugs in (("CYP2C19", {"voriconazole"}), ("CYP2D6", {"ondansetron"}), ("TPMT", set())):
        seen.call(gene, "Normal Metabolizer" if gene != "CYP2D6" else "2.0")
        assert seen.therapy.stale_advice == drugs, gene
        assert seen.therapy.stale == frozenset(), "no parameter is computed from a genotype"
        if drugs:
            with pytest.raises(Held, match="called or corrected since"):
                seen.give(plan.PlanBatch("B-1", PLANT, coi=seen.coi), "planner", PLANT)
        seen.give(decide.WeighDrugs(seen.coi), "clinic_coordinator")
        assert seen.therapy.stale_advice == frozenset()
    assert not any(each.holds for each in seen.standing.values()), "both are as usual now; the rest was decided"
    assert seen.therapy.tailoring is not None and seen.therapy.tailoring.approved, "weighing again unsigns nothing"
    seen.give(plan.PlanBatch("B-1", PLANT, coi=seen.coi), "planner", PLANT)


def test_a_decision_stands_only_for_what_was_weighed(seen: Seen) -> None:
    seen.decide("voriconazole")
    assert seen.standing["voriconazole"].choice == "another drug"
    seen.call("CYP2C19", "Poor Metabolizer")
    with pytest.raises(Held, match="stale"):
        seen.decide("voriconazole")
    seen.give(decide.WeighDrugs(seen.coi), "clinic_coordinator")
    assert seen.standing["voriconazole"].holds and not seen.standing["voriconazole"].choice
    seen.decide("voriconazole")
    assert not seen.standing["voriconazole"].holds


def test_a_gene_that_comes_later_is_weighed_too(populate: Populate) -> None:
    seen = Seen(populate("p03", until="tailor"))
    assert not [name for name in seen.facts() if name.startswith("pgx_")]
    seen.call("G6PD", "Deficient")
    assert seen.therapy.stale_advice == {"rasburicase"}
    seen.give(decide.WeighDrugs(seen.coi), "clinic_coordinator")
    assert seen.standing["rasburicase"].actionable
    assert "Avoid use" in seen.standing["rasburicase"].lines[0]["text"]


@pytest.mark.parametrize(
    ("about", "choice", "reason", "refusal"),
    [
        ("drug/fludarabine", "x", "y", "does not hold"),
        ("drug/aspirin", "x", "y", "not weighed"),
        ("rule/cladribine_washout", "x", "y", "leaves anything to a person"),
        ("review/guideline/voriconazole", "x", "y", "not for review"),
    ],
)
def test_nothing_is_decided_that_is_not_open(seen: Seen, about: str, choice: str, reason: str, refusal: str) -> None:
    with pytest.raises(Held, match=refusal):
        seen.give(decide.Decide(seen.coi, about, choice, reason))


@pytest.mark.parametrize(
    ("about", "choice", "reason"),
    [("drug/rasburicase", "", "y"), ("drug/rasburicase", "x", "  "), ("rasburicase", "x", "y"), ("drug/", "x", "y"),
     ("dose/dose", "x", "y"), ("drug/rasburicase", "x" * 2001, "y")],
)  # fmt: skip
def test_a_decision_is_about_something_and_has_a_reason(seen: Seen, about: str, choice: str, reason: str) -> None:
    with pytest.raises(BadInput):
        seen.give(decide.Decide(seen.coi, about, choice, reason))


def test_only_a_prescriber_decides_and_signs(seen: Seen) -> None:
    command = decide.Decide(seen.coi, "drug/rasburicase", "x", "y")
    for role, site in (("clinic_coordinator", NORTH), ("qp", PLANT), ("bioinformatician", PLANT)):
        with pytest.raises(NotAllowed):
            seen.give(command, role, site)
    loop = seen.site.house.loop
    with pytest.raises(NotAllowed, match="signature"):
        loop.handle(command, loop.actor(f"prescriber.{NORTH}"), None)


def test_no_genotype_stands_in_any_chain(seen: Seen) -> None:
    for drug in sorted(HELD):
        seen.decide(drug)
    journal = seen.site.house.journal
    bodies = b"".join(entry.body for entry in journal.read(f"therapy/{seen.coi}"))
    secrets = {part for fact in seen.facts().values() if fact.name.startswith("pgx_")
               for part in (*read_genotype(str(fact.value)).keys, *read_genotype(str(fact.value)).phenotypes)
               if len(part) > 3}  # fmt: skip
    assert len(secrets) > 5
    assert not [each for each in secrets if each.encode() in bodies]
    assert b"Ultrarapid" not in bodies and b"*2x2" not in bodies


def test_an_older_word_for_a_genotype_is_unknown_to_the_gate(seen: Seen) -> None:
    old = seen.facts()["pgx_CYP2D6"]
    seen.give(profile.CorrectFact(seen.coi, replace(old, value="*1/*1, Normal Metabolizer"), "typed by hand"))
    seen.give(decide.WeighDrugs(seen.coi), "clinic_coordinator")
    assert seen.standing["ondansetron"].state == "indeterminate"
