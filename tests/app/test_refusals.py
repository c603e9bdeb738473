"""Whatever is asked, a refusal says what, by which rule and what to do now: JSON of the API, a page on the screens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from onelot.adapters.safe import MemorySafe
from onelot.app.admission import check_fields
from onelot.app.api.application import MOST_BYTES_OF_FIELDS, create_app
from onelot.app.commands.editing import ChooseGuide
from onelot.app.house import House
from onelot.app.sign_in import SignIn
from onelot.app.web.pages import csrf_of
from onelot.record.errors import BadInput
from tests.app.web.plant import PASSWORD, make_house

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return make_house(tmp_path_factory.mktemp("refusals"))[0]


@pytest.fixture(scope="module")
def app(house: House) -> FastAPI:
    sign_in = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    sign_in.set_password("operator.plant", PASSWORD)
    found = create_app(house, sign_in)
    found.state.token = sign_in.open("operator.plant", PASSWORD)
    return found


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def said(answer: Any) -> dict[str, Any]:
    """The refusal, which has all its parts, behind the headers that every answer carries."""
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
    found: dict[str, Any] = answer.json()
    assert set(found) == {"error", "what", "rule", "remedy", "place"}
    assert found["what"] and found["rule"] and found["remedy"]
    return found


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/keys/", 404), ("GET", "/a/%2e%2e/b", 404), ("PUT", "/keys", 405)],
)
def test_an_address_that_is_none(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path, headers={"Host": "elsewhere.example"})
    assert answer.status_code == status and said(answer)
    assert "location" not in answer.headers and "elsewhere" not in answer.text


@pytest.mark.parametrize("body", [b"\xff\xfe{", b"[" * 200_000, b'{"lot":' + b"9" * 9_000 + b"}"])
def test_a_body_that_cannot_be_read(app: FastAPI, client: TestClient, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {app.state.token}", "Content-Type": "application/json"}
    answer = client.post("/commands/ReceiveLot", content=body, headers=headers)
    assert answer.status_code == 400 and "cannot be read" in said(answer)["what"]


def test_fields_alone_are_short_and_documents_may_be_long(app: FastAPI, client: TestClient) -> None:
    headers = {"Authorization": f"Bearer {app.state.token}", "Content-Type": "application/json"}
    many = b"{" + b",".join(b'"%d":1' % number for number in range(200_000)) + b"}"
    assert len(many) > MOST_BYTES_OF_FIELDS
    answer = client.post("/commands/ReceiveLot", content=many, headers=headers)
    assert answer.status_code == 413 and str(MOST_BYTES_OF_FIELDS) in said(answer)["rule"]
    for path in ("/commands/RegisterDocument", "/screen/lots"):
        assert client.post(path, content=many, headers=headers).status_code != 413


def test_a_defect_tells_nothing_of_the_inside(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: Any) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("onelot.app.api.table.Rates.ask", fails)
    answer = client.get("/keys")
    assert answer.status_code == 500 and "inside" not in answer.text and "server's log" in said(answer)["rule"]
    page = client.get("/screen/sign-in")
    assert page.status_code == 500 and "inside" not in page.text and "Traceback" not in page.text
    assert page.text.count("<dd") >= 3 and page.headers["content-security-policy"].startswith("default-src 'self'")


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [("/screen/lots", {"once": "no name!"}, 422), ("/screen/lots", {"csrf": "x" * 65}, 422), ("/screen/none", {}, 404)],
)
def test_on_the_screens_it_is_a_page(app: FastAPI, client: TestClient, path: str, data: Any, status: int) -> None:
    client.cookies.set("onelot-session", app.state.token)
    answer = client.post(path, data={"csrf": csrf_of(app.state.token), **data})
    assert answer.status_code == status and answer.headers["content-type"].startswith("text/html")
    assert 'role="alert"' in answer.text and answer.text.count("<dd") >= 3
    broken = client.post("/screen/lots", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert broken.status_code in (400, 403) and 'role="alert"' in broken.text


def test_half_a_character_can_be_said() -> None:
    refusal = BadInput("it reads \ud800", rule="UTF-8", remedy="again", place="\udcff")
    assert (refusal.what, refusal.place) == ("it reads ?", "?")
    assert str(refusal).encode()


def test_the_document_says_how_it_is_refused_and_who_may_ask(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            for status in ("401", "403", "409", "413", "422", "429", "503"):
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Refusal"}, (verb, path)
            is_open = path in ("/keys", "/courier") or path.startswith(("/session", "/courier/"))
            assert operation["security"] == ([] if is_open else [{"bearer": []}, {"session": []}]), (verb, path)
    pdf = document["paths"]["/batches/{batch}/record.pdf"]["get"]["responses"]["200"]["content"]
    assert set(pdf) == {"application/pdf"}


@pytest.mark.parametrize("candidate", [2**53, -(2**53), 10**400])
def test_a_whole_number_that_json_cannot_hold_is_refused_before_anything_is_made_of_it(candidate: int) -> None:
    with pytest.raises(BadInput, match="beyond reason") as refused:
        check_fields(ChooseGuide("DFYBG480V45EI", candidate, "why"), datetime.now(UTC))
    assert refused.value.place == "ChooseGuide.candidate"
    check_fields(ChooseGuide("DFYBG480V45EI", 2**53 - 1, "why"), datetime.now(UTC))


def test_it_is_refused_too_where_a_form_may_have_been_sent_before(house: House) -> None:
    actor = house.loop.actor("operator.plant")
    with pytest.raises(BadInput, match="beyond reason"):
        house.loop.repeated(ChooseGuide("DFYBG480V45EI", 10**400, "why"), actor, f"{actor.id}/once")
