"""Own passwords after a temporary one, lost factors, tablets and sessions: over the API and the house's record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.commands.lots import ReceiveLot, ReleaseLot
from onelot.app.commands.masters import RegisterPerson, RegisterSite
from onelot.app.entropy import from_seed
from onelot.app.house import SIMULATION, House, assemble, open_journal
from onelot.app.sign_in import MOST_FAILURES, Settings, SignIn
from onelot.app.views import PROJECTIONS
from onelot.record.errors import NotAllowed
from tests.app.sign_in.authenticator import Key
from tests.app.sign_in.desk import QUICK
from tests.app.sign_in.test_codes import oracle

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
ADDRESS = "https://onelot.example"
ROOT, NEW, SIGNING = "the root password is long", "quiet river stone lamp", "yellow boat seven winds"
SETTINGS: dict[str, Any] = {
    "address": ADDRESS,
    "second_factor": {"roles": ["qp"]},
    "badge": {"sites": {"plant": ["operator"]}},
}


class Site:
    def __init__(self, *, secure: bool = False, **more: Any) -> None:
        entropy, journal = from_seed(5), MemoryJournal(PROJECTIONS)
        keys = make_site_keys(entropy)
        open_journal(
            journal, mode=SIMULATION, site="plant", site_keys=keys, now=NOW, administrator="root", printed_name="Root"
        )
        self.house: House = assemble(
            journal=journal, safe=MemorySafe(), site_keys=keys, site="plant", clock=lambda: NOW, entropy=entropy
        )
        self.now = datetime.now(UTC)
        self.desk = SignIn(
            self.house.safe or MemorySafe(), lambda: self.now, QUICK,
            settings=Settings.model_validate({**SETTINGS, **more}), key=keys.vault, actor_of=self.house.loop.actor,
        )  # fmt: skip
        root = self.house.loop.actor("root")
        self.house.loop.handle(RegisterSite("north", "North", "hospital"), root)
        for login, name, role in (("omar", "Omar Operator", "operator"), ("quin", "Quin Person", "qp"),
                                  ("cora", "Cora Control", "qc"), ("ida", "Ida Tee", "it"),
                                  ("rex", "Rex Second", "user_administrator")):  # fmt: skip
            self.house.loop.handle(RegisterPerson(login, name, (role,), ("plant",)), root)
        self.desk.set_password("root", ROOT)
        self.client = TestClient(create_app(self.house, self.desk, secure=secure))

    def call(self, method: str, path: str, token: str = "", **body: Any) -> tuple[int, Any]:
        self.client.cookies.clear()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        given = {"json": body} if method in ("POST", "PUT") else {}
        answer = self.client.request(method, path, headers=headers, **given)  # type: ignore[arg-type]
        return answer.status_code, answer.json()

    def sign_in(self, login: str, password: str) -> dict[str, Any]:
        status, answer = self.call("POST", "/session", login=login, password=password, bearer=True)
        assert status == 200, answer
        found: dict[str, Any] = answer
        return found

    def let_in(self, login: str, **more: Any) -> str:
        root = self.sign_in("root", ROOT)["token"]
        status, answer = self.call("POST", "/enrolments", root, login=login, **more)
        assert status == 200, answer
        return str(answer["temporary_password"])

    def settled(self, login: str, sign_in: str = NEW, signing: str = SIGNING) -> str:
        """Somebody let in, with passwords of their own; a finished session's token."""
        temporary = self.let_in(login)
        half = self.sign_in(login, temporary)["token"]
        wanted = {"new_sign_in_password": sign_in, "new_signing_password": signing}
        status, answer = self.call("POST", "/me/passwords", half, password=temporary, **wanted)
        assert status == 200, answer
        return str(answer["token"])


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    with made.client:
        yield made


def release(site: Site, login: str, password: str, lot: str = "L-1") -> None:
    house = site.house
    if not house.journal.read(f"lot/{lot}"):
        received = ReceiveLot(lot, "medium", "S1", "0" * 64, Decimal(1), "mL",
                              NOW + timedelta(days=9))  # fmt: skip
        house.loop.handle(received, house.loop.actor("omar"))
    house.loop.handle(ReleaseLot(lot, "complies"), house.loop.actor(login), password)


