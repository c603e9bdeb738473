"""A batch's parameters changed inside their range and taken anew; exceptional supply; the health key destroyed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from onelot.app.commands.make import AdjustParameter
from onelot.app.commands.stock import PlanStock
from onelot.app.commands.tailor import ApproveTailoring, TailorRecipe
from onelot.app.context import SYSTEM
from onelot.app.simulation.site import PLANT
from onelot.app.web.shown import digits
from onelot.app.why import why
from tests.app.web.hospital import Hospital, reach, send
from tests.app.web.plant import PASSWORD, Plant, make_plant, signing
from tests.app.web.test_screens import SIGN_IN, Browser, as_person

PEOPLE = ("operator.plant", "process_engineer.plant", "planner.plant", "supervisor.plant", "qc.plant", "qc.plant.2",
          "qp.plant", "qa_reviewer.plant")  # fmt: skip


def seat(plant: Plant, login: str) -> Browser:
    SIGN_IN.set_password(login, PASSWORD)
    return as_person((plant.house, plant.number), login)


@pytest.fixture(scope="module")
def making(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return make_plant(tmp_path_factory.mktemp("making"), "start select")


def test_a_parameter_is_changed_inside_its_range_by_the_role_the_recipe_names(making: Plant) -> None:
    path, batch = f"/screen/batches/{making.number}/parameters", making.house.loop.reader.batch(making.number)
    assert batch.running is not None
    recipe = making.house.loop.reader.recipe(batch.recipe)  # type: ignore[arg-type]
    rule = next(each for each in recipe.parameters if each.changed_by and each.low and each.high)
    assert rule.low and rule.high and rule.changed_by == "process_engineer"
    operator = seat(making, "operator.plant")
    shown = operator.page(path)
    assert rule.title in shown.text and "not for your role" in shown.text and 'name="value"' not in shown.text
    engineer = seat(making, "process_engineer.plant")
    page = engineer.page(path)
    # The recipe's own number tells nothing of the patient: who may change it sees what it is. A dose stays sealed.
    own = why(making.house, making.number, rule.name, making.house.loop.actor("process_engineer.plant"))
    assert not own["inputs"] and f">{digits(own['value'])} " in page.text, own
    assert why(making.house, making.number, "dose", making.house.loop.actor("process_engineer.plant"))["value"] == (
        "not for your role"
    )
    given = {"name": rule.name, "phase": batch.running.phase, "unit": rule.unit, "reason": "slow growth seen"}
    outside = str(rule.high.value * 2)
    assert send(engineer, path, page, **given, value=outside).status_code == 409
    assert send(engineer, path, page, **given, value="much").status_code == 422
    # A form made up by hand does not make an operator an engineer.
    forged = send(operator, path, operator.page(path), **given, value=str(rule.low.value), once="made-up")
    assert forged.status_code == 403
    assert making.house.loop.reader.batch(making.number).seq == batch.seq
    page = engineer.page(path)
    for _ in range(2):
        assert send(engineer, path, page, **given, value=str(rule.low.value)).status_code == 303
    after = making.house.loop.reader.batch(making.number)
    assert after.seq == batch.seq + 1 and after.adjusted[-1].change.value == rule.low.value
    seen = operator.page(path).text
    assert "slow growth seen" in seen and "adjusted" in seen


def test_a_batch_takes_the_newer_signed_tailoring(making: Plant) -> None:
    house, site = making.house, making.driver.stage.site
    (coi,) = house.loop.reader.batch(making.number).therapies
    hospital = house.loop.reader.therapy(coi).site
    planner, path = seat(making, "planner.plant"), f"/screen/batches/{making.number}/parameters"
    assert "newer signed tailoring" not in planner.page(path).text
    site.give(TailorRecipe(coi), "clinic_coordinator", hospital)
    assert "newer signed tailoring" not in planner.page(path).text
    site.give(ApproveTailoring(coi), "prescriber", hospital)
    newest = house.loop.reader.therapy(coi).tailoring
    assert newest is not None and house.loop.reader.batch(making.number).tailoring != newest.cite
    page = planner.page(path)
    assert "newer signed tailoring" in page.text and "Go on by the new tailoring" in page.text
    assert "Go on by the new tailoring" not in seat(making, "operator.plant").page(path).text
    assert send(planner, path.replace("parameters", "adopt"), page, reason=" ").status_code == 422
    assert send(planner, path.replace("parameters", "adopt"), page, reason="weighed again").status_code == 303
    assert house.loop.reader.batch(making.number).tailoring == newest.cite
    assert "newer signed tailoring" not in planner.page(path).text


def test_a_failed_test_can_be_supplied_at_the_physicians_request_and_is_never_called_released(tmp_path: Path) -> None:
    plant = make_plant(tmp_path, "manufacture complete")
    for login in PEOPLE:
        SIGN_IN.set_password(login, PASSWORD)
    batch = plant.house.loop.reader.batch(plant.number)
    recipe = plant.house.loop.reader.recipe(batch.recipe)  # type: ignore[arg-type]
    qc = seat(plant, "qc.plant")
    for test in recipe.specification:
        value = test.equals or str(test.low.value if test.low else test.high.value)  # type: ignore[union-attr]
        if test.name == "viability":
            value = "60"
        path = f"/screen/batches/{plant.number}/qc/{test.name}"
        page = qc.page(path)
        done = send(
            qc, path, page, value=value, unit=page.fields["unit"], sampled_at=page.fields["sampled_at"],
            verified_by="qc.plant.2", verifier_password=signing("qc.plant.2"),
        )  # fmt: skip
        assert done.status_code == 303, done.text
    path = f"/screen/batches/{plant.number}/release"
    qp = seat(plant, "qp.plant")
    page = qp.page(path)
    assert "Viability is out of specification" in page.text
    assert 'value="exceptional"' in page.text and 'value="release"' not in page.text
    texts = {"requested": "Dr Ito, 3 March", "risk_evaluation": "RE-17", "acceptance": "Dr Ito, 4 March",
             "authority": "told on 4 March"}  # fmt: skip
    sign: dict[str, Any] = {"decision": "exceptional", "password": signing("qp.plant")}
    for lacking in texts:
        found = send(qp, path, qp.page(path), **sign, **{**texts, lacking: " "})
        assert found.status_code == 409 and "lacks" in found.text, lacking
    assert send(qp, path, qp.page(path), **{**sign, "decision": "release"}, **texts).status_code == 409
    page = qp.page(path)
    for _ in range(2):
        assert send(qp, path, page, **sign, **texts).status_code == 303
    last = plant.house.journal.read(f"batch/{plant.number}")[-1]
    assert last.envelope["type"] == "ExceptionalSupply" and last.envelope["data"]["risk_evaluation"] == "RE-17"
    assert last.signed and "never" not in last.signed.meaning and "out of specification" in last.signed.meaning
    record = qp.page(f"/screen/batches/{plant.number}")
    assert "exceptional supply" in record.text and "RE-17" in record.text


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return reach(tmp_path_factory.mktemp("erased"), lambda what: what == "batch planned")


def test_the_health_key_is_destroyed_by_quality_under_a_signature_and_chains_verify(place: Hospital) -> None:
    coi = place.therapy.coi
    doctor = place.browser("prescriber")
    assert "erased" not in doctor.page(f"/screen/therapies/{coi}").text
    quality, path = place.browser("qa_reviewer", PLANT), f"/screen/therapies/{coi}/erase"
    assert doctor.send("GET", path).status_code == 403
    page = quality.page(path)
    given = {"reason": "the patient asked on 3 March", "password": place.password("qa_reviewer", PLANT)}
    assert send(quality, path, page, **given, again="4F7K").status_code == 403
    assert send(quality, path, page, **{**given, "password": "no"}, again=coi).status_code == 403
    assert "erased" not in doctor.page(f"/screen/therapies/{coi}").text
    for _ in range(2):
        assert send(quality, path, page, **given, again=coi).status_code == 303
    seen = doctor.page(f"/screen/therapies/{coi}").text
    assert "erased" in seen and "unbroken" in seen and "health key erased" in seen


def test_the_record_says_each_parameter_with_unit_and_what_it_comes_from(making: Plant) -> None:
    path, house = f"/screen/batches/{making.number}", making.house
    batch = house.loop.reader.batch(making.number)
    recipe = house.loop.reader.recipe(batch.recipe)  # type: ignore[arg-type]
    (coi,) = batch.therapies
    SIGN_IN.set_password(doctor := f"prescriber.{house.loop.reader.therapy(coi).site}", PASSWORD)
    prescriber = as_person((house, making.number), doctor)
    seen, links = prescriber.page(path), {f"{path}/why/{rule.name}" for rule in recipe.parameters}
    assert links <= {given.get("href") for tag, given in seen.tags if tag == "a"}
    for rule in recipe.parameters:
        assert rule.title in seen.text and rule.basis in seen.text, rule.name
    told = prescriber.page(f"{path}/why/dose").text
    value = why(house, making.number, "dose", SYSTEM)["value"]
    assert digits(value) in told and f"{digits(value)} cells" in seen.text
    assert "from Body weight" in " ".join(seen.text.split()) and "the recipe&#39;s own number" in seen.text
    # A role that needs no patient's values sees what is set and from what; a changed value stands in clear.
    plain = re.sub(r"[ \n]+", " ", seat(making, "operator.plant").page(path).text)
    assert digits(value) not in plain and "from Body weight" in plain and "open for roles that need them" in plain


def test_a_changed_parameter_says_by_whom_on_the_record_and_on_its_why(tmp_path: Path) -> None:
    plant = make_plant(tmp_path, "start select")
    house, batch = plant.house, plant.house.loop.reader.batch(plant.number)
    recipe = house.loop.reader.recipe(batch.recipe)  # type: ignore[arg-type]
    rule = next(each for each in recipe.parameters if each.changed_by and each.low and each.high)
    assert rule.low and batch.running
    change = AdjustParameter(plant.number, batch.running.phase, rule.name, rule.low.value, rule.unit, "slow growth")
    house.loop.handle(change, house.loop.actor("process_engineer.plant"))
    qp, path = seat(plant, "qp.plant"), f"/screen/batches/{plant.number}"
    name = house.journal.rows("people")["process_engineer.plant"]["printed_name"]
    for page in (path, f"{path}/why/{rule.name}", f"{path}/parameters"):
        text = re.sub(r"[ \n]+", " ", qp.page(page).text)
        assert digits(str(rule.low.value)) in text and f"</span> {name}, " in text and "slow growth" in text, page
    found = why(house, plant.number, rule.name, SYSTEM)
    assert found["changed"]["value"] == f"{rule.low.value:f}" != found["value"]


def test_what_is_made_for_stock_says_its_parameters_too(making: Plant) -> None:
    making.driver.stage.site.give(PlanStock("S-PLAIN", PLANT, "aav9-stock/1"), "planner", PLANT)
    operator = seat(making, "operator.plant")
    seen = operator.page("/screen/batches/S-PLAIN").text
    assert "Working volume" in seen and "200 L" in seen and "own number" in seen
    told = operator.page("/screen/batches/S-PLAIN/why/culture_l").text
    assert "200 L" in told and "No fact of the patient" in told
    assert operator.send("GET", "/screen/batches/S-PLAIN/why/dose").status_code == 422


def test_a_long_list_of_parameters_folds(making: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    operator, path = seat(making, "operator.plant"), f"/screen/batches/{making.number}"
    assert "fold" not in operator.page(path).text
    monkeypatch.setattr("onelot.app.web.rooms.batch_record._UNFOLDED", 2)
    assert "5 more</summary>" in operator.page(path).text
