"""Sessions under attack: fixed, kept, outlived, taken over (ASVS V7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest

from onelot.app.commands.masters import ChangeRoles, RemovePerson
from onelot.app.sign_in import NotSignedIn
from tests.app.security.house import PASSWORD, Attacked
from tests.app.sign_in.test_account import NEW


@pytest.fixture
def house() -> Attacked:
    return Attacked()


def test_a_session_set_by_somebody_else_is_never_taken_over(house: Attacked) -> None:
    """Fixation: whatever token the browser brings, signing in gives another one, which no one else can know."""
    for planted in ("known to the attacker", house.desk.open("cora", NEW) if house.settled("cora") else ""):
        house.browser.cookies.set("__Host-onelot-session", planted, domain="onelot.example", path="/")
        token = house.enter()
        assert token != planted and len(token) >= 43
        house.browser.cookies.clear()
        answer = house.browser.get("/me", headers={"Authorization": f"Bearer {planted}"})
        assert answer.status_code == 401


def test_signing_in_again_leaves_no_older_session(house: Attacked) -> None:
    first = house.enter()
    second = house.enter()
    assert first != second
    with pytest.raises(NotSignedIn):
        house.desk.sessions.find(first)
    assert len(house.desk.sessions.of("max")) == 1
    api = []
    for _ in range(2):
        house.browser.post("/session", json={"login": "max", "password": PASSWORD})
        api.append(house.browser.cookies["__Host-onelot"])
    with pytest.raises(NotSignedIn):
        house.desk.sessions.find(api[0])
    assert house.desk.sessions.find(second) and house.desk.sessions.find(api[1])


def test_a_token_is_long_drawn_at_random_and_never_in_an_address(house: Attacked) -> None:
    tokens = {house.desk.open("max", PASSWORD) for _ in range(300)}
    assert len(tokens) == 300 and all(len(each) == 43 for each in tokens)
    token = tokens.pop()
    for path in (f"/me?token={token}", f"/me?access_token={token}", f"/screen/me?onelot-session={token}"):
        assert house.browser.get(path).status_code in (401, 303)


@pytest.mark.parametrize("told", [True, False], ids=["bearer", "cookie"])
def test_a_token_is_in_a_cookie_or_in_the_answer_and_never_in_both(house: Attacked, told: bool) -> None:
    """Every answer that gives one: what scripts cannot read in the cookie they cannot read beside it."""

    def send(path: str, token: str, body: dict[str, Any], told: bool = told) -> httpx.Response:
        house.browser.cookies.clear()
        shown = {"Authorization": f"Bearer {token}"} if told else {"Cookie": f"__Host-onelot={token}", "X-Onelot": "1"}
        return house.browser.post(path, json=body, headers=shown if token else {})

    def given(answer: httpx.Response, cookie: str = "__Host-onelot") -> str:
        assert answer.status_code == 200, answer.text
        set_ = [line.partition(";")[0].partition("=") for line in answer.headers.get_list("set-cookie")]
        if told:
            assert not set_
            return str(answer.json()["token"])
        [(name, _, value)] = set_
        assert name == cookie and value not in answer.text and "token" not in answer.json()
        return str(value)

    asked = {"bearer": True} if told else {}
    ida = house.settled("ida", "another five words please", "")
    house.settled("omar", "many small boats at noon")
    temporary = house.let_in("cora")
    half = given(send("/session", "", {"login": "cora", "password": temporary, **asked}))
    wanted = {"new_sign_in_password": NEW, "new_signing_password": "yellow boat seven winds"}
    whole = given(send("/me/passwords", half, {"password": temporary, **wanted}))
    secret = pyotp.TOTP(send("/me/factors/app", whole, {"password": NEW}).json()["secret"])
    given(send("/me/factors/app/confirm", whole, {"code": secret.at(house.now)}))
    house.now += timedelta(minutes=2)
    half = given(send("/session", "", {"login": "cora", "password": NEW, **asked}))
    given(send("/session/code", half, {"code": secret.at(house.now)}))
    enrolled = send("/tablets", ida, {"name": "hood 1", "site": "plant", **asked}, told=True)
    house.desk.badges.enrol("omar", "B-77-1", "740192")
    house.browser.cookies.clear()
    answer = house.browser.post("/session/badge", json={"badge": "B-77-1", "pin": "740192", **asked},
                                headers={"X-Onelot-Tablet": given(enrolled, "__Host-onelot-tablet")})  # fmt: skip
    given(answer)


def test_a_bearer_leaves_the_browser_s_sessions_alone(house: Attacked) -> None:
    house.browser.post("/session", json={"login": "max", "password": PASSWORD})
    kept = house.browser.cookies["__Host-onelot"]
    house.browser.post("/session", json={"login": "max", "password": PASSWORD, "bearer": True})
    assert house.browser.cookies["__Host-onelot"] == kept and house.desk.sessions.find(kept)


def test_who_leaves_has_no_session_left_not_even_for_their_own_page(house: Attacked) -> None:
    token, root = house.settled("cora"), house.house.loop.actor("root")
    half = house.desk.sessions.open("cora", ("password",), ("own_passwords",), house.desk.sessions.of("cora")[0])  # type: ignore[arg-type]
    house.house.loop.handle(RemovePerson("cora", "left"), root)
    for path in ("/me/sessions", "/me/attempts", "/me/factors", "/me", "/board"):
        assert house.call("GET", path, token)[0] == 401, path
    for each in (token, half):
        with pytest.raises(NotSignedIn):
            house.desk.sessions.find(each)
    given = {"password": NEW, "new_sign_in_password": "a hidden way back in"}
    assert house.call("POST", "/me/passwords", token, **given)[0] == 401
    assert house.call("POST", "/session", login="cora", password=NEW)[0] == 403


def test_half_a_session_ends_with_the_person_too(house: Attacked) -> None:
    temporary = house.let_in("cora")
    half = house.sign_in("cora", temporary)["token"]
    house.house.loop.handle(RemovePerson("cora", "left"), house.house.loop.actor("root"))
    given = {"new_sign_in_password": NEW, "new_signing_password": "yellow boat seven winds"}
    assert house.call("POST", "/me/passwords", half, password=temporary, **given)[0] == 401
    assert not house.house.loop.reader.person("cora").key


def test_a_role_that_is_taken_is_gone_at_the_next_request(house: Attacked) -> None:
    house.enter()
    assert house.browser.get("/screen/audit").status_code == 200
    root = house.house.loop.actor("root")
    house.house.loop.handle(ChangeRoles("max", ("operator",), ("plant",), "moved"), root)
    assert house.browser.get("/screen/audit").status_code == 403


def test_nobody_ends_or_sees_a_colleague_s_sessions(house: Attacked) -> None:
    token, mine = house.settled("cora"), house.enter()
    theirs = house.desk.sessions.of("cora")[0].id
    headers = {"Authorization": f"Bearer {mine}"}
    given = {"session": theirs, "password": PASSWORD}
    assert house.browser.post("/me/sessions/end", json=given, headers=headers).json() == {"ended": 0}
    assert theirs not in house.browser.get("/me/sessions", headers=headers).text
    assert house.call("GET", "/me", token)[0] == 200


def test_new_passwords_end_every_other_session(house: Attacked) -> None:
    token = house.settled("cora")
    stolen = house.sign_in("cora", NEW)["token"]
    given = {"password": NEW, "new_sign_in_password": "another long walk home"}
    status, answer = house.call("POST", "/me/passwords", token, **given)
    assert status == 200 and answer["token"] not in (token, stolen)
    assert [house.call("GET", "/me", each)[0] for each in (token, stolen, answer["token"])] == [401, 401, 200]


def test_factors_and_passwords_are_not_changed_by_a_session_alone(house: Attacked) -> None:
    token = house.settled("cora")
    for method, path, more in (
        ("POST", "/me/factors/app", {}), ("POST", "/me/factors/security-keys/options", {}),
        ("POST", "/me/factors/app/remove", {}),
        ("POST", "/me/passwords", {"new_sign_in_password": "a lamp on the hill"}),
        ("PUT", "/me/badge", {"badge": "B-1234", "pin": "135792"}), ("POST", "/me/sessions/end", {"session": ""}),
    ):  # fmt: skip
        for password in ("", "wrong wrong wrong"):
            assert house.call(method, path, token, password=password, **more)[0] == 403, path
            house.desk.locks.right("sign-in", "cora")
    assert not house.desk.has_second_factor("cora")