def test_the_administrator_knows_neither_password(site: Site) -> None:
    temporary = site.let_in("cora")
    answer = site.sign_in("cora", temporary)
    assert answer["needs"] == ["own_passwords"]
    half = answer["token"]
    # The temporary password opens one thing.
    for method, path in (("GET", "/me"), ("GET", "/board"), ("GET", "/me/sessions"), ("POST", "/commands/BlockLot")):
        status, refused = site.call(method, path, half, lot="L-1", reason="x")
        assert (status, refused["needs"]) == (401, "own_passwords")
    wanted = {"new_sign_in_password": NEW, "new_signing_password": SIGNING}
    status, whole = site.call("POST", "/me/passwords", half, password=temporary, **wanted)
    assert status == 200 and whole["needs"] == []
    assert site.call("GET", "/me", whole["token"])[1]["id"] == "person/cora"
    assert site.call("GET", "/me", half)[0] == 401
    assert site.call("POST", "/session", login="cora", password=temporary)[0] == 403
    assert site.sign_in("cora", NEW)["needs"] == []
    release(site, "cora", SIGNING)
    entry = site.house.journal.read("person/cora")[-1]
    assert entry.envelope["type"] == "KeyEnrolled" and entry.by == "person/cora"
    assert entry.signed is not None and entry.signed.signer == "site/plant"
    kept = repr(site.house.safe._held) + "".join(map(repr, site.desk.log._lines))  # type: ignore[union-attr]
    assert all(secret not in kept for secret in (temporary, NEW, SIGNING))


@pytest.mark.parametrize(
    ("sign_in", "signing"),
    [("", SIGNING), (NEW, ""), (NEW, NEW), ("short", SIGNING), (NEW, "short"), ("cora is my name", SIGNING),
     (NEW, "the control tower")],
)  # fmt: skip
def test_what_cannot_be_chosen(site: Site, sign_in: str, signing: str) -> None:
    temporary = site.let_in("cora")
    half = site.sign_in("cora", temporary)["token"]
    wanted = {"new_sign_in_password": sign_in, "new_signing_password": signing}
    status, refused = site.call("POST", "/me/passwords", half, password=temporary, **wanted)
    assert status == 403 and refused["remedy"]
    assert not site.house.loop.reader.person("cora").key
    # Nothing was changed by half.
    assert site.sign_in("cora", temporary)["needs"] == ["own_passwords"]


def test_a_key_needs_the_administrators_leave_and_is_made_once(site: Site) -> None:
    token = site.settled("cora")
    key = site.house.loop.reader.person("cora").key
    status, _ = site.call("POST", "/commands/EnrolOwnKey", token, key="0" * 64)
    assert status == 403
    with pytest.raises(NotAllowed, match="allowed you"):
        site.house.enrol_own("cora", "another password here")
    assert site.house.loop.reader.person("cora").key == key
    release(site, "cora", SIGNING)


def test_nobody_lets_themselves_in(site: Site) -> None:
    root, cora = site.sign_in("root", ROOT)["token"], site.settled("cora")
    assert site.call("POST", "/enrolments", root, login="root")[0] == 403
    assert site.call("POST", "/enrolments", cora, login="omar")[0] == 403
    assert site.call("POST", "/people/root/recovery", root, reason="lost")[0] == 403
    assert site.call("POST", "/people/omar/recovery", cora, reason="lost")[0] == 403
    assert site.call("POST", "/enrolments", root, login="nobody")[0] == 403
    assert site.call("DELETE", "/people/omar/sessions", cora)[0] == 403


def test_changing_passwords_later(site: Site) -> None:
    token, other = site.settled("cora"), site.sign_in("cora", NEW)["token"]
    key = site.house.loop.reader.person("cora").key
    change = {"password": NEW, "new_signing_password": "an altogether new one"}
    assert site.call("POST", "/me/passwords", token, **change, signing_password="wrong wrong")[0] == 403
    assert (
        site.call("POST", "/me/passwords", token, **{**change, "password": "wrong"}, signing_password=SIGNING)[0] == 403
    )
    assert site.call("POST", "/me/passwords", token, password=NEW)[0] == 403
    status, found = site.call("POST", "/me/passwords", token, **change, signing_password=SIGNING)
    assert status == 200, found
    # The same key under another password; every other session ended.
    assert site.house.loop.reader.person("cora").key == key
    release(site, "cora", "an altogether new one")
    with pytest.raises(NotAllowed):
        release(site, "cora", SIGNING, "L-2")
    assert [site.call("GET", "/me", each)[0] for each in (token, other, found["token"])] == [401, 401, 200]
    same = {"password": NEW, "new_sign_in_password": "an altogether new one"}
    assert site.call("POST", "/me/passwords", found["token"], **same)[0] == 403
    assert site.call("POST", "/me/passwords", found["token"], password=NEW, new_sign_in_password=NEW)[0] == 403


