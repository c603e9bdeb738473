"""From the collection to the dose, over HTTP: three-way matches, the courier's link, two nurses."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from html import unescape
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from onelot.adapters.labels import Label, element_string, make_label
from onelot.adapters.pictures import read_picture
from onelot.app.api import courier as courier_
from onelot.app.api.courier import make_pass, open_pass
from onelot.app.commands.release import CloseDeviation
from onelot.app.simulation.site import PLANT
from onelot.record.errors import NotAllowed
from onelot.record.identity import grouped, make_identifier
from tests.app.web.hospital import Hospital, reach, send
from tests.app.web.plant import signing
from tests.app.web.test_screens import Browser, Page

FOREIGN = make_identifier(12345678901)


@pytest.fixture(scope="module")
def collecting(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return reach(tmp_path_factory.mktemp("collecting"), lambda what: what == "collection booked")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return reach(tmp_path_factory.mktemp("released"), lambda what: what in ("release", "conditional release"))


def picture(text: str, kind: zxingcpp.BarcodeFormat = zxingcpp.BarcodeFormat.DataMatrix) -> bytes:
    """A code as a phone would see it: on a larger grey ground, a little turned."""
    code = Image.fromarray(zxingcpp.create_barcode(text, kind).to_image(scale=8))
    ground = Image.new("L", (code.width + 400, code.height + 300), 200)
    ground.paste(code, (180, 120))
    out = io.BytesIO()
    ground.rotate(7, fillcolor=200, expand=True).save(out, "JPEG", quality=80)
    return out.getvalue()


def scan(browser: Browser, path: str, page: Page, text: str = "", image: bytes = b"", **fields: Any) -> Page:
    before = [given["value"] for tag, given in page.tags if tag == "input" and given.get("name") == "before"]
    files = {"picture": ("photo.jpg", image, "image/jpeg")} if image else None
    found = send(browser, path, page, scan=text, before=before, files=files, **fields)
    return _answered(found)


def _answered(found: Any) -> Page:
    page = Page(found.text)
    page.status = found.status_code  # type: ignore[attr-defined]
    page.location = found.headers.get("location", "")  # type: ignore[attr-defined]
    return page


def collected(place: Hospital, browser: Browser) -> Page:
    """The page after three right scans: as typed, from a picture, and a bag's own label."""
    coi = place.therapy.coi
    path = f"/screen/collection/{coi}/scan"
    page = scan(browser, path, browser.page(f"/screen/collection/{coi}"), grouped(coi))
    page = scan(browser, path, page, image=picture(coi))
    return scan(browser, path, page, f"(21){coi}-1-A(91){coi}")


def collection_is_for_its_role_and_its_site(collecting: Hospital) -> None:
    coi = collecting.therapy.coi
    nurse = collecting.browser("bedside_nurse")
    assert nurse.send("GET", "/screen/collection").status_code == 403
    stranger = collecting.browser("collection", collecting.other)
    assert coi not in stranger.page("/screen/collection").text
    for path in (coi, f"{coi}/labels.pdf"):
        assert stranger.send("GET", f"/screen/collection/{path}").status_code == 403
    assert f"/screen/collection/{coi}" in collecting.browser("collection").page("/screen/collection").text


def a_wrong_scan_stops_the_collection_in_red(collecting: Hospital) -> None:
    coi, browser = collecting.therapy.coi, collecting.browser("collection")
    path, first = f"/screen/collection/{coi}/scan", browser.page(f"/screen/collection/{coi}")
    stopped = scan(browser, path, first, FOREIGN)
    assert stopped.status == 409 and grouped(FOREIGN) in stopped.text and grouped(coi) in stopped.text
    assert "Put it down" in stopped.text and "scan" not in stopped.fields
    for image in (b"no picture", picture("x")[:200], b""):
        again = scan(browser, path, first, image=image)
        assert again.status == 422 and "scan" in again.fields, image
    misread = scan(browser, path, first, coi[:-1] + ("A" if coi[-1] != "A" else "B"))
    assert misread.status == 422 and "check character" not in misread.text.split("<main")[0]
    # Whoever leaves the scans out, or forges them, is stopped as well.
    for before in ([], [FOREIGN] * 3, [coi, coi, f"(21)X(91){FOREIGN}"]):
        found = send(browser, f"/screen/collection/{coi}", first, before=before, donation="D1", bags="B1")
        assert found.status_code in (200, 409) and "Put it down" in found.text or "Scan the wristband" in found.text
    assert not collecting.therapy.collections


