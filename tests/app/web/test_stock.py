"""A batch for stock, planned on its page by the planner's signature; and what a patient's batch may be for."""

from __future__ import annotations

from pathlib import Path

import pytest

from onelot.app.commands.stock import PlanStock
from onelot.app.simulation.site import PLANT
from onelot.record.errors import Conflict, Held, NotAllowed, Refused
from tests.app.commands.conftest import populated
from tests.app.web.hospital import Hospital, reach, send
from tests.app.web.plant import PASSWORD
from tests.app.web.test_screens import SIGN_IN, Browser

HERE = "/screen/stock"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return reach(tmp_path_factory.mktemp("stock"), None)


def test_the_planner_reads_the_recipe_signs_and_lands_on_the_record(place: Hospital) -> None:
    planner = place.browser("planner", PLANT)
    assert f'href="{HERE}"' in planner.page("/screen/schedule").text
    page = planner.page(HERE)
    # The one recipe for stock is chosen already; a patient's recipes are not offered.
    assert "AAV9 vector, made for stock" in page.text and "cd19" not in page.text and "200 L" in page.text
    given = {"recipe": "aav9-stock/1", "batch": page.fields["batch"], "site": PLANT}
    password = place.password("planner", PLANT)
    assert send(planner, HERE, page, **given, password="wrong").status_code == 403
    assert send(planner, HERE, page, **given).status_code == 403
    for _ in range(2):
        done = send(planner, HERE, page, **given, password=password)
        assert done.status_code == 303 and done.headers["location"] == f"/screen/batches/{page.fields['batch']}"
    batch = place.house.loop.reader.batch(page.fields["batch"])
    assert (batch.purpose, batch.therapies, batch.site) == ("stock", (), PLANT)
    (first,) = place.house.journal.read(f"batch/{batch.batch}")
    assert first.signed and first.signed.seen == page.fields["seen"]
    assert "plans this batch for stock" in planner.page(f"/screen/batches/{batch.batch}").text
    # The next one is proposed another number; the same is refused on the form, with what was typed kept.
    again = planner.page(HERE)
    assert again.fields["batch"] != batch.batch
    refused = send(planner, HERE, again, **given, password=password)
    assert refused.status_code == 409 and f"there is a batch {batch.batch} already" in refused.text
    assert f'value="{batch.batch}"' in refused.text
    for wrong in ({"recipe": "cd19-per-kg/1"}, {"recipe": ""}, {"batch": " "}, {"batch": "a/b"}, {"site": ""}):
        found = send(planner, HERE, planner.page(HERE), **{**given, "batch": "S-9", **wrong}, password=password)
        assert found.status_code == 422 and 'role="alert"' in found.text, wrong


def test_it_is_the_planner_s_page(place: Hospital) -> None:
    for role in ("operator", "qp", "qa_reviewer", "process_engineer"):
        browser = place.browser(role, PLANT)
        assert browser.send("GET", HERE).status_code == 403, role
        assert HERE not in browser.page("/screen/schedule").text


def test_the_command_makes_for_stock_only_what_is_for_stock(place: Hospital) -> None:
    give = place.stage.site.give
    with pytest.raises(Refused, match="made for a patient"):
        give(PlanStock("S-X", PLANT, "cd19-per-kg/1"), "planner", PLANT)
    with pytest.raises(Held, match="cannot be used"):
        give(PlanStock("S-X", PLANT, "nothing/1"), "planner", PLANT)
    with pytest.raises(NotAllowed):
        give(PlanStock("S-X", "elsewhere", "aav9-stock/1"), "planner", PLANT)
    give(PlanStock("S-X", PLANT, "aav9-stock/1"), "planner", PLANT)
    with pytest.raises(Conflict, match="already"):
        give(PlanStock("S-X", PLANT, "aav9-stock/1"), "planner", PLANT)


def test_a_toxicology_lot_is_planned_with_its_meaning_said(tmp_path: Path) -> None:
    driver = populated(tmp_path, "p25", until="sign the tailoring")
    house, case = driver.stage.site.house, driver.stage.cases["p25"]
    therapy = driver.stage.therapy_of(case)
    assert therapy is not None
    SIGN_IN.set_password("planner.plant", PASSWORD)
    planner = Browser(house)
    assert planner.sign_in("planner.plant").status_code == 303
    path = f"/screen/therapies/{therapy.coi}/slots"
    found = planner.send("GET", path)
    assert found.status_code == 200, found.text
    assert "toxicology lot" in found.text and "given to nobody" in found.text and 'value="patient"' in found.text
    page = planner.page(path)
    refused = send(planner, f"{path}/batch", page, batch="B-1", site=PLANT, purpose="patient")
    assert refused.status_code == 409 and "the clinical lot is not ordered" in refused.text
    done = send(planner, f"{path}/batch", planner.page(path), batch="T-1", site=PLANT, purpose="toxicology")
    assert done.status_code == 303 and house.loop.reader.batch("T-1").for_study