def test_wrong_signing_passwords_lock_the_change_too(site: Site) -> None:
    token = site.settled("cora")
    change = {"password": NEW, "new_signing_password": "an altogether new one"}
    for _ in range(MOST_FAILURES):
        site.call("POST", "/me/passwords", token, **change, signing_password="wrong wrong")
    status, refused = site.call("POST", "/me/passwords", token, **change, signing_password=SIGNING)
    assert status == 403 and "locked" in refused["what"]


def test_a_forgotten_sign_in_password_leaves_the_key(site: Site) -> None:
    site.settled("cora")
    key = site.house.loop.reader.person("cora").key
    temporary = site.let_in("cora", signing=False, reason="forgot it")
    half = site.sign_in("cora", temporary)["token"]
    # Also this one may not be the signing password.
    assert site.call("POST", "/me/passwords", half, password=temporary, new_sign_in_password=SIGNING)[0] == 403
    status, _ = site.call("POST", "/me/passwords", half, password=temporary, new_sign_in_password="other words to use")
    assert status == 200 and site.house.loop.reader.person("cora").key == key
    release(site, "cora", SIGNING)


def test_a_role_that_needs_a_second_factor_enrols_one_first(site: Site) -> None:
    temporary = site.let_in("quin")
    half = site.sign_in("quin", temporary)
    assert half["needs"] == ["second_factor_enrolment", "own_passwords"]
    assert site.call("POST", "/me/passwords", half["token"], password=temporary)[1]["needs"].startswith("second")
    status, offered = site.call("POST", "/me/factors/app", half["token"])
    assert status == 200 and "<svg" in offered["svg"]
    assert site.call("POST", "/me/factors/app/confirm", half["token"], code="000000")[0] == 403
    code = oracle(offered["secret"], site.now.timestamp())
    status, next_ = site.call("POST", "/me/factors/app/confirm", half["token"], code=code)
    assert (status, next_["needs"]) == (200, ["own_passwords"])
    wanted = {"new_sign_in_password": NEW, "new_signing_password": SIGNING}
    status, whole = site.call("POST", "/me/passwords", next_["token"], password=temporary, **wanted)
    assert (status, whole["needs"]) == (200, [])
    # From now on it is asked for, and the last one cannot be given up.
    assert site.sign_in("quin", NEW)["needs"] == ["second_factor"]
    status, refused = site.call("POST", "/me/factors/app/remove", whole["token"], password=NEW)
    assert status == 403 and "last" in refused["what"]


def test_a_key_beside_the_app_and_recovery(site: Site) -> None:
    token = site.settled("cora")
    assert site.call("POST", "/me/factors/security-keys/options", token, password="wrong")[0] == 403
    status, options = site.call("POST", "/me/factors/security-keys/options", token, password=NEW)
    assert status == 200, options
    key = Key(ADDRESS, "onelot.example")
    status, found = site.call("POST", "/me/factors/security-keys", token, credential=key.create(options), name="blue")
    assert status == 200, found
    half = site.sign_in("cora", NEW)
    assert half["needs"] == ["second_factor"]
    options = site.call("POST", "/session/security-key/options", half["token"])[1]
    status, whole = site.call("POST", "/session/security-key", half["token"], credential=key.get(options))
    assert status == 200 and site.call("GET", "/me/factors", whole["token"])[1]["security_keys"][0]["name"] == "blue"
    root = site.sign_in("root", ROOT)["token"]
    assert site.call("POST", "/people/cora/recovery", root, reason=" ")[0] == 403
    done = site.call("POST", "/people/cora/recovery", root, reason="lost at the lake")[1]
    assert done["security_keys"] == 1
    assert site.call("GET", "/me", whole["token"])[0] == 401
    assert site.sign_in("cora", NEW)["needs"] == []
    (line,) = [each for each in site.desk.log.last("cora") if each["what"] == "factors removed"]
    assert line["by"] == "person/root" and "lake" in line["reason"]