def pictures_too_large_are_refused_before_they_are_unpacked(collecting: Hospital) -> None:
    coi, browser = collecting.therapy.coi, collecting.browser("collection")
    path, first = f"/screen/collection/{coi}/scan", browser.page(f"/screen/collection/{coi}")
    out = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(out, "PNG")
    assert len(out.getvalue()) < 1_000_000
    bomb = scan(browser, path, first, image=out.getvalue())
    assert bomb.status == 422 and "pixels" in bomb.text
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    assert "pixels" in scan(browser, path, first, image=out.getvalue()).text
    two = Image.new("L", (900, 500), 255)
    for at, text in ((40, coi), (480, FOREIGN)):
        symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
        two.paste(Image.fromarray(symbol.to_image(scale=8)), (at, 80))
    out = io.BytesIO()
    two.save(out, "PNG")
    both = scan(browser, path, first, image=out.getvalue())
    assert both.status == 422 and "2 codes" in both.text
    gif = io.BytesIO()
    Image.new("L", (50, 50)).save(gif, "GIF")
    assert scan(browser, path, first, image=gif.getvalue()).status == 422


def three_ticks_then_the_collection_is_recorded_once(collecting: Hospital) -> None:
    coi, browser = collecting.therapy.coi, collecting.browser("collection")
    labels = browser.send("GET", f"/screen/collection/{coi}/labels.pdf?bags=2")
    assert labels.headers["content-type"] == "application/pdf" and labels.content.count(b"/Type /Page\n") == 4
    assert browser.send("GET", f"/screen/collection/{coi}/labels.pdf?bags=99").status_code == 422
    page = collected(collecting, browser)
    assert page.status == 200 and page.text.count("✓") == 3 and f"{coi}-1-A" in page.text
    needs = collecting.case.recipe.intake.counts if collecting.case.recipe.intake else ()
    fields = {
        "donation": f"{coi}-1", "bags": f"(21){coi}-1-A(91){coi}", "count": ["2e9"] * len(needs),
        "collected_at": f"{collecting.clock.now():%Y-%m-%dT%H:%M}",
        "verified_by": f"collection.{collecting.case.hospital}.2",
        "verifier_password": signing(f"collection.{collecting.case.hospital}.2"),
        "before": [given["value"] for tag, given in page.tags if given.get("name") == "before"],
    }  # fmt: skip
    path = f"/screen/collection/{coi}"
    for change in (
        {"verified_by": f"collection.{collecting.case.hospital}"}, {"verified_by": ""}, {"verified_by": "nobody"},
        {"verifier_password": ""}, {"verifier_password": "somebody else's"},
        {"count": ["many"] * len(needs)}, {"collected_at": "2999-01-01T00:00"}, {"bags": ""}, {"count": ["-1"]},
    ):  # fmt: skip
        assert send(browser, path, page, **{**fields, **change}).status_code in (403, 409, 422), change
    assert not collecting.therapy.collections
    for _ in range(2):
        done = send(browser, path, page, **fields)
        assert done.status_code == 303, done.text
    assert len(collecting.therapy.collections) == 1
    assert collecting.therapy.collections[0].containers[0].identifier == f"{coi}-1-A"
    assert collecting.therapy.assessment is not None and collecting.therapy.assessment.adequate


def the_planner_books_moves_and_plans(collecting: Hospital) -> None:
    """After the collection: a slot, moved, and the batch; for the planner alone."""
    coi = collecting.therapy.coi
    path = f"/screen/therapies/{coi}/slots"
    assert collecting.browser("prescriber").send("GET", path).status_code == 403
    browser = collecting.browser("planner", PLANT)
    page = browser.page(path)
    soon = f"{collecting.clock.now() + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    fields = {"purpose": "manufacture", "equipment_class": "suite", "site": PLANT, "not_before": soon, "hours": "240"}
    for change in ({"hours": "0"}, {"hours": "1.5"}, {"hours": "x"}, {"purpose": "tea"}, {"not_before": "soon"}):
        assert send(browser, path, page, **{**fields, **change}).status_code == 422, change
    slots = len(collecting.therapy.slots)
    for _ in range(2):
        done = send(browser, path, page, **fields)
        assert done.status_code == 303, done.text
    assert len(collecting.therapy.slots) == slots + 1
    purpose = collecting.therapy.slots[-1].purpose
    later = f"{collecting.clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    moved = send(
        browser, f"{path}/move", browser.page(path), purpose=purpose, not_before=later, hours="240", reason="late"
    )
    assert moved.status_code == 303, moved.text
    assert f"{collecting.therapy.slots[-1].starts_at:%Y-%m-%dT%H:%M}" >= later
    planned = send(browser, f"{path}/batch", browser.page(path), batch=f"B-{coi}-1", site=PLANT)
    assert planned.status_code == 303 and collecting.batch.state == "planned"


