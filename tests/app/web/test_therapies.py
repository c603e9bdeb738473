from __future__ import annotations

from pathlib import Path

from onelot.app.house import House
from tests.app.web.plant import PASSWORD
from tests.app.web.test_screens import SIGN_IN, Browser, as_person
from tests.app.web.test_screens import made as made


def coi_of(house: House) -> str:
    return next(iter(house.journal.rows("therapies")))


def doctors(made: tuple[House, str], looks: Path | None = None) -> tuple[Browser, Browser]:
    """Who treats the patient, and a colleague of the other hospital."""
    site = made[0].journal.rows("therapies")[coi_of(made[0])]["site"]
    other = "hospital-south" if site == "hospital-north" else "hospital-north"
    for each in (site, other):
        SIGN_IN.set_password(f"prescriber.{each}", PASSWORD)
    return as_person(made, f"prescriber.{site}", looks), as_person(made, f"prescriber.{other}", looks)


def test_the_list_shows_therapies_of_own_sites_and_is_closed_to_it(made: tuple[House, str]) -> None:
    own, stranger = doctors(made)
    coi = coi_of(made[0])
    assert f"/screen/therapies/{coi}" in own.page("/screen/therapies").text
    assert coi not in stranger.page("/screen/therapies").text
    assert coi not in own.page("/screen/therapies?state=ordered").text
    assert as_person(made, "it.plant").send("GET", "/screen/therapies").status_code == 403
    assert Browser(made[0]).send("GET", "/screen/therapies").status_code == 303


def test_another_site_s_therapy_looks_like_none(made: tuple[House, str]) -> None:
    _, stranger = doctors(made)
    coi = coi_of(made[0])
    foreign = stranger.send("GET", f"/screen/therapies/{coi}")
    unknown = stranger.send("GET", f"/screen/therapies/{coi[:-1]}")
    assert foreign.status_code == unknown.status_code == 403
    assert foreign.text.replace(coi, "").count("for you") == unknown.text.replace(coi[:-1], "").count("for you")


def test_values_open_for_roles_that_need_them_and_each_look_is_logged(made: tuple[House, str], tmp_path: Path) -> None:
    house, coi = made[0], coi_of(made[0])
    looks = tmp_path / "looks.jsonl"
    own, _ = doctors(made, looks)
    therapy = house.loop.reader.therapy(coi)
    person = house.vault.identify(therapy.patient)
    page = own.page(f"/screen/therapies/{coi}")
    assert person.name in page.text and person.birth_date in page.text
    weight = house.vault.open(
        therapy.facts["weight_kg"].fact.value, house.journal.payload(therapy.facts["weight_kg"].fact.value.commitment)
    )
    assert f"{weight:f} kg" in page.text and "UTC" in page.text
    assert looks.read_text().count(f'"stream":"therapy/{coi}"') == 1
    plant = as_person(made, "operator.plant", tmp_path / "none.jsonl")
    hidden = plant.page(f"/screen/therapies/{coi}").text
    assert "not for your role" in hidden and person.name not in hidden and f"{weight:f} kg" not in hidden
    assert not (tmp_path / "none.jsonl").exists()


def test_the_page_names_the_next_step_and_links_only_what_is_theirs(made: tuple[House, str]) -> None:
    own, _ = doctors(made)
    coi = coi_of(made[0])
    page = own.page(f"/screen/therapies/{coi}")
    assert "The plant has it" in page.text and "unbroken" in page.text
    links = [given.get("href", "") for tag, given in page.tags if tag == "a"]
    assert f"/screen/therapies/{coi}/consent" in links and f"/screen/therapies/{coi}/slots" not in links
    seen = as_person(made, "operator.plant").page(f"/screen/therapies/{coi}")
    assert not any("/consent" in given.get("href", "") for tag, given in seen.tags if tag == "a")
