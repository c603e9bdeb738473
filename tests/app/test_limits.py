"""Too much and too often is refused, in memory of fixed size; and every look at a patient's values leaves a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import Request
from fastapi.testclient import TestClient

from onelot.adapters.safe import MemorySafe
from onelot.app.api import application
from onelot.app.api.application import create_app
from onelot.app.api.doors import Doors
from onelot.app.api.rates import Rates
from onelot.app.house import House
from onelot.app.sight import behind_doors
from onelot.app.sign_in import SignIn
from onelot.app.sign_in.limits import MOST_ADDRESSES, TooOften
from onelot.app.sign_in.settings import Settings
from onelot.record.errors import NotAllowed
from tests.app.web.plant import PASSWORD, PEOPLE, make_house

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
FEW = Settings(requests_per_minute=60, address_requests_per_minute=100)


class Clock:
    now = datetime(2026, 3, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def asked(rates: Rates, token: Callable[[int], str], address: Callable[[int], str], most: int = 1000) -> int:
    """How many requests pass at one moment."""
    for n in range(most):
        try:
            rates.ask(token(n), address(n))
        except TooOften:
            return n
    return most


def test_a_session_and_an_address_have_their_measure_each() -> None:
    clock = Clock()
    rates = Rates(clock, FEW)
    assert asked(rates, lambda _: "one", lambda n: f"10.0.{n}.1") == 60
    assert asked(rates, str, lambda _: "10.9.9.9") == 100
    assert asked(rates, str, lambda _: "127.0.0.1") == 1000, "a proxy of the site's own is everybody"
    assert asked(rates, lambda _: "", lambda _: "10.8.8.8") == 100, "nobody has an address, too"
    clock.now += timedelta(seconds=30)
    assert asked(rates, lambda _: "one", lambda _: "") == 30


def test_any_number_of_askers_take_bounded_room() -> None:
    rates = Rates(Clock(), FEW)
    for n in range(MOST_ADDRESSES + 500):
        rates.ask(f"token {n}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(rates._sessions) == len(rates._addresses) == MOST_ADDRESSES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, str]:
    return make_house(tmp_path_factory.mktemp("limits"))


def desk(settings: Settings | None = None) -> SignIn:
    found = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK, **({"settings": settings} if settings else {}))
    for login in PEOPLE:
        found.set_password(login, PASSWORD)
    return found


def test_over_http_the_door_says_how_long_to_wait(made: tuple[House, str]) -> None:
    sign_in = desk(FEW)
    token = sign_in.open("operator.plant", PASSWORD)
    other = sign_in.open("qp.plant", PASSWORD)
    client = TestClient(create_app(made[0], sign_in), client=("10.1.1.1", 1))
    answers = [client.get("/keys", headers={"Authorization": f"Bearer {token}"}) for _ in range(50)]
    assert {each.status_code for each in answers} == {200}
    while answers[-1].status_code == 200 and len(answers) < 1000:
        answers.append(client.get("/keys", headers={"Authorization": f"Bearer {token}"}))
    assert answers[-1].status_code == 429 and answers[-1].headers["retry-after"] == "60"
    assert "sign-in.json" in answers[-1].json()["rule"]
    assert client.get("/board", headers={"Authorization": f"Bearer {other}"}).status_code == 200
    client.cookies.set("onelot-session", token)
    pages = [client.get("/screen/sign-in")]
    while pages[-1].status_code == 200 and len(pages) < 1000:
        pages.append(client.get("/screen/sign-in"))
    assert pages[-1].status_code == 429 and "wait a minute" in pages[-1].text


def test_the_defaults_are_not_in_the_way_of_a_ward() -> None:
    rates = Rates(Clock(), Settings())
    assert asked(rates, lambda n: f"person {n % 200}", lambda _: "10.0.0.1", 200 * 20) == 200 * 20


def test_bodies_are_bounded_before_they_are_read(made: tuple[House, str]) -> None:
    client = TestClient(create_app(made[0], desk()))
    most, nobody = application.MOST_BYTES, application.MOST_BYTES_OF_NOBODY
    assert client.post("/session", content=b"x" * (nobody + 1)).status_code == 413
    assert client.post("/session", content=b"x" * nobody).status_code == 422
    session = {"Authorization": "Bearer x"}
    assert client.post("/commands/Decide", content=b"x" * (nobody + 1), headers=session).status_code != 413
    assert client.post("/session", headers={**session, "Content-Length": str(most + 1)}).status_code == 413
    chunks = (b"x" for _ in range(3))
    assert client.post("/session", content=chunks, headers=session).status_code == 413


def test_each_look_leaves_a_line_whatever_the_page_forgets(made: tuple[House, str], tmp_path: Path) -> None:
    house, batch = made
    house.looks = tmp_path / "looks.jsonl"
    sign_in = desk()
    app = create_app(house, sign_in)
    (coi,) = house.journal.rows("board")[batch]["therapies"]
    therapy = house.loop.reader.therapy(coi)
    login = f"prescriber.{therapy.site}"
    doors = Doors(behind_doors(house), sign_in)

    @app.get("/careless")
    def careless(request: Request) -> list[str]:
        context = doors.context(doors.actor(request))
        found = context.therapy(coi)
        context.open_facts(found)
        context.vault.identify(found.patient)
        return sorted(context.open_facts(found))

    session = {"Authorization": f"Bearer {sign_in.open(login, PASSWORD)}"}
    assert TestClient(app).get("/careless", headers=session).json()
    lines = [json.loads(line) for line in house.looks.read_text().splitlines()]
    assert [(each["who"], each["stream"], each["what"]) for each in lines] == [
        (f"person/{login}", f"patient/{therapy.patient}", "health values: GET /careless"),
        (f"person/{login}", f"patient/{therapy.patient}", "identity: GET /careless"),
    ]
    house.looks = None


def test_nobody_looks_at_values(made: tuple[House, str]) -> None:
    house, batch = made
    (coi,) = house.journal.rows("board")[batch]["therapies"]
    patient = house.loop.reader.therapy(coi).patient
    with pytest.raises(NotAllowed, match="nobody was recognised"):
        behind_doors(house).vault.identify(patient)
    assert house.vault.identify(patient).name
