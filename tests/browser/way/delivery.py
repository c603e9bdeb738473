"""The way back: dispatched, carried by a courier with a link, cleared, compared at the bedside, given."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from playwright.sync_api import Page

from tests.browser.conftest import accessible
from tests.browser.way import quality
from tests.browser.way.house import CLINIC, FOREIGN, PHONE, Way, assert_taken, follow, press, scan, second, sent, shoot

SHIPPER = "BOX-17"
NURSE, SECOND = f"bedside_nurse.{CLINIC}", f"bedside_nurse.{CLINIC}.2"


def dispatch(way: Way) -> str:
    """The operator packs the shipper and scans it; the page shows the courier's link."""
    operator = way.be("operator")
    operator.goto("/screen/work")
    follow(operator, f"a[href='/screen/batches/{way.number}/dispatch']")
    scan(operator, SHIPPER)
    assert_taken(operator)
    assert way.batch.state == "in_transit"
    return operator.inner_text(".qr + p")


def courier(way: Way, link: str) -> None:
    """Nobody signs in: the link is good for this shipment. A wrong shipper is stopped; the right one is handed over."""
    driver = way.page(**PHONE)
    driver.goto(link)
    driver.wait_for_selector("#scan")
    shoot(driver, "courier")
    scan(driver, "BOX-18")
    assert driver.locator("section.stop").count() and not way.batch.custody
    follow(driver, "a.action")
    scan(driver, SHIPPER)
    assert_taken(driver)
    way.forward(hours=9)
    scan(driver, SHIPPER)
    assert_taken(driver)
    assert "Handed over" in driver.inner_text("main") and len(way.batch.custody) == 2


def arrival(way: Way) -> None:
    """The nurse scans the shipper and enters the warmest value of its logger."""
    nurse = way.be("bedside_nurse", CLINIC)
    nurse.goto("/screen/bedside")
    follow(nurse, f"a[href='/screen/bedside/{way.number}']")
    nurse.fill("#warmest", "-151")
    scan(nurse, SHIPPER)
    assert_taken(nurse)
    assert way.batch.shipment is not None and way.batch.shipment.accepted


def clearance(way: Way) -> None:
    """The prescriber clears the patient for conditioning under a signature; the nurse starts it."""
    doctor, nurse, coi = way.be("prescriber", CLINIC), way.be("bedside_nurse", CLINIC), way.therapy.coi
    doctor.goto(f"/screen/batches/{way.number}")
    follow(doctor, f"a[href='/screen/batches/{way.number}/why/dose']")
    shoot(doctor, "why")
    doctor.goto(f"/screen/therapies/{coi}")
    follow(doctor, "section.next a.action")
    doctor.fill("#password", way.password(f"prescriber.{CLINIC}"))
    press(doctor, "section.sign button")
    nurse.goto(f"/screen/bedside/{way.number}")
    press(nurse, "form[action$='/conditioning'] button")
    assert way.therapy.conditioning_started_at is not None
    way.forward(days=5, hours=2)


def _begin(nurse: Page, way: Way) -> None:
    nurse.goto(f"/screen/bedside/{way.number}")
    follow(nurse, f"a[href='/screen/bedside/{way.number}/compare']")
    nurse.fill("#verified_by", SECOND)
    nurse.fill("#where", "ward 3, bed 2")
    press(nurse, "main form.steady button")
    for thing in ("wristband", "paperwork"):
        scan(nurse, way.labels[thing])
        assert_taken(nurse)


def wrong_bag(way: Way) -> None:
    """The bag of somebody else at this bed: red and on the record at once; nothing can be given until it is closed."""
    nurse = way.be("bedside_nurse", CLINIC)
    _begin(nurse, way)
    scan(nurse, way.labels["product"].replace(way.therapy.coi, FOREIGN))
    assert nurse.locator("section.stop").count()
    accessible(nurse)
    shoot(nurse, "bedside-wrong-bag")
    assert way.batch.compared is not None and not way.batch.compared.agreed
    (opened,) = (each.deviation for each in way.batch.open_deviations)
    nurse.goto(f"/screen/bedside/{way.number}")
    assert not nurse.locator("#dose").count()
    quality.close_deviation(way, opened, "two bags on one trolley", "none: nothing was given")


def give(way: Way) -> None:
    """Three ticks, seen by the second nurse; then the dose, signed, with the second nurse's own proof."""
    nurse = way.be("bedside_nurse", CLINIC)
    _begin(nurse, way)
    scan(nurse, way.labels["product"])
    assert_taken(nurse)
    shoot(nurse, "bedside")
    second(nurse, SECOND, "a guess of hers")
    sent(nurse, lambda: nurse.click("main form.steady button"))
    assert nurse.locator(".unsent[role=alert]").count() and nurse.locator("li.done").count() == 3
    assert way.batch.compared is not None and not way.batch.compared.agreed
    second(nurse, SECOND, way.password(SECOND))
    press(nurse, "main form.steady button")
    assert way.batch.compared.agreed
    accessible(nurse)
    _signed(way, nurse, NURSE)
    assert nurse.locator(".refused").count() and way.batch.administered is None, "nobody verifies their own work"
    nurse.goto(f"/screen/bedside/{way.number}")
    _signed(way, nurse, SECOND)
    assert_taken(nurse)
    assert way.batch.state == "administered"


def _signed(way: Way, nurse: Page, verifier: str) -> None:
    held = way.stage.context()
    assert way.batch.filled is not None
    dose = sum((Decimal(str(held.open(each))) for each in way.batch.filled.contents), Decimal(0))
    nurse.fill("#dose", f"{dose:f}")
    nurse.fill("#thawed_at", way.stamp(way.clock.now() - timedelta(minutes=10)))
    second(nurse, verifier, way.password(verifier))
    nurse.fill("#password", way.password(NURSE))
    sent(nurse, lambda: nurse.click("section.sign button"))


def outcome(way: Way) -> None:
    """A month later the prescriber writes down what became of it."""
    way.forward(days=28)
    doctor, coi = way.be("prescriber", CLINIC), way.therapy.coi
    doctor.goto(f"/screen/therapies/{coi}")
    follow(doctor, "section.next a.action")
    doctor.fill("#response", "complete metabolic response")
    doctor.fill("#toxicity", "fever on day 3, grade 1")
    press(doctor, "main form.steady button")
    assert way.therapy.outcome is not None
