"""Around the patient: who may come in, what may be used, and what an auditor reads afterwards."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from tests.browser.way.house import CLINIC, PLANT, Way, follow, press, shoot

NEW = f"nora.{CLINIC}"
SIGNS_IN, SIGNS = "four geese cross a river", "a kettle sings at seven"


UNIT = "cell_processor-99"


def equipment(way: Way) -> None:
    """The process engineer registers a unit; metrology qualifies it under a signature."""
    engineer, metrology = way.be("process_engineer"), way.be("metrology")
    engineer.goto("/screen/administration")
    follow(engineer, "a[href='/screen/equipment']")
    engineer.fill("#equipment", UNIT)
    engineer.fill("#equipment_class", "cell_processor")
    engineer.select_option("#site", PLANT)
    engineer.fill("#serial", "CP-0099")
    engineer.check("input[name=driver_verified]")
    press(engineer, "main form.steady button")
    metrology.goto(f"/screen/equipment/{UNIT}")
    metrology.fill("#reference", "IQ/OQ report 17")
    metrology.fill("#password", way.password(f"metrology.{PLANT}"))
    press(metrology, "section.sign button")
    assert way.house.loop.reader.equipment(UNIT).state == "qualified"


def everybody_was_there(way: Way) -> None:
    """Every role of the table has signed in on the page, but for the courier, who has a link; IT sees no patient."""
    it = way.be("it")
    it.goto(f"/screen/batches/{way.number}")
    assert it.locator(".refused").count() and way.therapy.coi not in it.inner_text("main")
    it.goto("/screen/me")
    table = json.loads((files("onelot") / "data" / "roles.json").read_text())["roles"]
    here = {role for login in way.people for role in way.house.loop.actor(login).roles}
    assert here == table.keys() - {"courier"}


def a_new_nurse(way: Way) -> str:
    """The user administrator registers a nurse and lets her in; she chooses both her passwords. Her sign-in name."""
    root = way.be_called("root")
    root.goto("/screen/administration")
    follow(root, "a[href='/screen/people']")
    root.fill("#printed_name", "Nora Quist")
    root.fill("#login", NEW)
    root.check("input[name=roles][value=collection]")
    root.check(f"input[name=sites][value={CLINIC}]")
    press(root, "main form.steady button")
    root.fill("#reason-key", "first day; passport seen")
    press(root, f"form[action='/screen/people/{NEW}/let-in'] button")
    temporary = root.inner_text("p.once code")
    nora = way.page(width=390, height=844)
    nora.goto("/screen/sign-in")
    nora.fill("#login", NEW)
    nora.fill("#password", temporary)
    nora.click("main button")
    nora.wait_for_selector("#signing")
    nora.fill("#current", temporary)
    nora.fill("#sign_in", SIGNS_IN)
    nora.fill("#signing", SIGNS)
    nora.click("main button")
    nora.wait_for_selector("main:not(:has(#signing))")
    way.people[NEW], way.signing[NEW] = nora, SIGNS
    nora.goto("/screen/collection")
    assert nora.locator("h1").count()
    return NEW


def evidence(way: Way) -> tuple[Path, Path]:
    """The auditor searches the trail, and takes the batch's evidence away: that file, and the site's public keys."""
    auditor = way.be("auditor")
    auditor.goto(f"/screen/audit?stream=batch/{way.number}&kind=EntryCorrected")
    assert auditor.locator("tbody tr").count() == 1
    auditor.goto(f"/screen/audit?stream=batch/{way.number}")
    shoot(auditor, "audit")
    auditor.fill("#batch", way.number)
    with auditor.expect_download() as given:
        auditor.click("form[action$='/evidence'] button")
    file, keys = way.file.parent / "evidence.json", way.file.parent / "keys.json"
    given.value.save_as(file)
    keys.write_bytes(auditor.request.get("/keys").body())
    return file, keys
