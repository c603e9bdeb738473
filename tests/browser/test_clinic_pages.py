"""The clinic's pages in a real browser: axe in both lights, a phone, a scanner, a camera, and a network that goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from onelot.app.api.application import create_app
from onelot.app.simulation.site import PLANT
from tests.app.web.hospital import Hospital, reach
from tests.app.web.plant import PASSWORD, signing
from tests.app.web.test_screens import SIGN_IN
from tests.app.web.test_to_the_bedside import FOREIGN, bag_of, picture
from tests.browser.conftest import Served, accessible, serving

PHONE = {"width": 390, "height": 844}


@dataclass
class Ward(Served):
    """The served house, and the hospital of its patient."""

    place: Hospital


@pytest.fixture(scope="module")
def ward(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    place = reach(tmp_path_factory.mktemp("ward"), lambda what: what in ("release", "conditional release"))
    for login in place.house.journal.rows("people"):
        SIGN_IN.set_password(login, PASSWORD)
    url, end = serving(create_app(place.house, SIGN_IN))
    yield Ward(place.house, place.batch.batch, url, chromium, place)
    end()


def fits(page: Page) -> None:
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, page.url


@pytest.mark.parametrize(("scheme", "size"), [("light", {}), ("dark", PHONE)])
def test_forms_are_accessible_and_fit(ward: Ward, scheme: str, size: dict[str, int]) -> None:
    site, coi = ward.place.case.hospital, ward.place.therapy.coi
    here = f"/screen/therapies/{coi}"
    doctor = ward.signed_in(f"prescriber.{site}", scheme=scheme, **size)
    forms = [f"{here}/{each}" for each in ("consent", "files", "eligibility", "correct", "alias", "outcome", "end")]
    for path in ("/screen/therapies", here, "/screen/order", *forms):
        doctor.goto(path)
        accessible(doctor)
        fits(doctor)
    planner = ward.signed_in(f"planner.{PLANT}", scheme=scheme, **size)
    for path in (f"{here}/slots", f"/screen/batches/{ward.number}/dispatch"):
        planner.goto(path)
        accessible(planner)
        fits(planner)
    collection = ward.signed_in(f"collection.{site}", scheme=scheme, **size)
    for path in ("/screen/collection", f"/screen/collection/{coi}", f"{here}/markers"):
        collection.goto(path)
        accessible(collection)
        fits(collection)


def scanned(page: Page, text: str) -> None:
    """What a wedge scanner does, wherever the focus is: it types, and ends with Enter."""
    page.fill("#scan", "")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type(text)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")


def test_from_the_courier_to_the_bedside_on_a_phone(ward: Ward, tmp_path: Path) -> None:
    place, number = ward.place, ward.number
    site, here = place.case.hospital, f"/screen/bedside/{number}"
    operator = ward.signed_in(f"operator.{PLANT}")
    operator.goto(f"/screen/batches/{number}/dispatch")
    operator.fill("#shipper", "BOX-17")
    operator.click("form.steady button")
    operator.wait_for_selector(".qr svg")
    accessible(operator)
    courier, link = ward.page(**PHONE), operator.inner_text(".qr + p")
    asked: list[str] = []
    courier.on("request", lambda request: asked.append(f"{request.url} {request.headers}"))
    courier.goto(link)
    courier.wait_for_selector("#scan")
    accessible(courier)
    # What the server saw of addresses, and what the phone keeps of them, holds no secret.
    code = link.partition("#")[2]
    assert len(code) > 60 and asked and not any(code in each for each in asked)
    assert code not in courier.url and courier.evaluate("document.referrer") in ("", courier.url.rpartition("/")[0])
    assert not [each for each in courier.context.cookies() if code in each["value"] or not each["httpOnly"]]
    # Its first page lists what the phone has open, and takes another link also while it is shown.
    courier.goto(link.partition("#")[0])
    courier.click("main ul a")
    courier.wait_for_selector("#scan")
    courier.goto(link.partition("#")[0])
    courier.goto(link)
    courier.wait_for_selector("#scan")
    scanned(courier, "BOX-18")
    courier.wait_for_selector(".stop")
    accessible(courier)
    courier.click("a.action")
    for _ in range(2):
        scanned(courier, "BOX-17")
        place.clock.advance(place.clock.now() + timedelta(hours=4))
    courier.wait_for_selector("text=Handed over")
    nurse = ward.signed_in(f"bedside_nurse.{site}", **PHONE)
    nurse.goto(here)
    accessible(nurse)
    nurse.fill("#warmest", "-150")
    nurse.context.set_offline(True)
    nurse.fill("#scan", "BOX-17")
    nurse.keyboard.press("Enter")
    nurse.wait_for_selector(".unsent[role=alert]")
    assert nurse.input_value("#warmest") == "-150" and place.batch.state == "in_transit"
    nurse.context.set_offline(False)
    scanned(nurse, "BOX-17")
    nurse.wait_for_selector("text=waits for the prescriber")
    doctor = ward.signed_in(f"prescriber.{site}", scheme="dark")
    doctor.goto(f"/screen/therapies/{place.therapy.coi}/clearance/{number}")
    accessible(doctor)
    doctor.fill("#password", signing(f"prescriber.{site}"))
    doctor.click("section.sign button")
    doctor.wait_for_url(f"**/therapies/{place.therapy.coi}")
    nurse.goto(here)
    nurse.click("form.steady button")
    nurse.wait_for_selector("text=May be given")
    place.clock.advance(place.clock.now() + timedelta(hours=122))
    _compare(ward, nurse, tmp_path)


def _compare(ward: Ward, nurse: Page, folder: Path) -> None:
    place, here = ward.place, f"/screen/bedside/{ward.number}"
    bags = [each.identifier for each in place.batch.containers]
    for wrong in (False, True):
        nurse.goto(f"{here}/compare")
        nurse.fill("#verified_by", f"bedside_nurse.{place.case.hospital}.2")
        nurse.fill("#where", "ward 3")
        nurse.click("form.steady button")
        nurse.wait_for_selector("#scan")
        accessible(nurse)
        for _ in range(2):
            scanned(nurse, place.therapy.coi)
        if wrong:
            scanned(nurse, bag_of(place, bags[0], coi=FOREIGN))
            nurse.wait_for_selector(".stop")
            accessible(nurse)
            fits(nurse)
            assert not place.batch.compared or not place.batch.compared.agreed
            continue
        for number, bag in enumerate(bags):
            photo = folder / f"{number}.jpg"
            photo.write_bytes(picture(bag_of(place, bag)))
            nurse.set_input_files("#picture", photo)
            with nurse.expect_response(lambda answer: answer.request.method == "POST"):
                nurse.click("form.scanning button")
            nurse.wait_for_load_state("networkidle")
        nurse.wait_for_selector("#verifier_password")
        accessible(nurse)
        fits(nurse)
        nurse.fill("#verifier_password", signing(f"bedside_nurse.{place.case.hospital}.2"))
        nurse.click("form.steady button")
        nurse.wait_for_selector("#dose")
        accessible(nurse)
        fits(nurse)
    nurse.goto(here)
    accessible(nurse)
