"""A page that forgets every check shows its reader's own sites, and nobody anything before they are recognised."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.api.doors import Doors
from onelot.app.house import House
from onelot.app.sight import Seats, behind_doors
from onelot.app.sign_in import SignIn
from tests.app.web.plant import PASSWORD, PEOPLE, make_house

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, str]:
    return make_house(tmp_path_factory.mktemp("sight"))


@pytest.fixture(scope="module")
def sign_in() -> SignIn:
    found = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    for login in PEOPLE:
        found.set_password(login, PASSWORD)
    return found


def everything(house: House) -> dict[str, Any]:
    """All that can be had of a house without a single check."""
    streams = house.journal.heads()
    return {
        "board": sorted(house.journal.rows("board")),
        "therapies": sorted(house.journal.rows("therapies")),
        "streams": sorted(name for name in streams if name.split("/")[0] in ("therapy", "batch")),
        "events": sum(len(house.journal.read(name)) for name in streams),
    }


def careless(house: House, sign_in: SignIn) -> FastAPI:
    """An application whose pages were written by somebody who checks nothing."""
    app, doors = FastAPI(), Doors(behind_doors(house), sign_in)
    app.add_middleware(Seats, house=house)

    @app.get("/open")
    def nobody() -> dict[str, Any]:
        return everything(doors.house)

    @app.get("/all")
    def all_of_it(request: Request) -> dict[str, Any]:
        doors.actor(request)
        return everything(doors.house)

    @app.get("/batches/{batch}")
    def one(batch: str, request: Request) -> dict[str, Any]:
        doors.actor(request)
        found = doors.house.loop.reader.batch(batch)
        therapies = [doors.house.loop.reader.therapy(coi).state for coi in found.therapies]
        return {"state": found.state, "seq": found.seq, "therapies": therapies}

    @app.get("/stream")
    def stream(request: Request) -> StreamingResponse:
        doors.actor(request)
        return StreamingResponse(str(len(doors.house.journal.rows("board"))) for _ in range(3))

    return app


def token(sign_in: SignIn, login: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {sign_in.open(login, PASSWORD)}"}


@pytest.fixture(scope="module")
def client(made: tuple[House, str], sign_in: SignIn) -> TestClient:
    return TestClient(careless(made[0], sign_in))


def whose(made: tuple[House, str]) -> tuple[str, str]:
    """The hospital of the batch's patient, and the other one."""
    (coi,) = made[0].journal.rows("board")[made[1]]["therapies"]
    site = made[0].journal.rows("therapies")[coi]["site"]
    return site, "hospital-south" if site == "hospital-north" else "hospital-north"


def test_a_careless_page_shows_own_sites_only(made: tuple[House, str], sign_in: SignIn, client: TestClient) -> None:
    own, other = whose(made)
    whole = everything(made[0])
    assert made[1] in whole["board"] and whole["streams"]
    assert client.get("/all", headers=token(sign_in, f"prescriber.{own}")).json() == whole
    strange = client.get("/all", headers=token(sign_in, f"prescriber.{other}")).json()
    assert strange["board"] == strange["therapies"] == strange["streams"] == []
    assert 0 < strange["events"] < whole["events"]


def test_a_careless_page_folds_own_sites_only(made: tuple[House, str], sign_in: SignIn, client: TestClient) -> None:
    own, other = whose(made)
    # The house has folded it, and so has its own site: neither leaves anything behind for another.
    assert made[0].loop.reader.batch(made[1]).state == "quarantine"
    for _ in range(2):
        ours = client.get(f"/batches/{made[1]}", headers=token(sign_in, f"prescriber.{own}")).json()
        theirs = client.get(f"/batches/{made[1]}", headers=token(sign_in, f"prescriber.{other}")).json()
        assert ours["state"] == "quarantine" and ours["seq"] > 10 and ours["therapies"] != ["new"]
        assert theirs == {"state": "new", "seq": 0, "therapies": []}


def test_nobody_sees_anything(made: tuple[House, str], sign_in: SignIn, client: TestClient) -> None:
    assert client.get("/all", headers=token(sign_in, "operator.plant")).json()["events"] > 0
    assert client.get("/open").json() == {"board": [], "therapies": [], "streams": [], "events": 0}
    assert everything(behind_doors(made[0])) == {"board": [], "therapies": [], "streams": [], "events": 0}


def test_what_streams_out_is_seen_as_by_its_request(
    made: tuple[House, str], sign_in: SignIn, client: TestClient
) -> None:
    own, other = whose(made)
    assert client.get("/stream", headers=token(sign_in, f"prescriber.{own}")).text == "111"
    assert client.get("/stream", headers=token(sign_in, f"prescriber.{other}")).text == "000"


def test_requests_at_once_keep_apart(made: tuple[House, str], sign_in: SignIn, client: TestClient) -> None:
    own, other = whose(made)
    sessions = [token(sign_in, f"prescriber.{site}") for site in (own, other)]
    gate = threading.Barrier(8)

    def ask(n: int) -> tuple[int, int]:
        gate.wait(20)
        return n % 2, len(client.get("/all", headers=sessions[n % 2]).json()["board"])

    with ThreadPoolExecutor(8) as pool:
        found = [one for _ in range(5) for one in pool.map(ask, range(8))]
    assert set(found) == {(0, 1), (1, 0)}


def test_doors_cannot_write_past_the_loop(made: tuple[House, str]) -> None:
    journal = behind_doors(made[0]).journal
    for verb in ("append", "submit", "rebuild", "erase_payloads", "effect_done", "keep_seal", "close"):
        assert not hasattr(journal, verb), verb


def test_the_application_is_given_the_house_behind_doors(made: tuple[House, str], sign_in: SignIn) -> None:
    own, other = whose(made)
    client = TestClient(create_app(made[0], sign_in))
    for site, status in ((own, 200), (other, 403)):
        headers = token(sign_in, f"prescriber.{site}")
        assert client.get(f"/batches/{made[1]}", headers=headers).status_code == status
        assert (made[1] in client.get("/board?every=true", headers=headers).text) == (status == 200)
