"""Every operation of the OpenAPI document, asked by schemathesis and with spoilt real commands: no answer is a defect.

Each request finds the house as it was when somebody gave this very command, signed in as whoever did; so hostile values
get past the door. A refusal says what, by which rule and what to do now, in the form the document promises.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest import SkipTest
from urllib.parse import quote_from_bytes

import httpx
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import onelot
from tests.app.fuzz.recorded import Moment, Recorded, known_of, record
from tests.app.fuzz.values import Known, spoilt, text
from tests.app.web.plant import PASSWORD, signing

DATA = Path(onelot.__file__).parent / "data"
ROLES: dict[str, Any] = json.loads((DATA / "roles.json").read_text())
DOORS: dict[str, str] = json.loads((DATA / "routes.json").read_text())
# What the document leaves out: itself, and the addresses that only lead to the screens.
APART = {"GET /openapi.json", "GET /", "GET /screen"}
OPERATIONS = sorted(name for name in DOORS if "/screen/" not in name and name not in APART)
# Requests to each operation; `ONELOT_FUZZ=300 pytest -m long` goes deeper.
FEW, MANY = 16, int(os.environ.get("ONELOT_FUZZ", "100"))
LONGEST_S = 5.0
JSON = "application/json"
PART = re.compile(r"\{(\w+)\}")
CHECKS = [
    status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance
]  # fmt: skip
asking = settings(
    deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    print_blob=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return record(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture(scope="module")
def client(house: Recorded) -> Iterator[TestClient]:
    with TestClient(house.app, follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def fuzz(house: Recorded) -> Fuzz:
    return Fuzz(house, known_of(house), schemathesis.openapi.from_asgi("/openapi.json", house.app, timeout=120))


@dataclass(frozen=True)
class Asked:
    """One request: by whom, at which moment, with what; case: the same as schemathesis sees it."""

    moment: Moment
    login: str
    method: str
    path: str
    query: dict[str, Any]
    headers: dict[str, bytes]
    body: bytes | None
    case: Any


def moments_for(house: Recorded, name: str) -> list[Moment]:
    """When to ask: where this command was given; another one, at every step of the run."""
    own = house.moments.get(name.rsplit("/", 1)[-1], []) if DOORS[name].startswith("command ") else []
    return own or [Moment("", "", None, house.end), *(each[-1] for each in house.moments.values() if each)]


def who(house: Recorded, name: str, moment: Moment) -> list[str]:
    """Who may pass this door: who gave the command then, else one of each role it opens for."""
    kind, _, page = DOORS[name].partition(" ")
    if moment.login in house.sessions and kind == "command":
        return [moment.login]
    roles = ROLES["pages" if kind == "page" else "commands"].get(page, ROLES["roles"])
    return [login for role in roles for login in house.logins(role)[:2]]


@dataclass(frozen=True)
class Fuzz:
    """What requests are made from."""

    house: Recorded
    known: Known
    document: Any


def requests(fuzz: Fuzz, name: str, many: int) -> Iterator[Asked]:
    """Requests to one operation, always the same: half as schemathesis reads the document, half spoilt commands."""
    method, template = name.split(" ", 1)
    operation = fuzz.document[template][method]
    for number in range(many // 2):
        yield made_up(fuzz, Random(f"{name}/{number}"), name, spoil(fuzz, Random(f"{name} {number}"), name))
    for mode in GenerationMode:
        for number, case in enumerate(generated(operation, mode, many // 4)):
            moment = Random(f"{name}-{mode}-{number}").choice(moments_for(fuzz.house, name))
            yield made_up(fuzz, Random(f"{name}-{mode}-{number}"), name, (moment, case))


def generated(operation: Any, mode: GenerationMode, many: int) -> list[Any]:
    """Cases that fit the document, or do not; none where it leaves no room for them."""
    cases: list[Any] = []

    @given(operation.as_strategy(mode))
    @settings(asking, max_examples=many)
    def collect(case: Any) -> None:
        cases.append(case)

    with suppress(Unsatisfiable, SkipTest):
        collect()
    return cases


def spoil(fuzz: Fuzz, rng: Random, name: str) -> tuple[Moment, Any]:
    """A moment, and the command that was given then with something in it spoilt; another operation with known names."""
    method, template = name.split(" ", 1)
    operation, moment = fuzz.document[template][method], rng.choice(moments_for(fuzz.house, name))
    inside = {each: fuzz.known.string(rng, each) for each in PART.findall(template)}
    query = {each.name: fuzz.known.string(rng, each.name) for each in operation.query}
    body: dict[str, Any] = {}
    if schema := _schema(fuzz.document, template, method):
        given = moment.given if moment.command == template.rsplit("/", 1)[-1] else fitting(fuzz, rng, "", schema)
        body = {"body": spoilt(rng, given, fuzz.known), "media_type": JSON}
    return moment, operation.Case(path_parameters=inside, query=query, **body)


def made_up(fuzz: Fuzz, rng: Random, name: str, what: tuple[Moment, Any]) -> Asked:
    """A request with who asks it and what else a request carries."""
    moment, case = what
    method, template = name.split(" ", 1)
    login = rng.choice(who(fuzz.house, name, moment))
    # Who asks is ours to say; schemathesis would make a token up for every request.
    headers = {
        each.lower(): _header(str(value))
        for each, value in (case.headers or {}).items()
        if each.lower() not in ("authorization", "cookie")
    }
    if rng.randrange(10):
        headers["x-signing-password"] = signing(login).encode()
    for each in ("x-verifier-password", "x-verifier-badge", "x-verifier-pin", "x-verifier-ticket", "idempotency-key"):
        if not rng.randrange(8):
            headers[each] = _header(text(rng))
    token = rng.choice((fuzz.house.sessions[login],) * 12 + ("", "made-up"))
    if token:
        headers["authorization"] = b"Bearer " + token.encode()
    body = None if isinstance(case.body, NotSet) else case.body if isinstance(case.body, bytes) else _json(case.body)
    if body is not None:
        headers["content-type"] = JSON.encode()
    inside = case.path_parameters or {}
    path = PART.sub(lambda found: escaped(inside.get(found[1], "")), template)
    return Asked(moment, login, method, path, dict(case.query or {}), headers, body, case)


def _header(value: str) -> bytes:
    """What can be sent as a header at all: no line ends, no control characters."""
    return bytes(each for each in value.encode("utf-8", "replace")[:2000] if each > 31 and each != 127).strip()


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def escaped(value: Any) -> str:
    """A part of a path, with nothing in it that a path could end at; a lone surrogate goes as it would in UTF-8."""
    return quote_from_bytes(str(value).encode("utf-8", "surrogatepass"), safe="")


def _schema(document: Any, template: str, method: str) -> Any:
    found = document.raw_schema["paths"][template][method.lower()].get("requestBody")
    return found["content"][JSON]["schema"] if found else None


def fitting(fuzz: Fuzz, rng: Random, field: str, schema: dict[str, Any]) -> Any:
    """Something that fits a schema, with what there is in the house in its fields."""
    if "$ref" in schema:
        schema = fuzz.document.raw_schema["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for either in ("anyOf", "oneOf", "allOf"):
        if either in schema:
            return fitting(fuzz, rng, field, rng.choice(schema[either]))
    if "enum" in schema or "const" in schema:
        return rng.choice(schema.get("enum") or [schema["const"]])
    match schema.get("type"):
        case "object":
            return {each: fitting(fuzz, rng, each, inner) for each, inner in schema.get("properties", {}).items()}
        case "array":
            return [fitting(fuzz, rng, field, schema.get("items", {})) for _ in range(rng.randrange(3))]
        case "integer" | "number":
            return rng.randrange(4)
        case "boolean":
            return rng.random() < 0.5
        case "null":
            return None
    if schema.get("format") == "date-time":
        return rng.choice(("2026-10-02T08:00:00Z", "2027-03-02T08:00:00+02:00"))
    # Mostly a name that is there, or what follows would never be reached.
    found = fuzz.known.by_field.get(field)
    return rng.choice(found) if found and rng.randrange(5) else fuzz.known.string(rng, field)


def ask(house: Recorded, client: TestClient, asked: Asked) -> httpx.Response:
    """Ask, with the house put to its moment; what goes wrong inside is shown with its own trace."""
    house.put(asked.moment.state)
    client.cookies.clear()
    began = time.process_time()
    found = client.request(
        asked.method, asked.path, params=_plain(asked.query), headers=asked.headers, content=asked.body
    )
    assert time.process_time() - began < LONGEST_S, f"{unsure(asked, found)}: {time.process_time() - began:.1f} s"
    return found


def _plain(query: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value).encode("utf-8", "replace").decode() for name, value in query.items()}


def unsure(asked: Asked, found: httpx.Response) -> str:
    return f"{asked.login}: {asked.method} {asked.path}: {found.status_code} {found.text[:400]!r}, sent {asked.body!r}"


def judge(house: Recorded, asked: Asked, found: httpx.Response) -> None:
    """No defect, nothing told that should not be, and what the document promises."""
    assert found.status_code < 500 or found.status_code == 503, unsure(asked, found)
    assert found.headers["content-security-policy"] and found.headers["x-content-type-options"] == "nosniff"
    if found.status_code >= 400:
        said = found.json()
        assert set(said) == {"error", "what", "rule", "remedy", "place"}, unsure(asked, found)
        assert said["what"] and said["rule"] and said["remedy"], unsure(asked, found)
    for secret in (PASSWORD, signing(asked.login), "Traceback", "site-packages", house.sessions[asked.login]):
        assert secret not in found.text or asked.path.startswith(("/session", "/me/")), unsure(asked, found)
    if not any(ROLES["roles"][role]["personal_data"] for role in house.everybody[asked.login]["roles"]):
        for person in house.people:
            assert person not in found.text or person.encode() in (asked.body or b""), unsure(asked, found)
    asked.case.validate_response(found, checks=CHECKS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_fails(fuzz: Fuzz, client: TestClient, name: str) -> None:
    for each in requests(fuzz, name, FEW):
        judge(fuzz.house, each, ask(fuzz.house, client, each))


@pytest.mark.long
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_fails_however_often(fuzz: Fuzz, client: TestClient, name: str) -> None:
    for each in requests(fuzz, name, MANY):
        judge(fuzz.house, each, ask(fuzz.house, client, each))
