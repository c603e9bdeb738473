"""The table of doors, walked in full over HTTP: every route, all roles and nobody, own site and another.

What is expected is read from the two data files, not from the code that applies them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

import onelot
from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.api.table import gone, guesses
from onelot.app.commands import all_commands
from onelot.app.commands.masters import RegisterPerson
from onelot.app.house import House
from onelot.app.sign_in import SignIn
from tests.app.web.plant import PASSWORD, make_house

DATA = Path(onelot.__file__).parent / "data"
ROLES: dict[str, Any] = json.loads((DATA / "roles.json").read_text())
DOORS: dict[str, str] = json.loads((DATA / "routes.json").read_text())
EVERYBODY = sorted(ROLES["roles"])
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
OTHER = re.compile(r"\{")
SUBJECT = re.compile(r"\{(batch|number|coi|stream:path)\}")


def allowed(rule: str) -> list[str] | None:
    kind, _, name = rule.partition(" ")
    if kind == "page":
        return ROLES["pages"][name]  # type: ignore[no-any-return]
    if kind == "command":
        return [role for role in ROLES["commands"][name] if role != "system"]
    assert rule in ("open", "own"), rule
    return None


@dataclass
class Walk:
    """A served house: its own site's people and another's, and the one batch there is."""

    house: House
    client: TestClient
    batch: str
    coi: str
    patient: str
    own: str
    other: str
    sessions: dict[tuple[str, str], str]

    def ask(self, name: str, token: str, subject: bool = True, **given: Any) -> httpx.Response:
        method, path = name.split(" ", 1)
        values = {"batch": self.batch, "number": self.batch, "coi": self.coi, "stream:path": f"batch/{self.batch}"}
        if not subject:
            values = dict.fromkeys(values, "B-NONE") | {"stream:path": "batch/B-NONE"}
        path = SUBJECT.sub(lambda found: values[found[1]], path)
        path = path.replace("{view}", "equipment").replace("{seen}", "0" * 64)
        path = path.replace("{parameter}", "dose").replace("{name}", "dose")
        path = re.sub(r"\{[^}]*\}", "nothing", path)
        self.client.cookies.clear()
        headers = {}
        if path.startswith("/screen/") and token:
            self.client.cookies.set("onelot-session", token)
        elif token:
            headers["Authorization"] = f"Bearer {token}"
        return self.client.request(method, path, headers=headers, follow_redirects=False, **given)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    house, batch = make_house(tmp_path_factory.mktemp("doors"))
    (coi,) = house.journal.rows("board")[batch]["therapies"]
    therapy = house.journal.rows("therapies")[coi]
    own, other = therapy["site"], "hospital-elsewhere"
    root, sign_in = house.loop.actor("root"), SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    sessions = {}
    for role in EVERYBODY:
        for site in (own, other):
            login = f"{role}.walks.{site}"
            house.loop.handle(RegisterPerson(login, login, (role,), (site,)), root)
            sign_in.set_password(login, PASSWORD)
            sessions[role, site] = sign_in.open(login, PASSWORD)
    with TestClient(create_app(house, sign_in)) as client:
        yield Walk(house, client, batch, coi, therapy["patient"], own, other, sessions)


def unsure(found: httpx.Response) -> str:
    return f"{found.request.method} {found.request.url.path}: {found.status_code} {found.text[:300]}"


def refused(found: httpx.Response) -> bool:
    """Whether the door said no: JSON of the API, or a page of the screens."""
    return found.status_code == 403 and ("this is not for your role" in found.text or "for nobody" in found.text)


def test_every_route_stands_in_the_table_and_the_other_way_round(walk: Walk) -> None:
    wanted = guesses(walk.client.app)  # type: ignore[arg-type]
    assert not wanted, "put these into src/onelot/data/routes.json:\n" + "\n".join(wanted)
    assert gone(walk.client.app) == []  # type: ignore[arg-type]
    # FastAPI's own document names what it serves; ask it too, in case a route came in past our list.
    served = {
        f"{verb.upper()} {path}" for path, verbs in walk.client.get("/openapi.json").json()["paths"].items()
        for verb in verbs
    }  # fmt: skip
    assert served <= set(DOORS)


def test_the_rules_name_what_exists() -> None:
    for name, rule in DOORS.items():
        roles = allowed(rule)
        assert roles is None or (roles and set(roles) <= set(EVERYBODY)), name
    assert {"it", "courier", "user_administrator"}.isdisjoint(ROLES["pages"]["therapies"])
    opened = {name for name, rule in DOORS.items() if rule == "open"}
    assert all(
        re.search(
            r"/($|screen$|screen/(static/|choice|sign-)|session|courier(/|$)|screen/courier(/|$)|keys$|openapi)", name
        )
        for name in opened
    )


@pytest.mark.parametrize("name", sorted(DOORS))
def test_nobody_passes(walk: Walk, name: str) -> None:
    if allowed(DOORS[name]) is None and DOORS[name] != "own":
        assert walk.ask(name, "").status_code < 500
        return
    for token in ("", "made-up"):
        found = walk.ask(name, token, json={})
        to_sign_in = found.status_code == 303 and found.headers["location"].startswith("/screen/sign-in")
        assert to_sign_in if "/screen/" in name else found.status_code == 401, unsure(found)
        assert walk.patient not in found.text


@pytest.mark.parametrize("name", sorted(name for name, rule in DOORS.items() if allowed(rule) is not None))
def test_each_role_passes_where_the_table_says_so_and_nowhere_else(walk: Walk, name: str) -> None:
    for role in EVERYBODY:
        found = walk.ask(name, walk.sessions[role, walk.own], content=b"")
        if role in (allowed(DOORS[name]) or ()):
            assert not refused(found) and found.status_code not in (401, 404, 405), f"{role}: {unsure(found)}"
            assert found.status_code < 500, f"{role}: {unsure(found)}"
            if SUBJECT.search(name) and name.startswith("GET ") and not OTHER.search(SUBJECT.sub("", name)):
                assert found.status_code != 403, f"{role}: {unsure(found)}"
        else:
            assert refused(found), f"{role}: {unsure(found)}"
            assert walk.patient not in found.text


@pytest.mark.parametrize(
    "name", sorted(name for name, rule in DOORS.items() if SUBJECT.search(name) and allowed(rule) is not None)
)
def test_another_sites_patient_is_as_if_not_there(walk: Walk, name: str) -> None:
    """Whoever may pass the door, but not for this patient, gets the very answer given for a made-up number."""
    for role in allowed(DOORS[name]) or ():
        token = walk.sessions[role, walk.other]
        foreign, unknown = walk.ask(name, token), walk.ask(name, token, subject=False)
        said = [
            re.sub(r'name="(csrf|once)" value="[^"]*"', "", found.text)
            .replace(found.request.url.path.split("/screen")[-1], "")
            for found in (foreign, unknown)
        ]  # fmt: skip
        spoken = [text.replace(walk.batch, "X").replace(walk.coi, "X").replace("B-NONE", "X") for text in said]
        assert foreign.status_code == unknown.status_code in (403, 422), f"{role}: {unsure(foreign)}"
        assert walk.patient not in foreign.text and walk.own not in foreign.text, f"{role}: {unsure(foreign)}"
        assert _plain(spoken[0]) == _plain(spoken[1]), f"{role}: {unsure(foreign)}"


def _plain(text: str) -> str:
    """Without what names the record itself in groups of four, and without what differs at every rendering."""
    text = re.sub(r"B-[A-Z0-9 -]*|[A-Z0-9]{4} [A-Z0-9]{4} [A-Z0-9]{4} [A-Z0-9]|nonce\S*", "X", text)
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("name", sorted(name for name in DOORS if not SUBJECT.search(name) and "GET " in name))
def test_lists_hold_own_sites_only(walk: Walk, name: str) -> None:
    for role in allowed(DOORS[name]) or ():
        found = walk.ask(name, walk.sessions[role, walk.other])
        for secret in (walk.batch, walk.coi, walk.patient):
            assert secret not in found.text, f"{role}: {unsure(found)}"


def fields_of(name: str, schema: dict[str, Any], document: dict[str, Any], walk: Walk) -> Any:
    """Something that fits a schema, naming the one batch and therapy there are."""
    if "$ref" in schema:
        return fields_of(name, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document, walk)
    for either in ("anyOf", "oneOf", "allOf"):
        if either in schema:
            return fields_of(name, schema[either][0], document, walk)
    if "enum" in schema or "const" in schema:
        return schema.get("const", (schema.get("enum") or [""])[0])
    known = {"batch": walk.batch, "coi": walk.coi, "site": walk.own, "at_site": walk.own, "to_site": walk.own}
    match schema.get("type"):
        case "object":
            return {
                each: fields_of(each, schema["properties"][each], document, walk)
                for each in schema.get("properties", {})
            }
        case "array":
            return [fields_of(name, schema.get("items", {"type": "string"}), document, walk)] * max(
                1, schema.get("minItems", 0)
            )
        case "integer" | "number":
            return 1
        case "boolean":
            return False
    if schema.get("format") == "date-time":
        return "2026-03-02T08:00:00Z"
    return known.get(name, "1" if schema.get("pattern") else "x")


GIVEN = sorted(
    name
    for name, command in all_commands().items()
    if set(ROLES["commands"][name]) - {"system"} and {"batch", "coi"} & {each.name for each in fields(command)}
)


@pytest.mark.parametrize("command", GIVEN)
def test_no_command_reaches_another_sites_patient(walk: Walk, command: str) -> None:
    """Well-formed, by somebody whose role may give it, at another site: nothing is written, nothing is told."""
    document = walk.client.get("/openapi.json").json()
    operation = document["paths"][f"/commands/{command}"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    body = fields_of("", schema, document, walk)
    assert {walk.batch, walk.coi} & set(map(str, body.values())), "names no patient's record"
    watched = [f"batch/{walk.batch}", f"therapy/{walk.coi}"]
    before = {stream: len(walk.house.whole.read(stream)) for stream in watched}
    for role in allowed(f"command {command}") or ():
        found = walk.ask(f"POST /commands/{command}", walk.sessions[role, walk.other], json=body)
        assert found.status_code in (403, 409, 422), f"{role}: {unsure(found)}"
        assert walk.patient not in found.text
    assert {stream: len(walk.house.whole.read(stream)) for stream in watched} == before