def bag_of(place: Hospital, container: str, coi: str = "", batch: str = "") -> str:
    expires = place.batch.filled.expires_at if place.batch.filled else place.clock.now()
    return element_string(Label(container, batch or place.batch.batch, "x", expires, coi or place.therapy.coi))


def forward(place: Hospital, hours: float) -> None:
    place.clock.advance(place.clock.now() + timedelta(hours=hours))


def dispatch_and_the_courier_s_link(released: Hospital) -> None:
    number = released.batch.batch
    path = f"/screen/batches/{number}/dispatch"
    assert released.browser("bedside_nurse").send("GET", path).status_code == 403
    operator = released.browser("operator", PLANT)
    page = operator.page(path)
    bags = [given["value"] for tag, given in page.tags if given.get("name") == "containers"]
    fields = {"shipment": "SHIP-9", "shipper": "BOX-17", "containers": bags}
    assert send(operator, path, page, **{**fields, "containers": ["OTHER"]}).status_code == 409
    for _ in range(2):
        assert send(operator, path, page, **fields).status_code == 303
    assert released.batch.state == "in_transit"
    shown = operator.page(path)
    assert "<svg" in shown.text
    address, _, code = shown.text.split('<p class="ident">')[-1].split("<")[0].strip().partition("#")
    assert address.endswith("/screen/courier") and len(code) > 60
    courier, stranger = (Browser(released.house, released.house.looks) for _ in range(2))
    door = courier.page("/screen/courier")
    assert "/screen/static/courier.js" in door.text and "On this phone" not in door.text
    for bad in (code[:-2] + "AA", "x", "A" * 200, "", "#", "\0"):
        assert send(courier, "/screen/courier", door, code=bad).status_code in (403, 422), bad
    # What was once a link, or any address alone, opens nothing, and says what to do.
    for bad in (code, "SHIP-9", "A" * 200, "%00"):
        refused = courier.send("GET", f"/screen/courier/{bad}")
        assert refused.status_code == 403 and "scan the code on the shipper" in unescape(refused.text), bad
    assert courier.send("POST", "/screen/courier", data={"code": code}).status_code == 403
    # Typed alone, or pasted with its address.
    opened = send(courier, "/screen/courier", door, code=code)
    assert opened.status_code == 303 and opened.headers["location"] == "/screen/courier/SHIP-9"
    assert code not in str(opened.headers)
    said = opened.headers["set-cookie"]
    assert said.startswith("onelot-courier-") and "HttpOnly" in said and "SameSite=strict" in said
    assert "Max-Age=86400" in said
    assert "SHIP-9" in courier.page("/screen/courier").text
    pasted = send(stranger, "/screen/courier", stranger.page("/screen/courier"), code=f" {address}#{code} ")
    assert pasted.status_code == 303
    _kept_for_a_day(released, stranger, said)
    _carry(released, courier, "/screen/courier/SHIP-9")


def _kept_for_a_day(released: Hospital, stranger: Browser, said: str) -> None:
    """What a phone keeps opens its own shipment alone, is no link, and ends; a form without its token does nothing."""
    here, (name, _, kept) = "/screen/courier/SHIP-9", said.partition(";")[0].partition("=")
    page = stranger.page(here)
    assert stranger.send("POST", here, data={"once": "a", "giver": "plant", "scan": "BOX-17"}).status_code == 403
    assert send(stranger, "/screen/courier", stranger.page("/screen/courier"), code=kept).status_code == 403
    other = f"onelot-courier-{sha256(b'SHIP-8').hexdigest()[:16]}"
    stranger.cookies.set(other, kept)
    assert stranger.send("GET", "/screen/courier/SHIP-8").status_code == 403
    assert name == f"onelot-courier-{sha256(b'SHIP-9').hexdigest()[:16]}" and "BOX-17" in page.text
    house, batch = released.house, released.batch
    made = make_pass(house, batch, "SHIP-9")
    assert open_pass(house, made, "SHIP-9")[1].batch == batch.batch
    key, now = courier_._key(house, courier_._PASSES), released.clock.now()
    assert courier_._open(made, key, now + timedelta(hours=23, minutes=59))
    with pytest.raises(NotAllowed):
        courier_._open(made, key, now + timedelta(days=1, seconds=1))
    assert not released.batch.custody


