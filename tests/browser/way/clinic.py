"""At the hospital: the order, what is known of the patient, what shall be made, and two collections."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.way.house import CLINIC, FOREIGN, Way, assert_taken, follow, press, scan, second, sent, shoot
from tests.browser.way.scanner import printed

RECIPE = "cd19-per-kg/1"
# Cells of the two collections: the recipe wants at least 6e8 in all.
WEAK, STRONG = "2.5e8", "1.6e9"
NEXT = "section.next a.action"


def order(way: Way) -> None:
    """The prescriber orders out of the patient's file, reads it as it will be signed, and signs."""
    doctor = way.be("prescriber", CLINIC)
    doctor.goto("/screen/therapies")
    follow(doctor, "a[href='/screen/order']")
    doctor.select_option("#recipe", RECIPE)
    doctor.click("main details summary")
    doctor.set_input_files("#file", way.file)
    press(doctor, "main form button")
    assert way.case.identity.name in doctor.inner_text("main")
    doctor.fill("#password", "not this one")
    sent(doctor, lambda: doctor.click("section.sign button"))
    assert way.stage.therapy_of(way.case) is None, "a wrong password signs nothing"
    doctor.goto("/screen/order")
    doctor.select_option("#recipe", RECIPE)
    doctor.click("main details summary")
    doctor.set_input_files("#file", way.file)
    press(doctor, "main form button")
    doctor.fill("#password", way.password(f"prescriber.{CLINIC}"))
    shoot(doctor, "order")
    press(doctor, "section.sign button")
    assert f"/screen/therapies/{way.therapy.coi}" in doctor.url


def profile(way: Way) -> None:
    """Consent as signed on paper; the patient's files; eligibility by the recipe's own rules."""
    way.forward(minutes=20)
    desk, coi = way.be("clinic_coordinator", CLINIC), way.therapy.coi
    desk.goto("/screen/therapies")
    follow(desk, f"a[href='/screen/therapies/{coi}']")
    follow(desk, NEXT)
    desk.check("input[name=what][value=record]")
    for scope in ("collection", "manufacture", "genome_use"):
        desk.check(f"input[name=scopes][value={scope}]")
    desk.fill("#where", "paper form, signed today")
    press(desk, "main form.steady button")
    follow(desk, NEXT)
    assert way.case.vcf is not None
    desk.set_input_files("#files", [way.file, way.case.vcf])
    desk.select_option("#origin", way.case.sample)
    press(desk, "main form.steady button")
    assert "pgx_CYP2C19" in way.therapy.facts and set(way.therapy.markers) == {"hiv", "hbv", "hcv", "syphilis"}
    assert "hiv" in desk.inner_text("main").lower()
    desk.goto(f"/screen/therapies/{coi}")
    follow(desk, NEXT)
    press(desk, "main form.steady button")
    assert way.therapy.eligible, desk.inner_text("main")


def tailoring(way: Way) -> None:
    """The bioinformatician tailors; the prescriber decides what the gate leaves open, reads the review and signs."""
    expert, doctor = way.be("bioinformatician"), way.be("prescriber", CLINIC)
    here = f"/screen/therapies/{way.therapy.coi}"
    expert.goto(here)
    follow(expert, NEXT)
    press(expert, "button[value=tailor]")
    assert way.therapy.tailoring is not None and not expert.locator("#password").count()
    doctor.goto(here)
    follow(doctor, NEXT)
    while doctor.locator("section.blocked a.next").count():
        follow(doctor, "section.blocked a.next")
        doctor.fill("#choice", "as the guideline says")
        doctor.fill("#reason", "talked over with the pharmacist")
        doctor.fill("#password", way.password(f"prescriber.{CLINIC}"))
        press(doctor, "section.sign button")
    shoot(doctor, "tailoring")
    doctor.fill("#password", way.password(f"prescriber.{CLINIC}"))
    press(doctor, "section.sign button")
    assert way.therapy.tailoring.approved


def slot(way: Way, purpose: str, equipment_class: str, site: str, hours: int) -> None:
    """The planner books the earliest window."""
    planner = way.be("planner")
    planner.goto(f"/screen/therapies/{way.therapy.coi}/slots")
    planner.select_option("#purpose", purpose)
    planner.select_option("#equipment_class", equipment_class)
    planner.select_option("#site", site)
    planner.fill("#not_before", way.stamp())
    planner.fill("#hours", str(hours))
    press(planner, "section[aria-labelledby=book] button")


def first_collection(way: Way) -> None:
    """Booked, compared, and too little: a label of somebody else is stopped in red before, and stands on the record."""
    slot(way, "collection", "apheresis", CLINIC, 6)
    way.clock.advance(max(way.clock.now(), way.therapy.slots[-1].starts_at))
    nurse, coi = way.be("collection", CLINIC), way.therapy.coi
    nurse.goto("/screen/collection")
    follow(nurse, f"a[href='/screen/collection/{coi}']")
    print_labels(way, nurse, 1)
    scan(nurse, FOREIGN)
    assert nurse.locator("section.stop").count() and not way.therapy.collections
    (missed,) = way.therapy.near_misses
    assert missed.refused.severity == "critical" and way.therapy.deviations
    follow(nurse, "a.action")
    _three_scans(way, nurse, 1)
    me = f"collection.{CLINIC}"
    _collected(nurse, WEAK, me, way.password(me), way)
    assert nurse.locator(".refused").count() and not way.therapy.collections, "nobody verifies their own work"
    nurse.goto(f"/screen/collection/{coi}")
    _three_scans(way, nurse, 1)
    _collected(nurse, WEAK, f"{me}.2", way.password(f"{me}.2"), way)
    assert_taken(nurse)
    assert way.therapy.assessment is not None and not way.therapy.assessment.adequate
    assert "collect again" in nurse.inner_text("main")


def second_collection(way: Way, new: str) -> None:
    """The planner books once more; the nurse who is new here verifies, and now it is enough."""
    planner, coi = way.be("planner"), way.therapy.coi
    planner.goto(f"/screen/therapies/{coi}")
    assert planner.locator(NEXT).get_attribute("href") == f"/screen/therapies/{coi}/slots"
    way.forward(hours=20)
    slot(way, "collection", "apheresis", CLINIC, 6)
    way.clock.advance(max(way.clock.now(), way.therapy.slots[-1].starts_at))
    nurse = way.be("collection", CLINIC)
    nurse.goto(f"/screen/therapies/{coi}")
    follow(nurse, NEXT)
    print_labels(way, nurse, 2)
    _three_scans(way, nurse, 2)
    _collected(nurse, STRONG, new, way.password(new), way)
    assert_taken(nurse)
    assert way.therapy.assessment is not None and way.therapy.assessment.adequate
    assert len(way.therapy.collections) == 2


def print_labels(way: Way, nurse: Page, number: int) -> None:
    """Wristband, paperwork and the bag of this collection, printed from the link on the page."""
    address = nurse.locator("a[href$='/labels.pdf']").get_attribute("href")
    way.labels["wristband"], way.labels["paperwork"], way.labels[f"bag {number}"] = printed(nurse, str(address))


def _three_scans(way: Way, nurse: Page, number: int) -> None:
    for thing in ("wristband", "paperwork", f"bag {number}"):
        scan(nurse, way.labels[thing])
        assert_taken(nurse)


def _collected(nurse: Page, cells: str, verifier: str, password: str, way: Way) -> None:
    nurse.fill("#c1", cells)
    nurse.fill("#collected_at", way.stamp())
    second(nurse, verifier, password)
    sent(nurse, lambda: nurse.click("main form.steady button"))
