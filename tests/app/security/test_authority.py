"""More than one's role, site or form allows: tried by people who are signed in (ASVS V8, V15.3).

The walk of every route as every role, at one's own site and another, is tests/app/test_doors.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from onelot.app.commands.masters import ChangeRoles, EnrolKey, RegisterPerson, RemovePerson
from onelot.record.errors import NotAllowed
from tests.app.security.house import Attacked
from tests.app.sign_in.test_account import NEW


@pytest.fixture(scope="module")
def house() -> Attacked:
    made = Attacked()
    root = made.house.loop.actor("root")
    made.house.loop.handle(RegisterPerson("nora", "Nora North", ("user_administrator",), ("north",)), root)
    made.house.loop.handle(RegisterPerson("ned", "Ned North", ("prescriber",), ("north",)), root)
    made.desk.set_password("nora", NEW)
    return made


def bearer(house: Attacked, login: str, password: str = NEW) -> str:
    return str(house.sign_in(login, password)["token"])


@pytest.mark.parametrize("command", [
    RegisterPerson("evil", "E", ("qp",), ("plant",)),
    RegisterPerson("evil", "E", ("prescriber",), ("north", "*")),
    ChangeRoles("cora", ("qc", "qp"), ("plant",), "more"),
    ChangeRoles("ned", ("prescriber",), ("north", "plant"), "more"),
    ChangeRoles("nora", ("user_administrator",), ("*",), "myself"),
    RemovePerson("cora", "away"),
    EnrolKey("cora", "0" * 64, "mine"),
])  # fmt: skip
def test_an_administrator_of_one_site_reaches_no_other(house: Attacked, command: Any) -> None:
    before = house.events()
    with pytest.raises(NotAllowed):
        house.house.loop.handle(command, house.house.loop.actor("nora"))
    assert house.events() == before


def test_nor_by_letting_in_recovering_or_signing_out(house: Attacked) -> None:
    token, before = bearer(house, "nora"), house.events()
    for method, path, body in (
        ("POST", "/enrolments", {"login": "cora"}), ("POST", "/enrolments", {"login": "ida", "signing": False}),
        ("POST", "/enrolments", {"login": "nora"}), ("POST", "/people/cora/recovery", {"reason": "mine"}),
        ("DELETE", "/people/cora/sessions", {}),
    ):  # fmt: skip
        status, answer = house.call(method, path, token, **body)
        assert status == 403, (path, answer)
    assert house.events() == before and not house.desk.passwords.known("cora")


def test_nor_by_taking_their_tablets_out(house: Attacked) -> None:
    token, tablet = house.desk.badges.add_tablet("lab", "plant", "person/root")
    nora = bearer(house, "nora")
    assert house.call("DELETE", f"/tablets/{tablet.id}", nora)[0] == 403
    assert tablet.id not in str(house.call("GET", "/tablets", nora))
    assert house.desk.badges.tablet(token) == tablet
    house.enter()
    mighty = house.browser.delete(f"/tablets/{tablet.id}", headers={"X-Onelot": "1"})
    assert mighty.status_code == 200 and house.desk.badges.tablet(token) is None


def test_at_their_own_site_they_do_their_work(house: Attacked) -> None:
    nora = house.house.loop.actor("nora")
    house.house.loop.handle(ChangeRoles("ned", ("prescriber", "collection"), ("north",), "helps out"), nora)
    status, _ = house.call("POST", "/enrolments", bearer(house, "nora"), login="ned")
    assert status == 200


def test_a_command_takes_its_own_fields_and_no_others(house: Attacked) -> None:
    """Mass assignment: who acts, when, in which roles, signed or not, is never the sender's to say."""
    house.enter()
    before = house.events()
    given = {"site": "south", "name": "South", "kind": "hospital"}
    for more in ({"actor": "person/root"}, {"by": "person/root"}, {"at": "2020-01-01T00:00:00Z"}, {"roles": ["qp"]},
                 {"signed": True}, {"public_key": "0" * 64}, {"__class__": "x"}, {"seq": 1}):  # fmt: skip
        answer = house.browser.post("/commands/RegisterSite", json={**given, **more}, headers={"X-Onelot": "1"})
        assert answer.status_code == 422, more
    for path, body in (("/session", {"login": "max", "password": "x", "roles": ["qp"]}),):
        assert house.browser.post(path, json=body).status_code in (403, 422)
    assert house.events() == before
    # Sent twice under one name, or with another type: refused or read as text, never executed as something else.
    for body in (b'{"site": ["south"], "name": {"a": 1}, "kind": null}', b"[]", b"null", b'"south"', b"{"):
        answer = house.browser.post(
            "/commands/RegisterSite", content=body, headers={"X-Onelot": "1", "Content-Type": "application/json"}
        )
        assert answer.status_code == 422, body
    assert house.events() == before


def test_a_parameter_given_twice_or_elsewhere_changes_nothing(house: Attacked) -> None:
    house.enter()
    before = house.events()
    page = house.browser.get("/screen/sites").text
    csrf, once = (page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf", "once"))
    body = {"csrf": csrf, "once": once, "site": "east", "name": "East"}
    # The missing field comes in the address: the form is read from its body alone.
    answer = house.browser.post("/screen/sites?kind=hospital", data=body)
    assert answer.status_code == 422 and house.events() == before


def test_nobody_signs_with_a_colleague_s_password(house: Attacked) -> None:
    """The signing password opens one's own key only; a colleague's is no signature of mine, and none of theirs."""
    theirs = "yellow boat seven winds"
    house.settled("cora", signing=theirs)
    house.house.enrol("max", "nine tall ships asail", house.house.loop.actor("root"), "key")
    token, before = house.enter(), house.events()
    answer = house.browser.post(
        "/commands/WithdrawDocument", json={"name": "x", "version": "1", "reason": "r"},
        headers={"Authorization": f"Bearer {token}", "X-Signing-Password": theirs},
    )  # fmt: skip
    assert answer.status_code == 403 and "do not belong together" in answer.json()["what"]
    assert house.events() == before


def test_unknown_and_forbidden_look_alike(house: Attacked) -> None:
    house.enter()
    told = {house.browser.get(f"/batches/{name}").json()["what"].replace(name, "") for name in ("B-1", "B-2")}
    assert len(told) == 1
