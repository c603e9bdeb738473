"""A changed rule marks exactly the unissued tailorings that went by it; issued values never change."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.app.commands import decide, masters, plan, tailor
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import PLANT, Site
from onelot.record.errors import BadInput, Held, Refused
from tests.app.commands.conftest import Populate, populated

VERSIONS = itertools.count(1)


@cache
def driver() -> Driver:
    """Patients of three products: some are issued, p16 is tailored, weighed, decided on and not signed."""
    return populated(Path(tempfile.mkdtemp()), "p01", "p10", "p16", "p20", until="p16: decide on voriconazole")


def read_text(site: Site, name: str) -> dict[str, Any]:
    """The newest version's text, by its events alone."""
    journal = site.house.journal
    streams = sorted(each for each in journal.heads() if each.startswith(f"document/{name}/"))
    newest = max(streams, key=lambda each: journal.read(each)[-1].at)
    found: dict[str, Any] = orjson.loads(journal.read(newest)[0].envelope["data"]["text"])
    return found


def change(site: Site, name: str, now: Any, **more: Any) -> str:
    """Register and approve a new version of a document, in effect at once; gives the version."""
    version = f"changed-{next(VERSIONS):04}"
    value = {**read_text(site, name), "version": version, **more}
    kind = "dose-rules" if name.startswith("dose-rules/") else "guideline"
    site.give(
        masters.RegisterDocument(name, kind, name, version, orjson.dumps(value).decode()), "process_engineer", PLANT
    )
    site.give(masters.ApproveDocument(name, version, now), "qa_reviewer", PLANT)
    return version


class Oracle:
    """What must be marked, read from the raw events: which documents each therapy's newest events cite."""

    def __init__(self, site: Site) -> None:
        self.journal = site.house.journal

    def streams(self, subject: str) -> list[str]:
        return [each for each in self.journal.heads() if each.startswith(f"{subject}/")]

    def in_effect(self) -> dict[str, str]:
        """Name -> stream of the version approved last."""
        found: dict[str, tuple[Any, str]] = {}
        for stream in self.streams("document"):
            for entry in self.journal.read(stream):
                if entry.envelope["type"] == "DocumentApproved":
                    name = stream.removeprefix("document/").rpartition("/")[0]
                    key = (entry.envelope["data"]["effective_from"], entry.envelope["data"]["version"])
                    found[name] = max(found.get(name, ((), "")), (key, stream))  # type: ignore[type-var]
        return {name: stream for name, (_, stream) in found.items()}

    def marked(self) -> dict[str, set[str]]:
        """Therapy -> the documents it must be marked for."""
        now, planned = self.in_effect(), set()
        for stream in self.streams("batch"):
            cited = self.journal.read(stream)[0].envelope["data"]["tailoring"]
            planned.add((cited["stream"], cited["seq"]) if cited else None)
        found: dict[str, set[str]] = {}
        for stream in self.streams("therapy"):
            last = {entry.envelope["type"]: entry for entry in self.journal.read(stream)}
            if "RecipeTailored" not in last or (stream, last["RecipeTailored"].seq) in planned:
                continue
            used = {each["stream"] for each in last["RecipeTailored"].envelope["data"]["rules"]}
            used |= {each["guideline"]["stream"] for each in last["DrugsWeighed"].envelope["data"]["advice"]}
            names = {each.removeprefix("document/").rpartition("/")[0] for each in used if each not in now.values()}
            if names:
                found[stream] = names
        return found


def marks(site: Site) -> dict[str, set[str]]:
    """What is marked: the hold on the record."""
    reader, found = site.house.loop.reader, {}
    for coi in site.rows("therapies"):
        held = reader.therapy(coi).holds.get(decide.REVIEW, ())
        if held:
            found[f"therapy/{coi}"] = {each.fact.removeprefix("review/") for each in held}
    return found


def values(site: Site) -> dict[str, list[bytes]]:
    journal = site.house.journal
    return {
        coi: [each.body for each in journal.read(f"therapy/{coi}") if each.envelope["type"] == "RecipeTailored"]
        for coi in site.rows("therapies")
    }


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    yield driver().stage.site


def test_there_is_something_to_mark_and_something_that_must_not_be(site: Site) -> None:
    states = {row["recipe"]: (row["state"], len(row["batches"])) for row in site.rows("therapies").values()}
    assert any(batches for _, batches in states.values()), states
    assert any(not batches and state == "tailored" for state, batches in states.values()), states
    assert marks(site) == {} == Oracle(site).marked()


DOCUMENTS = (
    "guideline/ondansetron", "guideline/voriconazole", "guideline/rasburicase", "guideline/busulfan",
    "guideline/fludarabine", "guideline/prednisolone", "dose-rules/autologous-cd34-cells-gene-edited",
    "dose-rules/autologous-cd19-car-t-cells",
)  # fmt: skip
AGAIN = ("tailor", "weigh", "confirm", "leave")