def test_a_badge_on_an_enrolled_tablet(site: Site) -> None:
    token = site.settled("omar")
    ida = site.settled("ida", "another five words please", "")
    assert site.call("POST", "/tablets", token, name="hood 1", site="plant")[0] == 403
    assert site.call("POST", "/tablets", ida, name="hood 1", site="north")[0] == 403
    status, tablet = site.call("POST", "/tablets", ida, name="hood 1", site="plant", bearer=True)
    assert status == 200, tablet
    assert [each["name"] for each in site.call("GET", "/tablets", ida)[1]["tablets"]] == ["hood 1"]
    assert site.call("PUT", "/me/badge", token, badge="B-77-1", pin="740192", password="wrong")[0] == 403
    assert site.call("PUT", "/me/badge", token, badge="B-77-1", pin="740192", password=NEW)[0] == 200
    headers = {"X-Onelot-Tablet": tablet["token"]}
    site.client.cookies.clear()
    given = {"badge": "B-77-1", "pin": "740192", "bearer": True}
    assert site.client.post("/session/badge", json=given).status_code == 403
    answer = site.client.post("/session/badge", json=given, headers=headers)
    assert answer.status_code == 200, answer.text
    short = answer.json()["token"]
    me = site.call("GET", "/me", short)[1]
    assert me["roles"] == ["operator"] and me["signs"] is False
    lot = {"lot": "L-5", "item": "m", "supplier_lot": "S", "certificate_sha256": "0" * 64, "amount": "1", "unit": "mL",
           "expires_at": (NOW + timedelta(days=9)).isoformat()}  # fmt: skip
    assert site.call("POST", "/commands/ReceiveLot", short, **lot)[0] == 200
    # What is changed with a password is not changed from here.
    for path in ("/me/factors/app", "/me/passwords"):
        assert site.call("POST", path, short, password=NEW, new_sign_in_password="some other words now")[0] == 403
    assert site.call("DELETE", f"/tablets/{tablet['id']}", ida)[1] == {"ended": 1}
    assert site.call("GET", "/me", short)[0] == 401


def test_a_badge_session_signs_nothing_even_with_the_right_password(site: Site) -> None:
    site.settled("cora")
    actor = site.house.loop.actor("cora")
    with pytest.raises(NotAllowed, match="shared tablet"):
        site.house.loop.handle(ReleaseLot("L-1", "complies"), replace(actor, signs=False), SIGNING)


def test_ending_sessions(site: Site) -> None:
    token = site.settled("omar")
    others = [site.sign_in("omar", NEW)["token"] for _ in range(3)]
    listed = site.call("GET", "/me/sessions", token)[1]["sessions"]
    assert len(listed) == 4 and [each["this"] for each in listed].count(True) == 1
    foreign = site.settled("ida", "another five words please", "")
    mine = site.call("GET", "/me/sessions", foreign)[1]["sessions"][0]["id"]
    assert site.call("POST", "/me/sessions/end", token, session=mine, password=NEW)[1] == {"ended": 0}
    assert site.call("GET", "/me", foreign)[0] == 200
    assert site.call("POST", "/me/sessions/end", token, session="", password=NEW)[1] == {"ended": 4}
    assert {site.call("GET", "/me", each)[0] for each in (token, *others)} == {401}
    again = site.sign_in("omar", NEW)["token"]
    root = site.sign_in("root", ROOT)["token"]
    assert site.call("DELETE", "/people/omar/sessions", root)[1] == {"ended": 1}
    assert site.call("GET", "/me", again)[0] == 401
    what = [
        each["what"] for each in site.call("GET", "/me/attempts", site.sign_in("omar", NEW)["token"])[1]["attempts"]
    ]
    assert what[0] == "signed in" and "sessions ended" in what and "temporary password" in what


def test_a_session_alone_ends_none_of_its_owner_s(site: Site) -> None:
    """Who sits down at an open session cannot shut its owner out elsewhere; guessing locks like any guessing."""
    token = site.settled("omar")
    for _ in range(2):
        site.sign_in("omar", NEW)
    listed = [each["id"] for each in site.call("GET", "/me/sessions", token)[1]["sessions"]]
    for session in (listed[0], ""):
        assert site.call("POST", "/me/sessions/end", token, session=session)[0] == 403
        assert site.call("POST", "/me/sessions/end", token, session=session, password="wrong wrong")[0] == 403
    said = site.call("POST", "/me/sessions/end", token, session="", password="wrong wrong")[1]
    assert "sessions are changed with" in said["rule"]
    locked = site.call("POST", "/me/sessions/end", token, session="", password=NEW)
    assert locked[0] == 403 and "locked" in locked[1]["what"]
    assert len(site.call("GET", "/me/sessions", token)[1]["sessions"]) == 3
    # Going oneself needs no password, locked or not.
    assert site.call("DELETE", "/session", token)[0] == 200
    assert site.call("GET", "/me", token)[0] == 401


