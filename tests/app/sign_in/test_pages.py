"""The pages of signing in, as a browser uses them: forms with their tokens, cookies kept, each step in its order."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from onelot.app.api.application import create_app
from tests.app.sign_in.conftest import Provider
from tests.app.sign_in.test_account import ADDRESS, NEW, ROOT, SIGNING, Site
from tests.app.sign_in.test_codes import oracle


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.fields: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "input":
            self.fields.setdefault(given.get("name", ""), given.get("value", ""))


class Browser:
    def __init__(self, site: Site, **given: Any) -> None:
        self.client = TestClient(create_app(site.house, site.desk, **given), base_url=ADDRESS, follow_redirects=False)

    def open(self, path: str) -> Page:
        answer = self.client.get(path)
        assert answer.status_code == 200, (answer.status_code, answer.headers.get("location"), answer.text[:500])
        return Page(answer.text)

    def send(self, page: Page, path: str, **fields: str) -> httpx.Response:
        carried = {name: page.fields[name] for name in ("csrf", "once") if name in page.fields}
        return self.client.post(path, data={**carried, **fields})

    def sign_in(self, login: str, password: str) -> httpx.Response:
        return self.send(self.open("/screen/sign-in"), "/screen/sign-in", login=login, password=password)


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_newcomer_finds_the_way_alone(site: Site) -> None:
    browser, temporary = Browser(site), site.let_in("quin")
    assert browser.sign_in("quin", temporary).headers["location"] == "/screen/sign-in/next"
    # Whatever they try to open, they are led to the step that is missing.
    assert browser.client.get("/screen/board").headers["location"] == "/screen/sign-in/next"
    page = browser.open("/screen/sign-in/next")
    assert "Set up a second factor" in page.text and "<svg" in page.text
    secret = page.text.split('<p class="ident">')[1].split("<")[0]
    wrong = browser.send(page, "/screen/sign-in/app", code="123456")
    assert wrong.status_code == 403
    page = browser.open("/screen/sign-in/next")
    secret = page.text.split('<p class="ident">')[1].split("<")[0]
    done = browser.send(page, "/screen/sign-in/app", code=oracle(secret, site.now.timestamp()))
    assert done.headers["location"] == "/screen/sign-in/next"
    page = browser.open("/screen/sign-in/next")
    assert "Choose your own passwords" in page.text and "signing" in page.fields
    refused = browser.send(page, "/screen/sign-in/passwords", current=temporary, sign_in=NEW, signing=NEW)
    assert refused.status_code == 403 and "must not be able to sign" in refused.text
    done = browser.send(page, "/screen/sign-in/passwords", current=temporary, sign_in=NEW, signing=SIGNING)
    assert done.status_code == 303
    assert browser.client.get("/screen/sign-in/next").headers["location"] == "/screen/board"
    browser.open("/screen/board")
    # And the next day: name, password, code.
    site.now = site.now.replace(microsecond=0)
    tomorrow = Browser(site)
    assert tomorrow.sign_in("quin", NEW).headers["location"] == "/screen/sign-in/next"
    page = tomorrow.open("/screen/sign-in/next")
    assert tomorrow.send(page, "/screen/sign-in/code", code="000000").status_code == 403
    code = oracle(secret, site.now.timestamp() + 30)
    assert tomorrow.send(page, "/screen/sign-in/code", code=code).status_code == 303
    tomorrow.open("/screen/me")


def test_a_form_of_another_session_is_refused(site: Site) -> None:
    temporary = site.let_in("cora")
    browser, other = Browser(site), Browser(site)
    browser.sign_in("cora", temporary)
    other.sign_in("cora", temporary)
    page, foreign = browser.open("/screen/sign-in/next"), other.open("/screen/sign-in/next")
    given = {"current": temporary, "sign_in": NEW, "signing": SIGNING}
    assert browser.client.post("/screen/sign-in/passwords", data=given).status_code == 403
    assert browser.send(foreign, "/screen/sign-in/passwords", **given).status_code == 403
    assert browser.send(page, "/screen/sign-in/passwords", **given).status_code == 303


def test_my_page_changes_passwords_and_factors_and_ends_sessions(site: Site) -> None:
    site.settled("cora")
    browser, elsewhere = Browser(site), Browser(site)
    browser.sign_in("cora", NEW)
    elsewhere.sign_in("cora", NEW)
    page = browser.open("/screen/me")
    assert page.text.count('name="session"') == 3 and "signed in" in page.text
    for path in ("passwords", "app", "app/confirm", "factors/remove", "badge", "sessions/end"):
        assert browser.client.post(f"/screen/me/{path}", data={"current": NEW}).status_code == 403, path
    assert browser.send(page, "/screen/me/app", current="wrong").status_code == 403
    answer = browser.send(page, "/screen/me/app", current=NEW)
    shown = Page(answer.text)
    secret = answer.text.split('<p class="ident">')[1].split("<")[0]
    done = browser.send(shown, "/screen/me/app/confirm", code=oracle(secret, site.now.timestamp()))
    assert done.headers["location"] == "/screen/me" and site.desk.totp.enrolled("cora")
    page = browser.open("/screen/me")
    assert browser.send(page, "/screen/me/factors/remove", factor="app", current=NEW).status_code == 303
    assert not site.desk.totp.enrolled("cora")
    page = browser.open("/screen/me")
    assert browser.send(page, "/screen/me/passwords", current=NEW, sign_in="other words to use here").status_code == 303
    assert elsewhere.client.get("/screen/me").headers["location"] == "/screen/sign-in"
    page = browser.open("/screen/me")
    assert browser.send(page, "/screen/me/sessions/end").status_code == 403
    answer = browser.send(page, "/screen/me/sessions/end", current="other words to use here")
    assert answer.headers["location"] == "/screen/sign-in"
    assert browser.client.get("/screen/me").headers["location"] == "/screen/sign-in"


def test_a_tablet_asks_for_badge_and_pin(site: Site) -> None:
    site.settled("omar")
    site.desk.badges.enrol("omar", "B-77-1", "740192")
    tablet = Browser(site)
    assert "badge" not in tablet.open("/screen/sign-in").fields
    token, _ = site.desk.badges.add_tablet("hood <1>", "plant", "person/ida")
    tablet.client.cookies.set("onelot-tablet", token)
    page = tablet.open("/screen/sign-in")
    assert "badge" in page.fields and "hood &lt;1&gt;" in page.text
    assert tablet.send(page, "/screen/sign-in/badge", badge="B-77-1", pin="000000").status_code == 403
    assert tablet.client.post("/screen/sign-in/badge", data={"badge": "B-77-1", "pin": "740192"}).status_code == 403
    assert (
        tablet.send(page, "/screen/sign-in/badge", badge="B-77-1", pin="740192").headers["location"] == "/screen/board"
    )
    tablet.open("/screen/board")
    mine = tablet.open("/screen/me")
    assert "shared tablet" in mine.text and "current" not in mine.fields
    assert tablet.send(mine, "/screen/me/passwords", current=NEW, sign_in="other words to use here").status_code == 403


def test_the_way_through_the_identity_provider(provider: Provider) -> None:
    oidc = {"issuer": provider.issuer, "client_id": "onelot", "label": "North Hospital", "logins": {"n-1": "cora"}}
    site = Site(oidc=oidc)
    browser = Browser(site, secure=True)
    page = browser.open("/screen/sign-in")
    assert "Sign in through North Hospital" in page.text
    begun = browser.client.get("/screen/sign-in/oidc")
    cookie = begun.headers["set-cookie"]
    assert cookie.startswith("__Host-onelot-oidc=") and "SameSite=lax" in cookie and "HttpOnly" in cookie
    answer = httpx.post(begun.headers["location"], data={"sub": "n-1"}, timeout=5)
    where = answer.headers["location"]
    assert where.startswith(f"{ADDRESS}/screen/sign-in/oidc/back?")
    # A browser that did not begin this gets nothing, and does not use it up.
    assert Browser(site, secure=True).client.get(where).status_code == 403
    back = browser.client.get(where)
    assert back.status_code == 200 and 'http-equiv="refresh"' in back.text
    assert "__Host-onelot-session" in browser.client.cookies
    assert browser.client.get("/screen/sign-in/next").headers["location"] == "/screen/board"
    assert browser.client.get(where).status_code == 403
    # It never replaces the signing password: nothing was enrolled by it.
    assert not site.house.loop.reader.person("cora").key


def test_cookies_of_the_screens_under_tls(site: Site) -> None:
    browser = Browser(site, secure=True)
    assert browser.client.get("/screen/sign-in").headers["set-cookie"].startswith("__Host-onelot-before=")
    said = browser.sign_in("root", ROOT).headers["set-cookie"]
    assert said.startswith("__Host-onelot-session=") and "Domain" not in said
    assert all(flag in said for flag in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"))
    page = browser.open("/screen/me")
    token = browser.client.cookies["__Host-onelot-session"]
    gone = browser.send(page, "/screen/sign-out")
    assert "__Host-onelot-session=" in gone.headers["set-cookie"]
    # A stolen copy is worth nothing after the sign-out.
    thief = Browser(site, secure=True)
    thief.client.cookies.set("__Host-onelot-session", token)
    assert thief.client.get("/screen/me").headers["location"] == "/screen/sign-in"
    # And a cookie another host of the domain could have set was never looked at.
    again = Browser(site, secure=True)
    again.sign_in("root", ROOT)
    thief.client.cookies.set("onelot-session", again.client.cookies["__Host-onelot-session"])
    thief.client.cookies.delete("__Host-onelot-session")
    assert thief.client.get("/screen/me").headers["location"] == "/screen/sign-in"


def test_the_token_is_new_after_every_step(site: Site) -> None:
    temporary = site.let_in("cora")
    browser, seen = Browser(site), []
    browser.client.cookies.set("onelot-session", "planted-by-somebody", domain="onelot.example")
    browser.sign_in("cora", temporary)
    seen.append(browser.client.cookies["onelot-session"])
    page = browser.open("/screen/sign-in/next")
    browser.send(page, "/screen/sign-in/passwords", current=temporary, sign_in=NEW, signing=SIGNING)
    seen.append(browser.client.cookies["onelot-session"])
    assert len({"planted-by-somebody", *seen}) == 3


@pytest.mark.parametrize("language", ["en", "de"])
def test_pages_hold_no_script_of_their_own_and_speak_both_languages(site: Site, language: str) -> None:
    site.settled("cora")
    browser = Browser(site)
    browser.client.cookies.set("onelot-language", language)
    page = browser.open("/screen/sign-in")
    assert ("Anmelden" if language == "de" else "Sign in") in page.text
    browser.sign_in("cora", NEW)
    mine = browser.open("/screen/me")
    assert ("Meine Anmeldung" if language == "de" else "My sign-in") in mine.text
    for tag, given in (*page.tags, *mine.tags):
        assert tag != "style" and (tag != "script" or set(given) == {"src", "defer"})
        assert not any(name == "style" or name.startswith("on") for name in given)
    ids = [given["id"] for _, given in mine.tags if "id" in given]
    assert len(ids) == len(set(ids))
    assert {given["for"] for tag, given in mine.tags if tag == "label"} <= set(ids)


def test_forms_that_a_script_sends_put_nothing_into_an_address(site: Site) -> None:
    site.settled("cora")
    browser = Browser(site)
    browser.sign_in("cora", NEW)
    mine = browser.open("/screen/me")
    assert all(given.get("method") == "post" for tag, given in mine.tags if tag == "form")
    answer = browser.client.post("/screen/sign-in/key", data={"current": NEW})
    assert answer.status_code == 403 and NEW not in answer.text
