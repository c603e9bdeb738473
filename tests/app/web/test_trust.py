"""Keys and seals, shared tablets enrolled on the tablet itself, lost factors and sessions, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from fastapi.testclient import TestClient

from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.house import House
from onelot.app.sign_in import Settings, SignIn
from tests.app.web.plant import PASSWORD
from tests.app.web.test_screens import QUICK, Page, made

__all__ = ["made"]
Made = tuple[House, str]
PIN = "740192"


@pytest.fixture
def desk(made: Made) -> SignIn:
    settings = Settings.model_validate({"badge": {"sites": {"plant": ["operator"]}}})
    desk = SignIn(
        MemorySafe(), lambda: datetime.now(UTC), QUICK, settings=settings, actor_of=made[0].loop.actor, key=b"k" * 32
    )
    for login in made[0].journal.rows("people"):
        desk.set_password(login, PASSWORD)
    return desk


class Window:
    """A browser of its own, with somebody signed in."""

    def __init__(self, house: House, desk: SignIn, login: str) -> None:
        self.client = TestClient(create_app(house, desk), follow_redirects=False)
        csrf = self.page("/screen/sign-in").fields["csrf"]
        done = self.client.post("/screen/sign-in", data={"login": login, "password": PASSWORD, "csrf": csrf})
        assert done.status_code == 303, done.text

    def page(self, path: str) -> Page:
        found = self.client.get(path)
        assert found.status_code == 200, found.text
        return Page(found.text)

    def send(self, at: str, path: str, **fields: str) -> int:
        page = self.page(at)
        return self.client.post(path, data={"csrf": page.fields["csrf"], "once": "x", **fields}).status_code


@pytest.fixture
def root(made: Made, desk: SignIn) -> Iterator[Window]:
    yield Window(made[0], desk, "root")


def test_the_key_stands_with_its_fingerprint_and_the_newest_seals(made: Made, root: Window) -> None:
    house = made[0]
    seal, _ = house.seal()
    text = root.page("/screen/keys").text
    assert house.site_keys.public in text
    assert sha256(bytes.fromhex(house.site_keys.public)).hexdigest() in text
    assert seal.root.hex() in text and "Hugo Ivanov" in text


def test_a_tablet_is_enrolled_on_itself_and_taken_out(made: Made, desk: SignIn, root: Window) -> None:
    assert root.send("/screen/tablets", "/screen/tablets", name=" ", site="plant") == 422
    # Only sites whose sign-in.json allows it.
    assert root.send("/screen/tablets", "/screen/tablets", name="bay 3", site="hospital-north") == 403
    assert root.send("/screen/tablets", "/screen/tablets", name="bay 3", site="plant") == 303
    (tablet,) = desk.badges.tablets()
    assert "this one" in root.page("/screen/tablets").text
    elsewhere = Window(made[0], desk, "it.plant")
    assert (
        "bay 3" in elsewhere.page("/screen/tablets").text and "this one" not in elsewhere.page("/screen/tablets").text
    )
    # On this browser, and on no other, an operator now enters by badge and PIN.
    desk.badges.enrol("operator.plant", "04A2-99", PIN)
    token = root.client.cookies["onelot-tablet"]
    session = desk.open_by_badge("04A2-99", PIN, token)
    assert desk.actor(session).signs is False
    assert root.send("/screen/tablets", f"/screen/tablets/{tablet.id}/remove") == 303
    assert desk.badges.tablets() == []
    assert Window(made[0], desk, "operator.plant").client.get("/screen/tablets").status_code == 403


def test_lost_factors_are_taken_away_and_sessions_ended_by_another_administrator(
    made: Made, desk: SignIn, root: Window
) -> None:
    desk.badges.enrol("operator.plant", "04A2-99", PIN)
    operator = Window(made[0], desk, "operator.plant")
    here = "/screen/people/operator.plant"
    assert root.send(here, f"{here}/recovery", reason=" ") == 422
    assert desk.badges.has("operator.plant")
    assert root.send(here, f"{here}/recovery", reason="badge lost on the way home") == 303
    assert not desk.badges.has("operator.plant")
    assert operator.client.get("/screen/board").headers["location"].startswith("/screen/sign-in")
    operator = Window(made[0], desk, "operator.plant")
    assert root.send(here, f"{here}/sessions") == 303
    assert operator.client.get("/screen/board").status_code == 303
    # Nobody recovers themselves, and nobody else may.
    assert root.send("/screen/people/root", "/screen/people/root/recovery", reason="mine") == 403
    quality = Window(made[0], desk, "qa_reviewer.plant")
    assert quality.send(here, f"{here}/recovery", reason="why not") == 403