def _carry(released: Hospital, courier: Browser, link: str) -> None:
    page = courier.page(link)
    person = released.house.vault.identify(released.therapy.patient)
    for secret in (person.name, released.therapy.coi, released.therapy.patient, released.batch.batch):
        assert secret not in page.text
    assert released.case.hospital in page.text and "BOX-17" in page.text and "UTC" in page.text
    token = {"form_token": page.fields["form_token"]}
    stopped = send(courier, link, page, scan="BOX-18", giver=page.fields["giver"], **token)
    assert stopped.status_code == 409 and "BOX-18" in stopped.text and "put it down" in stopped.text.lower()
    assert send(courier, link, page, scan="BOX-17", giver="plant", temperature="warm", **token).status_code == 422
    for _ in range(2):
        taken = send(courier, link, page, scan="BOX-17", giver=page.fields["giver"], **token, temperature="-150")
        assert taken.status_code == 303, taken.text
    assert len(released.batch.custody) == 1
    forward(released, 5)
    page = courier.page(link)
    assert "Hand it over" in page.text
    image = {"picture": ("p.jpg", picture("BOX-17", zxingcpp.BarcodeFormat.QRCode), "image/jpeg")}
    given = send(courier, link, page, files=image, giver=page.fields["giver"], **token)
    assert given.status_code == 303, given.text
    assert len(released.batch.custody) == 2
    assert "Handed over" in courier.page(link).text
    forward(released, 1)


def the_shipment_is_received_at_its_own_site(released: Hospital) -> None:
    number = released.batch.batch
    here = f"/screen/bedside/{number}"
    stranger = released.browser("bedside_nurse", released.other)
    assert number not in stranger.page("/screen/bedside").text
    for path in (here, f"{here}/compare"):
        assert stranger.send("GET", path).status_code == 403
    assert released.browser("prescriber").send("GET", here).status_code == 403
    nurse = released.browser("bedside_nurse")
    assert number in nurse.page("/screen/bedside").text
    page = nurse.page(here)
    wrong = send(nurse, f"{here}/receive", page, scan="BOX-18", warmest="-150")
    assert wrong.status_code == 409 and "BOX-18" in wrong.text
    assert send(nurse, f"{here}/receive", page, scan="BOX-17", warmest="").status_code == 422
    for _ in range(2):
        assert send(nurse, f"{here}/receive", page, scan="BOX-17", warmest="-150").status_code == 303
    assert released.batch.shipment is not None and released.batch.shipment.accepted


def conditioning_is_cleared_under_a_signature_and_started(released: Hospital) -> None:
    coi, number = released.therapy.coi, released.batch.batch
    path, here = f"/screen/therapies/{coi}/clearance/{number}", f"/screen/bedside/{number}"
    nurse = released.browser("bedside_nurse")
    assert nurse.send("GET", path).status_code == 403
    assert "waits for the prescriber" in nurse.page(here).text
    doctor = released.browser("prescriber")
    page = doctor.page(path)
    stale = send(doctor, path, page, password=released.password("prescriber"), seen="0" * 64)
    assert stale.status_code == 409 and released.therapy.clearance is None
    for _ in range(2):
        signed = send(doctor, path, page, password=released.password("prescriber"))
        assert signed.status_code == 303, signed.text
    assert released.therapy.clearance is not None
    started = send(nurse, f"{here}/conditioning", nurse.page(here))
    assert started.status_code == 303, started.text
    forward(released, 24 * 5 + 2)


def begin(place: Hospital, nurse: Browser, second: str = "") -> Page:
    here = f"/screen/bedside/{place.batch.batch}/compare"
    who = second or f"bedside_nurse.{place.case.hospital}.2"
    return _answered(send(nurse, here, nurse.page(here), verified_by=who, where="ward 3, bed 2"))


def match(place: Hospital, nurse: Browser, page: Page, *texts: str) -> Page:
    for text in texts:
        carried = {name: page.fields[name] for name in ("verified_by", "where")}
        page = scan(nurse, f"/screen/bedside/{place.batch.batch}/compare", page, text, **carried)
    return page


