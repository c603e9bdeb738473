"""The second person proves to be there: signing password, badge and PIN, or own session; and who tries without."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.commands.release import RecordResult
from onelot.app.presence import by_signing_password
from onelot.app.sign_in import MOST_FAILURES, Settings, SignIn
from onelot.app.simulation.site import PLANT, Site, login_of, person
from onelot.record.errors import NotAllowed
from onelot.record.events.batch import Tested
from tests.app.commands.conftest import populated
from tests.app.sign_in.desk import QUICK

DOER, SECOND = login_of("qc", PLANT), login_of("qc", PLANT, 2)
OPERATOR = login_of("operator", PLANT)
PASSWORD = "four words sign me in"


class Bench:
    """A batch with its results, two people of quality control, and the API in front of it."""

    def __init__(self, folder: Path) -> None:
        self.site: Site = populated(folder, "p01", until="certificate").stage.site
        (self.batch,) = self.site.rows("board")
        found = [each.event for each in self.site.house.journal.read(f"batch/{self.batch}")]
        last = [each for each in found if isinstance(each, Tested)][-1]
        self.command = RecordResult(
            self.batch, last.test, str(last.value), last.unit, last.sampled_at, person("qc", PLANT, 2)
        )
        self.now = datetime.now(UTC)
        house = self.site.house
        self.desk = SignIn(
            MemorySafe(), lambda: self.now, QUICK, key=b"k" * 32, actor_of=house.loop.actor,
            settings=Settings.model_validate({"badge": {"sites": {PLANT: ["qc"]}}}),
        )  # fmt: skip
        for login in (DOER, SECOND, OPERATOR):
            self.desk.set_password(login, PASSWORD)
        house.loop.asks_presence = True
        self.client = TestClient(create_app(house, self.desk))

    def token(self, login: str) -> str:
        return self.desk.open(login, PASSWORD)

    def send(self, path: str, login: str, headers: dict[str, str] | None = None, **more: Any) -> tuple[int, Any]:
        fields = orjson.loads(orjson.dumps({**vars(self.command), **more}))
        self.client.cookies.clear()
        sent = {"Authorization": f"Bearer {self.token(login)}", **(headers or {})}
        answer = self.client.post(path, json=fields, headers=sent)
        return answer.status_code, answer.json()

    def record(self, headers: dict[str, str] | None = None, **more: Any) -> tuple[int, Any]:
        return self.send("/commands/RecordResult", DOER, headers, **more)

    def last(self) -> Tested:
        event = self.site.house.journal.read(f"batch/{self.batch}")[-1].event
        assert isinstance(event, Tested)
        return event

    def events(self) -> int:
        return len(self.site.house.journal.read(f"batch/{self.batch}"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_simulations_people_prove_it_with_their_own_keys(bench: Bench) -> None:
    found = [each.event for each in bench.site.house.journal.read(f"batch/{bench.batch}")]
    named = [each for each in found if getattr(each, "verified_by", "")]
    assert len(named) >= 3 and {each.verified_how for each in named} == {"signing password"}  # type: ignore[attr-defined]


def test_a_name_alone_proves_nothing(bench: Bench) -> None:
    before = bench.events()
    status, refused = bench.record()
    assert status == 403 and "has not proven to be here" in refused["what"]
    with pytest.raises(NotAllowed, match="has not proven"):
        bench.site.house.loop.handle(bench.command, bench.site.actor("qc", PLANT))
    assert bench.events() == before


def test_by_the_second_persons_signing_password(bench: Bench) -> None:
    own = bench.site.password_of(SECOND)
    for wrong in (bench.site.password_of(DOER), bench.site.password_of(OPERATOR), PASSWORD, "x"):
        assert bench.record({"X-Verifier-Password": wrong})[0] == 403
    status, done = bench.record({"X-Verifier-Password": own})
    assert status == 200, done
    assert bench.last().verified_how == "signing password" and bench.last().verified_by == f"person/{SECOND}"


def test_wrong_passwords_of_the_second_person_lock_theirs(bench: Bench) -> None:
    for _ in range(MOST_FAILURES):
        assert bench.record({"X-Verifier-Password": "guess"})[0] == 403
    status, refused = bench.record({"X-Verifier-Password": bench.site.password_of(SECOND)})
    assert status == 403 and "locked" in refused["what"]
    bench.desk.locks.check("signing", DOER)


def test_by_badge_and_pin_on_an_enrolled_tablet(bench: Bench) -> None:
    tablet, _ = bench.desk.badges.add_tablet("bench", PLANT, "person/root")
    for login, badge in ((SECOND, "B-2222"), (DOER, "B-1111"), (OPERATOR, "B-3333")):
        bench.desk.badges.enrol(login, badge, "740192")
    here = {"X-Onelot-Tablet": tablet, "X-Verifier-Pin": "740192", "X-Verifier-Badge": "B-2222"}
    for change in ({"X-Verifier-Badge": "B-1111"}, {"X-Verifier-Badge": "B-3333"}, {"X-Verifier-Pin": "000000"},
                   {"X-Onelot-Tablet": "x"}):  # fmt: skip
        assert bench.record({**here, **change})[0] == 403, change
    status, done = bench.record(here)
    assert status == 200, done
    assert bench.last().verified_how == "badge and PIN"


def test_by_their_own_session_for_exactly_this_step(bench: Bench) -> None:
    # Nobody confirms for somebody else, nor what they may not do.
    assert bench.send("/confirmations/RecordResult", DOER)[0] == 403
    assert bench.send("/confirmations/RecordResult", OPERATOR)[0] == 403
    status, confirmed = bench.send("/confirmations/RecordResult", SECOND)
    assert status == 200, confirmed
    ticket = {"X-Verifier-Ticket": confirmed["ticket"]}
    # What was confirmed was this value, and no other.
    assert bench.record(ticket, value="99999")[0] == 403
    assert bench.record(ticket)[0] == 403  # used up by the attempt
    ticket = {"X-Verifier-Ticket": bench.send("/confirmations/RecordResult", SECOND)[1]["ticket"]}
    status, done = bench.record(ticket)
    assert status == 200, done
    assert bench.last().verified_how == "own session"
    assert bench.record(ticket)[0] == 403
    late = {"X-Verifier-Ticket": bench.send("/confirmations/RecordResult", SECOND)[1]["ticket"]}
    bench.now += timedelta(minutes=6)
    assert bench.record(late)[0] == 403
    assert bench.record({"X-Verifier-Ticket": "made-up"})[0] == 403


def test_a_proof_does_not_make_anybody_fit_to_verify(bench: Bench) -> None:
    house, qc = bench.site.house, bench.site.actor("qc", PLANT)
    for login in (DOER, OPERATOR):
        own = by_signing_password(house.people_keys, house.loop.reader.person, bench.site.password_of(login))
        with pytest.raises(NotAllowed, match="cannot verify"):
            house.loop.handle(replace(bench.command, verified_by=f"person/{login}"), qc, proof=own)


def test_an_old_key_proves_nothing(bench: Bench) -> None:
    house = bench.site.house
    kept = house.safe.get("person-key", SECOND) if house.safe else None
    assert kept is not None
    house.enrol(SECOND, "a new signing password", house.loop.actor("administrator"), "lost")
    house.safe.put("person-key", SECOND, kept)  # type: ignore[union-attr]
    proof = by_signing_password(house.people_keys, house.loop.reader.person, bench.site.password_of(SECOND))
    with pytest.raises(NotAllowed, match="not the one enrolled"):
        house.loop.handle(bench.command, bench.site.actor("qc", PLANT), proof=proof)
