from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from onelot.adapters.recipes import shipped
from onelot.app.authority import table
from onelot.app.house import House
from onelot.record.recipe import write_recipe
from tests.app.web.plant import PASSWORD, signing
from tests.app.web.test_screens import SIGN_IN, Browser, made

__all__ = ["made"]
Made = tuple[House, str]


def enter(made: Made, login: str, looks: Path | None = None) -> Browser:
    SIGN_IN.set_password(login, PASSWORD)
    browser = Browser(made[0], looks)
    assert browser.sign_in(login).status_code == 303
    return browser


def fill(browser: Browser, path: str, at: str = "", **data: Any) -> httpx.Response:
    """Fill in a form of the page at `path`, and send it to `path + at`."""
    fields = browser.page(path).fields
    carried = {name: fields[name] for name in ("csrf", "once", "seen") if name in fields}
    return browser.send("POST", path + at, data={**carried, **data})


def test_somebody_without_the_board_begins_where_they_may(made: Made) -> None:
    SIGN_IN.set_password("root", PASSWORD)
    assert Browser(made[0]).sign_in("root").headers["location"] == "/screen/administration"


def test_a_person_is_let_in_enrolled_changed_and_let_go(made: Made) -> None:
    house, root = made[0], enter(made, "root")
    assert fill(root, "/screen/people", login="", printed_name="X", roles=["qc"], sites=["plant"]).status_code == 422
    assert fill(root, "/screen/people", login="n w", printed_name="X", roles=["qc"], sites=["plant"]).status_code == 422
    found = fill(root, "/screen/people", login="new", printed_name="New Person", roles=["qc"], sites=["plant"])
    assert found.headers["location"] == "/screen/people/new"
    assert "no key" in root.page("/screen/people/new").text
    told = fill(root, "/screen/people/new", "/let-in", reason="first")
    password = told.text.split("<code>")[1].split("<")[0]
    assert told.status_code == 200 and house.loop.reader.person("new").may_enrol
    # A temporary password opens one thing: choosing one's own.
    entered = Browser(house)
    assert entered.sign_in("new", password).headers["location"] == "/screen/sign-in/next"
    assert entered.send("GET", "/screen/board").status_code == 303
    changed = fill(root, "/screen/people/new", "/roles", roles=["qc", "operator"], sites=["plant"], reason="moved")
    assert changed.status_code == 303 and house.loop.actor("new").roles == {"qc", "operator"}
    assert fill(root, "/screen/people/new", "/leave", reason="").status_code == 422
    assert fill(root, "/screen/people/new", "/leave", reason="retired").status_code == 303
    assert Browser(house).sign_in("new", password).status_code == 403
    assert "retired" in root.page("/screen/people/new").text


def test_nobody_changes_their_own_roles_and_a_reader_only_reads(made: Made) -> None:
    root, auditor = enter(made, "root"), enter(made, "auditor.plant")
    own = fill(root, "/screen/people/root", "/roles", once="own", roles=["qp"], sites=["*"], reason="why not")
    assert own.status_code == 403 and "own roles" in own.text
    page = auditor.page("/screen/people/operator.plant")
    assert "<form" not in page.text.split("<main", 1)[1]
    csrf = {"csrf": page.fields["csrf"], "once": "mine"}
    for at, data in (("roles", {"roles": "qp", "sites": "plant"}), ("leave", {}), ("let-in", {})):
        refused = auditor.send("POST", f"/screen/people/operator.plant/{at}", data={**csrf, **data, "reason": "r"})
        assert refused.status_code in (403, 422), at
    assert made[0].loop.actor("operator.plant").roles == {"operator"}
    assert enter(made, "operator.plant").send("GET", "/screen/people").status_code == 403


def test_nobody_unknown_is_let_in(made: Made) -> None:
    root = enter(made, "root")
    sent = {"csrf": root.page("/screen/people/root").fields["csrf"], "once": "x", "reason": "r"}
    for login in ("ghost", "root"):
        assert root.send("POST", f"/screen/people/{login}/let-in", data=sent).status_code == 403
    assert not SIGN_IN.passwords.known("ghost")


def test_the_role_table_is_shown_whole(made: Made) -> None:
    text = enter(made, "root").page("/screen/roles").text
    assert text.count("<tr>") == len(table()["roles"]) + 1


def test_a_site_is_registered_once(made: Made) -> None:
    root = enter(made, "root")
    new = {"site": "clinic-east", "name": "Clinic East", "kind": "hospital"}
    assert fill(root, "/screen/sites", **{**new, "kind": "pub"}).status_code == 422
    assert fill(root, "/screen/sites", **new).status_code == 303
    assert fill(root, "/screen/sites", **new).status_code == 403
    assert made[0].journal.rows("sites")["clinic-east"]["kind"] == "hospital"