def strict(released: Hospital) -> Browser:
    """The nurse's browser at a house that asks the second person to prove it, as production does."""
    released.house.loop.asks_presence = True
    browser = released.browser("bedside_nurse")
    released.house.loop.asks_presence = False
    return browser


def second_nurse_looks(released: Hospital, coi: str, bags: list[str]) -> None:
    """All scanned and all agrees: nothing is written before the second nurse has looked, and proven to be there."""
    site, path, nurse = released.case.hospital, f"/screen/bedside/{released.batch.batch}/compare", strict(released)
    page = match(released, nurse, begin(released, nurse), coi, coi, *(bag_of(released, each) for each in bags))
    assert page.status == 200 and "verifier_password" in page.fields and "scan" not in page.fields  # type: ignore[attr-defined]
    before = [given["value"] for tag, given in page.tags if given.get("name") == "before"]
    assert len(before) == 2 + len(released.batch.containers)
    fields = {"before": before, "where": page.fields["where"], "verified_by": page.fields["verified_by"]}
    for change, status in (
        ({}, 403), ({"verifier_password": "a guess"}, 403),
        ({"verified_by": f"bedside_nurse.{site}", "verifier_password": signing(f"bedside_nurse.{site}")}, 403),
        ({"before": [*before[:-1], FOREIGN]}, 422),
    ):  # fmt: skip
        refused = _answered(send(nurse, path, page, **{**fields, **change}))
        assert refused.status == status, change  # type: ignore[attr-defined]
        if status == 403 and "verified_by" not in change:
            # Three scans are not lost over a mistyped password.
            assert "verifier_password" in refused.fields and refused.text.count("✓") == len(before)
    assert released.batch.compared is None or not released.batch.compared.agreed
    proof = {"verifier_password": signing(f"bedside_nurse.{site}.2")}
    for _ in range(2):
        assert send(nurse, path, page, **fields, **proof).status_code == 303
    compared = released.batch.compared
    assert compared is not None and compared.agreed and compared.verified_how == "signing password"


def a_wrong_bag_stops_and_stays_on_the_record(released: Hospital) -> None:
    # Nobody has to prove that a bag was wrong: also where presence is asked for it goes on the record at once.
    coi, nurse = released.therapy.coi, strict(released)
    for alone in (f"bedside_nurse.{released.case.hospital}", f"bedside_nurse.{released.other}", "nobody"):
        assert begin(released, nurse, alone).status == 403
    page = begin(released, nurse)
    assert "Scan the wristband" in page.text
    page = match(released, nurse, page, coi, grouped(coi))
    assert page.status == 200 and page.text.count("✓") == 2 and released.batch.compared is None
    unread = match(released, nurse, page, "4006381333931")
    assert unread.status == 422 and unread.text.count("✓") == 2 and not released.batch.deviations
    bag = released.batch.containers[0].identifier
    wrong = match(released, nurse, page, bag_of(released, bag, coi=FOREIGN))
    assert wrong.status == 409 and "Put it down" in wrong.text and grouped(FOREIGN) in wrong.text
    (deviation,) = released.batch.deviations.values()
    assert deviation.severity == "critical" and released.batch.compared is not None
    assert not released.batch.compared.agreed and released.therapy.notices
    missed = [each.refused for each in released.batch.near_misses if each.refused.where == "bedside"]
    assert [(each.thing, each.seen, each.severity) for each in missed] == [("bag", "another_therapy", "critical")]
    for stream in (f"batch/{released.batch.batch}", f"therapy/{coi}"):
        assert FOREIGN.encode() not in b"".join(each.body for each in released.house.journal.read(stream))
    # Sent again, it is the same stop and no second deviation.
    assert match(released, nurse, page, bag_of(released, bag, coi=FOREIGN)).status == 409
    assert len(released.batch.deviations) == 1
    assert [each.refused for each in released.batch.near_misses if each.refused.where == "bedside"] == missed
    stopped = nurse.page(f"/screen/bedside/{released.batch.batch}")
    assert "does not agree" in stopped.text and "password" not in stopped.fields
    close = CloseDeviation(released.batch.batch, deviation.deviation, "label mix-up", "no product was given")
    released.stage.site.give(close, "qa_reviewer", PLANT)


