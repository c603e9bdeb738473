"""Twelve real bundles: every one held without an overlay, each for its own reason or eligible with it."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from onelot.adapters.fhir import (
    ConsentFound,
    Order,
    apply_overlay,
    consent_of,
    identity_of,
    order_of,
    read_bundle,
    read_overlays,
)
from onelot.app.cohort import overlaid, synthea_overlays
from onelot.app.formulas import evaluate as run_formula
from onelot.profile.document import Document
from onelot.profile.eligibility import Evaluate, judge
from onelot.profile.facts import Convert, gather
from onelot.record.errors import BadInput, Mismatch
from onelot.record.recipe import MasterRecipe
from onelot.record.terms.values import Finding
from onelot.record.units import convert as convert_units
from tests.profile.support import ROOT, convert, evaluate, needs, recipe, shared, shipped

pytestmark = pytest.mark.shared
FILES = sorted(shared("synthea-r4").glob("*.json"))
WALL_CLOCK = datetime(2026, 11, 22, tzinfo=UTC)

# What each patient is held for with the overlay, by the start of the file's name; nothing for who goes on.
HELD = {
    "Jermaine": set(),
    "Gloria": set(),
    "Jacki": set(),
    "Lavelle": set(),
    "Hassan": set(),
    "Clemente": {"rule lymphocytes"},
    "Lenard": {"rule washout"},
    "Catina": {"rule alive", "weight_kg", "height_cm", "wbc_per_nl"},
    "Crysta": {"rule adult"},
    "Preston": {"rule adult", "consent:genome_use"},
    "James": {"rule adult", "hiv", "hbv", "hcv", "syphilis"},
    "Noel": {"rule adult", "indication"},
}


@cache
def read(path: Path) -> Document:
    return read_bundle(path)


def gates(
    bundle: Document, now: datetime, asked: MasterRecipe, units: Convert = convert, formulas: Evaluate = evaluate
) -> tuple[Finding, ...]:
    """All that stands between an order and collection."""
    order, consent = order_of(bundle, asked.name, now), consent_of(bundle, now)
    found = [each for each in (order, consent) if isinstance(each, Finding)]
    read_facts = gather([bundle], asked.facts, now, convert=units)
    read_markers = gather([bundle], asked.markers, now, convert=units)
    judged = judge(
        asked,
        read_facts.facts,
        consent=frozenset(consent.scopes) if isinstance(consent, ConsentFound) else frozenset(),
        consent_until=consent.valid_until if isinstance(consent, ConsentFound) else None,
        markers=read_markers.facts,
        now=now,
        evaluate=formulas,
        gathered=(*read_facts.findings, *read_markers.findings),
    )
    return (*found, *judged)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split("_")[0])
def test_without_an_overlay_every_patient_is_held_and_told_where(path: Path) -> None:
    found = gates(read(path), WALL_CLOCK, recipe())
    facts = {finding.fact: finding for finding in found}
    assert {"order", "consent", "indication", "lymphocytes_per_ul", "weight_kg"} <= set(facts)
    assert facts["lymphocytes_per_ul"].place == "Observation.where(code='26474-7'|'731-0'|'732-8').value"
    assert "outdated" in facts["weight_kg"].what
    pointer = facts["weight_kg"].place.rsplit(" at ")[1]
    body = json.loads(path.read_text("utf-8"))
    for token in pointer.split("/")[1:]:
        body = body[int(token)] if isinstance(body, list) else body[token]
    assert isinstance(body, float)


def reasons(found: tuple[Finding, ...]) -> set[str]:
    """Rules by name, everything else by its fact."""
    names = ("alive", "adult", "lymphocytes", "washout")
    return {
        next((f"rule {name}" for name in names if f"{name} (" in one.rule or f"_{name}: " in one.rule), one.fact)
        for one in found
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split("_")[0])
def test_the_shipped_recipe_says_the_same(path: Path) -> None:
    """The recipe, units and formula engine that production runs."""
    asked = shipped("cd19-per-kg")
    assert {"order", "consent", "lymphocytes_per_ul"} <= {
        one.fact for one in gates(read(path), WALL_CLOCK, asked, convert_units, run_formula)
    }
    bundle, now = overlaid(read(path), synthea_overlays())
    assert now is not None
    assert reasons(gates(bundle, now, asked, convert_units, run_formula)) == HELD[path.name.split("_")[0]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split("_")[0])
def test_with_its_overlay_each_patient_goes_on_or_is_held_for_its_own_reason(path: Path) -> None:
    bundle, now = overlaid(read(path), synthea_overlays())
    assert now is not None
    found = gates(bundle, now, recipe())
    assert reasons(found) == HELD[path.name.split("_")[0]]
    overlay = synthea_overlays()[str(next(bundle.of("Patient")).body["id"])]
    assert overlay.expected == ("held" if found else "administered")
    order = order_of(bundle, "cd19-per-kg", now)
    assert isinstance(order, Order)
    assert order.synthetic


def test_at_least_four_go_on_and_at_least_four_do_not() -> None:
    ends = [overlay.expected for overlay in synthea_overlays().values()]
    assert len(ends) == len(FILES) == 12
    assert ends.count("administered") >= 4
    assert ends.count("held") >= 4


def test_every_fact_of_the_overlay_is_marked_and_every_other_is_not() -> None:
    for path in FILES:
        bundle, now = overlaid(read(path), synthea_overlays())
        assert now is not None
        for fact in gather([bundle], (*needs("facts"), *needs("markers")), now, convert=convert).facts.values():
            assert fact.synthetic == (fact.source != bundle.sha256)


def test_every_fact_is_found_again_in_the_source_at_its_place() -> None:
    """An oracle of its own: plain JSON, the pointer, and the value that stands there."""
    for path in FILES:
        root = json.loads(path.read_text("utf-8"))
        found = gather([read(path)], needs("facts"), WALL_CLOCK, convert=convert)
        assert len(found.facts) >= 5
        for fact in (*found.facts.values(), *found.superseded):
            value = root
            for token in fact.place.split("/")[1:]:
                value = value[int(token)] if isinstance(value, list) else value[token]
            if isinstance(value, float):
                assert float(fact.original.split()[0]) == value
            elif fact.name == "smoking":
                assert value["text"] == fact.value
            elif fact.name == "sex":
                assert value == fact.value
            elif fact.name == "live_vaccine_at":
                assert value.startswith(str(fact.value))
            else:
                assert fact.name in ("age_a", "alive", "pregnancy")


def test_the_newest_weight_is_taken() -> None:
    for path in FILES:
        entries = [entry["resource"] for entry in json.loads(path.read_text("utf-8"))["entry"]]
        weights = [
            (one["effectiveDateTime"], one["valueQuantity"]["value"])
            for one in entries
            if one["resourceType"] == "Observation" and one["code"]["coding"][0]["code"] == "29463-7"
        ]
        found = gather([read(path)], needs("facts"), WALL_CLOCK, convert=convert)
        assert float(found.facts["weight_kg"].value) == max(weights)[1]  # type: ignore[arg-type]
        assert sum(one.name == "weight_kg" for one in found.superseded) == len(weights) - 1


def test_identity_is_pulled_out_and_not_shown() -> None:
    for path in FILES:
        person = identity_of(read(path))
        assert person.birth_date in path.read_text("utf-8")
        assert person.identifiers
        assert person.name not in repr(person)


def test_the_committed_overlays_are_what_the_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("overlays", ROOT / "scripts/synthea_overlays.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert {path.name: path.read_text("utf-8") for path in script.TARGET.iterdir()} == script.texts()


def test_no_two_patients_share_a_source() -> None:
    sources = [{one.source for one in overlay.resources} for overlay in synthea_overlays().values()]
    assert all(len(each) == 1 for each in sources)
    assert len(set().union(*sources)) == 12


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"synthetic": False}, "no overlay"), ({"format": "x"}, "no overlay"), ({"patient": "q"}, "somebody else")],
)
def test_a_broken_overlay_is_refused(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    good = json.loads(next((ROOT / "src/onelot/data/cohort/synthea").iterdir()).read_text("utf-8"))
    (tmp_path / "o.json").write_text(json.dumps({**good, **changes}), "utf-8")
    with pytest.raises(BadInput, match=says):
        read_overlays(tmp_path)


def test_an_overlay_of_somebody_else_is_refused() -> None:
    overlays = list(synthea_overlays().values())
    bundle = read(FILES[0])
    wrong = next(each for each in overlays if each.patient != next(bundle.of("Patient")).body["id"])
    with pytest.raises(Mismatch):
        apply_overlay(bundle, wrong)