def test_equipment_is_registered_qualified_under_a_signature_and_taken_out(made: Made) -> None:
    house, who = made[0], enter(made, "metrology.plant")
    new = {"equipment": "balance-1", "equipment_class": "balance", "serial": "B-1", "site": "plant"}
    assert fill(who, "/screen/equipment", **{**new, "site": "hospital-north"}).status_code == 403
    assert fill(who, "/screen/equipment", **new).status_code == 303
    path, day = "/screen/equipment/balance-1", f"{house.clock() + timedelta(days=90):%Y-%m-%d}"
    right = {"until": day, "reference": "IQ-7", "password": signing("metrology.plant")}
    assert fill(who, path, "/qualify", **{**right, "until": "2001-01-01"}).status_code == 422
    assert fill(who, path, "/qualify", **{**right, "until": "soon"}).status_code == 422
    assert fill(who, path, "/qualify", **{**right, "seen": "0" * 64}).status_code == 409
    assert fill(who, path, "/qualify", **{**right, "password": "wrong"}).status_code == 403
    assert fill(who, path, "/qualify", **right).status_code == 303
    last = house.journal.read("equipment/balance-1")[-1]
    assert last.signed and b"balance-1" in house.document(last.signed.seen)
    assert house.journal.rows("equipment")["balance-1"]["qualified_until"].startswith(day)
    assert fill(who, path, "/take-out", reason="dropped").status_code == 303
    assert house.journal.rows("equipment")["balance-1"]["state"] == "taken_out"
    foreign = next(name for name, row in house.journal.rows("equipment").items() if row["site"] != "plant")
    assert who.send("GET", f"/screen/equipment/{foreign}").status_code == 403


@pytest.fixture
def recipe() -> dict[str, Any]:
    found = orjson.loads(orjson.dumps(write_recipe(shipped()["cd19-per-kg"])))
    return {**found, "version": "2", "title": "Copied and changed"}


def send_file(browser: Browser, data: bytes) -> httpx.Response:
    fields = browser.page("/screen/documents").fields
    return browser.send(
        "POST", "/screen/documents", data={"csrf": fields["csrf"], "once": fields["once"], "kind": "recipe"},
        files={"file": ("r.json", data, "application/json")},
    )  # fmt: skip


def test_a_recipe_is_registered_checked_approved_by_another_and_withdrawn(made: Made, recipe: dict[str, Any]) -> None:
    house, engineer, reviewer = made[0], enter(made, "process_engineer.plant"), enter(made, "qa_reviewer.plant")
    for broken in (b"{", b"\xff\xfe", b"[]"):
        assert send_file(engineer, broken).status_code == 422
    path = "/screen/documents/recipe/cd19-per-kg/2"
    assert send_file(engineer, orjson.dumps(recipe)).headers["location"] == path
    assert "Sign" not in engineer.page(path).text.split("<main", 1)[1]
    page = reviewer.page(path)
    assert "Recipe check" in page.text and "Copied and changed" in page.text and "recipe/cd19-per-kg/1" in page.text
    now = {"effective_from": f"{house.clock():%Y-%m-%d}", "password": signing("qa_reviewer.plant")}
    assert fill(reviewer, path, "/approve", **{**now, "password": "wrong"}).status_code == 403
    assert fill(reviewer, path, "/approve", **now).status_code == 303
    row = house.journal.rows("documents")["recipe/cd19-per-kg/2"]
    assert row["state"] == "approved" and row["effective_from"] <= house.clock().isoformat()
    gone = {"reason": "only a trial", "password": signing("qa_reviewer.plant")}
    assert fill(reviewer, path, "/withdraw", **gone).status_code == 303
    assert house.journal.rows("documents")["recipe/cd19-per-kg/2"]["state"] == "withdrawn"


def test_a_recipe_with_errors_is_never_approved(made: Made, recipe: dict[str, Any]) -> None:
    house, engineer, reviewer = made[0], enter(made, "process_engineer.plant"), enter(made, "qa_reviewer.plant")
    bad = {**recipe, "version": "3", "specification": []}
    path = "/screen/documents/recipe/cd19-per-kg/3"
    assert send_file(engineer, orjson.dumps(bad)).headers["location"] == path
    fields = reviewer.page(path).fields
    assert "password" not in fields
    sent = {"csrf": fields["csrf"], "once": "mine", "seen": "0" * 64, "password": signing("qa_reviewer.plant")}
    assert reviewer.send("POST", f"{path}/approve", data=sent).status_code == 403
    assert house.journal.rows("documents")["recipe/cd19-per-kg/3"]["state"] == "draft"