def three_ticks_and_two_nurses_give_the_product_once(released: Hospital) -> None:
    coi, here = released.therapy.coi, f"/screen/bedside/{released.batch.batch}"
    bags = [each.identifier for each in released.batch.containers]
    second_nurse_looks(released, coi, bags)
    nurse, second = released.browser("bedside_nurse"), signing(f"bedside_nurse.{released.case.hospital}.2")
    page = nurse.page(here)
    assert page.text.count("✓") == 2 + len(bags)
    opened = released.stage.context()
    held = sum(
        Decimal(str(opened.open(each))) for each in (released.batch.filled.contents if released.batch.filled else ())
    )
    fields = {
        "containers": bags, "dose": f"{held:f}", "verified_by": f"bedside_nurse.{released.case.hospital}.2",
        "thawed_at": f"{released.clock.now() - timedelta(minutes=10):%Y-%m-%dT%H:%M}",
        "password": released.password("bedside_nurse"), "verifier_password": second,
    }  # fmt: skip
    for change in (
        {"verifier_password": ""}, {"verifier_password": "guess"},
        {"dose": f"{held * 2:f}"}, {"dose": "0"}, {"dose": "all"}, {"verified_by": ""}, {"password": "no"},
        {"verified_by": f"bedside_nurse.{released.case.hospital}"}, {"containers": ["OTHER"]}, {"seen": "0" * 64},
    ):  # fmt: skip
        refused = send(nurse, f"{here}/give", page, **{**fields, **change})
        assert refused.status_code in (403, 409, 422), change
    assert released.batch.administered is None
    for _ in range(2):
        given = send(nurse, f"{here}/give", page, **fields)
        assert given.status_code == 303, given.text
    assert released.batch.state == "administered" and released.therapy.dose_given_at is not None
    entries = released.house.journal.read(f"batch/{released.batch.batch}")
    entry = next(each for each in entries if each.envelope["type"] == "Administered")
    assert entry.signed is not None and released.house.journal.payload(entry.signed.seen) is not None
    assert "Given" in nurse.page(here).text
    saw = f"/screen/signed/{entry.signed.seen}/batch/{released.batch.batch}"
    looks = released.folder / "looks.jsonl"
    # The dose is the patient's: quality and the auditor see that it is there and signed, and nothing of it.
    for role, site in (("qp", PLANT), ("qa_reviewer", PLANT), ("auditor", PLANT)):
        before = (looks.read_text() if looks.exists() else "").count("what a signer saw")
        kept = released.browser(role, site, looks).page(saw)
        assert "sealed" in kept.text and entry.signed.seen in kept.text and bags[0] not in kept.text
        assert (looks.read_text() if looks.exists() else "").count("what a signer saw") == before
    nurse = released.browser("bedside_nurse", looks=looks)
    assert bags[0] in nurse.page(saw).text
    assert f"bedside_nurse.{released.case.hospital}" in looks.read_text().splitlines()[-1]
    assert released.browser("bedside_nurse", released.other).send("GET", saw).status_code == 403
    assert released.browser("operator", PLANT).send("GET", saw).status_code == 403
    outcome = f"/screen/therapies/{coi}/outcome"
    doctor = released.browser("prescriber")
    assert send(doctor, outcome, doctor.page(outcome), response="complete", toxicity="none").status_code == 303
    assert released.therapy.outcome is not None


def a_printed_label_is_read_from_its_picture(released: Hospital) -> None:
    expires = released.clock.now()
    label = Label("C-1", "B-1", "x", expires, released.therapy.coi)
    assert read_picture(make_label(label, "png")) == element_string(label)


# Each stop stands on the one before it, so each way is one test, wherever tests are run.
def test_the_way_of_a_collection(collecting: Hospital) -> None:
    for stop in (
        collection_is_for_its_role_and_its_site,
        a_wrong_scan_stops_the_collection_in_red,
        pictures_too_large_are_refused_before_they_are_unpacked,
        three_ticks_then_the_collection_is_recorded_once,
        the_planner_books_moves_and_plans,
    ):
        stop(collecting)


def test_the_way_to_the_bedside(released: Hospital) -> None:
    for stop in (
        dispatch_and_the_courier_s_link,
        the_shipment_is_received_at_its_own_site,
        conditioning_is_cleared_under_a_signature_and_started,
        a_wrong_bag_stops_and_stays_on_the_record,
        three_ticks_and_two_nurses_give_the_product_once,
        a_printed_label_is_read_from_its_picture,
    ):
        stop(released)