def test_a_cookie_alone_changes_nothing(site: Site) -> None:
    token = site.settled("omar")
    site.client.cookies.clear()
    cookie = {"Cookie": f"onelot={token}"}
    body = {"password": NEW, "new_sign_in_password": "some other words now"}
    assert site.client.post("/me/passwords", json=body, headers=cookie).status_code == 403
    assert (
        site.client.post("/me/sessions/end", json={"session": "", "password": NEW}, headers=cookie).status_code == 403
    )
    assert site.client.post("/me/passwords", json=body, headers={**cookie, "X-Onelot": "1"}).status_code == 200


def test_cookies_under_tls_belong_to_this_host_alone(site: Site) -> None:
    with TestClient(create_app(site.house, site.desk, secure=True), base_url=ADDRESS) as client:
        answer = client.post("/session", json={"login": "root", "password": ROOT})
        said = answer.headers["set-cookie"]
        assert said.startswith("__Host-onelot=") and "Domain" not in said
        for flag in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
            assert flag in said
        token = client.cookies["__Host-onelot"]
        client.cookies.clear()
        assert client.get("/me", headers={"Cookie": f"__Host-onelot={token}"}).status_code == 200
        # One that another host of the same domain could have set is not looked at.
        assert client.get("/me", headers={"Cookie": f"onelot={token}"}).status_code == 401


def test_too_many_failures_from_one_address(site: Site) -> None:
    codes = [site.call("POST", "/session", login=f"x{n}", password="wrong")[0] for n in range(40)]
    assert codes[:30] == [403] * 30 and set(codes[30:]) == {429}
    assert site.call("POST", "/session", login="root", password=ROOT)[0] == 429
    site.now += timedelta(minutes=1)
    assert site.sign_in("root", ROOT)


def test_the_address_is_the_proxys_word_only_where_the_proxy_is_ours(site: Site) -> None:
    def seen(trusted: list[str]) -> str:
        desk = SignIn(site.house.safe or MemorySafe(), lambda: site.now, QUICK,
                      settings=Settings.model_validate({"trusted_proxies": trusted}))  # fmt: skip
        with TestClient(create_app(site.house, desk), client=("127.0.0.1", 5)) as client:
            client.post("/session", json={"login": "root", "password": ROOT},
                        headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.1, 127.0.0.1"})  # fmt: skip
        return str(desk.log.last("root")[0]["from"])

    assert seen([]) == "127.0.0.1"
    assert seen(["127.0.0.1"]) == "192.0.2.1"


def test_a_forgotten_signing_password_is_a_new_key_and_the_old_signatures_stay(site: Site) -> None:
    site.settled("cora")
    before = site.house.loop.reader.person("cora").key
    release(site, "cora", SIGNING)
    site.settled("cora", "other words to use here", "a signing password anew")
    assert site.house.loop.reader.person("cora").key not in ("", before)
    release(site, "cora", "a signing password anew", "L-2")
    with pytest.raises(NotAllowed):
        release(site, "cora", SIGNING, "L-3")


def test_a_repeated_request_takes_no_wrong_password_back(site: Site) -> None:
    token = site.settled("cora")
    release(site, "cora", SIGNING)  # receives L-1, and releases it
    site.house.loop.handle(
        ReceiveLot("L-9", "medium", "S1", "0" * 64, Decimal(1), "mL", NOW + timedelta(days=9)),
        site.house.loop.actor("omar"),
    )

    def give(password: str, lot: str, once: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Signing-Password": password, "Idempotency-Key": once}
        fields = {"lot": lot, "finding": "complies"}
        return site.client.post("/commands/ReleaseLot", json=fields, headers=headers).status_code

    assert give(SIGNING, "L-9", "first") == 200
    for _ in range(MOST_FAILURES - 1):
        assert give("a guess", "L-8", "other") == 403
        # Answered again as before, whatever the password; and the guess stays counted.
        give("a guess", "L-9", "first")
    with pytest.raises(NotAllowed, match="locked"):
        site.desk.locks.check("signing", "cora")
