"""What a browser is told and what it must carry: headers, cookies, forms of other sites (ASVS V3, parts of V4 and V14).

Every request goes over HTTP into the whole application; nothing is called beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import httpx
import pytest
from starlette.requests import Request

from onelot.app.api.doors import Doors
from onelot.app.web.pages import Pages
from onelot.app.web.rooms import courier
from onelot.app.web.screen import Screen
from tests.app.security.house import Attacked, routes

TEMPLATES = files("onelot.app.web") / "templates"
# Sent by whoever has no session yet, or by a courier without one: nothing of a signed-in person's is done by them.
WITHOUT_SESSION = {"/session", "/session/badge", "/courier", "/courier/transfer"}
KNOWN = {("/screen/sign-in/key", 403), ("/screen/documents", 422)}


@pytest.fixture(scope="module")
def house() -> Iterator[Attacked]:
    made = Attacked()
    with made.client, made.browser:
        made.enter()
        yield made


@pytest.fixture(scope="module")
def answers(house: Attacked) -> dict[str, httpx.Response]:
    """One answer of each kind that the application gives."""
    ask = house.browser.request
    return {
        "page": ask("GET", "/screen/board"),
        "page refused": ask("GET", "/screen/batches/B-NONE"),
        "redirect": ask("GET", "/screen/choice?light=dark&back=/screen/board"),
        "style": ask("GET", "/screen/static/onelot.css"),
        "script": ask("GET", "/screen/static/onelot.js"),
        "drawing": ask("GET", "/screen/static/onelot.svg"),
        "json": ask("GET", "/keys"),
        "csv": ask("GET", "/screen/audit/export.csv"),
        "unknown": ask("GET", "/nowhere"),
        "method": ask("TRACE", "/keys"),
        "unfit": ask("POST", "/session", json={"login": 1}),
        "too large": ask("POST", "/session", headers={"Content-Length": "999999999"}),
        "refused": ask("POST", "/commands/ReleaseLot", json={"lot": "L", "reason": "r"}),
    }


def test_every_answer_carries_its_headers(answers: dict[str, httpx.Response]) -> None:
    for name, answer in answers.items():
        head = answer.headers
        assert head["x-content-type-options"] == "nosniff", name
        assert head["referrer-policy"] == "no-referrer", name
        assert head["cross-origin-opener-policy"] == head["cross-origin-resource-policy"] == "same-origin", name
        assert "camera=()" in head["permissions-policy"], name
        assert head["strict-transport-security"] == "max-age=31536000; includeSubDomains", name
        policy = dict(each.strip().split(" ", 1) for each in head["content-security-policy"].split(";"))
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'", name
        assert policy.get("object-src", policy["default-src"]) == "'none'", name
        assert policy["default-src"] in ("'none'", "'self'") and "unsafe" not in head["content-security-policy"], name
        assert "server" not in head and "x-powered-by" not in head, name
        assert not [each for each in head if each.startswith("access-control-")], name


def test_nothing_of_a_person_is_kept_by_a_cache(answers: dict[str, httpx.Response]) -> None:
    static = {"style", "script", "drawing"}
    assert all(each.headers["cache-control"] == "no-store" for name, each in answers.items() if name not in static)
    assert all(answers[name].headers["cache-control"] == "max-age=300" for name in static)


def test_every_body_says_what_it_is(answers: dict[str, httpx.Response]) -> None:
    for name, answer in answers.items():
        if answer.content:
            kind = answer.headers["content-type"]
            assert kind == "application/json" or kind.endswith("; charset=utf-8"), (name, kind)
    assert answers["page"].headers["content-type"].startswith("text/html")
    assert answers["csv"].headers["content-disposition"] == 'attachment; filename="onelot-audit.csv"'


def test_without_tls_no_promise_of_tls() -> None:
    plain = Attacked(secure=False)
    assert "strict-transport-security" not in plain.browser.get("/keys").headers


def test_methods_nobody_asked_for_are_refused(house: Attacked) -> None:
    for method in ("TRACE", "CONNECT", "PATCH", "OPTIONS", "PROPFIND"):
        for path in ("/keys", "/session", "/screen/sign-in", "/board"):
            assert house.browser.request(method, path).status_code == 405, (method, path)


def test_cookies_belong_to_this_host_and_to_no_script() -> None:
    house = Attacked()
    with house.browser:
        house.enter()
        house.browser.get("/screen/choice?light=dark&language=de")
        house.browser.get("/screen/sign-in")
        answers = [
            house.browser.get("/screen/sign-in"),
            house.browser.get("/screen/choice?light=dark&language=de"),
            house.browser.post("/session", json={"login": "max", "password": "seven green kettles sing"}),
        ]
    lines = [line for answer in answers for line in answer.headers.get_list("set-cookie")]
    names = {line.partition("=")[0] for line in lines}
    assert names == {"__Host-onelot-before", "__Host-onelot-language", "__Host-onelot-light", "__Host-onelot"}
    for line in lines:
        parts = {each.strip().lower() for each in line.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=strict"} <= parts, line
        assert not [each for each in parts if each.startswith("domain=")] and len(line) < 4096, line


def test_choices_are_read_under_either_name() -> None:
    house = Attacked()
    house.browser.get("/screen/choice?light=dark&language=de")
    page = house.browser.get("/screen/sign-in").text
    assert 'lang="de"' in page and 'data-light="dark"' in page


def test_no_form_of_another_site_does_anything(house: Attacked) -> None:
    """The cookie goes along, the token of the form does not; so it is with every form of the screens."""
    before, wrong = house.events(), []
    for method, path in routes(house.app, "POST"):
        if not path.startswith("/screen/") or path.startswith("/screen/courier/"):
            continue
        for csrf in ("", "0" * 64):
            answer = house.browser.request(method, path, data={"csrf": csrf, "once": "a"})
            # The one is a notice that a script did not run; the other asks for its file first.
            said = answer.status_code == 403 and "not made for your session" in answer.text
            if not said and (path, answer.status_code) not in KNOWN:
                wrong.append((path, answer.status_code))
    assert not wrong
    assert house.events() == before
    assert house.browser.get("/me").status_code == 200


def test_the_token_counts_in_the_body_only(house: Attacked) -> None:
    page = house.browser.get("/screen/me").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    assert house.browser.post(f"/screen/sign-out?csrf={csrf}").status_code == 403
    assert house.browser.post("/screen/sign-out", headers={"csrf": csrf}).status_code == 403


def test_no_request_of_another_site_gives_a_command(house: Attacked) -> None:
    """The API: a cookie without the header that another site cannot send without asking first."""
    before, wrong = house.events(), []
    for method, path in routes(house.app, "POST", "PUT", "DELETE"):
        if path.startswith("/screen/") or path in WITHOUT_SESSION or (method, path) == ("DELETE", "/session"):
            continue
        answer = house.browser.request(method, path, content=b"{}", headers={"Content-Type": "text/plain"})
        if answer.status_code not in (403, 422):
            wrong.append((method, path, answer.status_code))
    assert not wrong and house.events() == before
    asked = house.browser.options("/commands/ReleaseLot", headers={
        "Origin": "https://evil.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-onelot",
    })  # fmt: skip
    assert asked.status_code == 405 and "access-control-allow-origin" not in asked.headers


def test_looking_changes_nothing(house: Attacked) -> None:
    before = house.events()
    for _, path in routes(house.app, "GET"):
        if "stream" not in path:
            house.browser.get(path)
    assert house.events() == before


def test_nobody_is_sent_to_another_host(house: Attacked) -> None:
    for back in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/screen.evil",
                 "/screen/board\r\nSet-Cookie: a=b"):  # fmt: skip
        answer = house.browser.get("/screen/choice", params={"light": "dark", "back": back})
        assert answer.status_code == 303 and answer.headers["location"].startswith("/screen/board"), back
        assert not [each for each in answer.headers.get_list("set-cookie") if each.startswith("a=")]
    odd = house.browser.get("/screen/choice", params={"back": "/screen/..//evil.example"})
    assert httpx.URL("https://onelot.example").join(odd.headers["location"]).host == "onelot.example"


def test_a_host_of_the_askers_choice_is_in_no_answer(house: Attacked) -> None:
    for path in ("/screen/board", "/screen/sign-in", "/nowhere", "/screen/choice"):
        answer = house.browser.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert "evil.example" not in answer.text and "evil.example" not in answer.headers.get("location", "")


def test_signing_out_clears_the_browser() -> None:
    house = Attacked()
    house.enter()
    csrf = house.browser.get("/screen/me").text.split('name="csrf" value="')[1].split('"')[0]
    answer = house.browser.post("/screen/sign-out", data={"csrf": csrf})
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    token = house.sign_in("max", "seven green kettles sing")["token"]
    house.client.cookies.clear()
    gone = house.client.delete("/session", headers={"Authorization": f"Bearer {token}"})
    assert gone.headers["clear-site-data"] == '"cache", "storage"'


def test_pages_say_when_their_session_is_over_and_offer_the_way_out(house: Attacked) -> None:
    for _, path in routes(house.app, "GET"):
        page = house.browser.get(path) if path.startswith("/screen/") and "stream" not in path else None
        if page is not None and page.status_code == 200 and 'class="who"' in page.text:
            assert 'data-idle="1800"' in page.text and 'action="/screen/sign-out"' in page.text, path
    assert "data-idle" not in house.browser.get("/screen/sign-in").text


def test_no_template_holds_script_and_no_script_is_careless() -> None:
    pages = [each for folder in (TEMPLATES, TEMPLATES / "signed", TEMPLATES / "live") for each in folder.iterdir()
             if each.name.endswith(".html")]  # fmt: skip
    assert len(pages) > 50
    for page in pages:
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", page.read_text(), flags=re.DOTALL)
        assert not re.search(r"<script(?![^>]* src=\"/screen/static/)", text), page.name
        assert not re.search(r"\son\w+\s*=|style=\"|javascript:", text), page.name
        assert not re.search(r"\|\s*safe\b|autoescape", page.read_text()), page.name
    for script in (files("onelot.app.web") / "static").iterdir():
        if script.name.endswith(".js"):
            text = script.read_text()
            for word in ("eval(", ".innerHTML", "outerHTML", "document.write", "localStorage", "sessionStorage",
                         "indexedDB", "postMessage", "new Function", "document.cookie"):  # fmt: skip
                assert word not in text, (script.name, word)


def test_password_boxes_hide_and_take_what_is_pasted() -> None:
    secret = {"password", "current", "sign_in", "signing", "signing_now", "pin", "verifier_password", "verifier_pin"}
    seen = set()
    for page in TEMPLATES.iterdir():
        if page.name.endswith(".html"):
            for tag in re.findall(r"<input\b[^>]*>", page.read_text()):
                name = re.search(r'name="(\w+)"', tag)
                if name and name[1] in secret:
                    seen.add(name[1])
                    assert 'type="password"' in tag and "onpaste" not in tag, (page.name, tag)
    assert {"password", "current", "sign_in", "signing", "pin"} <= seen


def test_another_sites_page_starts_no_sign_in_at_the_provider(house: Attacked) -> None:
    for site in ("cross-site", "same-site"):
        answer = house.browser.get("/screen/sign-in/oidc", headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 303 and answer.headers["location"] == "/screen/sign-in"
        assert not answer.headers.get_list("set-cookie")


def test_the_courier_s_address_is_the_site_s_own_word(house: Attacked) -> None:
    scope = {"type": "http", "scheme": "http", "path": "/", "query_string": b"",
             "headers": [(b"host", b"evil.example")], "server": ("evil.example", 80)}  # fmt: skip
    screen = Screen(Doors(house.house, house.desk, True), Pages(house.house))
    assert courier._address(screen, Request(scope)) == "https://onelot.example"