@settings(max_examples=25, deadline=None)
@given(changed=st.sets(st.sampled_from(DOCUMENTS), min_size=1, max_size=3), then=st.sampled_from(AGAIN))
def test_exactly_the_unissued_tailorings_that_used_it_are_marked(changed: set[str], then: str) -> None:
    run = driver()
    site = run.stage.site
    before = values(site)
    for name in sorted(changed):
        change(site, name, run.clock.now())
    assert marks(site) == Oracle(site).marked()
    assert values(site) == before, "a new rule changes no value"
    for stream, names in marks(site).items():
        coi, hospital = stream.removeprefix("therapy/"), site.house.loop.reader.therapy(stream[8:]).site
        with pytest.raises(Held):
            site.give(plan.PlanBatch(f"B-{next(VERSIONS)}", PLANT, coi=coi), "planner", PLANT)
        if then == "tailor":
            site.give(tailor.TailorRecipe(coi), "clinic_coordinator", hospital)
        elif then == "weigh":
            site.give(decide.WeighDrugs(coi), "clinic_coordinator", hospital)
            assert marks(site).get(stream, set()) == {name for name in names if name.startswith("dose-rules/")}
        elif then == "confirm":
            first, *others = sorted(names)
            command = decide.Decide(coi, f"review/{first}", "values stand", "read, and nothing of it concerns them")
            site.give(command, "prescriber", hospital)
            assert marks(site).get(stream, set()) == set(others)
    if then == "tailor":
        assert marks(site) == {} == Oracle(site).marked()
    # Confirmed or left: what the next example begins with is tailored by the newest rules again.
    for coi in site.rows("therapies"):
        found = site.house.loop.reader.therapy(coi)
        if f"therapy/{coi}" in Oracle(site).marked():
            site.give(tailor.TailorRecipe(coi), "clinic_coordinator", found.site)
    assert marks(site) == {}


def test_a_rule_not_yet_in_effect_marks_nobody_until_it_is(populate: Populate) -> None:
    run = populate("p01", until="tailor")
    site, name = run.stage.site, "guideline/voriconazole"
    (coi,) = site.rows("therapies")
    change(site, name, run.clock.now() + timedelta(days=2))
    assert marks(site) == {}
    for drug in ("ondansetron", "rasburicase", "voriconazole"):
        site.give(decide.Decide(coi, f"drug/{drug}", "x", "y"), "prescriber", "hospital-north")
    run.clock.advance(run.clock.now() + timedelta(days=2))
    with pytest.raises(Held, match="since it has changed: guideline/voriconazole"):
        site.give(tailor.ApproveTailoring(coi), "prescriber", "hospital-north")
    site.give(decide.Decide(coi, f"review/{name}", "as before", "read; same lines"), "prescriber", "hospital-north")
    site.give(tailor.ApproveTailoring(coi), "prescriber", "hospital-north")


def test_a_decision_on_a_drug_falls_with_the_table_it_was_made_on(populate: Populate) -> None:
    run = populate("p01", until="tailor")
    site = run.stage.site
    (coi,) = site.rows("therapies")
    site.give(decide.Decide(coi, "drug/rasburicase", "x", "y"), "prescriber", "hospital-north")
    change(site, "guideline/rasburicase", run.clock.now())
    answer = site.give(decide.WeighDrugs(coi), "clinic_coordinator", "hospital-north").answer
    assert "rasburicase" in answer["undecided"]


def narrowed(site: Site, **limits: str) -> list[dict[str, Any]]:
    (rule,) = read_text(site, "dose-rules/autologous-cd19-car-t-cells")["rules"]
    return [{**rule, **{side: {**rule[side], "value": value} for side, value in limits.items()}}]


def test_a_dose_outside_the_rule_is_refused_and_not_clipped(populate: Populate) -> None:
    run = populate("p01", until="tailor")
    site, name = run.stage.site, "dose-rules/autologous-cd19-car-t-cells"
    (coi,) = site.rows("therapies")
    before = site.house.loop.reader.therapy(coi).tailoring
    change(site, name, run.clock.now(), rules=narrowed(site, high="61000000"))
    with pytest.raises(Refused, match="above what the dose rule allows"):
        site.give(tailor.TailorRecipe(coi), "clinic_coordinator", "hospital-north")
    after = site.house.loop.reader.therapy(coi)
    assert after.tailoring == before and tailor.STEP in after.holds
    (rule,) = narrowed(site)
    change(site, name, run.clock.now(), rules=[{**rule, "indications": ["another disease"]}])
    with pytest.raises(Held, match="no dose rule applies"):
        site.give(tailor.TailorRecipe(coi), "clinic_coordinator", "hospital-north")


def test_the_dose_says_its_rule_and_depends_on_what_chose_it(site: Site) -> None:
    for coi, row in site.rows("therapies").items():
        tailoring = site.house.loop.reader.therapy(coi).tailoring
        if tailoring is None or row["recipe"].startswith("aav9"):
            continue
        dose = tailoring.parameters["dose"]
        assert "within dose rule" in dose.rule_source and "not verified" in dose.rule_source
        assert "indication" in {given.name for given in dose.inputs}
        assert tailoring.rules


def test_a_rule_bears_the_name_it_is_found_by(site: Site) -> None:
    text = orjson.dumps(read_text(site, "guideline/busulfan")).decode()
    with pytest.raises(BadInput, match="is named guideline/busulfan"):
        site.give(masters.RegisterDocument("guideline/b", "guideline", "t", "9", text), "process_engineer", PLANT)
    broken = orjson.dumps({**read_text(site, "guideline/busulfan"), "none": ""}).decode()
    with pytest.raises(BadInput, match="either lines or a word"):
        site.give(
            masters.RegisterDocument("guideline/busulfan", "guideline", "t", "9", broken), "process_engineer", PLANT
        )


def test_ended_and_issued_therapies_are_never_marked(site: Site) -> None:
    for coi, row in site.rows("therapies").items():
        if row["batches"]:
            assert decide.REVIEW not in site.house.loop.reader.therapy(coi).holds
